/* SPDX-License-Identifier: Apache-2.0 */
/* The schema topic: what was read from it, and announcements to it. */
#include "flow/schema_topic.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/bounds.h"
#include "flow/payload.h"
#include "flow/publisher.h"
#include "flow/topics.h"
#include "observe/log.h"

#define SCHEMAS_MAXIMUM   10000
#define FINGERPRINT_SIZE  8
#define REFUSALS_TOLD     20 /* by one line each */
#define ANNOUNCE_ATTEMPTS 8  /* a repeated announcement does no harm */

/* What an announcement waits on. Kept until the producer is closed: only then no report can come any more. */
struct announcement {
        struct announcement *next;
        struct chappe_schema_topic *topic;
        struct chappe_deliveries deliveries;
        bool settled; /* under the topic's mutex */
};

struct chappe_schema_topic {
        struct announcement *announcements; /* of the starting strand */
        /* constant after preparing */
        struct chappe_runtime *runtime;
        const char *name;
        struct chappe_schema_limits limits;
        struct chappe_mutex *mutex;
        struct chappe_condition *condition;
        /* under mutex */
        struct chappe_schema **schemas; /* by fingerprint, ascending */
        size_t count;
        size_t capacity;
        int32_t unread; /* partitions */
        /* of the reading strand */
        int refusals; /* told */
};

static struct chappe_executor *executor_of(const struct chappe_schema_topic *topic)
{
        return topic->runtime->world->executor;
}

int chappe_schema_topic_new(struct chappe_runtime *runtime, struct chappe_schema_topic **ret_topic,
                            struct chappe_error *error)
{
        struct chappe_schema_topic *topic = calloc(1, sizeof(*topic));
        *ret_topic = topic;
        if (!topic)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for the schema topic");
        topic->runtime = runtime;
        topic->name = chappe_config_text(runtime->config, "schema_topic");
        topic->limits = chappe_schema_limits_configured(runtime->config);
        topic->mutex = chappe_mutex_new(runtime->world->executor);
        topic->condition = chappe_condition_new(runtime->world->executor);
        if (topic->mutex && topic->condition)
                return 0;
        *ret_topic = chappe_schema_topic_free(topic);
        return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for the schema topic");
}

/* Under the mutex: where this fingerprint is, or would be. */
static size_t place_of(const struct chappe_schema_topic *topic, uint64_t fingerprint)
{
        size_t low = 0, high = topic->count;
        while (low < high) {
                size_t middle = low + (high - low) / 2;
                if (chappe_schema_fingerprint(topic->schemas[middle]) < fingerprint)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

static bool holds(const struct chappe_schema_topic *topic, size_t place, uint64_t fingerprint)
{
        return place < topic->count && chappe_schema_fingerprint(topic->schemas[place]) == fingerprint;
}

/* Under the mutex. Takes the reference, in any case. */
static int insert(struct chappe_schema_topic *topic, struct chappe_schema *schema, struct chappe_error *error)
{
        size_t place = place_of(topic, chappe_schema_fingerprint(schema));
        bool known = holds(topic, place, chappe_schema_fingerprint(schema));
        if (known || topic->count == SCHEMAS_MAXIMUM) {
                chappe_schema_unref(schema);
                return known ? 0
                             : chappe_fail(error, CHAPPE_E_LIMIT, "more than %d schemas are not kept", SCHEMAS_MAXIMUM);
        }
        if (topic->count == topic->capacity) {
                size_t capacity = topic->capacity ? 2 * topic->capacity : 32;
                struct chappe_schema **schemas = realloc(topic->schemas, capacity * sizeof(struct chappe_schema *));
                if (!schemas) {
                        chappe_schema_unref(schema);
                        return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a schema");
                }
                topic->schemas = schemas;
                topic->capacity = capacity;
        }
        memmove(&topic->schemas[place + 1], &topic->schemas[place],
                (topic->count - place) * sizeof(struct chappe_schema *));
        topic->schemas[place] = schema;
        topic->count++;
        return 0;
}

static void key_of(uint64_t fingerprint, uint8_t ret_key[FINGERPRINT_SIZE])
{
        for (int i = 0; i < FINGERPRINT_SIZE; i++)
                ret_key[i] = (uint8_t)(fingerprint >> (8 * i));
}

static bool matches(const struct chappe_schema *schema, struct chappe_bytes key)
{
        uint8_t expected[FINGERPRINT_SIZE];
        key_of(chappe_schema_fingerprint(schema), expected);
        return key.length == FINGERPRINT_SIZE && memcmp(key.at, expected, FINGERPRINT_SIZE) == 0;
}

static int take_schema(struct chappe_schema_topic *topic, const struct chappe_record *record,
                       struct chappe_error *error)
{
        struct chappe_text text = { (const char *)record->value.at, record->value.length };
        struct chappe_schema *schema;
        int status = chappe_schema_parse_within("schema", text, &topic->limits, &schema, error);
        if (status < 0)
                return status;
        if (!matches(schema, record->key)) {
                chappe_schema_unref(schema);
                return chappe_fail(error, CHAPPE_E_SCHEMA_FOREIGN, "its key is not the schema's fingerprint");
        }
        chappe_mutex_lock(executor_of(topic), topic->mutex);
        status = insert(topic, schema, error);
        chappe_mutex_unlock(executor_of(topic), topic->mutex);
        return status;
}

/* Whoever wrote the topic may have filled it with rubbish. */
static void tell_refusal(struct chappe_schema_topic *topic, const struct chappe_record *record,
                         const struct chappe_error *why)
{
        struct chappe_error told = *why;
        if (topic->refusals > REFUSALS_TOLD)
                return;
        if (topic->refusals++ == REFUSALS_TOLD) {
                chappe_log_write(topic->runtime->log, CHAPPE_LOG_SCHEMA_PASSED_OVER,
                                 "%d schemas of %s were passed over; further ones are not told", REFUSALS_TOLD,
                                 topic->name);
                return;
        }
        chappe_error_prefix(&told, "passed over in %s, partition %" PRId32 ", offset %" PRId64, topic->name,
                            record->partition, record->offset);
        char code[16];
        snprintf(code, sizeof(code), "E%04d", told.code);
        struct chappe_log_field fields[] = { { "code", code }, { "advice", chappe_error_advice(told.code) } };
        chappe_log_write_fields(topic->runtime->log, CHAPPE_LOG_SCHEMA_PASSED_OVER, fields, 2, "%s", told.text);
}

static void take_record(void *context, struct chappe_record *record)
{
        struct chappe_schema_topic *topic = context;
        struct chappe_error error = { 0 };
        if (record->value.at && take_schema(topic, record, &error) < 0)
                tell_refusal(topic, record, &error);
        chappe_record_release(record);
}

static void reach_end(void *context)
{
        struct chappe_schema_topic *topic = context;
        chappe_mutex_lock(executor_of(topic), topic->mutex);
        topic->unread--;
        chappe_condition_broadcast(executor_of(topic), topic->condition);
        chappe_mutex_unlock(executor_of(topic), topic->mutex);
}

static int count_partitions(struct chappe_schema_topic *topic, int32_t *ret_count, struct chappe_error *error)
{
        struct chappe_broker *broker = topic->runtime->broker;
        int64_t timeout_ms = chappe_config_integer(topic->runtime->config, "broker_timeout_ms");
        struct chappe_topic_description *found = NULL;
        size_t count = 0;
        int status = broker->operations->topics_describe(broker, &topic->name, 1, timeout_ms, &found, &count, error);
        *ret_count = status == 0 && count == 1 ? found[0].partition_count : 0;
        free(found);
        return status;
}

int chappe_schema_topic_prepare(struct chappe_schema_topic *topic, struct chappe_reader *reader,
                                struct chappe_error *error)
{
        static const struct chappe_property compacted = { "cleanup.policy", "compact" };
        int32_t partitions;
        int status = count_partitions(topic, &partitions, error);
        if (status == 0 && partitions == 0) {
                status = chappe_topic_make(topic->runtime, topic->name, 1, &compacted, 1, error);
                if (status == 0)
                        status = count_partitions(topic, &partitions, error);
        }
        if (status == 0 && partitions == 0)
                return chappe_fail(error, CHAPPE_E_TOPIC_MISSING, "the schema topic %s has no partitions yet",
                                   topic->name);
        topic->unread = partitions;
        for (int32_t i = 0; status == 0 && i < partitions; i++)
                status = chappe_reader_add(reader,
                                           &(struct chappe_source){ topic->name, i, CHAPPE_OFFSET_EARLIEST, take_record,
                                                                    reach_end, topic },
                                           error);
        return status;
}

int chappe_schema_topic_await(struct chappe_schema_topic *topic, int64_t deadline_us, struct chappe_error *error)
{
        enum chappe_wait wait = CHAPPE_WAIT_SIGNALLED;
        chappe_mutex_lock(executor_of(topic), topic->mutex);
        while (topic->unread > 0 && wait == CHAPPE_WAIT_SIGNALLED)
                wait = chappe_condition_wait(executor_of(topic), topic->condition, topic->mutex, deadline_us);
        bool read = topic->unread <= 0;
        chappe_mutex_unlock(executor_of(topic), topic->mutex);
        if (read)
                return 0;
        return wait == CHAPPE_WAIT_STOPPED
                       ? chappe_fail(error, CHAPPE_E_STOPPED, "stopped while the schema topic was read")
                       : chappe_fail(error, CHAPPE_E_TIMEOUT, "the schema topic %s was not read to its end in time",
                                     topic->name);
}

static int find(void *context, const char *name, const struct chappe_frame *frame, struct chappe_schema **ret_schema,
                struct chappe_error *error)
{
        struct chappe_schema_topic *topic = context;
        if (frame->framing == CHAPPE_FRAMING_HEADER)
                return chappe_fail(error, CHAPPE_E_FRAME_INVALID,
                                   "%s: a header names a registry's schema by its GUID, and no registry is configured",
                                   name);
        if (frame->framing != CHAPPE_FRAMING_SINGLE_OBJECT)
                return chappe_fail(error, CHAPPE_E_FRAME_INVALID,
                                   "%s: the payload names a registry's schema %" PRIu32
                                   ", and no registry is configured",
                                   name, frame->schema_id);
        chappe_mutex_lock(executor_of(topic), topic->mutex);
        size_t place = place_of(topic, frame->fingerprint);
        bool known = holds(topic, place, frame->fingerprint);
        if (known)
                *ret_schema = chappe_schema_ref(topic->schemas[place]);
        chappe_mutex_unlock(executor_of(topic), topic->mutex);
        return known ? 0
                     : chappe_fail(error, CHAPPE_E_SCHEMA_UNKNOWN, "%s: schema %016" PRIx64 " is not in %s", name,
                                   frame->fingerprint, topic->name);
}

static void settled(struct chappe_deliveries *deliveries, void *context)
{
        struct announcement *announcement = context;
        struct chappe_schema_topic *topic = announcement->topic;
        (void)deliveries;
        chappe_mutex_lock(executor_of(topic), topic->mutex);
        announcement->settled = true;
        chappe_condition_broadcast(executor_of(topic), topic->condition);
        chappe_mutex_unlock(executor_of(topic), topic->mutex);
}

/* Reports always come, at the latest when the producer closes. */
static int await_delivery(struct announcement *announcement, struct chappe_error *error)
{
        struct chappe_schema_topic *topic = announcement->topic;
        if (!chappe_deliveries_drop(&announcement->deliveries)) {
                chappe_mutex_lock(executor_of(topic), topic->mutex);
                while (!announcement->settled &&
                       chappe_condition_wait(executor_of(topic), topic->condition, topic->mutex, CHAPPE_FOREVER) !=
                               CHAPPE_WAIT_STOPPED)
                        ;
                chappe_mutex_unlock(executor_of(topic), topic->mutex);
        }
        int failure = -chappe_deliveries_result(&announcement->deliveries);
        return failure ? chappe_fail(error, failure, "a schema could not be announced in %s", topic->name) : 0;
}

static int publish(struct chappe_schema_topic *topic, struct chappe_schema *schema, struct chappe_error *error)
{
        uint8_t key[FINGERPRINT_SIZE];
        key_of(chappe_schema_fingerprint(schema), key);
        struct chappe_text text = chappe_schema_text(schema);
        struct chappe_outgoing outgoing = {
                .topic = topic->name,
                .partition = CHAPPE_PARTITION_BY_KEY,
                .key = { key, sizeof(key) },
                .value = { (const uint8_t *)text.at, text.length },
        };
        struct announcement *announcement = calloc(1, sizeof(*announcement));
        if (!announcement)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for an announcement");
        announcement->topic = topic;
        announcement->next = topic->announcements;
        topic->announcements = announcement;
        chappe_deliveries_init(&announcement->deliveries, settled, announcement);
        int status = chappe_publisher_send(topic->runtime->publisher, CHAPPE_SEND_EVENT, &outgoing,
                                           &announcement->deliveries, error);
        return status < 0 ? status : await_delivery(announcement, error);
}

static int announce(void *context, const char *name, struct chappe_schema *schema, struct chappe_frame *ret_frame,
                    struct chappe_error *error)
{
        struct chappe_schema_topic *topic = context;
        struct chappe_schema *known = NULL;
        (void)name;
        *ret_frame = (struct chappe_frame){ .framing = CHAPPE_FRAMING_SINGLE_OBJECT,
                                            .fingerprint = chappe_schema_fingerprint(schema) };
        if (find(topic, topic->name, ret_frame, &known, NULL) == 0) {
                chappe_schema_unref(known);
                return 0;
        }
        int status = -CHAPPE_E_DELIVERY_FAILED;
        for (int attempt = 0; attempt < ANNOUNCE_ATTEMPTS && status < 0 && status != -CHAPPE_E_STOPPED; attempt++)
                status = publish(topic, schema, error);
        if (status < 0)
                return status;
        chappe_log_write(topic->runtime->log, CHAPPE_LOG_SCHEMA_ANNOUNCED, "announced the schema of %s in %s",
                         chappe_schema_name(schema), topic->name);
        chappe_mutex_lock(executor_of(topic), topic->mutex);
        (void)insert(topic, chappe_schema_ref(schema), NULL); /* others read it from the topic */
        chappe_mutex_unlock(executor_of(topic), topic->mutex);
        return 0;
}

struct chappe_schema_backend chappe_schema_topic_backend(struct chappe_schema_topic *topic)
{
        return (struct chappe_schema_backend){ find, announce, topic };
}

struct chappe_schema_topic *chappe_schema_topic_free(struct chappe_schema_topic *topic)
{
        if (!topic)
                return NULL;
        for (size_t i = 0; i < topic->count; i++)
                chappe_schema_unref(topic->schemas[i]);
        free(topic->schemas);
        while (topic->announcements) {
                struct announcement *announcement = topic->announcements;
                topic->announcements = announcement->next;
                free(announcement);
        }
        chappe_condition_free(executor_of(topic), topic->condition);
        chappe_mutex_free(executor_of(topic), topic->mutex);
        free(topic);
        return NULL;
}
