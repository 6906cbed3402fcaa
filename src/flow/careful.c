/* SPDX-License-Identifier: Apache-2.0 */
/* Careful intake: take one, name it, wait for the commit, give it, wait for its end. */
#include "flow/careful.h"

#include <inttypes.h>

#include "observe/log.h"

#define MARK_US 10000000 /* how long a mark is waited for: commits may fail for as long as brokers like */

static void ask(struct chappe_intake *intake, struct chappe_share *share, struct chappe_careful *careful,
                int64_t now_us)
{
        careful->mark = chappe_handover_touch(intake->handover, share);
        careful->asked_us = now_us;
        intake->commit_wanted = true;
}

void chappe_careful_begin(struct chappe_intake *intake, struct chappe_share *share, struct chappe_careful *careful,
                          int64_t now_us)
{
        const struct chappe_crash_mark *told = &share->before.mark;
        chappe_trial_begin(&share->trial, &intake->trial_policy, told, now_us);
        if (!share->trial.kept || chappe_offset_ledger_watermark(&share->ledger) < 0)
                return; /* without a position there is nothing to commit yet */
        ask(intake, share, careful, now_us);
        if (share->trial.careful > 0)
                chappe_log_write(intake->runtime->log, CHAPPE_LOG_CRASH_LOOP,
                                 "%s[%" PRId32 "]: its owners died %" PRId32
                                 " times in a row; its records run one by one until one has lasted",
                                 share->topic, share->partition, told->crashes);
}

bool chappe_careful_waits(const struct chappe_share *share, const struct chappe_careful *careful, int64_t now_us)
{
        return share->committed_changes < careful->mark && now_us - careful->asked_us < MARK_US;
}

/* Before others run freely nobody is named any more: who has passed must not be blamed for what comes then. */
static void conclude(struct chappe_intake *intake, struct chappe_share *share, struct chappe_careful *careful,
                     int64_t now_us)
{
        chappe_trial_passed(&share->trial);
        careful->running = false;
        intake->alone = NULL;
        if (share->trial.careful == 0)
                ask(intake, share, careful, now_us);
}

/* What an earlier owner had finished needs no trial: it will not run. */
static bool may_be_given(struct chappe_intake *intake, struct chappe_share *share, struct chappe_careful *careful,
                         const struct chappe_record *record, int64_t now_us)
{
        if (chappe_share_finished_before(share, record->offset))
                return true;
        enum chappe_trial_verdict verdict = chappe_trial_judge(&share->trial, &intake->trial_policy, record->offset);
        if (verdict == CHAPPE_TRIAL_FREE)
                return true;
        intake->alone = share;
        if (verdict == CHAPPE_TRIAL_ASIDE) {
                share->condemned = record->offset;
                careful->running = true;
                return true;
        }
        careful->record = *record;
        careful->holds = true;
        ask(intake, share, careful, now_us);
        return false;
}

bool chappe_careful_take(struct chappe_intake *intake, struct chappe_share *share, struct chappe_careful *careful,
                         int64_t now_us, struct chappe_record *ret_record)
{
        if (careful->holds) {
                *ret_record = careful->record;
                careful->holds = false;
                careful->running = true;
                return true;
        }
        if (!chappe_handover_idle(intake->handover, share))
                return false;
        if (careful->running)
                conclude(intake, share, careful, now_us);
        if (chappe_careful_waits(share, careful, now_us))
                return false;
        size_t room_bytes;
        if ((intake->alone && intake->alone != share) ||
            chappe_handover_room(intake->handover, share, &room_bytes) == 0)
                return false;
        if (intake->runtime->broker->operations->consumer_take(intake->consumer, share->topic, share->partition,
                                                               ret_record, 1, SIZE_MAX) == 0)
                return false;
        return may_be_given(intake, share, careful, ret_record, now_us);
}

void chappe_careful_begin_elsewhere(struct chappe_intake *intake, struct chappe_share *share,
                                    struct chappe_careful *careful)
{
        if (careful->holds || careful->running)
                chappe_trial_passed(&share->trial);
        chappe_careful_end(intake, share, careful);
        careful->running = false;
}

void chappe_careful_end(struct chappe_intake *intake, const struct chappe_share *share, struct chappe_careful *careful)
{
        if (careful->holds)
                chappe_record_release(&careful->record);
        careful->holds = false;
        if (intake->alone == share)
                intake->alone = NULL;
}
