/* SPDX-License-Identifier: Apache-2.0 */
/* What producers are promised. */
#include "peer.h"

#include <stdlib.h>
#include <string.h>

static void every_record_is_reported_once_with_its_offset(struct trial *trial)
{
        struct writer *writer = calloc(1, sizeof(*writer));

        writer_open(writer, trial, "0");
        for (int i = 0; i < 20; i++)
                writer_send(writer, 2, "k", "v", NULL, 0);
        writer_settle(writer);
        for (size_t i = 0; i < writer->sent_count; i++) {
                const struct sent *sent = &writer->sent[i];

                expect(trial, sent->count == 1, "record %zu was reported %d times", i, sent->count);
                expect(trial, sent->report.result == CHAPPE_DELIVERED, "%s", sent->report.error.text);
                expect(trial, sent->report.partition == 2, "partition %d", (int)sent->report.partition);
                expect(trial, sent->report.offset == (int64_t)i, "record %zu at offset %lld", i,
                       (long long)sent->report.offset);
        }
        expect(trial, trial->broker->operations->producer_in_flight(writer->producer) == 0, "nothing in flight");
        writer_close(writer);
        free(writer);
}

/* Hashes from Apache Kafka's own UtilsTest.testMurmur2. */
static const struct {
        const char *key;
        int32_t hash;
} java[] = {
        { "21", -973932308 },
        { "foobar", -790332482 },
        { "a-little-bit-long-string", -985981536 },
        { "a-little-bit-longer-string", -1486304829 },
        { "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971 },
        { "abc", 479470107 },
};

static void a_key_lands_where_java_puts_it(struct trial *trial)
{
        struct writer *writer = calloc(1, sizeof(*writer));

        writer_open(writer, trial, "0");
        expect(trial, trial->broker->operations->topic_partition_count(writer->topic) == PARTITIONS, "partitions");
        for (size_t i = 0; i < sizeof(java) / sizeof(java[0]); i++)
                writer_send(writer, CHAPPE_PARTITION_BY_KEY, java[i].key, "v", NULL, 0);
        writer_settle(writer);
        for (size_t i = 0; i < writer->sent_count; i++)
                expect(trial, writer->sent[i].report.partition == (java[i].hash & 0x7fffffff) % PARTITIONS,
                       "key %s in partition %d", java[i].key, (int)writer->sent[i].report.partition);
        writer_close(writer);
        free(writer);
}

static void flush_waits_for_every_report(struct trial *trial)
{
        struct writer *writer = calloc(1, sizeof(*writer));
        struct chappe_error error = { 0 };

        writer_open(writer, trial, "20000"); /* without flush they would linger */
        for (int i = 0; i < 5; i++)
                writer_send(writer, i % PARTITIONS, NULL, "v", NULL, 0);
        expect(trial, trial->broker->operations->producer_flush(writer->producer, 15000, &error) == 0, "%s",
               error.text);
        expect(trial, writer->reported == 5, "%zu reports", writer->reported);
        writer_close(writer);
        free(writer);
}

static void what_is_in_flight_at_close_is_reported_as_unknown(struct trial *trial)
{
        struct writer *writer = calloc(1, sizeof(*writer));

        writer_open(writer, trial, "20000");
        for (int i = 0; i < 5; i++)
                writer_send(writer, 0, "k", "v", NULL, 0);
        writer_close(writer);
        for (size_t i = 0; i < writer->sent_count; i++)
                expect(trial, writer->sent[i].count == 1 && writer->sent[i].report.result == CHAPPE_DELIVERY_UNKNOWN,
                       "record %zu: %d reports, result %d", i, writer->sent[i].count,
                       (int)writer->sent[i].report.result);
        free(writer);
}

static void a_topic_that_does_not_exist_is_refused_and_not_created(struct trial *trial)
{
        const struct chappe_broker_operations *operations = trial->broker->operations;
        struct writer *writer = calloc(1, sizeof(*writer));
        struct chappe_topic_description *topics = NULL;
        const char *missing = "a.topic.that.nobody.made";
        struct chappe_topic *topic;
        size_t count = 0;
        int status;

        writer_open(writer, trial, "0");
        status = operations->producer_topic(writer->producer, missing, 300, &topic, NULL);
        expect(trial, status == -CHAPPE_E_TOPIC_MISSING, "status %d", status);
        status = operations->topics_describe(trial->broker, &missing, 1, PATIENCE_MS, &topics, &count, NULL);
        expect(trial, status == 0 && count == 1 && topics[0].partition_count == 0, "status %d, %zu", status, count);
        free(topics);
        writer_close(writer);
        free(writer);
}

static void a_partition_that_does_not_exist_is_refused(struct trial *trial)
{
        struct writer *writer = calloc(1, sizeof(*writer));
        struct chappe_header header = { "name", "value", 5 };
        struct chappe_bytes none = { NULL, 0 };
        int status;

        writer_open(writer, trial, "0");
        status = trial->broker->operations->producer_send(writer->producer, writer->topic, PARTITIONS, none, none,
                                                          &header, 1, 0, NULL, NULL);
        expect(trial, status == -CHAPPE_E_TOPIC_MISSING, "status %d", status);
        expect(trial, trial->broker->operations->producer_in_flight(writer->producer) == 0, "in flight");
        writer_close(writer);
        free(writer);
}

static void a_topic_is_created_once_and_described(struct trial *trial)
{
        const struct chappe_broker_operations *operations = trial->broker->operations;
        struct chappe_topic_request request = { .name = trial->topic,
                                                .partition_count = PARTITIONS,
                                                .replication = -1 };
        struct chappe_topic_description *topics = NULL;
        const char *name = trial->topic;
        struct chappe_error error = { 0 };
        size_t count = 0;
        bool found = false;
        int status = operations->topic_create(trial->broker, &request, PATIENCE_MS, &error);

        expect(trial, status == CHAPPE_TOPIC_EXISTS, "status %d: %s", status, error.text);
        status = operations->topics_describe(trial->broker, &name, 1, PATIENCE_MS, &topics, &count, &error);
        if (expect(trial, status == 0 && count == 1, "status %d: %s", status, error.text))
                expect(trial, topics[0].partition_count == PARTITIONS && strcmp(topics[0].name, name) == 0, "%d of %s",
                       (int)topics[0].partition_count, topics[0].name);
        free(topics);
        topics = NULL;
        status = operations->topics_describe(trial->broker, NULL, 0, PATIENCE_MS, &topics, &count, &error);
        for (size_t i = 0; status == 0 && i < count; i++)
                found |= strcmp(topics[i].name, name) == 0;
        expect(trial, found, "it is among all topics");
        free(topics);
}

const struct trial_case producing_cases[] = {
        { "every_record_is_reported_once_with_its_offset", every_record_is_reported_once_with_its_offset, 0 },
        { "a_key_lands_where_java_puts_it", a_key_lands_where_java_puts_it, 0 },
        { "flush_waits_for_every_report", flush_waits_for_every_report, 0 },
        { "what_is_in_flight_at_close_is_reported_as_unknown", what_is_in_flight_at_close_is_reported_as_unknown, 0 },
        { "a_topic_that_does_not_exist_is_refused_and_not_created",
          a_topic_that_does_not_exist_is_refused_and_not_created, LACKS_MISSING_TOPICS },
        { "a_partition_that_does_not_exist_is_refused", a_partition_that_does_not_exist_is_refused, 0 },
        { "a_topic_is_created_once_and_described", a_topic_is_created_once_and_described, 0 },
        { 0 },
};
