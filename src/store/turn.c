/* SPDX-License-Identifier: Apache-2.0 */
/* Whose turn it is at the one connection, and who waits for a shared commit. */
#include "store/turn.h"

#include <assert.h>
#include <stdlib.h>
#include <utlist.h>

/* Each waits on a condition of its own: a hand-over wakes one strand, not all. */
struct chappe_turn_waiter {
        struct chappe_condition *condition;
        struct chappe_turn_waiter *previous, *next;
        bool granted; /* in the queue: it holds the turn now */
        bool settled; /* among the members: the transaction has ended */
        int status;
        struct chappe_error error;
};

int chappe_turn_init(struct chappe_turn *turn, struct chappe_executor *executor, const struct chappe_clock *clock,
                     struct chappe_error *error)
{
        *turn = (struct chappe_turn){ .executor = executor, .clock = clock, .mutex = chappe_mutex_new(executor) };
        return turn->mutex ? 0 : chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for the store's queue");
}

void chappe_turn_deinit(struct chappe_turn *turn)
{
        struct chappe_turn_waiter *waiter, *next;

        assert(!turn->queue && !turn->members);
        DL_FOREACH_SAFE2(turn->spare, waiter, next, next)
        {
                chappe_condition_free(turn->executor, waiter->condition);
                free(waiter);
        }
        chappe_mutex_free(turn->executor, turn->mutex);
        *turn = (struct chappe_turn){ 0 };
}

static struct chappe_turn_waiter *waiter_get(struct chappe_turn *turn)
{
        struct chappe_turn_waiter *waiter = turn->spare;

        if (waiter) {
                DL_DELETE2(turn->spare, waiter, previous, next);
                waiter->granted = waiter->settled = false;
                return waiter;
        }
        waiter = calloc(1, sizeof(*waiter));
        if (waiter && !(waiter->condition = chappe_condition_new(turn->executor))) {
                free(waiter);
                waiter = NULL;
        }
        return waiter;
}

static void waiter_put(struct chappe_turn *turn, struct chappe_turn_waiter *waiter)
{
        DL_PREPEND2(turn->spare, waiter, previous, next);
}

static void hand_over(struct chappe_turn *turn)
{
        struct chappe_turn_waiter *next = turn->queue;

        assert(turn->held);
        if (!next) {
                turn->held = false;
                return;
        }
        DL_DELETE2(turn->queue, next, previous, next);
        next->granted = true;
        chappe_condition_signal(turn->executor, next->condition);
}

/* Who was handed the turn while it gave up has it all the same: nobody else would go on. */
static int wait_granted(struct chappe_turn *turn, struct chappe_turn_waiter *waiter, int64_t deadline_us,
                        struct chappe_error *error)
{
        while (!waiter->granted) {
                enum chappe_wait outcome =
                        chappe_condition_wait(turn->executor, waiter->condition, turn->mutex, deadline_us);

                if (waiter->granted)
                        break;
                if (outcome == CHAPPE_WAIT_SIGNALLED)
                        continue;
                DL_DELETE2(turn->queue, waiter, previous, next);
                return outcome == CHAPPE_WAIT_STOPPED
                               ? chappe_fail(error, CHAPPE_E_STOPPED, "the process was stopped")
                               : chappe_fail(error, CHAPPE_E_STORE_BUSY,
                                             "other handlers kept the database for too long (database_wait_ms)");
        }
        return 0;
}

int chappe_turn_take(struct chappe_turn *turn, int64_t deadline_us, struct chappe_error *error)
{
        int status = 0;

        chappe_mutex_lock(turn->executor, turn->mutex);
        if (!turn->held) {
                turn->held = true;
        } else {
                struct chappe_turn_waiter *waiter = waiter_get(turn);

                if (waiter) {
                        DL_APPEND2(turn->queue, waiter, previous, next);
                        status = wait_granted(turn, waiter, deadline_us, error);
                        waiter_put(turn, waiter);
                } else {
                        status = chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory to wait for the database");
                }
        }
        chappe_mutex_unlock(turn->executor, turn->mutex);
        return status;
}

static int wait_settled(struct chappe_turn *turn, struct chappe_turn_waiter *waiter, struct chappe_error *error)
{
        while (!waiter->settled) {
                enum chappe_wait outcome =
                        chappe_condition_wait(turn->executor, waiter->condition, turn->mutex, CHAPPE_FOREVER);

                if (outcome == CHAPPE_WAIT_STOPPED && !waiter->settled) {
                        DL_DELETE2(turn->members, waiter, previous, next);
                        turn->member_count--;
                        return chappe_fail(error, CHAPPE_E_STOPPED, "the process was stopped");
                }
        }
        if (waiter->status < 0 && error)
                *error = waiter->error;
        return waiter->status;
}

bool chappe_turn_pass(struct chappe_turn *turn, bool member, size_t limit, int *ret_status, struct chappe_error *error)
{
        struct chappe_turn_waiter *waiter = NULL;
        bool passed;

        chappe_mutex_lock(turn->executor, turn->mutex);
        passed = turn->queue && turn->member_count < limit && (!member || (waiter = waiter_get(turn)));
        if (passed) {
                *ret_status = 0;
                if (member) {
                        DL_APPEND2(turn->members, waiter, previous, next);
                        turn->member_count++;
                }
                hand_over(turn);
                if (member) {
                        *ret_status = wait_settled(turn, waiter, error);
                        waiter_put(turn, waiter);
                }
        }
        chappe_mutex_unlock(turn->executor, turn->mutex);
        return passed;
}

void chappe_turn_settle(struct chappe_turn *turn, int status, const struct chappe_error *error)
{
        struct chappe_turn_waiter *member, *next;

        chappe_mutex_lock(turn->executor, turn->mutex);
        DL_FOREACH_SAFE2(turn->members, member, next, next)
        {
                DL_DELETE2(turn->members, member, previous, next);
                member->settled = true;
                member->status = status;
                if (status < 0)
                        member->error = *error;
                chappe_condition_signal(turn->executor, member->condition);
        }
        turn->member_count = 0;
        hand_over(turn);
        chappe_mutex_unlock(turn->executor, turn->mutex);
}
