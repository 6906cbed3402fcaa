/* SPDX-License-Identifier: Apache-2.0 */
/* The handover: a lock, a dispatcher, spare jobs, and who waits for what. */
#include "flow/handover.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "flow/key_hash.h"
#include "flow/retry_schedule.h"

#define SPARE_MAXIMUM 512 /* jobs that are kept for reuse; a burst's thousands go back to the heap */

#define ROOM_AGAIN 128 /* records that a narrow share must have room for before intake goes on */

/* What a worker is at; written by it alone. A look in the middle of a change may mix two jobs: began_us is written last
 * and read first. */
struct at_work {
        _Alignas(64) _Atomic int64_t began_us; /* 0: at nothing. Each worker has a cache line of its own */
        const struct chappe_channel *_Atomic channel;
        _Atomic int32_t partition;
        _Atomic int64_t offset;
};

struct chappe_handover {
        /* constant after start */
        struct at_work *at_work; /* one a worker */
        int workers;
        const struct chappe_runtime *runtime;
        struct chappe_executor *executor;
        struct chappe_wake *bell;
        struct chappe_mutex *mutex;
        struct chappe_condition *work; /* workers wait for jobs */
        size_t troubled_maximum;
        /* of the poll strand */
        struct chappe_job *settled; /* since the last chappe_handover_settle, latest first */
        /* under mutex */
        struct chappe_dispatcher *dispatcher;
        struct chappe_job *spare;
        size_t spare_count;
        struct chappe_random random;
        uint32_t idle;     /* workers that wait */
        uint32_t draining; /* shares */
        int64_t due_us;    /* the poll strand will wake by itself then */
        bool full;         /* the poll strand waits for room */
        bool closed;
};

static struct chappe_job *job_of(struct chappe_task *task)
{
        return CHAPPE_CONTAINER(task, struct chappe_job, task);
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
        handover->due_us = INT64_MAX;
        handover->troubled_maximum = limits->troubled;
        handover->mutex = chappe_mutex_new(handover->executor);
        handover->work = chappe_condition_new(handover->executor);
        handover->dispatcher = chappe_dispatcher_new(limits);
        chappe_random_init(&handover->random, runtime->world->seed ^ 0x68616e646f766572u);
        handover->workers = (int)chappe_config_integer(runtime->config, "workers");
        size_t size = (size_t)handover->workers * sizeof(struct at_work);
        handover->at_work = aligned_alloc(sizeof(struct at_work), size);
        if (handover->at_work)
                memset(handover->at_work, 0, size);
        if (handover->mutex && handover->work && handover->dispatcher && handover->at_work)
                return 0;
        *ret_handover = chappe_handover_free(handover);
        return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for the consumer runtime");
}

struct chappe_handover *chappe_handover_free(struct chappe_handover *handover)
{
        if (!handover)
                return NULL;
        while (handover->spare) {
                struct chappe_job *job = handover->spare;
                handover->spare = job->following;
                free(job);
        }
        chappe_dispatcher_free(handover->dispatcher);
        free(handover->at_work);
        chappe_condition_free(handover->executor, handover->work);
        chappe_mutex_free(handover->executor, handover->mutex);
        free(handover);
        return NULL;
}

static void lock(struct chappe_handover *handover)
{
        chappe_mutex_lock(handover->executor, handover->mutex);
}

static void unlock(struct chappe_handover *handover)
{
        chappe_mutex_unlock(handover->executor, handover->mutex);
}

/* Under the lock: wakes as many idle workers as there are lanes for, beyond those that busy ones are about to take. */
static void wake_workers(struct chappe_handover *handover, size_t busy)
{
        size_t ready = chappe_dispatcher_ready(handover->dispatcher);
        ready -= busy < ready ? busy : ready;
        if (ready >= handover->idle && handover->idle > 1) {
                chappe_condition_broadcast(handover->executor, handover->work);
                return;
        }
        for (size_t i = 0; i < ready && i < handover->idle; i++)
                chappe_condition_signal(handover->executor, handover->work);
}

/* Under the lock: is there room again for a share that had none? Not for every record: some at a time. */
static bool made_room(struct chappe_handover *handover, const struct chappe_released *released)
{
        struct chappe_share *share = released->tasks ? released->tasks->share : NULL;
        if (!share || !share->wants_room ||
            (share->tasks > 0 && chappe_dispatcher_room(handover->dispatcher, share) < ROOM_AGAIN))
                return false;
        share->wants_room = false;
        return true;
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
        return made_room(handover, released) || (handover->draining > 0 && released->tasks);
}

/* Without the lock: gives records back to the broker. */
static void release_records(const struct chappe_released *released)
{
        for (struct chappe_task *task = released->tasks; task; task = task->next) {
                struct chappe_job *job = job_of(task);
                chappe_record_release(&job->record);
                free(job->reason);
        }
}

/* Under the lock. */
static void put_aside(struct chappe_handover *handover, struct chappe_job *job)
{
        if (handover->spare_count >= SPARE_MAXIMUM) {
                free(job);
                return;
        }
        job->following = handover->spare;
        handover->spare = job;
        handover->spare_count++;
}

/* Under the lock: the jobs of released tasks are spare; shares that are gone end with their last one. */
static void recycle(struct chappe_handover *handover, struct chappe_released *released)
{
        struct chappe_task *following;
        for (struct chappe_task *task = released->tasks; task; task = following) {
                following = task->next;
                put_aside(handover, job_of(task));
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
        bool ring = poll_strand_concerned(handover, released);
        free_shares(released);
        if (handover->idle > 0)
                wake_workers(handover, busy);
        unlock(handover);
        if (ring)
                chappe_wake_ring(handover->bell);
        release_records(released);
}

static void conclude_and_recycle(struct chappe_handover *handover, struct chappe_released *released)
{
        conclude(handover, released, 0);
        if (!released->tasks)
                return;
        lock(handover);
        recycle(handover, released);
        unlock(handover);
}

size_t chappe_handover_room(struct chappe_handover *handover, struct chappe_share *share)
{
        lock(handover);
        size_t room = chappe_dispatcher_room(handover->dispatcher, share);
        if (room == 0 && chappe_dispatcher_full(handover->dispatcher))
                handover->full = true;
        else if (room == 0)
                share->wants_room = true;
        unlock(handover);
        return room;
}

static struct chappe_job *make_job(struct chappe_handover *handover)
{
        struct chappe_job *job = handover->spare;
        if (job) {
                handover->spare = job->following;
                handover->spare_count--;
        } else {
                job = malloc(sizeof(*job));
        }
        if (job)
                *job = (struct chappe_job){ 0 };
        return job;
}

static void settled(struct chappe_deliveries *deliveries, void *context)
{
        struct chappe_handover *handover = context;
        struct chappe_job *job = CHAPPE_CONTAINER(deliveries, struct chappe_job, deliveries);
        job->following = handover->settled;
        handover->settled = job;
}

/* Records that have to stay in order share an identity; a shared identity by chance costs concurrency, never order. */
static uint64_t lane_identity(const struct chappe_channel *channel, const struct chappe_record *record)
{
        if (channel->order == CHAPPE_ORDER_PARTITION)
                return 0;
        if (channel->order == CHAPPE_ORDER_NONE || !record->key.at)
                return chappe_key_mix((uint64_t)record->offset);
        return chappe_key_hash(record->key.at, record->key.length);
}

/* What an earlier owner of the partition went through with this record counts here too. */
static void recall_failures(struct chappe_handover *handover, struct chappe_job *job)
{
        const struct chappe_failures *failures = chappe_share_failed_before(job->task.share, job->task.offset);
        if (!failures)
                return;
        int64_t now_us = chappe_clock_monotonic_us(handover->runtime->world->clock);
        int64_t first_us = now_us - failures->age_s * INT64_C(1000000);
        job->failures = failures->times;
        job->task.attempt = failures->times < INT32_MAX ? failures->times + 1 : INT32_MAX;
        job->first_us = first_us != 0 ? first_us : -1;
}

static int give_one(struct chappe_handover *handover, struct chappe_share *share, const struct chappe_channel *channel,
                    struct chappe_record *record)
{
        struct chappe_job *job = make_job(handover);
        if (!job)
                return -CHAPPE_E_NO_MEMORY;
        job->record = *record;
        job->channel = channel;
        job->task.share = share;
        job->task.offset = record->offset;
        job->task.bytes = record->key.length + record->value.length;
        job->task.attempt = 1;
        recall_failures(handover, job);
        int status = chappe_dispatcher_add(handover->dispatcher, &job->task, lane_identity(channel, record));
        if (status < 0) {
                put_aside(handover, job);
        }
        return status;
}

/* Those that need not run go to the front of the array, to be released without the lock. */
int chappe_handover_give(struct chappe_handover *handover, struct chappe_share *share,
                         const struct chappe_channel *channel, struct chappe_record *records, size_t count,
                         size_t *ret_given)
{
        int status = 0;
        size_t given = 0, skipped = 0;
        lock(handover);
        for (; given < count; given++) {
                bool skip = chappe_share_finished_before(share, records[given].offset);
                status = skip ? chappe_dispatcher_skip(handover->dispatcher, share, records[given].offset)
                              : give_one(handover, share, channel, &records[given]);
                if (status < 0)
                        break;
                if (skip)
                        records[skipped++] = records[given];
        }
        wake_workers(handover, 0);
        unlock(handover);
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
        lock(handover);
        struct chappe_job *following;
        for (; job; job = following) {
                following = job->following;
                bool failed = chappe_deliveries_result(&job->deliveries) < 0;
                int64_t due_us = failed ? due_after_failure(handover, job) : 0;
                chappe_dispatcher_settle(handover->dispatcher, &job->task, failed, due_us, &released);
        }
        conclude_and_recycle(handover, &released);
}

int64_t chappe_handover_tick(struct chappe_handover *handover, int64_t now_us)
{
        lock(handover);
        if (chappe_dispatcher_due_us(handover->dispatcher) <= now_us) {
                chappe_dispatcher_promote(handover->dispatcher, now_us);
                wake_workers(handover, 0);
        }
        handover->due_us = chappe_dispatcher_due_us(handover->dispatcher);
        int64_t due_us = handover->due_us;
        unlock(handover);
        return due_us;
}

struct telling {
        struct chappe_progress *progress; /* NULL: the share remembers */
        struct chappe_share *share;
        int64_t now_us;
};

static void tell_failures(const struct chappe_task *task, void *context)
{
        const struct telling *telling = context;
        const struct chappe_job *job = job_of((struct chappe_task *)task);
        int64_t age_s = (telling->now_us - job->first_us) / 1000000;
        struct chappe_failures failures = { task->offset, job->failures,
                                            age_s < INT32_MAX ? (int32_t)age_s : INT32_MAX };
        if (job->first_us == 0)
                return;
        if (telling->progress)
                chappe_progress_fail(telling->progress, failures);
        else
                chappe_share_keep_failures(telling->share, failures);
}

/* Under the lock: parked records are let go before the last commit is made, and have a word in it. */
static void keep_failures(struct chappe_handover *handover, struct chappe_share *share)
{
        struct telling telling = { NULL, share, chappe_clock_monotonic_us(handover->runtime->world->clock) };
        chappe_share_forget_failures(share);
        chappe_dispatcher_each_parked(handover->dispatcher, share, tell_failures, &telling);
}

void chappe_handover_drain(struct chappe_handover *handover, struct chappe_share *share)
{
        struct chappe_released released = { 0 };
        lock(handover);
        if (share->state == CHAPPE_SHARE_ACTIVE) {
                handover->draining++;
                keep_failures(handover, share);
                chappe_dispatcher_drain(handover->dispatcher, share, &released);
        }
        conclude_and_recycle(handover, &released);
}

bool chappe_handover_drained(struct chappe_handover *handover, struct chappe_share *share)
{
        lock(handover);
        bool drained = share->tasks == 0;
        unlock(handover);
        return drained;
}

void chappe_handover_drop(struct chappe_handover *handover, struct chappe_assignment *assignment,
                          struct chappe_share *share)
{
        struct chappe_released released = { 0 };
        lock(handover);
        if (share->state == CHAPPE_SHARE_DRAINING)
                handover->draining--;
        chappe_assignment_remove(assignment, share);
        chappe_dispatcher_drop(handover->dispatcher, share, &released);
        if (share->tasks == 0 && !released.tasks)
                chappe_share_free(share);
        conclude_and_recycle(handover, &released);
}

bool chappe_handover_rewind(struct chappe_handover *handover, struct chappe_share *share, int64_t offset)
{
        lock(handover);
        bool empty = share->tasks == 0;
        if (empty) {
                chappe_offset_ledger_deinit(&share->ledger);
                chappe_offset_ledger_start(&share->ledger, offset);
                chappe_share_resume(share, &(struct chappe_progress){ 0 });
        }
        unlock(handover);
        return empty;
}

int64_t chappe_handover_commit(struct chappe_handover *handover, const struct chappe_share *share,
                               struct chappe_progress *progress, uint64_t *ret_changes)
{
        struct telling telling = { progress, NULL, chappe_clock_monotonic_us(handover->runtime->world->clock) };
        lock(handover);
        int64_t offset = chappe_share_commit(share);
        *ret_changes = share->changes;
        if (offset >= 0) {
                /* Without memory it says less, which is safe. */
                (void)chappe_share_progress(share, progress);
                chappe_dispatcher_each_parked(handover->dispatcher, share, tell_failures, &telling);
        }
        unlock(handover);
        return offset;
}

void chappe_handover_figures(struct chappe_handover *handover, const struct chappe_share *share,
                             struct chappe_share_figures *ret_figures)
{
        lock(handover);
        *ret_figures = (struct chappe_share_figures){
                .highest = chappe_offset_ledger_highest(&share->ledger),
                .watermark = chappe_offset_ledger_watermark(&share->ledger),
                .tasks = share->tasks,
                .changes = share->changes,
        };
        unlock(handover);
}

size_t chappe_handover_records(struct chappe_handover *handover)
{
        lock(handover);
        size_t records = chappe_dispatcher_records(handover->dispatcher);
        unlock(handover);
        return records;
}

size_t chappe_handover_troubled(struct chappe_handover *handover, bool *ret_full)
{
        lock(handover);
        size_t troubled = chappe_dispatcher_troubled(handover->dispatcher);
        unlock(handover);
        *ret_full = troubled >= handover->troubled_maximum;
        return troubled;
}

uint64_t chappe_handover_late(struct chappe_handover *handover)
{
        lock(handover);
        uint64_t late = chappe_dispatcher_late(handover->dispatcher);
        unlock(handover);
        return late;
}

void chappe_handover_note_run(struct chappe_handover *handover, int worker, const struct chappe_job *job,
                              int64_t now_us)
{
        assert(worker >= 0 && worker < handover->workers);
        struct at_work *at_work = &handover->at_work[worker];
        if (job) {
                atomic_store_explicit(&at_work->channel, job->channel, memory_order_relaxed);
                atomic_store_explicit(&at_work->partition, job->record.partition, memory_order_relaxed);
                atomic_store_explicit(&at_work->offset, job->record.offset, memory_order_relaxed);
        }
        atomic_store_explicit(&at_work->began_us, job ? now_us : 0, memory_order_release);
}

bool chappe_handover_longest_run(struct chappe_handover *handover, struct chappe_run *ret_run)
{
        const struct at_work *longest = NULL;
        int64_t since_us = INT64_MAX;
        for (int i = 0; i < handover->workers; i++) {
                int64_t began_us = atomic_load_explicit(&handover->at_work[i].began_us, memory_order_acquire);
                if (began_us == 0 || began_us >= since_us)
                        continue;
                since_us = began_us;
                longest = &handover->at_work[i];
        }
        if (longest)
                *ret_run = (struct chappe_run){ since_us, atomic_load(&longest->channel),
                                                atomic_load(&longest->partition), atomic_load(&longest->offset) };
        return longest != NULL;
}

/* Under the lock: the worker's hold on the job's deliveries ends here, so that a report that settles it comes after. */
static void bring_back(struct chappe_handover *handover, struct chappe_job *job, struct chappe_released *released)
{
        if (job->verdict == CHAPPE_VERDICT_UNRUN) {
                chappe_dispatcher_unrun(handover->dispatcher, &job->task, released);
                return;
        }
        bool outstanding = !chappe_deliveries_drop(&job->deliveries);
        bool again = job->verdict == CHAPPE_VERDICT_AGAIN;
        if (!outstanding && !again && chappe_deliveries_result(&job->deliveries) < 0) {
                again = true;
                job->due_us = due_after_failure(handover, job);
        }
        chappe_dispatcher_return(handover->dispatcher, &job->task, again, outstanding, job->due_us, released);
}

/* Under the lock. Fills in jobs; 0 at the end. */
static size_t wait_for_jobs(struct chappe_handover *handover, struct chappe_job **jobs, size_t maximum)
{
        struct chappe_task *tasks[CHAPPE_HANDOVER_BATCH];
        size_t taken = 0;
        while (!handover->closed && (taken = chappe_dispatcher_take(handover->dispatcher, tasks, maximum)) == 0) {
                handover->idle++;
                enum chappe_wait wait =
                        chappe_condition_wait(handover->executor, handover->work, handover->mutex, CHAPPE_FOREVER);
                handover->idle--;
                if (wait == CHAPPE_WAIT_STOPPED)
                        return 0;
        }
        for (size_t i = 0; i < taken; i++) {
                jobs[i] = job_of(tasks[i]);
                chappe_deliveries_init(&jobs[i]->deliveries, settled, handover);
        }
        return taken;
}

size_t chappe_handover_exchange(struct chappe_handover *handover, struct chappe_job **jobs, size_t count,
                                size_t maximum)
{
        assert(maximum > 0 && maximum <= CHAPPE_HANDOVER_BATCH);
        struct chappe_released released = { 0 };
        lock(handover);
        for (size_t i = 0; i < count; i++)
                bring_back(handover, jobs[i], &released);
        /* A retry that is due before the poll strand means to wake concerns it even when nothing was released. */
        if (released.tasks || chappe_dispatcher_due_us(handover->dispatcher) < handover->due_us) {
                conclude(handover, &released, 1);
                lock(handover);
                recycle(handover, &released);
        }
        size_t taken = wait_for_jobs(handover, jobs, maximum);
        unlock(handover);
        return taken;
}

void chappe_handover_close(struct chappe_handover *handover)
{
        lock(handover);
        handover->closed = true;
        chappe_condition_broadcast(handover->executor, handover->work);
        unlock(handover);
}
