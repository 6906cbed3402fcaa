/* SPDX-License-Identifier: Apache-2.0 */
/* Partitions read without a group, each from a fixed position. */
#include "flow/reader.h"

#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "observe/log.h"

#define BATCH 64

struct source {
        struct chappe_source told; /* its topic is ours */
        int64_t offset;            /* fixed */
        int64_t end;               /* of the partition, when it was opened */
        bool ended;
};

struct chappe_reader {
        struct chappe_runtime *runtime;
        struct source *sources;
        size_t count;
        struct chappe_consumer *consumer; /* NULL while closed */
};

int chappe_reader_new(struct chappe_runtime *runtime, struct chappe_reader **ret_reader, struct chappe_error *error)
{
        *ret_reader = calloc(1, sizeof(**ret_reader));
        if (!*ret_reader)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a reader");
        (*ret_reader)->runtime = runtime;
        return 0;
}

int chappe_reader_add(struct chappe_reader *reader, const struct chappe_source *source, struct chappe_error *error)
{
        char *topic = strdup(source->topic);
        struct source *sources = realloc(reader->sources, (reader->count + 1) * sizeof(*sources));
        if (sources)
                reader->sources = sources;
        if (!topic || !sources) {
                free(topic);
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a reader");
        }
        sources[reader->count] = (struct source){ .told = *source };
        sources[reader->count++].told.topic = topic;
        return 0;
}

static void end(struct source *source)
{
        if (source->ended)
                return;
        source->ended = true;
        if (source->told.end)
                source->told.end(source->told.context);
}

/* An empty partition has no end to be told of: it is at its end from the start. */
static int fix_position(struct chappe_reader *reader, struct source *source, struct chappe_error *error)
{
        struct chappe_broker *broker = reader->runtime->broker;
        int64_t timeout_ms = chappe_config_integer(reader->runtime->config, "broker_timeout_ms");
        int64_t low, high;
        int status = broker->operations->watermarks(broker, source->told.topic, source->told.partition, timeout_ms,
                                                    &low, &high, error);
        if (status < 0)
                return status;
        source->offset = source->told.offset;
        if (source->offset == CHAPPE_OFFSET_EARLIEST)
                source->offset = low;
        else if (source->offset == CHAPPE_OFFSET_LATEST)
                source->offset = high;
        source->end = high;
        if (source->offset >= high)
                end(source);
        return 0;
}

static int assign(struct chappe_reader *reader, struct chappe_error *error)
{
        struct chappe_position *positions = calloc(reader->count, sizeof(*positions));
        if (!positions)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a reader");
        int status = 0;
        for (size_t i = 0; status == 0 && i < reader->count; i++) {
                struct source *source = &reader->sources[i];
                status = fix_position(reader, source, error);
                positions[i] = (struct chappe_position){ .topic = source->told.topic,
                                                         .partition = source->told.partition,
                                                         .offset = source->offset };
        }
        if (status == 0)
                status = reader->runtime->broker->operations->consumer_assign(reader->consumer, positions,
                                                                              reader->count, error);
        free(positions);
        return status;
}

int chappe_reader_open(struct chappe_reader *reader, struct chappe_wake *bell, struct chappe_error *error)
{
        if (reader->count == 0)
                return 0;
        struct chappe_property reset = { "auto.offset.reset", "earliest" };
        struct chappe_consumer_config config = {
                .properties = &reset,
                .property_count = 1,
                .ready = chappe_wake_ring,
                .context = bell,
        };
        struct chappe_broker *broker = reader->runtime->broker;
        int status = broker->operations->consumer_open(broker, &config, &reader->consumer, error);
        if (status < 0) {
                reader->consumer = NULL;
                return status;
        }
        status = assign(reader, error);
        if (status < 0)
                chappe_reader_close(reader, chappe_config_integer(reader->runtime->config, "broker_timeout_ms"), NULL);
        return status;
}

static struct source *find(struct chappe_reader *reader, const struct chappe_position *position)
{
        for (size_t i = 0; i < reader->count; i++) {
                struct source *source = &reader->sources[i];
                if (source->told.partition == position->partition && strcmp(source->told.topic, position->topic) == 0)
                        return source;
        }
        return NULL;
}

static bool serve_source(struct chappe_reader *reader, struct source *source)
{
        struct chappe_record records[BATCH];
        size_t count = reader->runtime->broker->operations->consumer_take(
                reader->consumer, source->told.topic, source->told.partition, records, BATCH, SIZE_MAX);
        int64_t next = count > 0 ? records[count - 1].offset + 1 : 0;
        for (size_t i = 0; i < count; i++)
                source->told.record(source->told.context, &records[i]);
        /* The broker tells of an end only when it has waited in vain for more: up to fetch.wait.max.ms. */
        if (count > 0 && next >= source->end)
                end(source);
        return count == BATCH;
}

static void reach_end(struct chappe_reader *reader, const struct chappe_position *position)
{
        struct source *source = find(reader, position);
        if (!source || source->ended)
                return;
        /* The event may overtake the last records. */
        while (serve_source(reader, source))
                ;
        end(source);
}

bool chappe_reader_serve(struct chappe_reader *reader)
{
        bool more = false;
        if (!reader->consumer)
                return false;
        for (size_t i = 0; i < reader->count; i++)
                more |= serve_source(reader, &reader->sources[i]);
        struct chappe_consumer_event event;
        reader->runtime->broker->operations->consumer_poll(reader->consumer, &event);
        if (event.kind == CHAPPE_CONSUMER_PARTITION_END)
                reach_end(reader, &event.positions[0]);
        else if (event.kind == CHAPPE_CONSUMER_ERROR)
                chappe_log_error(reader->runtime->log,
                                 event.fatal ? CHAPPE_LOG_CONSUMER_DEAD : CHAPPE_LOG_CONSUMER_ERROR, &event.error);
        return more || event.kind != CHAPPE_CONSUMER_NOTHING;
}

int chappe_reader_close(struct chappe_reader *reader, int64_t timeout_ms, struct chappe_error *error)
{
        if (!reader || !reader->consumer)
                return 0;
        struct chappe_consumer *consumer = reader->consumer;
        reader->consumer = NULL;
        return reader->runtime->broker->operations->consumer_close(consumer, timeout_ms, error);
}

struct chappe_reader *chappe_reader_free(struct chappe_reader *reader)
{
        if (!reader)
                return NULL;
        for (size_t i = 0; i < reader->count; i++)
                free((char *)reader->sources[i].told.topic);
        free(reader->sources);
        free(reader);
        return NULL;
}
