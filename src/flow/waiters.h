/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Workers that wait for jobs. The last to come is called first: what it needs is still in the processor's caches, and
 * of many workers only as many are ever touched as there is work for. Everything under one lock, the caller's.
 */
#pragma once

#include <chappe/error.h>

#include "base/executor.h"

struct chappe_waiter {
        struct chappe_condition *called;
        struct chappe_waiter *before; /* came before it, and still waits */
        bool waits;
};

/* Zero-initialise; chappe_waiters_deinit when done. */
struct chappe_waiters {
        struct chappe_executor *executor;
        struct chappe_waiter *workers; /* by number, from 0 */
        size_t count;
        struct chappe_waiter *last;
        size_t waiting;
};

int chappe_waiters_init(struct chappe_waiters *waiters, struct chappe_executor *executor, size_t count,
                        struct chappe_error *error);
void chappe_waiters_deinit(struct chappe_waiters *waiters);
/* Worker number n waits until it is called. False: its process was killed meanwhile. */
bool chappe_waiters_wait(struct chappe_waiters *waiters, size_t n, struct chappe_mutex *mutex);
/* Calls so many, or all that wait. */
void chappe_waiters_call(struct chappe_waiters *waiters, size_t count);
