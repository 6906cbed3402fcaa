/* SPDX-License-Identifier: Apache-2.0 */
/* Shares at the handover: drained, dropped, rewound, told of in commits, measured. All of the poll strand. */
#include "flow/handover_private.h"

struct telling {
        struct chappe_handover *handover;
        struct chappe_progress *progress; /* NULL: the share remembers */
        struct chappe_share *share;
        int64_t now_us;
};

static int32_t seconds_since(const struct telling *telling, int64_t when_us)
{
        int64_t seconds = when_us != 0 ? (telling->now_us - when_us) / 1000000 : 0;
        if (seconds < 0)
                return 0; /* it happened while the teller waited for the lock */
        return seconds < INT32_MAX ? (int32_t)seconds : INT32_MAX;
}

static void tell_failures(const struct chappe_task *task, void *context)
{
        const struct telling *telling = context;
        const struct chappe_job *job = chappe_job_of((struct chappe_task *)task);
        struct chappe_failures failures = { .offset = task->offset,
                                            .times = job->told_failures,
                                            .age_s = seconds_since(telling, job->told_first_us),
                                            .doubted_s = seconds_since(telling, job->suspect.doubted_us),
                                            .witnessed = chappe_handover_has_witness(telling->handover, job),
                                            .print = chappe_job_print(job) };
        if (job->told_first_us == 0)
                return;
        if (telling->progress)
                chappe_progress_fail(telling->progress, failures);
        else
                chappe_share_keep_failures(telling->share, failures);
}

/* Under the lock: records in trouble are let go before the last commit is made, and have a word in it. */
static void keep_failures(struct chappe_handover *handover, struct chappe_share *share)
{
        struct telling telling = { handover, NULL, share, chappe_clock_monotonic_us(handover->runtime->world->clock) };
        chappe_share_forget_failures(share);
        chappe_dispatcher_each_troubled(share, tell_failures, &telling);
}

void chappe_handover_drain(struct chappe_handover *handover, struct chappe_share *share)
{
        struct chappe_released released = { 0 };
        chappe_handover_lock(handover);
        share->recalled = false;
        if (share->state == CHAPPE_SHARE_ACTIVE) {
                handover->draining++;
                keep_failures(handover, share);
                share->changes += share->trial.mark.crashes > 0; /* the mark of a life goes with its last commit */
                chappe_dispatcher_drain(handover->dispatcher, share, &released);
        }
        chappe_handover_conclude(handover, &released);
}

bool chappe_handover_idle(struct chappe_handover *handover, struct chappe_share *share)
{
        chappe_handover_lock(handover);
        bool idle = share->tasks == 0;
        chappe_handover_want_room(handover, share, !idle);
        chappe_handover_unlock(handover);
        return idle;
}

uint64_t chappe_handover_touch(struct chappe_handover *handover, struct chappe_share *share)
{
        chappe_handover_lock(handover);
        uint64_t changes = ++share->changes;
        chappe_handover_unlock(handover);
        return changes;
}

void chappe_handover_recall(struct chappe_handover *handover, struct chappe_share *share)
{
        struct chappe_released released = { 0 };
        chappe_handover_lock(handover);
        if (share->state == CHAPPE_SHARE_ACTIVE) {
                handover->draining++;
                share->recalled = true;
                chappe_dispatcher_drain(handover->dispatcher, share, &released);
        }
        chappe_handover_conclude(handover, &released);
}

void chappe_handover_share_out(struct chappe_handover *handover, size_t shares)
{
        chappe_handover_lock(handover);
        chappe_dispatcher_share_out(handover->dispatcher, shares);
        chappe_handover_unlock(handover);
}

bool chappe_handover_drained(struct chappe_handover *handover, struct chappe_share *share)
{
        chappe_handover_lock(handover);
        bool drained = share->tasks == 0;
        chappe_handover_unlock(handover);
        return drained;
}

void chappe_handover_drop(struct chappe_handover *handover, struct chappe_assignment *assignment,
                          struct chappe_share *share)
{
        struct chappe_released released = { 0 };
        chappe_handover_lock(handover);
        if (share->state == CHAPPE_SHARE_DRAINING)
                handover->draining--;
        chappe_handover_want_room(handover, share, false);
        chappe_assignment_remove(assignment, share);
        chappe_dispatcher_share_out(handover->dispatcher, assignment->count);
        chappe_dispatcher_drop(handover->dispatcher, share, &released);
        if (share->tasks == 0 && !released.tasks)
                chappe_share_free(share);
        chappe_handover_conclude(handover, &released);
}

bool chappe_handover_rewind(struct chappe_handover *handover, struct chappe_share *share, int64_t offset)
{
        chappe_handover_lock(handover);
        bool empty = share->tasks == 0;
        if (empty) {
                chappe_offset_ledger_deinit(&share->ledger);
                chappe_offset_ledger_start(&share->ledger, offset);
                chappe_share_resume(share, &(struct chappe_progress){ 0 });
        }
        if (empty && share->recalled) {
                handover->draining--;
                share->recalled = false;
                share->state = CHAPPE_SHARE_ACTIVE;
                atomic_store_explicit(&share->closing, false, memory_order_relaxed);
        }
        chappe_handover_unlock(handover);
        return empty;
}

int64_t chappe_handover_commit(struct chappe_handover *handover, const struct chappe_share *share,
                               struct chappe_progress *progress, uint64_t *ret_changes)
{
        struct telling telling = { handover, progress, NULL,
                                   chappe_clock_monotonic_us(handover->runtime->world->clock) };
        chappe_handover_lock(handover);
        int64_t offset = chappe_share_commit(share);
        *ret_changes = share->changes;
        if (offset >= 0) {
                /* Without memory it says less, which is safe. */
                (void)chappe_share_progress(share, progress);
                chappe_dispatcher_each_troubled(share, tell_failures, &telling);
        }
        chappe_handover_unlock(handover);
        return offset;
}

void chappe_handover_figures(struct chappe_handover *handover, const struct chappe_share *share,
                             struct chappe_share_figures *ret_figures)
{
        chappe_handover_lock(handover);
        *ret_figures = (struct chappe_share_figures){
                .highest = chappe_offset_ledger_highest(&share->ledger),
                .watermark = chappe_offset_ledger_watermark(&share->ledger),
                .tasks = share->tasks,
                .troubled = share->troubled,
                .changes = share->changes,
                .paused = share->paused,
        };
        chappe_handover_unlock(handover);
}

size_t chappe_handover_records(struct chappe_handover *handover)
{
        chappe_handover_lock(handover);
        size_t records = chappe_dispatcher_records(handover->dispatcher);
        chappe_handover_unlock(handover);
        return records;
}

size_t chappe_handover_troubled(struct chappe_handover *handover, size_t *ret_bytes, bool *ret_full)
{
        chappe_handover_lock(handover);
        size_t troubled = chappe_dispatcher_troubled(handover->dispatcher);
        *ret_bytes = chappe_dispatcher_troubled_bytes(handover->dispatcher);
        *ret_full = chappe_dispatcher_park_full(handover->dispatcher);
        chappe_handover_unlock(handover);
        return troubled;
}

uint64_t chappe_handover_late(struct chappe_handover *handover)
{
        chappe_handover_lock(handover);
        uint64_t late = chappe_dispatcher_late(handover->dispatcher);
        chappe_handover_unlock(handover);
        return late;
}
