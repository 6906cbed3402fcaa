/* SPDX-License-Identifier: Apache-2.0 */
/* The window of a replay: read from the commits of its group, and looked at again until it is over. */
#include "flow/replay.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/config.h"
#include "flow/progress.h"
#include "observe/log.h"

#define PARTITIONS   10000 /* of all topics of a window, asked about at most */
#define LOOK_MS      2000  /* for an answer about how far it is: it is asked again */
#define TIMEOUT_MOST (INT64_C(1) << 40)

struct part {
        const char *topic; /* the channel's */
        int32_t partition;
        int64_t until;
};

struct chappe_replay {
        /* constant after opening */
        const struct chappe_runtime *runtime;
        const char *group;
        struct part *parts;
        size_t part_count;
        char key[CHAPPE_REPLAY_NAME_MAXIMUM + 40];
        struct chappe_mutex *mutex;
        struct chappe_condition *changed;
        struct chappe_strand *strand;
        /* under mutex */
        struct chappe_replay_state state;
        bool look;
        bool stopped;
};

char *chappe_replay_group(const char *group, const char *name)
{
        char *text;
        return asprintf(&text, "%s-replay-%s", group, name) < 0 ? NULL : text;
}

int chappe_replay_check_name(const char *name, struct chappe_error *error)
{
        size_t length = strlen(name);
        if (length >= 1 && length <= CHAPPE_REPLAY_NAME_MAXIMUM &&
            strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == length)
                return 0;
        return chappe_fail(error, CHAPPE_E_SETTING_VALUE,
                           "replay: '%.120s' is no name: 1 to %d letters, digits, '.', '_' and '-'", name,
                           CHAPPE_REPLAY_NAME_MAXIMUM);
}

static int64_t patience_ms(const struct chappe_runtime *runtime)
{
        return chappe_config_integer(runtime->config, "broker_timeout_ms");
}

static int no_memory(struct chappe_error *error)
{
        return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a replay");
}

/* The partitions of the topics that may have a part in it, behind those that there are. */
static int add_topic(const struct chappe_runtime *runtime, const struct chappe_channel *channel,
                     struct chappe_position **positions, size_t *count, struct chappe_error *error)
{
        const char *name = channel->name;
        struct chappe_topic_description *topics = NULL;
        size_t found = 0;
        int status = runtime->broker->operations->topics_describe(runtime->broker, &name, 1, patience_ms(runtime),
                                                                  &topics, &found, error);
        if (status < 0)
                return status;
        size_t partitions = found == 1 && topics[0].partition_count > 0 ? (size_t)topics[0].partition_count : 0;
        free(topics);
        if (partitions > PARTITIONS - *count)
                return chappe_fail(error, CHAPPE_E_LIMIT, "a replay looks at %d partitions at most", PARTITIONS);
        struct chappe_position *grown = realloc(*positions, (*count + partitions + 1) * sizeof(*grown));
        if (!grown)
                return no_memory(error);
        *positions = grown;
        for (size_t i = 0; i < partitions; i++)
                grown[(*count)++] = (struct chappe_position){ name, (int32_t)i, CHAPPE_OFFSET_NONE, NULL };
        return 0;
}

static int ask(const struct chappe_replay *replay, struct chappe_position *positions, size_t count, int64_t timeout_ms,
               void **ret_memory, struct chappe_error *error)
{
        struct chappe_broker *broker = replay->runtime->broker;
        *ret_memory = NULL;
        return count > 0 ? broker->operations->group_committed(broker, replay->group, positions, count, timeout_ms,
                                                               ret_memory, error)
                         : 0;
}

/* What is committed of one partition, added to the sum. */
static void add_up(struct chappe_replay_state *state, const struct chappe_progress *progress, int64_t until)
{
        int64_t left = until - progress->watermark;
        for (size_t i = 0; i < progress->run_count; i++)
                left -= progress->runs[i].to - progress->runs[i].from + 1;
        state->finished += progress->window.finished;
        state->failed += progress->window.failed;
        state->left += left > 0 ? left : 0;
        state->over &= progress->watermark >= until;
}

static int keep_parts(struct chappe_replay *replay, const struct chappe_position *positions, size_t count,
                      struct chappe_error *error)
{
        struct chappe_progress progress = { 0 };
        int64_t id = 0;
        bool same = true;
        replay->parts = calloc(count + 1, sizeof(*replay->parts));
        if (!replay->parts)
                return no_memory(error);
        replay->state.over = true;
        for (size_t i = 0; i < count; i++) {
                if (!chappe_progress_parse(&progress, positions[i].metadata, positions[i].offset) ||
                    progress.window.until == 0)
                        continue;
                replay->parts[replay->part_count++] =
                        (struct part){ positions[i].topic, positions[i].partition, progress.window.until };
                add_up(&replay->state, &progress, progress.window.until);
                same &= id == 0 || id == progress.window.id;
                id = progress.window.id;
        }
        chappe_progress_deinit(&progress);
        if (!same) /* the inbox would know what one window did by the name of the other, and let it happen again */
                return chappe_fail(error, CHAPPE_E_REPLAY_THERE,
                                   "group %s has partitions of two windows; delete it, and prepare one", replay->group);
        snprintf(replay->key, sizeof(replay->key), "replay %s %" PRId64, replay->runtime->replay_name, id);
        return replay->part_count > 0
                       ? 0
                       : chappe_fail(error, CHAPPE_E_REPLAY_MISSING,
                                     "group %s has no window on what %s consumes; chappe group replay prepares one",
                                     replay->group, replay->runtime->service);
}

static int read_window(struct chappe_replay *replay, const struct chappe_channels *channels, struct chappe_error *error)
{
        struct chappe_position *positions = NULL;
        void *memory = NULL;
        size_t count = 0;
        int status = 0;
        for (size_t i = 0; status == 0 && i < channels->count; i++) {
                if (channels->at[i].consume_count > 0)
                        status = add_topic(replay->runtime, &channels->at[i], &positions, &count, error);
        }
        if (status == 0)
                status = ask(replay, positions, count, patience_ms(replay->runtime), &memory, error);
        if (status == 0)
                status = keep_parts(replay, positions, count, error);
        free(memory);
        free(positions);
        return status;
}

int chappe_replay_open(struct chappe_runtime *runtime, const struct chappe_channels *channels,
                       struct chappe_replay **ret_replay, struct chappe_error *error)
{
        struct chappe_replay *replay = calloc(1, sizeof(*replay));
        if (!replay)
                return no_memory(error);
        replay->runtime = runtime;
        replay->group = channels->group;
        replay->mutex = chappe_mutex_new(runtime->world->executor);
        replay->changed = chappe_condition_new(runtime->world->executor);
        int status = replay->mutex && replay->changed ? read_window(replay, channels, error) : no_memory(error);
        if (status < 0) {
                chappe_replay_free(replay);
                return status;
        }
        chappe_log_write(runtime->log, CHAPPE_LOG_REPLAY_BEGINS,
                         "group %s runs %zu partitions once more: %" PRId64 " offsets are left", replay->group,
                         replay->part_count, replay->state.left);
        *ret_replay = replay;
        return 0;
}

/* Without the lock: the cluster is asked. */
static int measure(struct chappe_replay *replay, int64_t timeout_ms, struct chappe_replay_state *ret_state)
{
        struct chappe_progress progress = { 0 };
        CHAPPE_CLEANUP(memory) void *memory = NULL;
        CHAPPE_CLEANUP(memory) void *list = NULL;
        struct chappe_position *positions = list = calloc(replay->part_count + 1, sizeof(*positions));
        if (!positions)
                return -CHAPPE_E_NO_MEMORY;
        for (size_t i = 0; i < replay->part_count; i++)
                positions[i] = (struct chappe_position){ replay->parts[i].topic, replay->parts[i].partition,
                                                         CHAPPE_OFFSET_NONE, NULL };
        int status = ask(replay, positions, replay->part_count, timeout_ms, &memory, NULL);
        if (status < 0)
                return status;
        *ret_state = (struct chappe_replay_state){ .over = true };
        for (size_t i = 0; i < replay->part_count; i++) {
                (void)chappe_progress_parse(&progress, positions[i].metadata, positions[i].offset);
                add_up(ret_state, &progress, replay->parts[i].until);
        }
        chappe_progress_deinit(&progress);
        return 0;
}

static void look(struct chappe_replay *replay, int64_t timeout_ms)
{
        struct chappe_executor *executor = replay->runtime->world->executor;
        struct chappe_replay_state state;
        int status = measure(replay, timeout_ms, &state);
        chappe_mutex_lock(executor, replay->mutex);
        if (status == 0)
                replay->state = state;
        chappe_condition_broadcast(executor, replay->changed);
        chappe_mutex_unlock(executor, replay->mutex);
}

static void watch(void *argument)
{
        struct chappe_replay *replay = argument;
        struct chappe_executor *executor = replay->runtime->world->executor;
        enum chappe_wait wait = CHAPPE_WAIT_SIGNALLED;
        chappe_mutex_lock(executor, replay->mutex);
        while (!replay->stopped && !replay->state.over && wait == CHAPPE_WAIT_SIGNALLED) {
                if (!replay->look) {
                        wait = chappe_condition_wait(executor, replay->changed, replay->mutex, CHAPPE_FOREVER);
                        continue;
                }
                replay->look = false;
                chappe_mutex_unlock(executor, replay->mutex);
                look(replay, LOOK_MS);
                chappe_mutex_lock(executor, replay->mutex);
        }
        chappe_mutex_unlock(executor, replay->mutex);
}

int chappe_replay_start(struct chappe_replay *replay, struct chappe_error *error)
{
        int status =
                chappe_strand_start(replay->runtime->world->executor, "replay", watch, replay, &replay->strand, error);
        if (status < 0)
                replay->strand = NULL;
        return status;
}

bool chappe_replay_has(const struct chappe_replay *replay, const char *topic, int32_t partition)
{
        for (size_t i = 0; replay && i < replay->part_count; i++) {
                if (replay->parts[i].partition == partition && strcmp(replay->parts[i].topic, topic) == 0)
                        return true;
        }
        return !replay;
}

bool chappe_replay_has_topic(const struct chappe_replay *replay, const char *topic)
{
        for (size_t i = 0; replay && i < replay->part_count; i++) {
                if (strcmp(replay->parts[i].topic, topic) == 0)
                        return true;
        }
        return !replay;
}

const char *chappe_replay_key(const struct chappe_replay *replay)
{
        return replay->key;
}

void chappe_replay_look(struct chappe_replay *replay)
{
        struct chappe_executor *executor = replay->runtime->world->executor;
        chappe_mutex_lock(executor, replay->mutex);
        replay->look = true;
        chappe_condition_broadcast(executor, replay->changed);
        chappe_mutex_unlock(executor, replay->mutex);
}

int chappe_replay_wait(struct chappe_replay *replay, int64_t timeout_ms, struct chappe_replay_state *ret_state,
                       struct chappe_error *error)
{
        struct chappe_executor *executor = replay->runtime->world->executor;
        int64_t deadline_us = chappe_clock_monotonic_us(replay->runtime->world->clock) +
                              (timeout_ms < TIMEOUT_MOST ? timeout_ms : TIMEOUT_MOST) * 1000;
        enum chappe_wait wait = timeout_ms > 0 ? CHAPPE_WAIT_SIGNALLED : CHAPPE_WAIT_TIMED_OUT;
        chappe_mutex_lock(executor, replay->mutex);
        while (!replay->state.over && !replay->stopped && wait == CHAPPE_WAIT_SIGNALLED)
                wait = chappe_condition_wait(executor, replay->changed, replay->mutex, deadline_us);
        *ret_state = replay->state;
        chappe_mutex_unlock(executor, replay->mutex);
        if (ret_state->over)
                return 0;
        return chappe_fail(error, wait == CHAPPE_WAIT_STOPPED ? CHAPPE_E_STOPPED : CHAPPE_E_TIMEOUT,
                           "the replay is not over: %" PRId64 " offsets are left", ret_state->left);
}

void chappe_replay_stop(struct chappe_replay *replay, int64_t timeout_ms)
{
        if (!replay)
                return;
        struct chappe_executor *executor = replay->runtime->world->executor;
        chappe_mutex_lock(executor, replay->mutex);
        replay->stopped = true;
        chappe_condition_broadcast(executor, replay->changed);
        chappe_mutex_unlock(executor, replay->mutex);
        chappe_strand_join(executor, replay->strand);
        replay->strand = NULL;
        if (!replay->state.over && timeout_ms > 0)
                look(replay, timeout_ms < LOOK_MS ? timeout_ms : LOOK_MS);
        chappe_log_write(replay->runtime->log, replay->state.over ? CHAPPE_LOG_REPLAY_OVER : CHAPPE_LOG_REPLAY_LEFT,
                         "group %s: %" PRId64 " records ran once more, %" PRId64 " of them were given up, %" PRId64
                         " offsets are left",
                         replay->group, replay->state.finished, replay->state.failed, replay->state.left);
}

struct chappe_replay *chappe_replay_free(struct chappe_replay *replay)
{
        if (!replay)
                return NULL;
        chappe_condition_free(replay->runtime->world->executor, replay->changed);
        chappe_mutex_free(replay->runtime->world->executor, replay->mutex);
        free(replay->parts);
        free(replay);
        return NULL;
}
