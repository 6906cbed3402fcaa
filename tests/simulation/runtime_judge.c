/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The onlooker of a scene. At every step: no commit passes an unfinished record, nor tells of one as finished; a commit
 * concerns only what its sender holds; keys stay in order; what is finished does not run again; what is taken stays
 * within its limit; what was revoked is given up drained. At the end: every record took effect, or is a dead letter.
 */
#include "runtime_scene.h"

#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shop/stock_moved.h"

#define FRAME_SIZE 10 /* Avro single-object encoding */

void scene_complain(const char *format, ...)
{
        char text[400];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(text, sizeof(text), format, arguments);
        va_end(arguments);
        if (!scene->kit->failed)
                chappe_fibers_note(scene->kit->fibers, "BROKEN", text, 0, 0);
        chappe_testkit_note_failure(scene->kit, "%s", text);
}

struct scene_log *scene_log_of(const char *group)
{
        if (group && strcmp(group, scene->in.group) == 0)
                return &scene->in;
        return group && strcmp(group, scene->mid.group) == 0 ? &scene->mid : NULL;
}

struct scene_log *scene_log_named(const char *topic)
{
        if (strcmp(topic, SCENE_IN) == 0)
                return &scene->in;
        return strcmp(topic, SCENE_MID) == 0 ? &scene->mid : NULL;
}

int scene_instance_number(struct chappe_process *process)
{
        const char *name = chappe_process_name(process);

        return name[strlen(name) - 1] - '0';
}

const struct chappe_testkit_instance *scene_instance_of(const struct scene_log *log, struct chappe_process *process)
{
        return chappe_testkit_instance(scene->kit, log->group, (size_t)scene_instance_number(process));
}

/* Which item a record stands for; -1: none. */
static int item_of(const struct chappe_record *record)
{
        struct shop_stock_moved event;
        char text[16];
        int n;

        if (!record->value.at)
                return -1;
        snprintf(text, sizeof(text), "%.*s", (int)record->value.length, (const char *)record->value.at);
        if (sscanf(text, "poison-%d", &n) == 1)
                return n;
        chappe_arena_reset(scene->arena);
        if (record->value.length < FRAME_SIZE ||
            shop_stock_moved_decode(record->value.at + FRAME_SIZE, record->value.length - FRAME_SIZE, scene->arena,
                                    &event, NULL) < 0)
                return -1;
        return (int)event.quantity;
}

/* An item of the same key that stands before this one and has no row; -1: none; -2: this one is not there. */
static int row_left_out(int32_t partition, int n, const int *kept)
{
        int left_out = -1;

        for (int64_t offset = 0; offset < scene->mid.end[partition]; offset++) {
                int earlier = scene->mid.items[partition][offset];

                if (earlier == n)
                        return left_out;
                if (earlier >= 0 && scene->items[earlier].key == scene->items[n].key && kept[earlier] == 0 &&
                    !scene->mid.lost[earlier])
                        left_out = earlier;
        }
        return -2;
}

/* Rows of one key stand in the order of the log that they came from. In a topic that has grown it may be in two. */
static void check_row(int n, const int *kept)
{
        int left_out = -2;

        for (int32_t p = 0; p < SCENE_GROWN; p++) {
                int here = row_left_out(p, n, kept);

                if (here == -1)
                        return;
                left_out = here >= 0 ? here : left_out;
        }
        if (left_out >= 0 && scene->mid.life == 0)
                scene_complain("the keeper's store has item %d before item %d of the same key", n, left_out);
}

/* What the keeper's database holds. False while it is being written to. */
static bool look_at_rows(void)
{
        sqlite3_stmt *statement = NULL;
        struct sqlite3 *database = chappe_testkit_database(scene->kit, "keeper");
        int kept[SCENE_ITEMS] = { 0 };
        int status = sqlite3_prepare_v2(database, "SELECT n FROM kept ORDER BY at", -1, &statement, NULL);

        while (status == SQLITE_OK || status == SQLITE_ROW) {
                status = sqlite3_step(statement);
                if (status != SQLITE_ROW)
                        break;
                kept[sqlite3_column_int(statement, 0)]++;
                check_row(sqlite3_column_int(statement, 0), kept);
        }
        sqlite3_finalize(statement);
        if (status != SQLITE_DONE)
                return false;
        for (int n = 0; n < SCENE_ITEMS; n++) {
                scene->outcomes[n].kept = kept[n];
                if (kept[n] > 1)
                        scene_complain("item %d took effect %d times in the keeper's store", n, kept[n]);
        }
        return true;
}

static bool goes_to_the_dead(const struct item *item)
{
        return item->kind == ITEM_HOPELESS || item->kind == ITEM_REFUSED || item->kind == ITEM_POISON ||
               item->kind == ITEM_KILLER;
}

static bool finished(const struct scene_log *log, int n)
{
        const struct outcome *outcome = n >= 0 ? &scene->outcomes[n] : NULL;

        if (n < 0 || scene->items[n].kind == ITEM_TOMBSTONE)
                return true;
        if (log == &scene->mid)
                return outcome->kept > 0;
        return goes_to_the_dead(&scene->items[n]) ? outcome->dead > 0
                                                  : outcome->done > 0 && (scene->silent || outcome->passed_on > 0);
}

/* Whoever reads there may have been told of a former life of the topic. */
static bool is_stale(const struct scene_log *log, int n)
{
        for (int32_t p = 0; p < SCENE_GROWN; p++)
                for (int64_t offset = 0; offset < log->end[p]; offset++)
                        if (log->items[p][offset] == n &&
                            (log->stale[p] || chappe_sim_mistaken(scene->kit->sim, log->topic, p)))
                                return true;
        return false;
}

/* Appended */

static void note_dead(int n)
{
        if (n < 0)
                return;
        scene->outcomes[n].dead++;
        if (!goes_to_the_dead(&scene->items[n]) && !is_stale(&scene->in, n))
                scene_complain("item %d is a dead letter, and should not be", n);
}

static void appended(void *context, const char *topic, int32_t partition, int64_t offset)
{
        bool in = strcmp(topic, SCENE_IN) == 0, mid = strcmp(topic, SCENE_MID) == 0;
        struct scene_log *log = scene_log_named(topic);
        struct chappe_record record;
        int n = scene->feeding;

        (void)context;
        if (!in && !mid && strcmp(topic, SCENE_DEAD) != 0)
                return;
        if (!in && chappe_sim_read(scene->kit->sim, topic, partition, offset, &record)) {
                n = item_of(&record);
                chappe_record_release(&record);
        }
        if (!in && !mid) {
                note_dead(n);
                return;
        }
        if (offset >= SCENE_OFFSETS)
                abort();
        log->items[partition][offset] = n;
        log->excused[partition][offset] = false;
        log->end[partition] = offset + 1;
        if (mid && n >= 0)
                scene->outcomes[n].passed_on++;
}

/* Commits */

static void plant(const struct scene_log *log, struct chappe_process *process, struct chappe_position *position)
{
        static char text[CHAPPE_PROGRESS_SIZE];
        struct chappe_progress progress = { 0 };

        if (log != &scene->in || position->offset >= log->end[position->partition])
                return;
        if (scene->planted == SCENE_PLANTED_COMMIT_TOO_FAR)
                position->offset++;
        while (scene->planted == SCENE_PLANTED_LATE_COUNTS && position->offset < log->end[position->partition] &&
               scene_came_late(log, process, position->partition, position->offset))
                position->offset++;
        if (scene->planted != SCENE_PLANTED_METADATA_TOO_MUCH || position->offset + 1 >= log->end[position->partition])
                return;
        chappe_progress_reset(&progress, position->offset);
        chappe_progress_add(&progress, (struct chappe_offset_run){ position->offset + 1, position->offset + 1 });
        chappe_progress_print(&progress, text);
        position->metadata = text;
        chappe_progress_deinit(&progress);
}

static void committing(void *context, struct chappe_process *process, const char *group,
                       struct chappe_position *position, bool holds)
{
        struct scene_log *log = scene_log_of(group);

        (void)context;
        if (log && !holds && !chappe_process_stopped(process))
                scene_complain("%s commits %s[%d], which it does not hold", chappe_process_name(process),
                               position->topic, position->partition);
        if (!log || chappe_process_stopped(process))
                return;
        if (log->holdings[scene_instance_number(process)][position->partition].life != log->life) {
                log->stale[position->partition] = true;
                chappe_testkit_note_sight(scene->kit, "a commit was for a topic that was there before");
                return;
        }
        plant(log, process, position);
        scene_check_fenced(log, process, position);
}

static void check_finished(const struct scene_log *log, int32_t partition, int64_t offset, const char *how)
{
        if (offset >= log->end[partition])
                scene_complain("%s[%d]: offset %lld %s, and there is no such record", log->topic, partition,
                               (long long)offset, how);
        else if (!log->excused[partition][offset] && !finished(log, log->items[partition][offset]))
                scene_complain("%s[%d]: offset %lld (item %d) %s, and is not finished", log->topic, partition,
                               (long long)offset, log->items[partition][offset], how);
}

static void committed(void *context, const char *group, const struct chappe_position *position, bool stale)
{
        struct scene_log *log = scene_log_of(group);
        struct chappe_progress progress = { 0 };
        int32_t p = position->partition;

        (void)context;
        if (log && stale && log->life > 0)
                log->stale[p] = true;
        if (!log || log->stale[p])
                return;
        if (position->offset < log->committed[p] && position->offset < log->back_to[p])
                scene_complain("%s[%d]: the commit goes back from %lld to %lld", log->topic, p,
                               (long long)log->committed[p], (long long)position->offset);
        log->committed[p] = position->offset;
        if (log == &scene->mid && !look_at_rows())
                return; /* with the next one */
        for (; log->checked[p] < position->offset; log->checked[p]++)
                check_finished(log, p, log->checked[p], "is committed");
        if (chappe_progress_parse(&progress, position->metadata, position->offset))
                for (size_t i = 0; i < progress.run_count; i++)
                        for (int64_t offset = progress.runs[i].from; offset <= progress.runs[i].to; offset++)
                                check_finished(log, p, offset, "is told to be finished");
        chappe_progress_deinit(&progress);
}

/* Assignments */

static void note_gained(struct scene_log *log, int instance, const struct chappe_position *position)
{
        struct chappe_progress progress = { 0 };
        struct scene_holding *holding = &log->holdings[instance][position->partition];
        bool *told = holding->told_finished;

        memset(told, 0, sizeof(holding->told_finished));
        holding->revoked_us = 0;
        holding->behind = 0;
        holding->moved = false;
        holding->owned = true;
        holding->life = log->life;
        if (holding->running > 0)
                chappe_testkit_note_sight(scene->kit, "a partition came back while a former handler of it ran");
        holding->running = 0;
        holding->gained++;
        for (int64_t offset = 0; offset < position->offset; offset++)
                told[offset] = true;
        if (position->offset >= 0 && chappe_progress_parse(&progress, position->metadata, position->offset))
                for (size_t i = 0; i < progress.run_count; i++)
                        for (int64_t offset = progress.runs[i].from; offset <= progress.runs[i].to; offset++)
                                told[offset] = true;
        chappe_progress_deinit(&progress);
}

static void told(void *context, struct chappe_process *process, const char *group,
                 const struct chappe_consumer_event *event)
{
        struct scene_log *log = scene_log_of(group);
        int instance = scene_instance_number(process);

        (void)context;
        for (size_t i = 0; log && i < event->position_count; i++) {
                int32_t p = event->positions[i].partition;

                if (event->kind == CHAPPE_CONSUMER_GAINED)
                        note_gained(log, instance, &event->positions[i]);
                else if (event->kind == CHAPPE_CONSUMER_REVOKED)
                        log->holdings[instance][p].revoked_us = chappe_fibers_now_us(scene->kit->fibers);
                else if (event->kind == CHAPPE_CONSUMER_LOST)
                        log->holdings[instance][p].revoked_us = 0;
        }
}

static bool stopping(const char *group, int instance)
{
        return chappe_testkit_instance(scene->kit, group, (size_t)instance)->asked_to_stop;
}

/* The end of a process releases without having been asked to. */
static void released(void *context, struct chappe_process *process, const char *group, const char *topic,
                     int32_t partition)
{
        struct scene_log *log = scene_log_of(group);
        int instance = scene_instance_number(process);
        struct scene_holding *holding = log ? &log->holdings[instance][partition] : NULL;
        int64_t revoked_us = log ? holding->revoked_us : 0;

        (void)context;
        if (!log)
                return;
        holding->revoked_us = 0;
        holding->owned = false;
        /* A stop has used up its time by itself. */
        if (revoked_us && !chappe_process_stopped(process) && !stopping(group, instance) && holding->running > 0 &&
            chappe_fibers_now_us(scene->kit->fibers) - revoked_us < log->drain_us)
                scene_complain("%s gave up %s[%d] while %d of its handlers ran, and there was time",
                               chappe_process_name(process), topic, partition, holding->running);
}

static void taken(void *context, struct chappe_process *process, const char *group, size_t held, size_t held_bytes)
{
        const struct scene_log *log = scene_log_of(group);
        size_t bytes = log ? log->in_flight_bytes / 2 : 0;

        (void)context;
        if (log)
                scene_check_held(log, process, "takes records");
        /* Besides what is in hand, what each worker has finished and is just giving back: at most all that was. */
        if (log && held > log->in_flight_records * (1 + (size_t)log->workers))
                scene_complain("%s holds %zu records, and may hold %zu", chappe_process_name(process), held,
                               log->in_flight_records);
        if (log && held_bytes > (bytes + bytes / 10 + SCENE_LARGEST) * (1 + (size_t)log->workers))
                scene_complain("%s holds %zu bytes, and may hold %zu", chappe_process_name(process), held_bytes, bytes);
}

void scene_watch(void)
{
        static const struct chappe_sim_watch watch = {
                .appended = appended,
                .committing = committing,
                .committed = committed,
                .told = told,
                .released = released,
                .taken = taken,
                .sought = scene_sought,
                .deleted = scene_deleted,
                .topic_deleted = scene_topic_deleted,
        };

        chappe_sim_watch(scene->kit->sim, &watch);
}

/* Handlers */

/* Is it behind this record that the one of the same key may begin? */
static bool out_of_the_way(const struct scene_log *log, int n)
{
        const struct outcome *outcome = n >= 0 ? &scene->outcomes[n] : NULL;

        if (log == &scene->mid)
                return n < 0 || outcome->entered > 0; /* the order of the rows is looked at when they are there */
        if (n < 0 || scene->items[n].kind == ITEM_POISON || scene->items[n].kind == ITEM_TOMBSTONE)
                return true;
        if (scene->items[n].kind == ITEM_HOPELESS)
                return outcome->failed >= SCENE_ATTEMPTS;
        if (scene->items[n].kind == ITEM_KILLER)
                return outcome->failed >= SCENE_TRIES;
        return scene->items[n].kind == ITEM_REFUSED ? outcome->failed > 0 : outcome->done > 0;
}

static void check_order(const struct scene_log *log, int32_t partition, int64_t offset, int n)
{
        if (log->order == CHAPPE_ORDER_NONE)
                return;
        for (int64_t earlier = 0; earlier < offset; earlier++) {
                int other = log->items[partition][earlier];

                if (other < 0 || other == n || log->excused[partition][earlier] ||
                    (log->order == CHAPPE_ORDER_KEY && scene->items[other].key != scene->items[n].key))
                        continue;
                if (!out_of_the_way(log, other)) {
                        scene_complain("%s[%d]: item %d at %lld begins before item %d at %lld is done", log->topic,
                                       partition, n, (long long)offset, other, (long long)earlier);
                        return;
                }
        }
}

static void note_handler(const char *what, int n, int32_t partition, int64_t offset)
{
        char who[80];

        snprintf(who, sizeof(who), "%s: item %d of key-%d", chappe_process_name(chappe_process_current()), n,
                 scene->items[n].key);
        chappe_fibers_note(scene->kit->fibers, what, who, partition, offset);
}

int scene_begins(struct scene_log *log, struct chappe_context *ctx, size_t count)
{
        struct chappe_process *process = chappe_process_current();

        if (count > 1)
                chappe_testkit_note_sight(scene->kit, "several records ran at once");
        if (count > 1)
                chappe_fibers_note(scene->kit->fibers, "at once", chappe_process_name(process), (int64_t)count, 0);
        if (chappe_process_stopped(process))
                return -1;
        if (!scene_waited_for_the_store(log, process))
                scene_check_held(log, process, "begins a record");
        return log->holdings[scene_instance_number(process)][chappe_context_partition(ctx)].gained;
}

void scene_begins_one(struct scene_log *log, struct chappe_context *ctx, int n, int begun)
{
        struct chappe_process *process = chappe_process_current();
        int32_t partition = chappe_context_partition(ctx);
        int64_t offset = chappe_context_offset(ctx);
        int instance = scene_instance_number(process);

        struct scene_holding *holding = &log->holdings[instance][partition];

        note_handler("begins", n, partition, offset);
        /* One of several that its partition outlived has begun before. */
        if (chappe_process_stopped(process) || holding->gained != begun)
                return;
        holding->running++;
        if (log->stale[partition] || chappe_sim_mistaken(scene->kit->sim, log->topic, partition) ||
            holding->life != log->life || offset >= log->end[partition] || log->items[partition][offset] != n)
                return; /* a record of a topic that is not there any more */
        if (holding->told_finished[offset] && !holding->moved)
                scene_complain("%s runs item %d again, which was told to be finished when it gained %s[%d]",
                               chappe_process_name(process), n, log->topic, partition);
        check_order(log, partition, offset, n);
}

void scene_ends_one(struct scene_log *log, struct chappe_context *ctx, int n, int begun, enum chappe_decision decision)
{
        struct chappe_process *process = chappe_process_current();
        int32_t partition = chappe_context_partition(ctx);
        int64_t offset = chappe_context_offset(ctx);
        struct scene_holding *holding = &log->holdings[scene_instance_number(process)][partition];

        if (holding->gained == begun)
                holding->running--;
        note_handler("ends", n, partition, offset);
        if (chappe_process_stopped(process))
                return;
        if (holding->gained != begun || !holding->owned) {
                chappe_testkit_note_sight(scene->kit, "a handler ended after its partition had gone");
                if (decision == CHAPPE_DONE)
                        holding->late[offset] = scene_instance_of(log, process)->incarnation;
        }
        if (decision == CHAPPE_DONE && holding->done[offset] != holding->gained)
                holding->done[offset] = begun;
}

/* The end */

int scene_check(struct chappe_error *error)
{
        if (scene->keeps && !look_at_rows())
                return chappe_fail(error, CHAPPE_E_STORE_BUSY, "the keeper's store is still being written to");
        for (int n = 0; n < SCENE_ITEMS; n++) {
                const struct outcome *outcome = &scene->outcomes[n];

                if (!chappe_testkit_feeds(scene->kit, n) || scene->in.lost[n] || is_stale(&scene->in, n))
                        continue;
                if (!finished(&scene->in, n))
                        return chappe_fail(error, CHAPPE_E_USAGE, "item %d was lost: %d runs, %d done, %d dead letters",
                                           n, outcome->runs, outcome->done, outcome->dead);
                if (goes_to_the_dead(&scene->items[n]) && outcome->passed_on > 0)
                        return chappe_fail(error, CHAPPE_E_USAGE, "item %d was passed on, and is a dead letter", n);
                if (scene->keeps && !scene->mid.lost[n] && !is_stale(&scene->mid, n) &&
                    outcome->kept != (outcome->passed_on > 0))
                        return chappe_fail(error, CHAPPE_E_USAGE, "item %d took effect %d times in the keeper's store",
                                           n, outcome->kept);
        }
        return scene->kit->failed ? chappe_fail(error, CHAPPE_E_USAGE, "%s", scene->kit->failure) : 0;
}
