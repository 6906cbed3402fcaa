/* SPDX-License-Identifier: Apache-2.0 */
/* The one strand that serves producers, reader and group membership. It runs no handler and waits for nothing but its
 * bell. */
#pragma once

#include "flow/handover.h"
#include "flow/membership.h"
#include "flow/reader.h"
#include "flow/wake.h"

/* Zero-initialise and fill in the first members; chappe_poll_strand_join when done. */
struct chappe_poll_strand {
        struct chappe_runtime *runtime;
        struct chappe_wake *bell;
        struct chappe_reader *reader;
        struct chappe_handover *handover;
        /* set while it runs */
        struct chappe_membership *_Atomic membership; /* NULL until the service consumes */
        _Atomic int64_t drain_deadline_us;            /* 0: no drain is wanted */
        _Atomic bool quit;
        _Atomic int64_t due_us; /* it comes round by then, or is late */
        _Atomic bool missed;    /* somebody has noticed that it is */
        struct chappe_metric *late;
        /* its own */
        struct chappe_strand *strand;
        bool draining;
        /* what somebody waits for */
        struct chappe_mutex *mutex;
        struct chappe_condition *drained;
        bool ended; /* under mutex */
};

int chappe_poll_strand_start(struct chappe_poll_strand *poll, struct chappe_error *error);
/* Asks for a drain and waits for its end. 0, or -CHAPPE_E_UNFINISHED with *ret_unfinished, -CHAPPE_E_STOPPED. */
int chappe_poll_strand_drain(struct chappe_poll_strand *poll, int64_t timeout_us, size_t *ret_unfinished);
/* Should it have come round long ago? Says so in log and metrics, once. Any strand but itself, while it runs. */
bool chappe_poll_strand_is_late(struct chappe_poll_strand *poll);
/* Ends it, if it was started. */
void chappe_poll_strand_join(struct chappe_poll_strand *poll);
