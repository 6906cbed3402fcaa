/* SPDX-License-Identifier: Apache-2.0 */
/* A bell that remembers having been rung. */
#include "flow/wake.h"

int chappe_wake_init(struct chappe_wake *wake, struct chappe_executor *executor, struct chappe_error *error)
{
        *wake = (struct chappe_wake){ .executor = executor };
        wake->mutex = chappe_mutex_new(executor);
        wake->condition = chappe_condition_new(executor);
        if (wake->mutex && wake->condition)
                return 0;
        chappe_wake_deinit(wake);
        return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for the poll strand's bell");
}

void chappe_wake_deinit(struct chappe_wake *wake)
{
        if (!wake->executor)
                return;
        chappe_condition_free(wake->executor, wake->condition);
        chappe_mutex_free(wake->executor, wake->mutex);
        *wake = (struct chappe_wake){ 0 };
}

void chappe_wake_ring(void *context)
{
        struct chappe_wake *wake = context;
        chappe_mutex_lock(wake->executor, wake->mutex);
        bool first = !wake->rung;
        wake->rung = true;
        chappe_mutex_unlock(wake->executor, wake->mutex);
        if (first) /* outside the lock: who wakes would only wait for it */
                chappe_condition_signal(wake->executor, wake->condition);
}

enum chappe_wait chappe_wake_wait(struct chappe_wake *wake, int64_t deadline_us)
{
        enum chappe_wait wait = CHAPPE_WAIT_SIGNALLED;
        chappe_mutex_lock(wake->executor, wake->mutex);
        while (!wake->rung && wait == CHAPPE_WAIT_SIGNALLED)
                wait = chappe_condition_wait(wake->executor, wake->condition, wake->mutex, deadline_us);
        wake->rung = false;
        chappe_mutex_unlock(wake->executor, wake->mutex);
        return wait;
}
