/* SPDX-License-Identifier: Apache-2.0 */
/* Clients under test. */
#include "peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct chappe_broker_operations *operations(const struct trial *trial)
{
        return trial->broker->operations;
}

static void signal_init(struct peer_signal *signal, struct trial *trial)
{
        signal->executor = trial->stage->executor;
        signal->mutex = chappe_mutex_new(signal->executor);
        signal->condition = chappe_condition_new(signal->executor);
        signal->raised = false;
}

static void signal_deinit(struct peer_signal *signal)
{
        chappe_condition_free(signal->executor, signal->condition);
        chappe_mutex_free(signal->executor, signal->mutex);
}

static void signal_raise(void *context)
{
        struct peer_signal *signal = context;

        chappe_mutex_lock(signal->executor, signal->mutex);
        signal->raised = true;
        chappe_condition_signal(signal->executor, signal->condition);
        chappe_mutex_unlock(signal->executor, signal->mutex);
}

static void signal_wait(struct peer_signal *signal, struct trial *trial, int64_t timeout_ms)
{
        int64_t deadline_us = chappe_clock_monotonic_us(trial->stage->clock) + timeout_ms * 1000;

        chappe_mutex_lock(signal->executor, signal->mutex);
        while (!signal->raised && chappe_clock_monotonic_us(trial->stage->clock) < deadline_us)
                (void)chappe_condition_wait(signal->executor, signal->condition, signal->mutex, deadline_us);
        signal->raised = false;
        chappe_mutex_unlock(signal->executor, signal->mutex);
}

void peer_pause(struct trial *trial, int64_t pause_ms)
{
        struct peer_signal signal;

        signal_init(&signal, trial);
        signal_wait(&signal, trial, pause_ms);
        signal_deinit(&signal);
}

static void on_delivered(void *context, const struct chappe_delivery_report *report)
{
        struct writer *writer = context;
        size_t index = (size_t)(uintptr_t)report->opaque - 1;

        if (!expect(writer->trial, index < writer->sent_count, "a report of a record that was sent"))
                return;
        writer->sent[index].report = *report;
        writer->sent[index].count++;
        writer->reported++;
}

static void on_writer_ready(void *context)
{
        signal_raise(&((struct writer *)context)->signal);
}

void writer_open(struct writer *writer, struct trial *trial, const char *linger_ms)
{
        /* Small batches: a fetch brings whole ones. */
        struct chappe_property properties[] = { { "linger.ms", linger_ms }, { "batch.num.messages", "10" } };
        struct chappe_error error = { 0 };
        int status;

        *writer = (struct writer){ .trial = trial };
        signal_init(&writer->signal, trial);
        status = operations(trial)->producer_open(trial->broker,
                                                  &(struct chappe_producer_config){ .properties = properties,
                                                                                    .property_count = 2,
                                                                                    .delivered = on_delivered,
                                                                                    .ready = on_writer_ready,
                                                                                    .context = writer },
                                                  &writer->producer, &error);
        if (!expect(trial, status == 0, "producer: %s", error.text))
                return;
        status = operations(trial)->producer_topic(writer->producer, trial->topic, PATIENCE_MS, &writer->topic, &error);
        expect(trial, status == 0, "topic: %s", error.text);
}

static struct chappe_bytes bytes(const char *text)
{
        return text ? (struct chappe_bytes){ (const uint8_t *)text, strlen(text) } : (struct chappe_bytes){ NULL, 0 };
}

bool writer_send(struct writer *writer, int32_t partition, const char *key, const char *value,
                 const struct chappe_header *headers, size_t header_count)
{
        struct chappe_error error = { 0 };
        int status = -1;

        if (writer->topic && writer->sent_count < PEER_RECORDS)
                status = operations(writer->trial)
                                 ->producer_send(writer->producer, writer->topic, partition, bytes(key), bytes(value),
                                                 headers, header_count, 0, (void *)(uintptr_t)(writer->sent_count + 1),
                                                 &error);
        if (!expect(writer->trial, status == 0, "send: %s", error.text))
                return false;
        writer->sent_count++;
        return true;
}

void writer_settle(struct writer *writer)
{
        struct trial *trial = writer->trial;
        int64_t deadline_us = chappe_clock_monotonic_us(trial->stage->clock) + PATIENCE_MS * 1000LL;

        while (writer->producer && writer->reported < writer->sent_count &&
               chappe_clock_monotonic_us(trial->stage->clock) < deadline_us)
                if (operations(trial)->producer_poll(writer->producer) == 0)
                        signal_wait(&writer->signal, trial, 1000);
        expect(trial, writer->reported == writer->sent_count, "%zu reports of %zu records", writer->reported,
               writer->sent_count);
}

void writer_close(struct writer *writer)
{
        if (writer->producer)
                operations(writer->trial)->producer_close(writer->producer);
        writer->producer = NULL;
        signal_deinit(&writer->signal);
}

void writer_fill(struct trial *trial, int32_t partition, int first, int count)
{
        struct writer *writer = calloc(1, sizeof(*writer));
        char value[32];

        writer_open(writer, trial, "0");
        for (int i = 0; i < count; i++) {
                snprintf(value, sizeof(value), "%d", first + i);
                writer_send(writer, partition, value, value, NULL, 0);
        }
        writer_settle(writer);
        writer_close(writer);
        free(writer);
}

static void on_reader_ready(void *context)
{
        signal_raise(&((struct reader *)context)->signal);
}

void reader_open(struct reader *reader, struct trial *trial, const char *group, const char *instance)
{
        /* Only where topics grow: librdkafka's mock cluster may not finish a join in which members look so often. */
        const char *look_ms = trial->stage->lacks & LACKS_CHANGES ? "30000" : "500";
        /* Short enough for a member to be put out while a test waits, long enough for every broker. */
        struct chappe_property properties[] = { { "auto.offset.reset", "earliest" },
                                                { "session.timeout.ms", "6000" },
                                                { "max.poll.interval.ms", "6000" },
                                                { "heartbeat.interval.ms", "500" },
                                                { "topic.metadata.refresh.interval.ms", look_ms },
                                                { "group.instance.id", instance } };
        struct chappe_error error = { 0 };
        const char *topic = trial->topic;
        int status;

        *reader = (struct reader){ .trial = trial };
        signal_init(&reader->signal, trial);
        status = operations(trial)->consumer_open(trial->broker,
                                                  &(struct chappe_consumer_config){ .group = group,
                                                                                    .protocol = trial->stage->protocol,
                                                                                    .properties = properties,
                                                                                    .property_count = instance ? 6 : 5,
                                                                                    .ready = on_reader_ready,
                                                                                    .context = reader },
                                                  &reader->consumer, &error);
        if (!expect(trial, status == 0, "consumer: %s", error.text))
                reader->consumer = NULL;
        else if (group)
                expect(trial, operations(trial)->consumer_subscribe(reader->consumer, &topic, 1, &error) == 0,
                       "subscribe: %s", error.text);
}

int reader_assigned(const struct reader *reader)
{
        int count = 0;

        for (int i = 0; i < PEER_PARTITIONS; i++)
                count += reader->assigned[i];
        return count;
}

void reader_accept(struct reader *reader)
{
        struct chappe_error error = { 0 };
        int status;

        for (int i = 0; i < reader->pending_count; i++) {
                reader->assigned[reader->pending[i].partition] = true;
                reader->pending[i].topic = reader->trial->topic;
                reader->pending[i].metadata = NULL;
                if (reader->pending[i].offset == CHAPPE_OFFSET_NONE)
                        reader->pending[i].offset = CHAPPE_OFFSET_EARLIEST;
        }
        status = operations(reader->trial)
                         ->consumer_accept(reader->consumer, reader->pending, (size_t)reader->pending_count, &error);
        expect(reader->trial, status == 0, "accept: %s", error.text);
}

static void remember(struct reader *reader, const struct chappe_consumer_event *event)
{
        reader->pending_count = 0;
        for (size_t i = 0; i < event->position_count && i < PEER_PARTITIONS; i++) {
                const struct chappe_position *position = &event->positions[i];

                expect(reader->trial, strcmp(position->topic, reader->trial->topic) == 0, "topic %s", position->topic);
                reader->pending[reader->pending_count++] = *position;
                if (event->kind != CHAPPE_CONSUMER_GAINED)
                        continue;
                reader->committed[position->partition] = position->offset;
                free(reader->metadata[position->partition]);
                reader->metadata[position->partition] = position->metadata ? strdup(position->metadata) : NULL;
        }
}

void reader_release(struct reader *reader)
{
        struct chappe_error error = { 0 };

        for (int i = 0; i < reader->pending_count; i++)
                reader->assigned[reader->pending[i].partition] = false;
        expect(reader->trial, operations(reader->trial)->consumer_release(reader->consumer, &error) == 0, "release: %s",
               error.text);
}

static void follow(struct reader *reader, const struct chappe_consumer_event *event)
{
        switch (event->kind) {
        case CHAPPE_CONSUMER_NOTHING:
                break;
        case CHAPPE_CONSUMER_GAINED:
                reader->gained++;
                reader->gained_partitions += (int)event->position_count;
                remember(reader, event);
                if (!reader->hesitant)
                        reader_accept(reader);
                break;
        case CHAPPE_CONSUMER_REVOKED:
        case CHAPPE_CONSUMER_LOST:
                reader->revoked += event->kind == CHAPPE_CONSUMER_REVOKED;
                reader->lost += event->kind == CHAPPE_CONSUMER_LOST;
                remember(reader, event);
                if (!reader->hesitant)
                        reader_release(reader);
                break;
        case CHAPPE_CONSUMER_COMMITTED:
                reader->token = event->token;
                reader->commits += event->error.code == 0;
                reader->commits_refused += event->error.code != 0;
                if (event->error.code)
                        fprintf(stderr, "# %s\n", event->error.text);
                break;
        case CHAPPE_CONSUMER_PARTITION_END:
                reader->ends++;
                break;
        case CHAPPE_CONSUMER_ERROR:
                reader->errors++;
                reader->fatal += event->fatal;
                reader->last_error = event->error;
                break;
        }
}

static void copy_text(char *to, size_t size, struct chappe_bytes from)
{
        snprintf(to, size, "%.*s", from.at ? (int)from.length : 6, from.at ? (const char *)from.at : "(null)");
}

static void write_down(struct reader *reader, const struct chappe_record *record)
{
        struct seen *seen = &reader->seen[reader->seen_count++];
        struct chappe_header headers[8];
        size_t count = chappe_record_headers(record, headers, 8);
        size_t used = 0;

        seen->partition = record->partition;
        seen->offset = record->offset;
        seen->timestamp_ms = record->timestamp_ms;
        seen->log_append_time = record->log_append_time;
        copy_text(seen->key, sizeof(seen->key), record->key);
        copy_text(seen->value, sizeof(seen->value), record->value);
        seen->headers[0] = '\0';
        for (size_t i = 0; i < count && used < sizeof(seen->headers); i++)
                used += (size_t)snprintf(seen->headers + used, sizeof(seen->headers) - used, "%s=%.*s;",
                                         headers[i].name, (int)headers[i].length,
                                         headers[i].value ? (const char *)headers[i].value : "");
}

static size_t take_all(struct reader *reader)
{
        size_t total = 0;

        for (int32_t partition = 0; partition < PEER_PARTITIONS; partition++) {
                struct chappe_record records[7]; /* an odd number: batches end in the middle */
                size_t count;

                if (!reader->assigned[partition])
                        continue;
                count = operations(reader->trial)
                                ->consumer_take(reader->consumer, reader->trial->topic, partition, records, 7,
                                                SIZE_MAX);
                for (size_t i = 0; i < count; i++) {
                        if (reader->seen_count < PEER_RECORDS)
                                write_down(reader, &records[i]);
                        chappe_record_release(&records[i]);
                }
                total += count;
        }
        return total;
}

/* false: nothing happened. */
static bool turn(struct reader *reader)
{
        struct chappe_consumer_event event;

        if (!reader->consumer)
                return false;
        operations(reader->trial)->consumer_poll(reader->consumer, &event);
        follow(reader, &event);
        return (event.kind != CHAPPE_CONSUMER_NOTHING) | (!reader->idle && take_all(reader) > 0);
}

void reader_turn(struct reader *reader)
{
        (void)turn(reader);
}

bool reader_until(struct reader *reader, struct reader *other,
                  bool (*done)(struct reader *reader, struct reader *other))
{
        struct trial *trial = reader->trial;
        int64_t deadline_us = chappe_clock_monotonic_us(trial->stage->clock) + PATIENCE_MS * 1000LL;

        while (!done(reader, other)) {
                bool busy = turn(reader);

                if (other)
                        busy |= turn(other);
                if (chappe_clock_monotonic_us(trial->stage->clock) > deadline_us)
                        return false;
                /* Signals are trusted where one waits alone: a missing one makes the trial run out of patience. */
                if (!busy)
                        signal_wait(&reader->signal, trial, other ? 20 : 3000);
        }
        return true;
}

void reader_commit(struct reader *reader, int32_t partition, int64_t offset, const char *metadata)
{
        struct chappe_position position = { reader->trial->topic, partition, offset, metadata };
        struct chappe_error error = { 0 };
        int status = operations(reader->trial)->consumer_commit(reader->consumer, &position, 1, reader, &error);

        expect(reader->trial, status == 0, "commit: %s", error.text);
}

void reader_close(struct reader *reader)
{
        struct chappe_error error = { 0 };

        if (reader->consumer)
                expect(reader->trial,
                       operations(reader->trial)->consumer_close(reader->consumer, PATIENCE_MS, &error) == 0,
                       "close: %s", error.text);
        reader->consumer = NULL;
        for (int i = 0; i < PEER_PARTITIONS; i++) {
                free(reader->metadata[i]);
                reader->metadata[i] = NULL;
        }
        signal_deinit(&reader->signal);
}
