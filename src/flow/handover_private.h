/* SPDX-License-Identifier: Apache-2.0 */
/* What the two halves of the handover share: jobs on their way (handover.c), and shares (handover_shares.c). */
#pragma once

#include "flow/handover.h"

struct chappe_handover {
        /* constant after start */
        const struct chappe_runtime *runtime;
        struct chappe_executor *executor;
        struct chappe_wake *bell;
        struct chappe_mutex *mutex;
        struct chappe_condition *work; /* workers wait for jobs */
        size_t troubled_maximum;
        struct chappe_runs runs; /* guards itself */
        /* of the poll strand */
        struct chappe_job *settled; /* since the last chappe_handover_settle, latest first */
        /* under mutex */
        struct chappe_dispatcher *dispatcher;
        struct chappe_job *spare;
        size_t spare_count;
        struct chappe_random random;
        uint32_t idle;     /* workers that wait */
        uint32_t draining; /* shares */
        int64_t due_us;    /* the poll strand will wake by itself then */
        bool full;         /* the poll strand waits for room */
        bool closed;
};

static inline struct chappe_job *chappe_job_of(struct chappe_task *task)
{
        return CHAPPE_CONTAINER(task, struct chappe_job, task);
}

static inline void chappe_handover_lock(struct chappe_handover *handover)
{
        chappe_mutex_lock(handover->executor, handover->mutex);
}

static inline void chappe_handover_unlock(struct chappe_handover *handover)
{
        chappe_mutex_unlock(handover->executor, handover->mutex);
}

/* Ends a locked section that may have released tasks: wakes whom it concerns, unlocks, gives the records back, and
 * keeps the jobs for reuse. */
void chappe_handover_conclude(struct chappe_handover *handover, struct chappe_released *released);
