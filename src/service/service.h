/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a service: what the files of this room share. */
#pragma once

#include <stdatomic.h>

#include <chappe/service.h>

#include "config/config.h"
#include "flow/context.h"
#include "flow/flow.h"
#include "observe/log.h"
#include "observe/metrics.h"

struct chappe_admin;

enum chappe_phase {
        CHAPPE_PHASE_NEW,
        CHAPPE_PHASE_STARTING,
        CHAPPE_PHASE_RUNNING,
        CHAPPE_PHASE_STOPPING,
        CHAPPE_PHASE_STOPPED
};

struct chappe_service {
        struct chappe_runtime runtime; /* first: flow finds it by the service's address (chappe_context_open) */

        /* constant after new */
        const struct chappe_service_config *config;
        struct chappe_setting_rule *rules; /* the service's settings in the configuration's form */
        char *instance;
        char *group;
        bool real;                    /* not simulated: it has a process of its own */
        struct chappe_mutex *watched; /* a running service is looked at, and leaves that state, under it */

        /* constant between start and stop; start and stop are called by one thread */
        struct chappe_admin *admin;

        /* any thread */
        atomic_int phase;
        _Atomic(const char *) activity; /* what start or stop is busy with: static text */
};

/* Is there an operation of this kind in the table? */
bool chappe_service_has(const struct chappe_service *service, enum chappe_operation_kind kind);

/* operations.c: is every entry complete and does none contradict another? */
int chappe_operations_check(const struct chappe_operation *operations, const char *prefix, struct chappe_error *error);
const char *chappe_operation_verb(enum chappe_operation_kind kind);

/* The exit code of a process whose service could not be made or started: wrong words, or anything else. */
static inline int chappe_exit_status(const struct chappe_error *error)
{
        bool usage = error->code / 100 == CHAPPE_E_SETTING_UNKNOWN / 100 || error->code == CHAPPE_E_USAGE;

        return usage ? CHAPPE_EXIT_USAGE : CHAPPE_EXIT_FAILED;
}

/* service.c */
int64_t chappe_service_now_us(const struct chappe_service *service);
/* False, with the reason, once it will not go on by itself. */
bool chappe_service_healthy(struct chappe_service *service, struct chappe_error *error);
/* Runs, but the watchdog has found something wrong that a new start need not mend; *error says what. */
bool chappe_service_trouble(struct chappe_service *service, struct chappe_error *error);

/* parts.c: the broker by the configuration's properties, named after the instance. */
int chappe_service_open_broker(struct chappe_service *service, struct chappe_error *error);
#define CHAPPE_REMARKS_MAXIMUM 32
/* What the client library has to say: properties that were left out, traps of its version. Borrowed from the broker. */
size_t chappe_service_remarks(struct chappe_broker *broker, const char *ret_remarks[CHAPPE_REMARKS_MAXIMUM]);
