/* SPDX-License-Identifier: Apache-2.0 */
/* Shares: gained with a new epoch, found, removed. */
#include "flow/assignment.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static int make_room(struct chappe_assignment *assignment)
{
        if (assignment->count < assignment->capacity)
                return 0;
        size_t capacity = assignment->capacity ? 2 * assignment->capacity : 8;
        struct chappe_share **shares = realloc(assignment->shares, capacity * sizeof(struct chappe_share *));
        if (!shares)
                return -1;
        assignment->shares = shares;
        assignment->capacity = capacity;
        return 0;
}

struct chappe_share *chappe_assignment_gain(struct chappe_assignment *assignment, const char *topic, int32_t partition,
                                            int64_t offset)
{
        assert(!chappe_assignment_find(assignment, topic, partition));
        if (make_room(assignment) < 0)
                return NULL;
        struct chappe_share *share = calloc(1, sizeof(*share));
        if (!share)
                return NULL;
        share->topic = topic;
        share->partition = partition;
        share->epoch = ++assignment->epochs;
        share->condemned = -1;
        share->committed = -1;
        share->committing = -1;
        if (offset >= 0)
                chappe_offset_ledger_start(&share->ledger, offset);
        assignment->shares[assignment->count++] = share;
        return share;
}

struct chappe_share *chappe_assignment_find(const struct chappe_assignment *assignment, const char *topic,
                                            int32_t partition)
{
        for (size_t i = 0; i < assignment->count; i++) {
                struct chappe_share *share = assignment->shares[i];
                if (share->partition == partition && strcmp(share->topic, topic) == 0)
                        return share;
        }
        return NULL;
}

void chappe_assignment_remove(struct chappe_assignment *assignment, struct chappe_share *share)
{
        size_t at = 0;
        while (assignment->shares[at] != share) {
                at++;
                assert(at < assignment->count);
        }
        memmove(&assignment->shares[at], &assignment->shares[at + 1],
                (assignment->count - at - 1) * sizeof(struct chappe_share *));
        assignment->count--;
        share->state = CHAPPE_SHARE_GONE;
}

/* Everything before it is finished: here, or right behind that by an earlier owner, and not read again yet. */
static int64_t finished_up_to(const struct chappe_share *share)
{
        const struct chappe_progress *before = &share->before;
        int64_t watermark = chappe_offset_ledger_watermark(&share->ledger);
        if (watermark <= chappe_offset_ledger_highest(&share->ledger))
                return watermark;
        for (size_t n = share->before_run; n < before->run_count && before->runs[n].from <= watermark; n++) {
                if (watermark <= before->runs[n].to)
                        watermark = before->runs[n].to + 1;
        }
        return watermark;
}

int64_t chappe_share_commit(const struct chappe_share *share)
{
        int64_t watermark = finished_up_to(share);
        bool busy = share->committing >= 0;
        int64_t known = busy ? share->committing : share->committed;
        uint64_t changes = busy ? share->committing_changes : share->committed_changes;
        bool news = watermark > known || (watermark == known && share->changes != changes);
        return share->state != CHAPPE_SHARE_GONE && news ? watermark : -1;
}

void chappe_share_resume(struct chappe_share *share, struct chappe_progress *progress)
{
        chappe_progress_deinit(&share->before);
        share->before = *progress;
        share->before_run = 0;
        share->before_failure = 0;
        *progress = (struct chappe_progress){ 0 };
}

bool chappe_share_finished_before(struct chappe_share *share, int64_t offset)
{
        const struct chappe_progress *before = &share->before;
        while (share->before_run < before->run_count && before->runs[share->before_run].to < offset)
                share->before_run++;
        return share->before_run < before->run_count && before->runs[share->before_run].from <= offset;
}

const struct chappe_failures *chappe_share_failed_before(struct chappe_share *share, int64_t offset)
{
        const struct chappe_progress *before = &share->before;
        while (share->before_failure < before->failure_count && before->failures[share->before_failure].offset < offset)
                share->before_failure++;
        const struct chappe_failures *failures = &before->failures[share->before_failure];
        return share->before_failure < before->failure_count && failures->offset == offset ? failures : NULL;
}

void chappe_share_forget_failures(struct chappe_share *share)
{
        struct chappe_progress *before = &share->before;
        size_t read = 0;
        while (read < before->failure_count &&
               before->failures[read].offset <= chappe_offset_ledger_highest(&share->ledger))
                read++;
        before->failure_count -= read;
        memmove(before->failures, before->failures + read, before->failure_count * sizeof(before->failures[0]));
        share->before_failure = 0;
}

void chappe_share_keep_failures(struct chappe_share *share, struct chappe_failures failures)
{
        chappe_progress_fail(&share->before, failures);
}

/* What was not read again yet is finished all the same. */
static int add_what_was_before(const struct chappe_share *share, struct chappe_progress *progress)
{
        int64_t read = chappe_offset_ledger_highest(&share->ledger) + 1;
        int64_t next = read > progress->watermark ? read : progress->watermark;
        int status = 0;
        for (size_t n = share->before_run; status == 0 && n < share->before.run_count; n++) {
                struct chappe_offset_run run = share->before.runs[n];
                if (run.from < next)
                        run.from = next;
                if (run.from <= run.to)
                        status = chappe_progress_add(progress, run);
        }
        for (size_t n = 0; n < share->before.failure_count; n++) {
                const struct chappe_failures *failures = &share->before.failures[n];
                if (failures->offset >= (share->state == CHAPPE_SHARE_ACTIVE ? next : progress->watermark))
                        chappe_progress_fail(progress, *failures);
        }
        return status;
}

int chappe_share_progress(const struct chappe_share *share, struct chappe_progress *progress)
{
        struct chappe_offset_run run;
        size_t position = 0;
        int status = 0;
        chappe_progress_reset(progress, finished_up_to(share));
        if (share->window.until > 0)
                progress->window = share->window;
        /* Given up by a life that goes on or ends well: neither one more death, nor one less. */
        if (share->state == CHAPPE_SHARE_ACTIVE)
                progress->mark = share->trial.mark;
        else if (share->trial.mark.crashes > 0)
                progress->mark = share->trial.before;
        while (status == 0 && chappe_offset_ledger_beyond(&share->ledger, &position, &run))
                status = chappe_progress_add(progress, run);
        return status < 0 ? status : add_what_was_before(share, progress);
}

static size_t above_zero(int64_t room)
{
        return room > 0 ? (size_t)room : 0;
}

/* Either the span fits a bitmap, or the runs, of which every unfinished record may yet make one, fit as such. Up to
 * where an earlier owner had come, nothing gets wider. */
size_t chappe_share_room(const struct chappe_share *share)
{
        const struct chappe_offset_ledger *ledger = &share->ledger;
        int64_t watermark = chappe_offset_ledger_watermark(ledger);
        int64_t highest = chappe_offset_ledger_highest(ledger);
        if (watermark < 0)
                return SIZE_MAX;
        size_t left = share->before.run_count - share->before_run;
        int64_t reached = left > 0 ? share->before.runs[share->before.run_count - 1].to : highest;
        int64_t runs = (int64_t)(chappe_offset_ledger_runs(ledger) + left + chappe_offset_ledger_unfinished(ledger));
        int64_t span = (reached > highest ? reached : highest) - watermark;
        size_t behind = above_zero(reached - highest);
        size_t by_span = above_zero(CHAPPE_PROGRESS_OFFSETS * 3 / 4 - span);
        size_t by_runs = above_zero(CHAPPE_PROGRESS_RUNS * 3 / 4 - runs);
        size_t room = by_span > by_runs ? by_span : by_runs;
        return room > behind ? room : behind;
}

struct chappe_share *chappe_share_free(struct chappe_share *share)
{
        if (share) {
                chappe_offset_ledger_deinit(&share->ledger);
                chappe_progress_deinit(&share->before);
        }
        free(share);
        return NULL;
}

void chappe_assignment_deinit(struct chappe_assignment *assignment)
{
        for (size_t i = 0; i < assignment->count; i++)
                chappe_share_free(assignment->shares[i]);
        free(assignment->shares);
        *assignment = (struct chappe_assignment){ 0 };
}
