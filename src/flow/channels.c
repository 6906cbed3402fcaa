/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of the operations table, gathered by topic and checked against one another. */
#include "flow/channels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/config.h"
#include "config/starred.h"
#include "config/patterns.h"
#include "flow/fields.h"
#include "flow/flow.h"
#include "flow/replay.h"
#include "observe/metrics.h"

#define DEFAULT_PARTITIONS 4

char *chappe_flow_topic(const struct chappe_runtime *runtime, const char *topic)
{
        char *name;
        return asprintf(&name, "%s%s", runtime->topic_prefix ? runtime->topic_prefix : "", topic) < 0 ? NULL : name;
}

static int check_row(const struct chappe_operation *row, size_t n, struct chappe_error *error)
{
        static const char *const kinds[] = { "END", "CONSUMES", "PRODUCES", "CALLS", "ANSWERS" };
        bool typed = row->kind == CHAPPE_CONSUMES || row->kind == CHAPPE_PRODUCES;
        const char *wrong = NULL;
        if (row->kind > CHAPPE_ANSWERS)
                return chappe_fail(error, CHAPPE_E_OPERATION_INVALID, "operation %zu: unknown kind %d", n, row->kind);
        if (!row->topic || !row->topic[0])
                wrong = "has no topic";
        else if (typed && !row->type)
                wrong = "has no type";
        else if (!typed && !row->message)
                wrong = "has no message";
        else if (row->kind == CHAPPE_ANSWERS && !row->on_request)
                wrong = "has no handler";
        else if (row->on_event && row->on_batch)
                wrong = "has two handlers, for one event and for several: one is enough";
        else if (row->batch_records > CHAPPE_BATCH_RECORDS || row->batch_wait_ms > CHAPPE_BATCH_WAIT_MS)
                wrong = "wants batches that are larger, or wait longer, than batch_records and batch_wait_ms may be";
        return wrong ? chappe_fail(error, CHAPPE_E_OPERATION_INVALID, "operation %zu (%s %s) %s", n, kinds[row->kind],
                                   row->topic ? row->topic : "?", wrong)
                     : 0;
}

static const struct chappe_channel *find(const struct chappe_channels *channels, const char *name, bool plain)
{
        for (size_t i = 0; i < channels->count; i++) {
                if (strcmp(plain ? channels->at[i].plain : channels->at[i].name, name) == 0)
                        return &channels->at[i];
        }
        return NULL;
}

const struct chappe_channel *chappe_channels_find(const struct chappe_channels *channels, const char *name)
{
        return find(channels, name, false);
}

const struct chappe_channel *chappe_channels_plain(const struct chappe_channels *channels, const char *plain)
{
        return find(channels, plain, true);
}

static struct chappe_channel *get_channel(struct chappe_channels *channels, const struct chappe_runtime *runtime,
                                          const char *plain)
{
        struct chappe_channel *channel = (struct chappe_channel *)find(channels, plain, true);
        if (channel)
                return channel;
        channel = &channels->at[channels->count];
        channel->plain = plain;
        channel->name = chappe_flow_topic(runtime, plain);
        channels->count++;
        return channel->name ? channel : NULL;
}

static int add_consumer(struct chappe_channel *channel, const struct chappe_operation *row, struct chappe_error *error)
{
        if (channel->consume_count > 0 && channel->order != row->order)
                return chappe_fail(error, CHAPPE_E_OPERATION_INVALID,
                                   "operations that consume %s want different orders: a topic has one", row->topic);
        const struct chappe_operation **consumes =
                realloc(channel->consumes, (channel->consume_count + 1) * sizeof(struct chappe_operation *));
        if (!consumes)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for the operations table");
        channel->consumes = consumes;
        channel->consumes[channel->consume_count++] = row;
        channel->order = row->order;
        return 0;
}

/* Of the operations of a topic that take several records at once, the largest wishes count. */
static void set_batches(struct chappe_channel *channel, const struct chappe_runtime *runtime)
{
        channel->batch_records = 1;
        for (size_t i = 0; i < channel->consume_count; i++) {
                const struct chappe_operation *row = channel->consumes[i];
                if (!row->on_batch)
                        continue;
                int64_t records = row->batch_records > 0 ? row->batch_records
                                                         : chappe_config_integer(runtime->config, "batch_records");
                int64_t wait_ms = row->batch_wait_ms > 0 ? row->batch_wait_ms
                                                         : chappe_config_integer(runtime->config, "batch_wait_ms");
                if (row->batch_wait_ms < 0)
                        wait_ms = 0;
                if (records > channel->batch_records)
                        channel->batch_records = (uint32_t)records;
                if (wait_ms * 1000 > channel->batch_wait_us)
                        channel->batch_wait_us = wait_ms * 1000;
        }
}

/* The string field that the operation or the schema names. */
static ptrdiff_t key_offset(const struct chappe_operation *row)
{
        const struct chappe_member *member =
                chappe_field_find_text(row->type->layout, row->key ? row->key : row->type->key);
        return member ? (ptrdiff_t)member->offset : -1;
}

static int add_row(struct chappe_channels *channels, const struct chappe_runtime *runtime,
                   const struct chappe_operation *row, struct chappe_error *error)
{
        struct chappe_channel *channel = get_channel(channels, runtime, row->topic);
        if (!channel)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for the operations table");
        if (row->partitions > channel->partitions)
                channel->partitions = row->partitions;
        if (row->retention_ms > channel->retention_ms)
                channel->retention_ms = row->retention_ms;
        channel->answers |= row->kind == CHAPPE_ANSWERS;
        channel->calls |= row->kind == CHAPPE_CALLS;
        channel->produces |= row->kind == CHAPPE_PRODUCES;
        if (row->kind == CHAPPE_PRODUCES)
                channels->publications[channels->publication_count++] =
                        (struct chappe_publication){ row, channel, key_offset(row) };
        int status = row->kind == CHAPPE_CONSUMES ? add_consumer(channel, row, error) : 0;
        if (status == 0 && channel->answers && channel->consume_count > 0)
                return chappe_fail(error, CHAPPE_E_OPERATION_INVALID, "%s carries requests and events: use two topics",
                                   row->topic);
        return status;
}

/* Nothing in a bare payload names its schema: the table must. */
static int check_bare(const struct chappe_channel *channel, const struct chappe_runtime *runtime,
                      struct chappe_error *error)
{
        const struct chappe_operation *first = NULL;
        if (channel->calls || channel->answers)
                return chappe_fail(error, CHAPPE_E_SETTING_VALUE,
                                   "%s carries requests, which cannot be bare (bare_topics)", channel->plain);
        for (const struct chappe_operation *row = runtime->operations; row->kind != CHAPPE_END; row++) {
                if (strcmp(row->topic, channel->plain) != 0)
                        continue;
                if (first && strcmp(first->type->schema, row->type->schema) != 0)
                        return chappe_fail(error, CHAPPE_E_SETTING_VALUE,
                                           "%s cannot be bare (bare_topics): it carries %s and %s", channel->plain,
                                           first->type->name, row->type->name);
                first = row;
        }
        return 0;
}

/* Topics that are framed otherwise than most. */
static int mark_framing(struct chappe_channels *channels, const struct chappe_runtime *runtime,
                        struct chappe_error *error)
{
        char *bare = chappe_patterns_split(chappe_config_text(runtime->config, "bare_topics"));
        char *headed = chappe_patterns_split(chappe_config_text(runtime->config, "header_topics"));
        int status = bare && headed ? 0 : chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for the operations table");
        for (size_t i = 0; status == 0 && i < channels->count; i++) {
                struct chappe_channel *channel = &channels->at[i];
                channel->headed = chappe_patterns_match(headed, channel->plain);
                channel->bare = chappe_patterns_match(bare, channel->plain);
                if (channel->bare)
                        status = check_bare(channel, runtime, error);
        }
        free(headed);
        free(bare);
        return status;
}

static int complete(struct chappe_channel *channel, const struct chappe_runtime *runtime, struct chappe_error *error)
{
        if (channel->partitions <= 0)
                channel->partitions = DEFAULT_PARTITIONS;
        if (!chappe_channel_reads(channel))
                return 0;
        set_batches(channel, runtime);
        const char *pattern = chappe_config_text(runtime->config, "dead_letter_topic");
        int status = chappe_starred_check("dead_letter_topic", pattern, error);
        if (status < 0)
                return status;
        channel->dead_letter = chappe_starred_make(pattern, channel->name);
        if (!channel->dead_letter)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for the operations table");
        CHAPPE_CLEANUP(buffer) struct chappe_buffer label = { 0 };
        if (chappe_metrics_label(&label, "topic", channel->name) < 0 || chappe_buffer_append(&label, "", 1) < 0)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for the operations table");
        const char *labels = (const char *)label.at;
        struct chappe_metrics *metrics = runtime->metrics;
        channel->ignored = chappe_metrics_get(metrics, CHAPPE_COUNTER, "records_ignored_total",
                                              "Records that no operation handles.", labels);
        return 0;
}

static char *make_group(const struct chappe_runtime *runtime)
{
        const char *configured = chappe_config_text(runtime->config, "group");
        char *group = chappe_flow_topic(runtime, configured[0] ? configured : runtime->service);
        char *replaying = group && runtime->replay_name ? chappe_replay_group(group, runtime->replay_name) : NULL;
        if (runtime->replay_name)
                free(group);
        return runtime->replay_name ? replaying : group;
}

int chappe_channels_init(struct chappe_channels *channels, const struct chappe_runtime *runtime,
                         struct chappe_error *error)
{
        size_t rows = 0;
        while (runtime->operations && runtime->operations[rows].kind != CHAPPE_END)
                rows++;
        *channels = (struct chappe_channels){ .at = calloc(rows + 1, sizeof(*channels->at)),
                                              .publications = calloc(rows + 1, sizeof(*channels->publications)) };
        int status = channels->at && channels->publications
                             ? 0
                             : chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for the operations table");
        channels->group = make_group(runtime);
        if (status == 0 && !channels->group)
                status = chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for the operations table");
        for (size_t n = 0; status == 0 && n < rows; n++) {
                status = check_row(&runtime->operations[n], n, error);
                if (status == 0)
                        status = add_row(channels, runtime, &runtime->operations[n], error);
        }
        if (status == 0)
                status = mark_framing(channels, runtime, error);
        for (size_t i = 0; status == 0 && i < channels->count; i++)
                status = complete(&channels->at[i], runtime, error);
        if (status < 0)
                chappe_channels_deinit(channels);
        return status;
}

void chappe_channels_deinit(struct chappe_channels *channels)
{
        for (size_t i = 0; i < channels->count; i++) {
                free(channels->at[i].name);
                free(channels->at[i].dead_letter);
                free(channels->at[i].consumes);
        }
        free(channels->at);
        free(channels->publications);
        free(channels->group);
        *channels = (struct chappe_channels){ 0 };
}

const struct chappe_publication *chappe_channels_publication(const struct chappe_channels *channels,
                                                             const struct chappe_type *type, const char *topic)
{
        for (size_t i = 0; i < channels->publication_count; i++) {
                const struct chappe_publication *publication = &channels->publications[i];
                if (publication->operation->type == type && (!topic || strcmp(publication->channel->plain, topic) == 0))
                        return publication;
        }
        return NULL;
}
