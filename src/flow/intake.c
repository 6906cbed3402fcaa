/* SPDX-License-Identifier: Apache-2.0 */
/* Intake: a bounded number of records a pass, shares in turn. */
#include "flow/intake.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "flow/ages.h"
#include "flow/beginnings.h"
#include "flow/careful.h"
#include "observe/log.h"
#include "observe/metrics.h"

#define BATCH           256
#define BATCHES_A_SHARE 4
#define TRIALS_LEAST    1000 /* records that a careful owner tries one by one, however few may be in hand */
#define GAP_US          60000000

void chappe_intake_init(struct chappe_intake *intake)
{
        const struct chappe_config *config = intake->runtime->config;
        intake->trial_policy = (struct chappe_trial_policy){
                .tries = (int32_t)chappe_config_integer(config, "crash_loop_tries"),
                .calm_us = chappe_config_integer(config, "crash_loop_calm_ms") * 1000,
                .records = chappe_config_integer(config, "in_flight_records"),
        };
        /* What was in hand when the process died stands behind what had finished since the last commit. */
        if (intake->trial_policy.records < TRIALS_LEAST)
                intake->trial_policy.records = TRIALS_LEAST;
}

/* What the poll strand knows of a share beyond the dispatcher. */
struct holding {
        const struct chappe_channel *channel;
        int64_t rewind_to; /* the log begins again there, once nothing of before is in hand; -1: no */
        bool over;         /* a replay's window ends here: nothing more is taken */
        int64_t gap_us;    /* the next gap is looked into from then on */
        struct chappe_ages ages;
        struct chappe_careful careful;
};

/* What the committed offset's metadata says was finished beyond it does not run again. */
static void resume(struct chappe_intake *intake, struct chappe_share *share, const struct chappe_position *committed)
{
        struct chappe_progress progress = { 0 };
        if (chappe_progress_parse(&progress, committed->metadata, committed->offset)) {
                if (intake->runtime->replay)
                        share->window = progress.window;
                chappe_share_resume(share, &progress);
        } else if (committed->metadata && committed->metadata[0])
                chappe_log_write(intake->runtime->log, CHAPPE_LOG_METADATA_FOREIGN,
                                 "%s[%" PRId32 "]: the metadata of offset %" PRId64
                                 " is not ours, or of another version; everything from there on runs again",
                                 committed->topic, committed->partition, committed->offset);
        chappe_progress_deinit(&progress);
}

void chappe_intake_gain(struct chappe_intake *intake, const struct chappe_channel *channel,
                        const struct chappe_position *committed, int64_t now_us, struct chappe_position *ret_start)
{
        ret_start->offset = chappe_beginning(intake->runtime, intake->group, committed);
        struct chappe_share *share = chappe_assignment_find(intake->assignment, channel->name, committed->partition);
        if (share)
                chappe_intake_drop(intake, share); /* gained twice without a revoke: the later one counts */
        const struct chappe_meters *meters =
                chappe_meters_get(&intake->meters, intake->runtime->metrics, channel, committed->partition);
        struct holding *holding = calloc(1, sizeof(*holding));
        share = holding && meters ? chappe_assignment_gain(intake->assignment, channel->name, committed->partition,
                                                           ret_start->offset)
                                  : NULL;
        if (!share) {
                free(holding);
                return;
        }
        holding->channel = channel;
        holding->rewind_to = -1;
        share->context = holding;
        share->meters = meters;
        share->together = channel->batch_records;
        chappe_handover_share_out(intake->handover, intake->assignment->count);
        if (committed->offset >= 0) {
                share->committed = committed->offset;
                resume(intake, share, committed);
        }
        holding->over = share->window.until > 0 && committed->offset >= share->window.until;
        chappe_careful_begin(intake, share, &holding->careful, now_us);
}

void chappe_intake_drop(struct chappe_intake *intake, struct chappe_share *share)
{
        struct holding *holding = share->context;
        chappe_meters_rest(share->meters);
        chappe_careful_end(intake, share, &holding->careful);
        share->context = NULL;
        free(holding);
        chappe_handover_drop(intake->handover, intake->assignment, share);
}

static void seek(struct chappe_intake *intake, struct chappe_share *share, int64_t offset)
{
        struct chappe_error error;
        if (intake->runtime->broker->operations->consumer_seek(intake->consumer, share->topic, share->partition, offset,
                                                               &error) < 0)
                chappe_log_error(intake->runtime->log, CHAPPE_LOG_CONSUMER_ERROR, &error);
}

/* Offsets went back: the topic was deleted and made anew. What is in hand of the old one ends first. */
static void go_back(struct chappe_intake *intake, struct chappe_share *share, struct chappe_record *records,
                    size_t count)
{
        struct holding *holding = share->context;
        holding->rewind_to = records[0].offset;
        chappe_log_write(intake->runtime->log, CHAPPE_LOG_CONSUMER_ERROR,
                         "%s[%" PRId32 "] goes back to offset %" PRId64 ": the topic was made anew, or truncated",
                         share->topic, share->partition, holding->rewind_to);
        seek(intake, share, holding->rewind_to);
        for (size_t i = 0; i < count; i++)
                chappe_record_release(&records[i]);
}

static bool ready_to_take(struct chappe_intake *intake, struct chappe_share *share)
{
        struct holding *holding = share->context;
        if (holding->rewind_to < 0)
                return !holding->over;
        if (!chappe_handover_rewind(intake->handover, share, holding->rewind_to))
                return false;
        holding->rewind_to = -1;
        holding->ages.count = 0;
        chappe_careful_begin_elsewhere(intake, share, &holding->careful);
        /* A commit that is on its way tells of another log, or another place in it. */
        share->epoch = ++intake->assignment->epochs;
        share->committed = -1;
        share->committing = -1;
        return !holding->over;
}

/* The window ends: once nothing of it is in hand, its end is what there is to commit, whatever gaps are in front of it.
 */
static void end_window(struct chappe_share *share)
{
        struct holding *holding = share->context;
        holding->over = true;
        holding->rewind_to = share->window.until;
}

/* Of these records, those in front of the window's end. */
static size_t cut_at_end(struct chappe_share *share, struct chappe_record *records, size_t count)
{
        size_t kept = count;
        while (share->window.until > 0 && kept > 0 && records[kept - 1].offset >= share->window.until)
                chappe_record_release(&records[--kept]);
        if (kept < count || (kept > 0 && records[kept - 1].offset == share->window.until - 1))
                end_window(share);
        return kept;
}

void chappe_intake_reach_end(struct chappe_intake *intake, const struct chappe_position *end)
{
        struct chappe_share *share = chappe_assignment_find(intake->assignment, end->topic, end->partition);
        const struct holding *holding = share ? share->context : NULL;
        if (share && share->window.until > 0 && end->offset >= share->window.until && !holding->over &&
            share->state == CHAPPE_SHARE_ACTIVE)
                end_window(share);
}

bool chappe_intake_over(const struct chappe_intake *intake)
{
        for (size_t i = 0; i < intake->assignment->count; i++) {
                const struct chappe_share *share = intake->assignment->shares[i];
                if (share->committed < share->window.until)
                        return false;
        }
        return true;
}

void chappe_intake_move(struct chappe_intake *intake, const struct chappe_channel *channel, const int64_t *targets,
                        int32_t target_count)
{
        for (size_t i = 0; i < intake->assignment->count; i++) {
                struct chappe_share *share = intake->assignment->shares[i];
                struct holding *holding = share->context;
                if (holding->channel != channel || share->partition >= target_count ||
                    share->state != CHAPPE_SHARE_ACTIVE)
                        continue;
                chappe_log_write(intake->runtime->log, CHAPPE_LOG_MOVED, "%s[%" PRId32 "] goes on at offset %" PRId64,
                                 share->topic, share->partition, targets[share->partition]);
                holding->rewind_to = targets[share->partition];
                chappe_handover_recall(intake->handover, share);
                seek(intake, share, holding->rewind_to);
        }
}

bool chappe_intake_moving(const struct chappe_intake *intake, const struct chappe_channel *channel)
{
        for (size_t i = 0; i < intake->assignment->count; i++) {
                const struct chappe_share *share = intake->assignment->shares[i];
                const struct holding *holding = share->context;
                if (holding->channel == channel && holding->rewind_to >= 0)
                        return true;
        }
        return false;
}

/* What retention deletes is deleted from the front: a gap is looked into now and then, for to ask takes time. */
static void look_for_gap(struct chappe_intake *intake, struct chappe_share *share, int64_t found, int64_t now_us)
{
        struct holding *holding = share->context;
        int64_t expected = chappe_offset_ledger_highest(&share->ledger) + 1;
        if (found <= expected || now_us < holding->gap_us)
                return;
        holding->gap_us = now_us + GAP_US;
        chappe_beginning_tell_gap(intake->runtime, share->topic, share->partition, expected, found);
}

/* False: they have to be read again. */
static bool give(struct chappe_intake *intake, struct chappe_share *share, struct chappe_record *records, size_t count,
                 int64_t now_us)
{
        struct holding *holding = share->context;
        size_t given;
        int64_t first = records[0].offset;
        if (first < chappe_offset_ledger_highest(&share->ledger) + 1) {
                go_back(intake, share, records, count);
                return false;
        }
        count = cut_at_end(share, records, count);
        if (count == 0)
                return false;
        int64_t last = records[count - 1].offset;
        look_for_gap(intake, share, first, now_us);
        if (chappe_handover_give(intake->handover, share, holding->channel, records, count, &given) < 0) {
                seek(intake, share, given > 0 ? records[given].offset : first);
                holding->over = false;
                holding->rewind_to = -1;
                return false;
        }
        chappe_ages_take(&holding->ages, first, now_us);
        chappe_metric_set(share->meters->highest, last);
        return true;
}

/* A record that a careful owner holds, until its name is committed, takes up room like those in hand. */
static size_t held_aside(const struct chappe_intake *intake)
{
        const struct holding *holding = intake->alone ? intake->alone->context : NULL;
        return holding && holding->careful.holds;
}

static size_t count_bytes(const struct chappe_record *records, size_t count)
{
        size_t bytes = 0;
        for (size_t i = 0; i < count; i++)
                bytes += records[i].key.length + records[i].value.length;
        return bytes;
}

/* One batch; returns whether there may be more. */
static bool take_batch(struct chappe_intake *intake, struct chappe_share *share, int64_t now_us)
{
        struct chappe_record records[BATCH];
        struct holding *holding = share->context;
        if (!ready_to_take(intake, share) || chappe_careful_waits(share, &holding->careful, now_us))
                return false;
        if (share->trial.careful > 0 || holding->careful.holds || holding->careful.running) {
                /* Asked again at once: then the handover knows that the end of this one is waited for. */
                return chappe_careful_take(intake, share, &holding->careful, now_us, records) &&
                       give(intake, share, records, 1, now_us);
        }
        size_t room_bytes;
        size_t room = chappe_handover_room(intake->handover, share, &room_bytes);
        if (room > 0)
                room -= held_aside(intake);
        if (room > BATCH)
                room = BATCH;
        if (room == 0)
                return false;
        size_t count = intake->runtime->broker->operations->consumer_take(intake->consumer, share->topic,
                                                                          share->partition, records, room, room_bytes);
        bool cut_short = count == room || count_bytes(records, count) >= room_bytes;
        return count > 0 && give(intake, share, records, count, now_us) && cut_short;
}

bool chappe_intake_take(struct chappe_intake *intake, int64_t now_us)
{
        size_t count = intake->assignment->count;
        const struct chappe_share *alone = intake->alone;
        bool more = false;
        for (size_t i = 0; i < count; i++) {
                struct chappe_share *share = intake->assignment->shares[(intake->turn + i) % count];
                if (share->state != CHAPPE_SHARE_ACTIVE && !share->recalled)
                        continue;
                bool again = true;
                for (int batch = 0; again && batch < BATCHES_A_SHARE; batch++)
                        again = take_batch(intake, share, now_us);
                more |= again;
        }
        intake->turn++;
        /* Others waited for who was alone. */
        return more || (alone && !intake->alone);
}

void chappe_intake_measure(struct chappe_intake *intake, int64_t now_us, struct chappe_oldest *ret_oldest)
{
        *ret_oldest = (struct chappe_oldest){ 0 };
        for (size_t i = 0; i < intake->assignment->count; i++) {
                struct chappe_share *share = intake->assignment->shares[i];
                struct holding *holding = share->context;
                struct chappe_share_figures figures;
                if (chappe_trial_calm(&share->trial, &intake->trial_policy, now_us))
                        (void)chappe_handover_touch(intake->handover, share);
                chappe_handover_figures(intake->handover, share, &figures);
                int64_t age_us = chappe_ages_age_us(&holding->ages, figures.watermark, now_us);
                if (figures.watermark <= figures.highest && age_us > ret_oldest->age_us)
                        *ret_oldest = (struct chappe_oldest){ share, figures.watermark, age_us };
                chappe_metric_set(share->meters->finished, figures.watermark);
                chappe_metric_set(share->meters->committed, share->committed);
                chappe_metric_set(share->meters->in_flight, (int64_t)figures.tasks);
                chappe_metric_set(share->meters->parked, (int64_t)figures.troubled);
                chappe_metric_set(share->meters->oldest, figures.watermark <= figures.highest ? age_us / 1000000 : 0);
        }
        chappe_metric_set(intake->fetched,
                          (int64_t)intake->runtime->broker->operations->consumer_waiting(intake->consumer));
        uint64_t late = chappe_handover_late(intake->handover);
        chappe_metric_add(intake->late, (int64_t)(late - intake->late_told));
        intake->late_told = late;
}
