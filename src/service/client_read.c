/* SPDX-License-Identifier: Apache-2.0 */
/* Reading topics without a group, on the caller's strand. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "flow/carried_headers.h"
#include "service/client.h"
#include "wire/dead_letter.h"

#define TAKE_MAXIMUM          256
#define PARTITIONS_LIMIT      100000
#define POLL_US               100000 /* an interrupt is noticed within */
#define CLOSE_TIMEOUT_MS      5000
/* A dead letter has its own beside all of the record's. */
#define HEADERS_MAXIMUM       (2 * CHAPPE_CARRIED_HEADERS)
#define HEADERS_BYTES_MAXIMUM (2 * CHAPPE_CARRIED_BYTES)

/* One partition being read. */
struct source {
        struct chappe_position position;
        int64_t end; /* stop before this offset; CHAPPE_OFFSET_NONE: never */
        bool done;
};

struct reading {
        struct chappe_client *client;
        const struct chappe_client_read *read;
        struct chappe_broker *broker;
        struct chappe_consumer *consumer;
        struct chappe_executor *executor;
        struct chappe_mutex *mutex;
        struct chappe_condition *condition;
        bool ready; /* under mutex */
        struct chappe_topic_description *topics;
        struct source *sources;
        size_t source_count, done_count;
        struct chappe_error *error;
};

static void ready(void *context)
{
        struct reading *reading = context;

        chappe_mutex_lock(reading->executor, reading->mutex);
        reading->ready = true;
        chappe_condition_signal(reading->executor, reading->condition);
        chappe_mutex_unlock(reading->executor, reading->mutex);
}

static void wait_until_ready(struct reading *reading)
{
        int64_t deadline_us = chappe_clock_monotonic_us(reading->client->service->runtime.world->clock) + POLL_US;

        chappe_mutex_lock(reading->executor, reading->mutex);
        while (!reading->ready && chappe_condition_wait(reading->executor, reading->condition, reading->mutex,
                                                        deadline_us) == CHAPPE_WAIT_SIGNALLED)
                ;
        reading->ready = false;
        chappe_mutex_unlock(reading->executor, reading->mutex);
}

/* Where to begin, between the first record and the end. */
static int start_of(struct reading *reading, const char *topic, int32_t partition, int64_t low, int64_t high,
                    int64_t offset, int64_t *ret)
{
        const struct chappe_client_read *read = reading->read;
        int status = 0;

        switch (read->from) {
        case CHAPPE_FROM_BEGINNING:
                *ret = low;
                break;
        case CHAPPE_FROM_OFFSET:
        case CHAPPE_FROM_POSITIONS:
                *ret = offset;
                break;
        case CHAPPE_FROM_LAST:
                *ret = high - read->position;
                break;
        case CHAPPE_FROM_TIME:
                status = reading->broker->operations->offset_for_time(reading->broker, topic, partition, read->position,
                                                                      chappe_client_timeout_ms(reading->client), ret,
                                                                      reading->error);
                /* The embedded broker cannot look up by time: all is read, and what is older is passed over. */
                if (status == -CHAPPE_E_BROKER_UNSUPPORTED) {
                        *ret = low;
                        status = 0;
                }
                break;
        default:
                *ret = high;
        }
        if (*ret < low)
                *ret = low;
        if (*ret > high)
                *ret = high;
        return status;
}

static int add_source(struct reading *reading, const char *topic, int32_t partition, int64_t offset)
{
        struct source *source = &reading->sources[reading->source_count];
        int64_t low, high, start = 0;
        int status = reading->broker->operations->watermarks(reading->broker, topic, partition,
                                                             chappe_client_timeout_ms(reading->client), &low, &high,
                                                             reading->error);

        if (status >= 0)
                status = start_of(reading, topic, partition, low, high, offset, &start);
        if (status < 0 || (reading->read->to_end && start >= high))
                return status;
        *source = (struct source){ { topic, partition, start, NULL },
                                   reading->read->to_end ? high : CHAPPE_OFFSET_NONE,
                                   false };
        reading->source_count++;
        return 0;
}

static int add_topic(struct reading *reading, const struct chappe_topic_description *topic)
{
        int32_t only = reading->read->partition;
        int status = 0;

        if (topic->partition_count == 0)
                return chappe_fail(reading->error, CHAPPE_E_TOPIC_MISSING, "there is no topic %s", topic->name);
        if (only >= topic->partition_count)
                return chappe_fail(reading->error, CHAPPE_E_TOPIC_MISSING, "%s has partitions 0 to %d, not %d",
                                   topic->name, topic->partition_count - 1, only);
        for (int32_t p = 0; p < topic->partition_count && status >= 0; p++) {
                if (only < 0 || p == only)
                        status = add_source(reading, topic->name, p, reading->read->position);
        }
        return status;
}

static int make_room(struct reading *reading, size_t partitions)
{
        if (partitions > PARTITIONS_LIMIT)
                return chappe_fail(reading->error, CHAPPE_E_LIMIT, "more than %d partitions", PARTITIONS_LIMIT);
        reading->sources = calloc(partitions + 1, sizeof(*reading->sources));
        return reading->sources
                       ? 0
                       : chappe_fail(reading->error, CHAPPE_E_NO_MEMORY, "no memory for %zu partitions", partitions);
}

static int find_positions(struct reading *reading)
{
        const struct chappe_client_read *read = reading->read;
        int status = make_room(reading, read->position_count);

        for (size_t i = 0; i < read->position_count && status >= 0; i++)
                status = add_source(reading, read->positions[i].topic, read->positions[i].partition,
                                    read->positions[i].offset);
        return status;
}

static int find_sources(struct reading *reading)
{
        const struct chappe_client_read *read = reading->read;
        size_t count, partitions = 0;
        int status;

        if (read->from == CHAPPE_FROM_POSITIONS)
                return find_positions(reading);
        status = reading->broker->operations->topics_describe(reading->broker, read->topics, read->topic_count,
                                                              chappe_client_timeout_ms(reading->client),
                                                              &reading->topics, &count, reading->error);
        if (status < 0)
                return status;
        for (size_t i = 0; i < count; i++)
                partitions += (size_t)reading->topics[i].partition_count;
        status = make_room(reading, partitions);
        for (size_t i = 0; i < count && status >= 0; i++)
                status = add_topic(reading, &reading->topics[i]);
        return status;
}

static int open_consumer(struct reading *reading)
{
        struct chappe_consumer_config config = { .ready = ready, .context = reading };
        struct chappe_position *positions = calloc(reading->source_count + 1, sizeof(*positions));
        int status;

        if (!positions)
                return chappe_fail(reading->error, CHAPPE_E_NO_MEMORY, "no memory for %zu partitions",
                                   reading->source_count);
        for (size_t i = 0; i < reading->source_count; i++)
                positions[i] = reading->sources[i].position;
        status = reading->broker->operations->consumer_open(reading->broker, &config, &reading->consumer,
                                                            reading->error);
        if (status >= 0)
                status = reading->broker->operations->consumer_assign(reading->consumer, positions,
                                                                      reading->source_count, reading->error);
        free(positions);
        return status;
}

/* Headers beyond all limits are none: whoever sends so many means no good. */
static void tell_headers(const struct chappe_carried_headers *carried, struct chappe_dead_letter *letter,
                         struct chappe_client_record *record)
{
        if (carried->left_out > 0)
                return;
        record->headers = carried->headers;
        record->header_count = carried->count;
        if (chappe_dead_letter_read(carried->headers, carried->count, letter))
                record->letter = letter;
}

/* Calls back for one record; false when the reader has had enough. */
static bool tell(struct reading *reading, const struct chappe_record *taken)
{
        struct chappe_error failure = { 0 };
        struct chappe_carried_headers carried = { .many = NULL };
        struct chappe_dead_letter letter;
        struct chappe_client_record record = {
                .topic = taken->topic,
                .partition = taken->partition,
                .offset = taken->offset,
                .timestamp_ms = taken->timestamp_ms,
                .key = taken->key,
                .payload = taken->value,
        };

        if (reading->read->from == CHAPPE_FROM_TIME && record.timestamp_ms < reading->read->position)
                return true;
        if (reading->read->headers) {
                chappe_carried_headers_read(&carried, taken, HEADERS_MAXIMUM, HEADERS_BYTES_MAXIMUM);
                tell_headers(&carried, &letter, &record);
        }
        if (!reading->read->raw)
                chappe_client_decode(reading->client, taken, &record, &failure);

        bool wants_more = reading->read->record(reading->read->context, &record);

        chappe_carried_headers_deinit(&carried);
        return wants_more;
}

/* Everything of one partition that has arrived; 1 when the reader has had enough. */
static int drain_source(struct reading *reading, struct source *source, bool *ret_some)
{
        struct chappe_record records[TAKE_MAXIMUM];
        size_t count = reading->broker->operations->consumer_take(
                reading->consumer, source->position.topic, source->position.partition, records, TAKE_MAXIMUM, SIZE_MAX);
        bool enough = false;

        for (size_t i = 0; i < count; i++) {
                bool within = source->end == CHAPPE_OFFSET_NONE || records[i].offset < source->end;

                if (within && !enough && !atomic_load(&reading->client->interrupted))
                        enough = !tell(reading, &records[i]);
                if (!source->done && source->end != CHAPPE_OFFSET_NONE && records[i].offset + 1 >= source->end) {
                        source->done = true;
                        reading->done_count++;
                }
                chappe_record_release(&records[i]);
        }
        *ret_some = *ret_some || count > 0;
        return enough;
}

/* The control queue: complaints, and ends that no record marks (a transaction's marker, a compacted tail). */
static int serve_control(struct reading *reading)
{
        struct chappe_consumer_event event;

        for (;;) {
                reading->broker->operations->consumer_poll(reading->consumer, &event);
                if (event.kind == CHAPPE_CONSUMER_NOTHING)
                        return 0;
                if (event.kind == CHAPPE_CONSUMER_ERROR && event.fatal) {
                        *reading->error = event.error;
                        return -event.error.code;
                }
                for (size_t i = 0; event.kind == CHAPPE_CONSUMER_PARTITION_END && i < reading->source_count; i++) {
                        struct source *source = &reading->sources[i];

                        if (!source->done && source->end != CHAPPE_OFFSET_NONE &&
                            source->position.partition == event.positions[0].partition &&
                            strcmp(source->position.topic, event.positions[0].topic) == 0) {
                                source->done = true;
                                reading->done_count++;
                        }
                }
        }
}

static int run(struct reading *reading)
{
        bool to_end = reading->read->to_end;

        while (!to_end || reading->done_count < reading->source_count) {
                bool some = false;

                if (atomic_load(&reading->client->interrupted))
                        return chappe_fail(reading->error, CHAPPE_E_STOPPED, "interrupted");
                for (size_t i = 0; i < reading->source_count; i++) {
                        if (drain_source(reading, &reading->sources[i], &some) > 0)
                                return 0;
                }
                int status = serve_control(reading);

                if (status < 0)
                        return status;
                if (some || (to_end && reading->done_count == reading->source_count))
                        continue;
                if (reading->read->idle && !reading->read->idle(reading->read->context))
                        return 0;
                wait_until_ready(reading);
        }
        return 0;
}

static int read_all(struct reading *reading)
{
        int status = find_sources(reading);

        if (status < 0 || (reading->source_count == 0 && reading->read->to_end))
                return status;
        status = open_consumer(reading);
        return status < 0 ? status : run(reading);
}

int chappe_client_read(struct chappe_client *client, const struct chappe_client_read *read, struct chappe_error *error)
{
        struct chappe_error failure = { 0 };
        struct reading reading = { .client = client, .read = read, .error = error ? error : &failure };
        int status = 0;

        reading.executor = client->service->runtime.world->executor;
        if (!read->raw && !read->bare) /* schemas come through the running service */
                status = chappe_client_start(client, NULL, reading.error);
        if (status >= 0)
                status = chappe_client_broker(client, &reading.broker, reading.error);
        if (status < 0)
                return status;
        if (read->bare)
                client->bare = (struct chappe_writer){ chappe_schema_name(read->bare), read->bare };
        reading.mutex = chappe_mutex_new(reading.executor);
        reading.condition = chappe_condition_new(reading.executor);
        status = reading.mutex && reading.condition
                         ? read_all(&reading)
                         : chappe_fail(reading.error, CHAPPE_E_NO_MEMORY, "no memory to read");
        if (read->bare)
                chappe_client_decoders_free(client); /* they know the schema only as long as its owner keeps it */
        client->bare.schema = NULL;
        if (reading.consumer)
                reading.broker->operations->consumer_close(reading.consumer, CLOSE_TIMEOUT_MS, NULL);
        chappe_condition_free(reading.executor, reading.condition);
        chappe_mutex_free(reading.executor, reading.mutex);
        free(reading.sources);
        free(reading.topics);
        return status;
}
