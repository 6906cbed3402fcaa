/* SPDX-License-Identifier: Apache-2.0 */
/* Workers bring jobs back and take others; what their jobs published is reported later. */
#include "flow/handover_private.h"

#include <assert.h>

#include "flow/kept_record.h"
#include "flow/retry_schedule.h"

#define RELIEF_US 20000 /* for so long a handler may run before others are spared the wait for it */
#define LOOK_US   2000  /* for so long lanes wait for a worker that runs before somebody looks whether it does */

static void settled(struct chappe_deliveries *deliveries, void *context)
{
        struct chappe_handover *handover = context;
        struct chappe_job *job = CHAPPE_CONTAINER(deliveries, struct chappe_job, deliveries);
        job->following = handover->settled;
        handover->settled = job;
}

/* Under the lock: what stands behind a record in trouble waits for long, and may keep no fetch alive. The first time,
 * all of it is copied; from then on what joins it is. */
static void keep_behind(const struct chappe_lane *lane)
{
        for (struct chappe_task *task = lane->head; task; task = task->next) {
                if (task->state == CHAPPE_TASK_QUEUED)
                        chappe_record_keep(&chappe_job_of(task)->record);
        }
}

/* Under the lock: when a job whose delivery failed runs again. Deliveries fail in outages: no ceiling. */
static int64_t due_after_failure(struct chappe_handover *handover, const struct chappe_job *job)
{
        struct chappe_retry_policy policy = chappe_retry_policy_complete(job->operation ? job->operation->retry : NULL);
        int64_t now_us = chappe_clock_monotonic_us(handover->runtime->world->clock);
        return chappe_retry_due_us(&policy, job->task.attempt, now_us, &handover->random);
}

void chappe_handover_settle(struct chappe_handover *handover)
{
        struct chappe_job *job = handover->settled;
        if (!job)
                return;
        handover->settled = NULL;
        struct chappe_released released = { 0 };
        chappe_handover_lock(handover);
        struct chappe_job *following;
        for (; job; job = following) {
                following = job->following;
                bool failed = chappe_deliveries_result(&job->deliveries) < 0;
                int64_t due_us = failed ? due_after_failure(handover, job) : 0;
                if (failed && job->burying)
                        chappe_handover_note_halt(handover, job);
                for (struct chappe_job *one = job, *fellow; one; one = fellow) {
                        fellow = one->fellow;
                        one->fellow = one->leader = NULL;
                        if (failed) {
                                chappe_job_tell(one, true);
                                chappe_record_keep(&one->record);
                        }
                        chappe_dispatcher_settle(handover->dispatcher, &one->task, failed, due_us, &released);
                }
        }
        chappe_handover_conclude(handover, &released);
}

/* What ran together is delivered together. */
static struct chappe_deliveries *deliveries_of(struct chappe_job *job)
{
        return job->leader ? &job->leader->deliveries : &job->deliveries;
}

/* Under the lock: is there still something to be delivered? The leader comes back before its fellows. */
static bool wait_for_deliveries(struct chappe_job *job)
{
        struct chappe_job *leader = job->leader;
        if (!leader) {
                job->outstanding = !chappe_deliveries_drop(&job->deliveries);
                return job->outstanding;
        }
        if (!leader->outstanding)
                return false;
        job->fellow = leader->fellow;
        leader->fellow = job;
        return true;
}

/* Under the lock: the worker's hold on the job's deliveries ends here, so that a report that settles it comes after. */
static void bring_back(struct chappe_handover *handover, struct chappe_job *job, struct chappe_released *released)
{
        chappe_handover_note_outcome(handover, job);
        if (job->verdict == CHAPPE_VERDICT_UNRUN) {
                chappe_dispatcher_unrun(handover->dispatcher, &job->task, released);
                if (job->task.lane && job->task.lane->troubled)
                        chappe_record_keep(&job->record);
                return;
        }
        job->marked = true;
        bool outstanding = wait_for_deliveries(job);
        bool again = job->verdict == CHAPPE_VERDICT_AGAIN;
        if (!outstanding && !again && chappe_deliveries_result(deliveries_of(job)) < 0) {
                again = true;
                job->due_us = due_after_failure(handover, job);
        }
        chappe_job_tell(job, again);
        if (again && job->burying)
                chappe_handover_note_halt(handover, job);
        if (again) /* under the lock: somebody who takes its lane apart may be looking at its key */
                chappe_record_keep(&job->record);
        bool was_troubled = job->task.lane->troubled;
        chappe_dispatcher_return(handover->dispatcher, &job->task, again, outstanding, job->due_us, released);
        if (again && !was_troubled && job->task.lane)
                keep_behind(job->task.lane);
}

/* Under the lock. Fills in jobs; 0 at the end. How long handlers take may have changed while a worker waited: those
 * that ran know. */
static size_t wait_for_jobs(struct chappe_handover *handover, size_t worker, struct chappe_job **jobs, size_t *maximum)
{
        struct chappe_task **tasks = handover->taken;
        size_t taken = 0;
        while (!handover->closed && (taken = chappe_dispatcher_take(handover->dispatcher, tasks, *maximum)) == 0) {
                if (!chappe_waiters_wait(&handover->waiters, worker, handover->mutex))
                        return 0;
                if (*maximum > handover->batch)
                        *maximum = handover->batch;
        }
        if (taken > 0)
                chappe_handover_wake_one_more(handover);
        for (size_t i = 0; i < taken; i++) {
                jobs[i] = chappe_job_of(tasks[i]);
                jobs[i]->leader = NULL;
                chappe_deliveries_init(&jobs[i]->deliveries, settled, handover);
                if (tasks[i]->probe)
                        chappe_handover_probe_begins(handover, jobs[i]);
        }
        return taken;
}

/* It came out as most do: done, with nothing to be delivered, and nothing to say of it but that. */
static inline bool is_plain(const struct chappe_job *job)
{
        return job->verdict == CHAPPE_VERDICT_DONE && !job->task.probe &&
               atomic_load_explicit(&job->deliveries.outstanding, memory_order_acquire) == 1 &&
               chappe_deliveries_result(&job->deliveries) == 0;
}

/* Under the lock: of these jobs, up to count, how many are the first ones of one lane and plain? */
static size_t plain_in_front(struct chappe_job *const *jobs, size_t count)
{
        const struct chappe_lane *lane = jobs[0]->task.lane;
        const struct chappe_task *task = lane->head;
        size_t plain = 0;
        if (lane->troubled || lane->share->state != CHAPPE_SHARE_ACTIVE || lane->share->together > 1)
                return 0;
        for (; plain < count && task == &jobs[plain]->task && is_plain(jobs[plain]); task = task->next)
                plain++;
        return plain;
}

/* Under the lock: of those from here to there, one after another. */
static void bring_back_some(struct chappe_handover *handover, struct chappe_job **jobs, size_t from, size_t to,
                            struct chappe_released *released)
{
        while (from < to) {
                size_t plain = plain_in_front(jobs + from, to - from);
                if (plain == 0) {
                        bring_back(handover, jobs[from++], released);
                        continue;
                }
                chappe_handover_note_passed(handover, jobs + from, plain);
                chappe_dispatcher_finish(handover->dispatcher, jobs[from]->task.lane, plain, released);
                from += plain;
        }
}

/* Under the lock. The hand is empty while its worker waits for more. */
static void bring_back_all(struct chappe_handover *handover, struct chappe_hand *hand, struct chappe_released *released)
{
        union chappe_hand_state state = chappe_hand_look(hand);
        bring_back_some(handover, hand->jobs, state.back, state.end, released);
        chappe_hand_fill(hand, hand->jobs, 0);
}

/* Under the lock: of what a worker brings, how long did a record take? When it took longer than usual, the processor
 * may have been busy with others, or have done this for the first time: four times in a row are believed. */
static void note_pace(struct chappe_handover *handover, const struct chappe_hand *hand)
{
        if (hand->ran == 0)
                return;
        int64_t took_us16 = 16 * hand->took_us / (int64_t)hand->ran;
        if (took_us16 > 256 * handover->quick_us)
                took_us16 = 256 * handover->quick_us;
        handover->pace_us16 += (took_us16 - handover->pace_us16) / (took_us16 < handover->pace_us16 ? 2 : 16);
}

static void spread_active(struct chappe_handover *handover, struct chappe_share *share,
                          struct chappe_released *released)
{
        if (share->merged && share->state == CHAPPE_SHARE_ACTIVE)
                chappe_dispatcher_spread(handover->dispatcher, share, released);
}

/* Under the lock: once handlers are not quick any more, nothing waits for them but its own key. */
static void spread_slow(struct chappe_handover *handover, const struct chappe_hand *hand,
                        struct chappe_released *released)
{
        union chappe_hand_state state = chappe_hand_look(hand);
        if (state.back == state.end)
                return;
        struct chappe_share *share = hand->jobs[state.back]->task.share;
        if (!chappe_handover_is_quick(handover, share))
                spread_active(handover, share, released);
}

int64_t chappe_handover_quickness_us(const struct chappe_handover *handover)
{
        return handover->quick_us;
}

size_t chappe_handover_most(const struct chappe_handover *handover)
{
        return handover->most;
}

size_t chappe_handover_exchange(struct chappe_handover *handover, struct chappe_hand *hand, size_t *maximum)
{
        assert(*maximum <= CHAPPE_HANDOVER_BATCH);
        struct chappe_released released = { 0 };
        size_t worker = (size_t)(CHAPPE_CONTAINER(hand, struct chappe_at_work, hand) - handover->runs.workers);
        /* What ran together may have let more of its lanes grow ripe meanwhile. */
        int64_t now_us = 0;
        union chappe_hand_state state = chappe_hand_look(hand);
        if (state.next > 0 && hand->jobs[state.first]->channel->batch_wait_us > 0)
                now_us = chappe_clock_monotonic_us(handover->runtime->world->clock);
        chappe_handover_lock(handover);
        if (*maximum > 0)
                handover->batch = *maximum;
        else
                *maximum = 1;
        if (now_us > 0)
                chappe_dispatcher_promote(handover->dispatcher, now_us);
        note_pace(handover, hand);
        spread_slow(handover, hand, &released);
        bring_back_all(handover, hand, &released);
        /* A retry that is due before the poll strand means to wake concerns it even when nothing was released. */
        if (released.tasks || handover->breakers_stir ||
            chappe_dispatcher_due_us(handover->dispatcher) < handover->due_us) {
                chappe_handover_end_section(handover, &released, 1);
                chappe_handover_lock(handover);
                chappe_handover_recycle(handover, &released);
        }
        size_t taken = wait_for_jobs(handover, worker, hand->jobs, maximum);
        chappe_hand_fill(hand, hand->jobs, taken);
        chappe_handover_unlock(handover);
        if (taken > 1 && !atomic_exchange_explicit(&handover->others_wait, true, memory_order_relaxed))
                chappe_wake_ring(handover->bell);
        return taken;
}

/* Under the lock: what this worker is done with, and what it has not begun. */
static void empty_hand(struct chappe_handover *handover, struct chappe_hand *hand, struct chappe_released *released)
{
        union chappe_hand_state state;
        if (!chappe_hand_relieve(hand, &state))
                return;
        bring_back_some(handover, hand->jobs, state.back, state.first, released);
        for (size_t i = state.next; i < state.end; i++) {
                hand->jobs[i]->verdict = CHAPPE_VERDICT_UNRUN;
                bring_back(handover, hand->jobs[i], released);
        }
}

/* Under the lock: nothing waits for what this worker is at but its own key. */
static void take_out(struct chappe_handover *handover, struct chappe_hand *hand, struct chappe_released *released)
{
        empty_hand(handover, hand, released);
        union chappe_hand_state state = chappe_hand_look(hand);
        if (state.first == state.next)
                return;
        spread_active(handover, hand->jobs[state.first]->task.share, released);
}

/* Under the lock: from those who have been at a job for long. True: there are such workers. */
static bool relieve_all(struct chappe_handover *handover, int64_t now_us, struct chappe_released *released,
                        bool *ret_full)
{
        bool slow = false;
        for (int i = 0; i < handover->runs.count; i++) {
                struct chappe_at_work *at_work = &handover->runs.workers[i];
                int64_t began_us = atomic_load_explicit(&at_work->began_us, memory_order_acquire);
                if (began_us != 0 && now_us - began_us >= RELIEF_US) {
                        slow = true;
                        take_out(handover, &at_work->hand, released);
                }
                *ret_full |= chappe_hand_holds_others(&at_work->hand);
        }
        return slow;
}

static int64_t next_look_us(const struct chappe_handover *handover)
{
        if (atomic_load_explicit(&handover->lanes_wait, memory_order_relaxed))
                return handover->looked_us + LOOK_US;
        return atomic_load_explicit(&handover->others_wait, memory_order_relaxed) ? handover->looked_us + RELIEF_US
                                                                                  : INT64_MAX;
}

int64_t chappe_handover_relieve(struct chappe_handover *handover, int64_t now_us)
{
        int64_t look_us = next_look_us(handover);
        if (now_us < look_us)
                return look_us;
        struct chappe_released released = { 0 };
        bool full = false;
        handover->looked_us = now_us;
        atomic_store(&handover->others_wait, false);
        atomic_store(&handover->lanes_wait, false);
        chappe_handover_lock(handover);
        if (relieve_all(handover, now_us, &released, &full))
                handover->batch = 1; /* handlers are not quick any more: whoever is idle is woken */
        full |= chappe_dispatcher_has_commons(handover->dispatcher);
        chappe_handover_conclude(handover, &released);
        if (full)
                atomic_store(&handover->others_wait, true);
        return next_look_us(handover);
}
