/* SPDX-License-Identifier: Apache-2.0 */
/* The poll strand. */
#include "flow/poll_strand.h"

#include <inttypes.h>

#include "flow/publisher.h"
#include "observe/log.h"
#include "observe/metrics.h"

#define LATE_US  10000000 /* what it does takes milliseconds; a member is put out of its group much later */
#define GRACE_US 10000000 /* beyond the drain's budget: its last commit */

/* Begins the drain that is asked for, and tells of its end. */
static void serve_drain(struct chappe_poll_strand *poll, struct chappe_membership *membership)
{
        int64_t deadline_us = atomic_load(&poll->drain_deadline_us);
        size_t unfinished;
        if (deadline_us == 0)
                return;
        if (membership && !poll->draining) {
                poll->draining = true;
                chappe_membership_drain(membership, deadline_us);
        }
        if (membership && !chappe_membership_drained(membership, &unfinished))
                return;
        chappe_mutex_lock(poll->runtime->world->executor, poll->mutex);
        if (!poll->ended)
                chappe_condition_broadcast(poll->runtime->world->executor, poll->drained);
        poll->ended = true;
        chappe_mutex_unlock(poll->runtime->world->executor, poll->mutex);
}

static bool serve(struct chappe_poll_strand *poll, int64_t *ret_deadline_us)
{
        bool more = chappe_publisher_poll(poll->runtime->publisher);
        chappe_handover_settle(poll->handover);
        more |= chappe_reader_serve(poll->reader);
        struct chappe_membership *membership = atomic_load(&poll->membership);
        int64_t now_us = chappe_clock_monotonic_us(poll->runtime->world->clock);
        *ret_deadline_us = CHAPPE_FOREVER;
        serve_drain(poll, membership);
        int64_t due_us = chappe_handover_tick(poll->handover, now_us);
        if (membership)
                more |= chappe_membership_serve(membership, now_us, ret_deadline_us);
        serve_drain(poll, membership);
        int64_t relief_us = chappe_handover_relieve(poll->handover, now_us);
        if (relief_us < due_us)
                due_us = relief_us;
        if (due_us < *ret_deadline_us)
                *ret_deadline_us = due_us;
        return more;
}

/* From now on it is due at once, until it says otherwise. */
static void come_round(struct chappe_poll_strand *poll)
{
        atomic_store(&poll->due_us, chappe_clock_monotonic_us(poll->runtime->world->clock));
        if (!atomic_exchange(&poll->missed, false))
                return;
        chappe_metric_set(poll->late, 0);
        chappe_log_write(poll->runtime->log, CHAPPE_LOG_STUCK_NO_MORE, "the poll strand comes round again (E%d)",
                         CHAPPE_E_POLL_LATE);
}

bool chappe_poll_strand_is_late(struct chappe_poll_strand *poll)
{
        int64_t due_us = atomic_load(&poll->due_us);
        if (due_us == 0) /* it has not begun */
                return false;
        int64_t late_us = chappe_clock_monotonic_us(poll->runtime->world->clock) - due_us;
        if (due_us == CHAPPE_FOREVER || late_us < LATE_US)
                return false;
        if (!atomic_exchange(&poll->missed, true)) {
                chappe_metric_set(poll->late, 1);
                chappe_log_write(poll->runtime->log, CHAPPE_LOG_POLL_LATE,
                                 "the poll strand should have come round %" PRId64
                                 " s ago: nothing is taken or committed meanwhile, and the group will miss us",
                                 late_us / 1000000);
        }
        return true;
}

static void run(void *argument)
{
        struct chappe_poll_strand *poll = argument;
        struct chappe_executor *executor = poll->runtime->world->executor;
        while (!atomic_load(&poll->quit) && !chappe_executor_stopped(executor)) {
                int64_t deadline_us;
                come_round(poll);
                if (serve(poll, &deadline_us))
                        continue;
                atomic_store(&poll->due_us, deadline_us);
                if (chappe_wake_wait(poll->bell, deadline_us) == CHAPPE_WAIT_STOPPED)
                        break;
        }
}

int chappe_poll_strand_start(struct chappe_poll_strand *poll, struct chappe_error *error)
{
        struct chappe_executor *executor = poll->runtime->world->executor;
        atomic_store(&poll->due_us, CHAPPE_FOREVER);
        poll->late = chappe_metrics_get(poll->runtime->metrics, CHAPPE_GAUGE, "stuck",
                                        "1: what the kind names stands still, or goes badly.", "kind=\"poll\"");
        poll->mutex = chappe_mutex_new(executor);
        poll->drained = chappe_condition_new(executor);
        int status = poll->mutex && poll->drained
                             ? chappe_strand_start(executor, "poll", run, poll, &poll->strand, error)
                             : chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for the poll strand");
        if (status < 0) {
                poll->strand = NULL;
                chappe_poll_strand_join(poll);
        }
        return status;
}

int chappe_poll_strand_drain(struct chappe_poll_strand *poll, int64_t timeout_us, size_t *ret_unfinished)
{
        struct chappe_executor *executor = poll->runtime->world->executor;
        int64_t deadline_us = chappe_clock_monotonic_us(poll->runtime->world->clock) + timeout_us;
        enum chappe_wait wait = CHAPPE_WAIT_SIGNALLED;
        *ret_unfinished = 0;
        atomic_store(&poll->drain_deadline_us, deadline_us > 0 ? deadline_us : 1);
        chappe_wake_ring(poll->bell);
        chappe_mutex_lock(executor, poll->mutex);
        while (!poll->ended && wait == CHAPPE_WAIT_SIGNALLED)
                wait = chappe_condition_wait(executor, poll->drained, poll->mutex, deadline_us + GRACE_US);
        bool ended = poll->ended;
        chappe_mutex_unlock(executor, poll->mutex);
        if (!ended)
                return wait == CHAPPE_WAIT_STOPPED ? -CHAPPE_E_STOPPED : -CHAPPE_E_UNFINISHED;
        struct chappe_membership *membership = atomic_load(&poll->membership);
        if (membership)
                (void)chappe_membership_drained(membership, ret_unfinished);
        return *ret_unfinished > 0 ? -CHAPPE_E_UNFINISHED : 0;
}

void chappe_poll_strand_join(struct chappe_poll_strand *poll)
{
        if (!poll->runtime)
                return;
        struct chappe_executor *executor = poll->runtime->world->executor;
        atomic_store(&poll->quit, true);
        if (poll->strand)
                chappe_wake_ring(poll->bell);
        chappe_strand_join(executor, poll->strand);
        chappe_condition_free(executor, poll->drained);
        chappe_mutex_free(executor, poll->mutex);
        atomic_store(&poll->due_us, CHAPPE_FOREVER);
        poll->strand = NULL;
        poll->drained = NULL;
        poll->mutex = NULL;
}
