/* SPDX-License-Identifier: Apache-2.0 */
/* The handover of jobs: its lock, and who is woken by what happens under it. */
#include "flow/handover_private.h"

#include <stdlib.h>

#include <chappe/arena.h>

#include "config/config.h"

#define BATCH_QUICK 8    /* so many jobs of a batch take less than a millisecond (worker.c) */
#define QUICK_US    1000 /* who has been at a job for longer waits for something */
#define ROOM_AGAIN  128  /* records that a narrow share must have room for before intake goes on */

static size_t most_at_a_time(const struct chappe_channels *channels)
{
        size_t together = 0;
        for (size_t i = 0; i < channels->count; i++) {
                if (channels->at[i].batch_records > together)
                        together = channels->at[i].batch_records;
        }
        return CHAPPE_HANDOVER_BATCH + together;
}

static uint64_t identify(const struct chappe_task *task)
{
        return chappe_job_identity(CHAPPE_CONTAINER(task, const struct chappe_job, task));
}

int chappe_handover_new(const struct chappe_runtime *runtime, const struct chappe_dispatcher_limits *limits,
                        struct chappe_wake *bell, struct chappe_handover **ret_handover, struct chappe_error *error)
{
        struct chappe_handover *handover = calloc(1, sizeof(*handover));
        *ret_handover = handover;
        if (!handover)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for the consumer runtime");
        handover->runtime = runtime;
        handover->executor = runtime->world->executor;
        handover->bell = bell;
        handover->batch = 1;
        handover->enough = chappe_executor_processors(handover->executor);
        handover->most = most_at_a_time(runtime->channels);
        handover->quick_us = chappe_handover_quick_us(runtime->world->clock);
        handover->taken = calloc(handover->most, sizeof(struct chappe_task *));
        handover->due_us = INT64_MAX;
        handover->mutex = chappe_mutex_new(handover->executor);
        handover->dispatcher = chappe_dispatcher_new(limits, identify);
        chappe_random_init(&handover->random, runtime->world->seed ^ 0x68616e646f766572u);
        int workers = (int)chappe_config_integer(runtime->config, "workers");
        if (handover->taken && handover->mutex && handover->dispatcher &&
            chappe_runs_init(&handover->runs, workers, error) == 0 &&
            chappe_waiters_init(&handover->waiters, handover->executor, (size_t)workers, error) == 0 &&
            chappe_handover_breakers_init(handover, error) == 0)
                return 0;
        *ret_handover = chappe_handover_free(handover);
        return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for the consumer runtime");
}

struct chappe_handover *chappe_handover_free(struct chappe_handover *handover)
{
        if (!handover)
                return NULL;
        chappe_arena_free(handover->memory);
        chappe_dispatcher_free(handover->dispatcher);
        chappe_handover_breakers_deinit(handover);
        chappe_runs_deinit(&handover->runs);
        chappe_waiters_deinit(&handover->waiters);
        chappe_mutex_free(handover->executor, handover->mutex);
        free(handover->taken);
        free(handover);
        return NULL;
}

size_t chappe_handover_quick_workers(const struct chappe_handover *handover)
{
        int64_t now_us = chappe_clock_monotonic_us(handover->runtime->world->clock);
        size_t count = (size_t)handover->runs.count - handover->waiters.waiting;
        for (int i = 0; i < handover->runs.count && count > 0; i++) {
                int64_t began_us = atomic_load_explicit(&handover->runs.workers[i].began_us, memory_order_relaxed);
                count -= began_us != 0 && now_us - began_us >= QUICK_US;
        }
        return count;
}

/* Of so many workers that would find lanes, how many are to be woken? While handlers are quick, as many as there are
 * processors do all there is to do; more would only take the processors and the lock from each other. Those that run
 * come back soon; should they not, the poll strand finds it out (chappe_handover_relieve). */
static size_t worth_waking(struct chappe_handover *handover, size_t wanted)
{
        if (wanted > handover->waiters.waiting)
                wanted = handover->waiters.waiting;
        if (wanted == 0 || handover->batch < BATCH_QUICK)
                return wanted;
        size_t quick = chappe_handover_quick_workers(handover);
        size_t more = quick < handover->enough ? handover->enough - quick : 0;
        if (wanted <= more)
                return wanted;
        if (!atomic_exchange_explicit(&handover->lanes_wait, true, memory_order_relaxed))
                chappe_wake_ring(handover->bell);
        return more;
}

/* While handlers are quick a batch is large, and a hundred workers woken for a hundred lanes would only queue for the
 * lock. Who leaves lanes behind wakes one more (wait_for_jobs), so that none is forgotten. */
void chappe_handover_wake_workers(struct chappe_handover *handover, size_t busy)
{
        size_t ready = (chappe_dispatcher_ready(handover->dispatcher) + handover->batch - 1) / handover->batch;
        ready -= busy < ready ? busy : ready;
        chappe_waiters_call(&handover->waiters, worth_waking(handover, ready));
}

void chappe_handover_wake_one_more(struct chappe_handover *handover)
{
        if (chappe_dispatcher_ready(handover->dispatcher) > 0)
                chappe_waiters_call(&handover->waiters, worth_waking(handover, 1));
}

/* Under the lock: is there room again for shares that had none? Not for every record: some at a time. */
static bool made_room(struct chappe_handover *handover, const struct chappe_released *released)
{
        bool made = false;
        for (const struct chappe_task *task = released->tasks; task && handover->want_room > 0; task = task->next) {
                struct chappe_share *share = task->share;
                if (!share->wants_room ||
                    (share->tasks > 0 && chappe_dispatcher_room(handover->dispatcher, share) < ROOM_AGAIN))
                        continue;
                chappe_handover_want_room(handover, share, false);
                made = true;
        }
        return made;
}

bool chappe_handover_concerns_poll(struct chappe_handover *handover, const struct chappe_released *released)
{
        if (handover->full && chappe_dispatcher_low(handover->dispatcher)) {
                handover->full = false;
                return true;
        }
        if (chappe_dispatcher_due_us(handover->dispatcher) < handover->due_us) {
                handover->due_us = chappe_dispatcher_due_us(handover->dispatcher);
                return true;
        }
        return handover->breakers_stir || made_room(handover, released) || (handover->draining > 0 && released->tasks);
}

/* Without the lock: gives records back to the broker. */
static void release_records(const struct chappe_released *released)
{
        for (struct chappe_task *task = released->tasks; task; task = task->next) {
                struct chappe_job *job = chappe_job_of(task);
                chappe_record_release(&job->record);
                chappe_job_clear(job);
        }
}

void chappe_handover_recycle(struct chappe_handover *handover, struct chappe_released *released)
{
        if (released->tasks) {
                released->last->next = handover->spare;
                handover->spare = released->tasks;
                handover->spare_jobs += released->count;
        }
        *released = (struct chappe_released){ 0 };
}

/* Under the lock: shares without jobs that nobody owns any more. Every share in the list of released tasks is looked at
 * once. */
static void free_shares(const struct chappe_released *released)
{
        for (struct chappe_task *task = released->tasks; task; task = task->next) {
                struct chappe_share *share = task->share;
                if (!share || share->state != CHAPPE_SHARE_GONE || share->tasks > 0)
                        continue;
                for (struct chappe_task *other = task; other; other = other->next) {
                        if (other->share == share)
                                other->share = NULL;
                }
                chappe_share_free(share);
        }
}

void chappe_handover_end_section(struct chappe_handover *handover, const struct chappe_released *released, size_t busy)
{
        chappe_handover_end_halts(handover, released);
        bool ring = chappe_handover_concerns_poll(handover, released);
        if (released->gone)
                free_shares(released);
        chappe_handover_wake_workers(handover, busy);
        chappe_handover_unlock(handover);
        if (ring)
                chappe_wake_ring(handover->bell);
        release_records(released);
}

void chappe_handover_conclude(struct chappe_handover *handover, struct chappe_released *released)
{
        chappe_handover_end_section(handover, released, 0);
        if (!released->tasks)
                return;
        chappe_handover_lock(handover);
        chappe_handover_recycle(handover, released);
        chappe_handover_unlock(handover);
}

struct chappe_runs *chappe_handover_runs(struct chappe_handover *handover)
{
        return &handover->runs;
}

size_t chappe_handover_room(struct chappe_handover *handover, struct chappe_share *share, size_t *ret_bytes)
{
        *ret_bytes = 0;
        chappe_handover_lock(handover);
        if (handover->breakers[share->meters->channel - handover->runtime->channels->at].paused) {
                chappe_handover_unlock(handover);
                return 0;
        }
        size_t room = chappe_dispatcher_room(handover->dispatcher, share);
        *ret_bytes = chappe_dispatcher_room_bytes(handover->dispatcher, share);
        if (room == 0 && chappe_dispatcher_ripen(handover->dispatcher, share))
                chappe_handover_wake_workers(handover, 0);
        if (room == 0 && chappe_dispatcher_full(handover->dispatcher))
                handover->full = true;
        else if (room == 0)
                chappe_handover_want_room(handover, share, true);
        chappe_handover_unlock(handover);
        return room;
}

int64_t chappe_handover_tick(struct chappe_handover *handover, int64_t now_us)
{
        chappe_handover_lock(handover);
        if (chappe_dispatcher_due_us(handover->dispatcher) <= now_us) {
                chappe_dispatcher_promote(handover->dispatcher, now_us);
                chappe_handover_wake_workers(handover, 0);
        }
        handover->due_us = chappe_dispatcher_due_us(handover->dispatcher);
        int64_t due_us = handover->due_us;
        chappe_handover_unlock(handover);
        return due_us;
}

/* Not all jobs are spare as soon as nothing is in hand: a worker may be about to put some aside. */
void chappe_handover_rest(struct chappe_handover *handover)
{
        struct chappe_arena *memory = NULL;
        chappe_handover_lock(handover);
        if (handover->spare_jobs == handover->jobs) {
                memory = handover->memory;
                handover->memory = NULL;
                handover->spare = NULL;
                handover->jobs = handover->spare_jobs = 0;
        }
        if (chappe_dispatcher_records(handover->dispatcher) == 0)
                chappe_dispatcher_rest(handover->dispatcher);
        chappe_handover_unlock(handover);
        chappe_arena_free(memory);
}

void chappe_handover_close(struct chappe_handover *handover)
{
        chappe_handover_lock(handover);
        handover->closed = true;
        chappe_waiters_call(&handover->waiters, SIZE_MAX);
        chappe_handover_unlock(handover);
}
