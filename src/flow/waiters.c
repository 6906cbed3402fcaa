/* SPDX-License-Identifier: Apache-2.0 */
/* Workers that wait: a stack, each with a condition of its own. */
#include "flow/waiters.h"

#include <stdlib.h>

#include "base/clock.h"

int chappe_waiters_init(struct chappe_waiters *waiters, struct chappe_executor *executor, size_t count,
                        struct chappe_error *error)
{
        *waiters = (struct chappe_waiters){ .executor = executor, .workers = calloc(count, sizeof(*waiters->workers)) };
        for (bool made = waiters->workers != NULL; made && waiters->count < count; waiters->count += made) {
                waiters->workers[waiters->count].called = chappe_condition_new(executor);
                made = waiters->workers[waiters->count].called != NULL;
        }
        return waiters->count == count ? 0 : chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for workers");
}

void chappe_waiters_deinit(struct chappe_waiters *waiters)
{
        for (size_t i = 0; i < waiters->count; i++)
                chappe_condition_free(waiters->executor, waiters->workers[i].called);
        free(waiters->workers);
        *waiters = (struct chappe_waiters){ 0 };
}

static void leave(struct chappe_waiters *waiters, struct chappe_waiter *waiter)
{
        struct chappe_waiter **at = &waiters->last;
        while (*at != waiter)
                at = &(*at)->before;
        *at = waiter->before;
        waiters->waiting--;
        waiter->waits = false;
}

bool chappe_waiters_wait(struct chappe_waiters *waiters, size_t n, struct chappe_mutex *mutex)
{
        struct chappe_waiter *waiter = &waiters->workers[n];
        enum chappe_wait wait = CHAPPE_WAIT_SIGNALLED;
        waiter->before = waiters->last;
        waiter->waits = true;
        waiters->last = waiter;
        waiters->waiting++;
        while (waiter->waits && wait != CHAPPE_WAIT_STOPPED)
                wait = chappe_condition_wait(waiters->executor, waiter->called, mutex, CHAPPE_FOREVER);
        if (waiter->waits)
                leave(waiters, waiter);
        return wait != CHAPPE_WAIT_STOPPED;
}

void chappe_waiters_call(struct chappe_waiters *waiters, size_t count)
{
        for (; count > 0 && waiters->last; count--) {
                struct chappe_waiter *waiter = waiters->last;
                leave(waiters, waiter);
                chappe_condition_signal(waiters->executor, waiter->called);
        }
}
