/* SPDX-License-Identifier: Apache-2.0 */
/* Records become jobs, and are given to the dispatcher. */
#include "flow/handover_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <chappe/arena.h>

#include "flow/job_key.h"
#include "flow/kept_record.h"

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
                handover->memory ? chappe_arena_zalloc(handover->memory, sizeof(struct chappe_job)) : NULL;
        handover->jobs += job != NULL;
        return job;
}

/* Under the lock. There are never more than there have been records in hand. */
static void put_aside(struct chappe_handover *handover, struct chappe_job *job)
{
        job->task.next = handover->spare;
        handover->spare = &job->task;
        handover->spare_jobs++;
}

/* What a record brings with it. */
static void begin_job(struct chappe_job *job, struct chappe_share *share, const struct chappe_channel *channel,
                      const struct chappe_record *record)
{
        job->task = (struct chappe_task){
                .share = share,
                .offset = record->offset,
                .bytes = record->key.length + record->value.length,
                .attempt = 1,
        };
        job->record = *record;
        job->channel = channel;
        job->meters = share->meters;
        job->operation = NULL;
        job->first_us = 0;
        job->outcome = CHAPPE_OUTCOME_NONE;
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
        job->marked = true;
        job->failures = failures->times;
        job->task.attempt = failures->times < INT32_MAX ? failures->times + 1 : INT32_MAX;
        job->first_us = first_us != 0 ? first_us : -1;
        job->suspect.failed_us = now_us;
        job->suspect.witnessed = failures->witnessed;
        if (failures->doubted_s > 0)
                job->suspect.doubted_us = doubted_us != 0 ? doubted_us : -1;
        chappe_job_tell(job, true);
        chappe_handover_recall_suspect(handover, job, now_us);
}

/* It never runs again: on to its dead letter. */
static void condemn(struct chappe_job *job)
{
        job->marked = true;
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

/* All in one lane. *ret_given: those before the first for which there was no memory. */
static int give_merged(struct chappe_handover *handover, struct chappe_share *share,
                       const struct chappe_channel *channel, const struct chappe_record *records, size_t count,
                       size_t *ret_given)
{
        struct chappe_job *job, *first = NULL, *last = NULL;
        size_t made = 0;
        for (; made < count && (job = make_job(handover)); made++, last = job) {
                begin_job(job, share, channel, &records[made]);
                if (last)
                        last->task.next = &job->task;
                else
                        first = job;
        }
        *ret_given = made;
        if (made > 0 && chappe_dispatcher_add_merged(handover->dispatcher, &first->task, &last->task, made) < 0) {
                *ret_given = 0;
                last->task.next = NULL;
                for (struct chappe_task *task = &first->task, *following; task; task = following) {
                        following = task->next;
                        put_aside(handover, chappe_job_of(task));
                }
        }
        return *ret_given < count ? -CHAPPE_E_NO_MEMORY : 0;
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
        int status = chappe_dispatcher_add(handover->dispatcher, &job->task, chappe_job_identity(job));
        if (status < 0) {
                chappe_job_clear(job);
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
        int64_t now_us = chappe_clock_monotonic_us(handover->runtime->world->clock);
        int64_t ripe_us = channel->batch_wait_us > 0 ? now_us + channel->batch_wait_us : 0;
        chappe_handover_lock(handover);
        bool remembers = chappe_share_remembers(share);
        chappe_handover_merge(handover, share, now_us);
        if (chappe_share_is_merged(share))
                status = give_merged(handover, share, channel, records, count, &given);
        for (; status == 0 && given < count; given++) {
                bool skip = remembers && chappe_share_finished_before(share, records[given].offset);
                status = skip ? chappe_dispatcher_skip(handover->dispatcher, share, records[given].offset)
                              : give_one(handover, share, channel, &records[given], remembers, ripe_us);
                if (status < 0)
                        break;
                if (skip)
                        records[skipped++] = records[given];
        }
        chappe_handover_spread_crowd(handover, share);
        chappe_handover_wake_workers(handover, 0);
        if (share->common)
                atomic_store_explicit(&handover->others_wait, true, memory_order_relaxed);
        bool waits = ripe_us > 0 || share->merged;
        bool ring = waits && chappe_handover_concerns_poll(handover, &(struct chappe_released){ 0 });
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
