/* SPDX-License-Identifier: Apache-2.0 */
/* What wakes the poll strand: any strand rings, one waits. */
#pragma once

#include "base/executor.h"

struct chappe_wake {
        struct chappe_executor *executor;
        struct chappe_mutex *mutex;
        struct chappe_condition *condition;
        bool rung; /* under mutex */
};

int chappe_wake_init(struct chappe_wake *wake, struct chappe_executor *executor, struct chappe_error *error);
void chappe_wake_deinit(struct chappe_wake *wake);
/* Any thread; brief. Takes void * so that it can be a broker's ready callback. */
void chappe_wake_ring(void *wake);
/* Returns at once when it was rung since the last wait. */
enum chappe_wait chappe_wake_wait(struct chappe_wake *wake, int64_t deadline_us);
