/* SPDX-License-Identifier: Apache-2.0 */
/* The handover of jobs: a lock, a dispatcher, spare jobs, and who waits for what. */
#include "flow/handover_private.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <chappe/arena.h>

#include "config/config.h"
#include "flow/kept_record.h"
#include "flow/key_hash.h"
#include "flow/retry_schedule.h"

#define ROOM_AGAIN 128 /* records that a narrow share must have room for before intake goes on */

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
        handover->due_us = INT64_MAX;
        handover->mutex = chappe_mutex_new(handover->executor);
        handover->work = chappe_condition_new(handover->executor);
        handover->dispatcher = chappe_dispatcher_new(limits);
        chappe_random_init(&handover->random, runtime->world->seed ^ 0x68616e646f766572u);
        int workers = (int)chappe_config_integer(runtime->config, "workers");
        if (handover->mutex && handover->work && handover->dispatcher &&
            chappe_runs_init(&handover->runs, workers, error) == 0 &&
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
        chappe_condition_free(handover->executor, handover->work);
        chappe_mutex_free(handover->executor, handover->mutex);
        free(handover);
        return NULL;
}

/* Under the lock: wakes as many idle workers as there are batches of lanes for, beyond those that busy ones are about
 * to take. While handlers are quick a batch is large, and a hundred workers woken for a hundred lanes would only queue
 * for the lock. Who leaves lanes behind wakes one more (wait_for_jobs), so that none is forgotten. */
static void wake_workers(struct chappe_handover *handover, size_t busy)
{
        size_t ready = (chappe_dispatcher_ready(handover->dispatcher) + handover->batch - 1) / handover->batch;
        ready -= busy < ready ? busy : ready;
        if (ready >= handover->idle && handover->idle > 1) {
                chappe_condition_broadcast(handover->executor, handover->work);
                return;
        }
        for (size_t i = 0; i < ready && i < handover->idle; i++)
                chappe_condition_signal(handover->executor, handover->work);
}

/* Under the lock: is there room again for shares that had none? Not for every record: some at a time. */
static bool made_room(struct chappe_handover *handover, const struct chappe_released *released)
{
        bool made = false;
        for (const struct chappe_task *task = released->tasks; task; task = task->next) {
                struct chappe_share *share = task->share;
                if (!share->wants_room ||
                    (share->tasks > 0 && chappe_dispatcher_room(handover->dispatcher, share) < ROOM_AGAIN))
                        continue;
                share->wants_room = false;
                made = true;
        }
        return made;
}

/* Under the lock: what changed for the poll strand. */
static bool poll_strand_concerned(struct chappe_handover *handover, const struct chappe_released *released)
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
                if (job->reason)
                        free(job->reason);
        }
}

/* Under the lock. There are never more than there have been records in hand. */
static void put_aside(struct chappe_handover *handover, struct chappe_job *job)
{
        job->task.next = handover->spare;
        handover->spare = &job->task;
        handover->spare_jobs++;
}

/* Under the lock: the jobs of released tasks are spare; shares that are gone end with their last one. */
static void recycle(struct chappe_handover *handover, struct chappe_released *released)
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

/* Ends a locked section that may have released tasks; they are recycled in a later one. */
static void conclude(struct chappe_handover *handover, const struct chappe_released *released, size_t busy)
{
        chappe_handover_end_halts(handover, released);
        bool ring = poll_strand_concerned(handover, released);
        if (released->gone)
                free_shares(released);
        if (handover->idle > 0)
                wake_workers(handover, busy);
        chappe_handover_unlock(handover);
        if (ring)
                chappe_wake_ring(handover->bell);
        release_records(released);
}

void chappe_handover_conclude(struct chappe_handover *handover, struct chappe_released *released)
{
        conclude(handover, released, 0);
        if (!released->tasks)
                return;
        chappe_handover_lock(handover);
        recycle(handover, released);
        chappe_handover_unlock(handover);
}

struct chappe_runs *chappe_handover_runs(struct chappe_handover *handover)
{
        return &handover->runs;
}

size_t chappe_handover_room(struct chappe_handover *handover, struct chappe_share *share, size_t *ret_bytes)
{
        chappe_handover_lock(handover);
        size_t room = chappe_dispatcher_room(handover->dispatcher, share);
        *ret_bytes = chappe_dispatcher_room_bytes(handover->dispatcher, share);
        if (room == 0 && chappe_dispatcher_ripen(handover->dispatcher, share) && handover->idle > 0)
                wake_workers(handover, 0);
        if (room == 0 && chappe_dispatcher_full(handover->dispatcher))
                handover->full = true;
        else if (room == 0)
                share->wants_room = true;
        chappe_handover_unlock(handover);
        return room;
}

static struct chappe_job *make_job(struct chappe_handover *handover)
{
        struct chappe_task *task = handover->spare;
        if (task) {
                handover->spare = task->next;
                handover->spare_jobs--;
                return chappe_job_of(task);
        }
        if (!handover->memory)
                handover->memory = chappe_arena_new(0);
        struct chappe_job *job =
                handover->memory ? chappe_arena_alloc(handover->memory, sizeof(struct chappe_job)) : NULL;
        handover->jobs += job != NULL;
        return job;
}

static void settled(struct chappe_deliveries *deliveries, void *context)
{
        struct chappe_handover *handover = context;
        struct chappe_job *job = CHAPPE_CONTAINER(deliveries, struct chappe_job, deliveries);
        job->following = handover->settled;
        handover->settled = job;
}

/* Of the record's key; a record without one is a key of its own. */
static uint64_t key_of(const struct chappe_record *record)
{
        if (!record->key.at)
                return chappe_key_mix((uint64_t)record->offset);
        return chappe_key_hash(record->key.at, record->key.length);
}

/* What a record brings with it; all else is zero. */
static void begin_job(struct chappe_job *job, struct chappe_share *share, const struct chappe_channel *channel,
                      const struct chappe_record *record)
{
        size_t rest = offsetof(struct chappe_job, operation);
        job->task = (struct chappe_task){
                .share = share,
                .offset = record->offset,
                .bytes = record->key.length + record->value.length,
                .attempt = 1,
        };
        job->record = *record;
        job->channel = channel;
        job->meters = share->meters;
        job->key = key_of(record);
        memset((char *)job + rest, 0, sizeof(*job) - rest);
}

/* Records that have to stay in order share an identity; a shared identity by chance costs concurrency, never order. */
static uint64_t lane_identity(const struct chappe_job *job)
{
        if (job->channel->order == CHAPPE_ORDER_PARTITION)
                return 0;
        return job->channel->order == CHAPPE_ORDER_NONE ? chappe_key_mix((uint64_t)job->record.offset) : job->key;
}

/* Under the lock: what commits may tell of it, even while a worker has it again. Of one that is all but finished,
 * nothing. */
static void tell(struct chappe_job *job, bool again)
{
        job->told_failures = job->failures;
        job->told_first_us = again ? job->first_us : 0;
}

/* What an earlier owner of the partition went through with this record counts here too. */
static void recall_failures(struct chappe_handover *handover, struct chappe_job *job)
{
        const struct chappe_failures *failures = chappe_share_failed_before(job->task.share, job->task.offset);
        if (!failures || (failures->print >= 0 && failures->print != chappe_job_print(job)))
                return;
        int64_t now_us = chappe_clock_monotonic_us(handover->runtime->world->clock);
        int64_t first_us = now_us - failures->age_s * INT64_C(1000000);
        int64_t doubted_us = now_us - failures->doubted_s * INT64_C(1000000);
        job->failures = failures->times;
        job->task.attempt = failures->times < INT32_MAX ? failures->times + 1 : INT32_MAX;
        job->first_us = first_us != 0 ? first_us : -1;
        job->suspect.failed_us = now_us;
        job->suspect.witnessed = failures->witnessed;
        if (failures->doubted_s > 0)
                job->suspect.doubted_us = doubted_us != 0 ? doubted_us : -1;
        tell(job, true);
        chappe_handover_recall_suspect(handover, job, now_us);
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

/* It never runs again: on to its dead letter. */
static void condemn(struct chappe_job *job)
{
        job->condemned = true;
        job->failures = job->task.share->trial.mark.kills;
        job->reason_code = CHAPPE_E_CRASH_LOOP;
        if (asprintf(&job->reason, "the process died %" PRId32 " times in a row while it ran alone", job->failures) < 0)
                job->reason = NULL;
}

/* Whom it may run with, and how long it waits for them: not when it has failed before, nor on trial. */
static void keep_company(struct chappe_job *job, int64_t ripe_us)
{
        job->task.alone = job->task.attempt > 1 || job->task.share->trial.careful > 0 || job->condemned;
        job->task.loose = job->channel->order == CHAPPE_ORDER_NONE ||
                          (job->channel->order == CHAPPE_ORDER_KEY && !job->record.key.at);
        job->task.ripe_us = ripe_us;
}

static int give_one(struct chappe_handover *handover, struct chappe_share *share, const struct chappe_channel *channel,
                    struct chappe_record *record, bool remembers, int64_t ripe_us)
{
        struct chappe_job *job = make_job(handover);
        if (!job)
                return -CHAPPE_E_NO_MEMORY;
        begin_job(job, share, channel, record);
        if (remembers)
                recall_failures(handover, job);
        if (record->offset == share->condemned)
                condemn(job);
        if (share->together > 1)
                keep_company(job, ripe_us);
        int status = chappe_dispatcher_add(handover->dispatcher, &job->task, lane_identity(job));
        if (status < 0) {
                free(job->reason);
                put_aside(handover, job);
                return status;
        }
        if (job->suspect.failed_us != 0)
                chappe_dispatcher_recall(handover->dispatcher, &job->task);
        if (job->task.lane->troubled)
                chappe_record_keep(&job->record);
        return 0;
}

/* Those that need not run go to the front of the array, to be released without the lock. */
int chappe_handover_give(struct chappe_handover *handover, struct chappe_share *share,
                         const struct chappe_channel *channel, struct chappe_record *records, size_t count,
                         size_t *ret_given)
{
        int status = 0;
        size_t given = 0, skipped = 0;
        int64_t ripe_us = 0;
        if (channel->batch_wait_us > 0)
                ripe_us = chappe_clock_monotonic_us(handover->runtime->world->clock) + channel->batch_wait_us;
        chappe_handover_lock(handover);
        bool remembers = chappe_share_remembers(share);
        for (; given < count; given++) {
                bool skip = remembers && chappe_share_finished_before(share, records[given].offset);
                status = skip ? chappe_dispatcher_skip(handover->dispatcher, share, records[given].offset)
                              : give_one(handover, share, channel, &records[given], remembers, ripe_us);
                if (status < 0)
                        break;
                if (skip)
                        records[skipped++] = records[given];
        }
        wake_workers(handover, 0);
        bool ring = ripe_us > 0 && poll_strand_concerned(handover, &(struct chappe_released){ 0 });
        chappe_handover_unlock(handover);
        if (ring)
                chappe_wake_ring(handover->bell);
        for (size_t i = 0; i < skipped; i++)
                chappe_record_release(&records[i]);
        for (size_t i = given; i < count; i++)
                chappe_record_release(&records[i]);
        *ret_given = given;
        return status;
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
                        if (failed)
                                tell(one, true);
                        chappe_dispatcher_settle(handover->dispatcher, &one->task, failed, due_us, &released);
                }
        }
        chappe_handover_conclude(handover, &released);
}

int64_t chappe_handover_tick(struct chappe_handover *handover, int64_t now_us)
{
        chappe_handover_lock(handover);
        if (chappe_dispatcher_due_us(handover->dispatcher) <= now_us) {
                chappe_dispatcher_promote(handover->dispatcher, now_us);
                wake_workers(handover, 0);
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
        bool outstanding = wait_for_deliveries(job);
        bool again = job->verdict == CHAPPE_VERDICT_AGAIN;
        if (!outstanding && !again && chappe_deliveries_result(deliveries_of(job)) < 0) {
                again = true;
                job->due_us = due_after_failure(handover, job);
        }
        tell(job, again);
        if (again && job->burying)
                chappe_handover_note_halt(handover, job);
        struct chappe_lane *lane = job->task.lane;
        bool was_troubled = lane->troubled;
        chappe_dispatcher_return(handover->dispatcher, &job->task, again, outstanding, job->due_us, released);
        if (again && !was_troubled && job->task.lane)
                keep_behind(lane);
}

/* Under the lock. Fills in jobs; 0 at the end. */
static size_t wait_for_jobs(struct chappe_handover *handover, struct chappe_job **jobs, size_t maximum)
{
        struct chappe_task *tasks[CHAPPE_HANDOVER_MOST];
        size_t taken = 0;
        while (!handover->closed && (taken = chappe_dispatcher_take(handover->dispatcher, tasks, maximum)) == 0) {
                handover->idle++;
                enum chappe_wait wait =
                        chappe_condition_wait(handover->executor, handover->work, handover->mutex, CHAPPE_FOREVER);
                handover->idle--;
                if (wait == CHAPPE_WAIT_STOPPED)
                        return 0;
                /* How long handlers take may have changed meanwhile: those that ran know. */
                if (maximum > handover->batch)
                        maximum = handover->batch;
        }
        if (taken > 0 && handover->idle > 0 && chappe_dispatcher_ready(handover->dispatcher) > 0)
                chappe_condition_signal(handover->executor, handover->work);
        for (size_t i = 0; i < taken; i++) {
                jobs[i] = chappe_job_of(tasks[i]);
                jobs[i]->leader = NULL;
                chappe_deliveries_init(&jobs[i]->deliveries, settled, handover);
                if (tasks[i]->probe)
                        chappe_handover_probe_begins(handover, jobs[i]);
        }
        return taken;
}

size_t chappe_handover_exchange(struct chappe_handover *handover, struct chappe_job **jobs, size_t count,
                                size_t maximum)
{
        assert(maximum > 0 && maximum <= CHAPPE_HANDOVER_BATCH);
        struct chappe_released released = { 0 };
        /* What ran together may have let more of its lanes grow ripe meanwhile. */
        int64_t now_us = 0;
        if (count > 0 && jobs[0]->channel->batch_wait_us > 0)
                now_us = chappe_clock_monotonic_us(handover->runtime->world->clock);
        chappe_handover_lock(handover);
        handover->batch = maximum;
        if (now_us > 0)
                chappe_dispatcher_promote(handover->dispatcher, now_us);
        for (size_t i = 0; i < count; i++)
                bring_back(handover, jobs[i], &released);
        /* A retry that is due before the poll strand means to wake concerns it even when nothing was released. */
        if (released.tasks || handover->breakers_stir ||
            chappe_dispatcher_due_us(handover->dispatcher) < handover->due_us) {
                conclude(handover, &released, 1);
                chappe_handover_lock(handover);
                recycle(handover, &released);
        }
        size_t taken = wait_for_jobs(handover, jobs, maximum);
        chappe_handover_unlock(handover);
        return taken;
}

void chappe_handover_close(struct chappe_handover *handover)
{
        chappe_handover_lock(handover);
        handover->closed = true;
        chappe_condition_broadcast(handover->executor, handover->work);
        chappe_handover_unlock(handover);
}
