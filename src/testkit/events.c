/* SPDX-License-Identifier: Apache-2.0 */
/* Events in and out of a kit's cluster, as a program that knows only topics and schemas would write and read them. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/id.h"
#include "testkit/kit.h"

#define PARTITIONS   4
#define SCHEMA_TOPIC "_chappe-schemas"
#define FRAME_SIZE   10 /* Avro single-object encoding: C3 01, then the fingerprint, little-endian */

static void fingerprint_put(uint64_t fingerprint, uint8_t ret_bytes[8])
{
        for (int i = 0; i < 8; i++)
                ret_bytes[i] = (uint8_t)(fingerprint >> (8 * i));
}

static uint64_t fingerprint_get(const uint8_t bytes[8])
{
        uint64_t fingerprint = 0;

        for (int i = 0; i < 8; i++)
                fingerprint |= (uint64_t)bytes[i] << (8 * i);
        return fingerprint;
}

static int complain(const char *topic, const struct chappe_error *error)
{
        fprintf(stderr, "testkit: %s: E%d %s\n", topic, error->code, error->text);
        return -error->code;
}

/* The text of a schema that somebody shared. */
static struct chappe_text schema_text(struct chappe_testkit *kit, uint64_t fingerprint)
{
        struct chappe_text text = { 0 };
        struct chappe_record record;

        for (int32_t p = 0; !text.at && p < chappe_sim_partition_count(kit->sim, SCHEMA_TOPIC); p++)
                for (int64_t o = 0; !text.at && chappe_sim_read(kit->sim, SCHEMA_TOPIC, p, o, &record); o++) {
                        if (record.key.length == 8 && fingerprint_get(record.key.at) == fingerprint)
                                text = chappe_arena_text(
                                        kit->arena,
                                        (struct chappe_text){ (const char *)record.value.at, record.value.length });
                        chappe_record_release(&record);
                }
        return text;
}

static int plan_compile(struct chappe_testkit *kit, uint64_t fingerprint, const struct chappe_type *type,
                        struct chappe_plan **ret_plan, struct chappe_error *error)
{
        struct chappe_text text = chappe_text(type->schema);
        static const struct chappe_schema_limits most = CHAPPE_SCHEMA_LIMITS_MOST; /* both are the test's own */
        struct chappe_schema *writer = NULL, *reader = NULL;
        int status;

        if (fingerprint != type->fingerprint)
                text = schema_text(kit, fingerprint);
        if (!text.at)
                return chappe_fail(error, CHAPPE_E_USAGE, "no schema with fingerprint %016" PRIx64 " was shared",
                                   fingerprint);
        status = chappe_schema_parse_within("writer", text, &most, &writer, error);
        if (status == 0)
                status = chappe_schema_parse_within(type->name, chappe_text(type->schema), &most, &reader, error);
        if (status == 0)
                status = chappe_plan_for_type(writer, reader, type, ret_plan, error);
        chappe_schema_unref(writer);
        chappe_schema_unref(reader);
        return status;
}

static const struct chappe_plan *plan_get(struct chappe_testkit *kit, uint64_t writer, const struct chappe_type *type,
                                          struct chappe_error *error)
{
        struct reading_plan *entry = kit->plans;

        while (entry && (entry->writer != writer || entry->type != type))
                entry = entry->next;
        if (entry)
                return entry->plan;
        entry = calloc(1, sizeof(*entry));
        if (!entry)
                abort();
        if (plan_compile(kit, writer, type, &entry->plan, error) < 0) {
                free(entry);
                return NULL;
        }
        entry->writer = writer;
        entry->type = type;
        entry->next = kit->plans;
        kit->plans = entry;
        return entry->plan;
}

void chappe_testkit_plans_free(struct chappe_testkit *kit)
{
        while (kit->plans) {
                struct reading_plan *entry = kit->plans;

                kit->plans = entry->next;
                chappe_plan_free(entry->plan);
                free(entry);
        }
}

/* Shared before the first event that needs it, like any publisher's. */
static void schema_share(struct chappe_testkit *kit, const struct chappe_type *type)
{
        uint8_t key[8];

        fingerprint_put(type->fingerprint, key);
        chappe_sim_topic_create(kit->sim, SCHEMA_TOPIC, 1);
        if (!schema_text(kit, type->fingerprint).at)
                chappe_sim_append(kit->sim, SCHEMA_TOPIC, 0, (struct chappe_bytes){ key, sizeof(key) },
                                  (struct chappe_bytes){ (const uint8_t *)type->schema, strlen(type->schema) }, NULL,
                                  0);
}

/* The record key: the string field that the type names. */
static struct chappe_bytes key_of(const struct chappe_type *type, const void *event)
{
        for (uint32_t i = 0; type->key && i < type->layout->count; i++) {
                const struct chappe_member *member = &type->layout->members[i];
                const struct chappe_text *text = (const void *)((const char *)event + member->offset);

                if (strcmp(member->name, type->key) == 0)
                        return (struct chappe_bytes){ (const uint8_t *)text->at, text->length };
        }
        return (struct chappe_bytes){ 0 };
}

int chappe_testkit_feed_as(struct chappe_testkit *kit, const char *event_id, const char *topic,
                           const struct chappe_type *type, const void *event)
{
        CHAPPE_CLEANUP(buffer) struct chappe_buffer payload = { 0 };
        struct chappe_header id = { .name = "ce_id", .value = event_id, .length = strlen(event_id) };
        const struct chappe_plan *plan;
        struct chappe_error error;
        uint8_t frame[FRAME_SIZE] = { 0xc3, 0x01 };
        int64_t offset;

        plan = plan_get(kit, type->fingerprint, type, &error);
        fingerprint_put(type->fingerprint, frame + 2);
        if (!plan || chappe_buffer_append(&payload, frame, sizeof(frame)) < 0 ||
            chappe_plan_encode(plan, event, &payload, &error) < 0)
                return complain(topic, &error);
        schema_share(kit, type);
        chappe_sim_topic_create(kit->sim, topic, PARTITIONS);
        offset = chappe_sim_append(kit->sim, topic, CHAPPE_PARTITION_BY_KEY, key_of(type, event),
                                   (struct chappe_bytes){ payload.at, payload.length }, &id, 1);
        return offset < 0 ? (int)offset : 0;
}

int chappe_testkit_feed(struct chappe_testkit *kit, const char *topic, const struct chappe_type *type,
                        const void *event)
{
        char id[CHAPPE_ID_SIZE];

        chappe_id_derive(chappe_text("testkit"), chappe_text(topic), (uint32_t)kit->fed++, id);
        return chappe_testkit_feed_as(kit, id, topic, type, event);
}

int chappe_testkit_feed_bytes(struct chappe_testkit *kit, const char *topic, struct chappe_bytes key,
                              struct chappe_bytes value)
{
        int64_t offset;

        chappe_sim_topic_create(kit->sim, topic, PARTITIONS);
        offset = chappe_sim_append(kit->sim, topic, CHAPPE_PARTITION_BY_KEY, key, value, NULL, 0);
        return offset < 0 ? (int)offset : 0;
}

size_t chappe_testkit_published(struct chappe_testkit *kit, const char *topic)
{
        size_t count = 0;

        for (int32_t p = 0; p < chappe_sim_partition_count(kit->sim, topic); p++)
                count += (size_t)chappe_sim_end(kit->sim, topic, p);
        return count;
}

int chappe_testkit_read(struct chappe_testkit *kit, const char *topic, size_t n, const struct chappe_type *type,
                        void *ret_event)
{
        const struct chappe_plan *plan;
        struct chappe_record record;
        struct chappe_error error;
        struct chappe_text value;

        if (!chappe_sim_read_nth(kit->sim, topic, n, &record))
                return complain(topic, &(struct chappe_error){ CHAPPE_E_USAGE, "there are not so many records" });
        value = chappe_arena_text(kit->arena,
                                  (struct chappe_text){ (const char *)record.value.at, record.value.length });
        chappe_record_release(&record);
        if (value.length < FRAME_SIZE || memcmp(value.at, "\xc3\x01", 2) != 0)
                return complain(topic, &(struct chappe_error){ CHAPPE_E_USAGE, "not in Avro single-object encoding" });
        plan = plan_get(kit, fingerprint_get((const uint8_t *)value.at + 2), type, &error);
        if (!plan || chappe_plan_decode(plan, value.at + FRAME_SIZE, value.length - FRAME_SIZE, kit->arena, NULL,
                                        ret_event, &error) < 0)
                return complain(topic, &error);
        return 0;
}

struct chappe_text chappe_testkit_read_header(struct chappe_testkit *kit, const char *topic, size_t n, const char *name)
{
        struct chappe_text text = { "", 0 };
        struct chappe_header headers[64];
        struct chappe_record record;
        size_t count;

        if (!chappe_sim_read_nth(kit->sim, topic, n, &record))
                return text;
        count = chappe_record_headers(&record, headers, 64);
        for (size_t i = 0; i < count && i < 64; i++)
                if (strcmp(headers[i].name, name) == 0)
                        text = chappe_arena_text(kit->arena,
                                                 (struct chappe_text){ headers[i].value, headers[i].length });
        chappe_record_release(&record);
        return text;
}

struct chappe_bytes chappe_testkit_read_bytes(struct chappe_testkit *kit, const char *topic, size_t n)
{
        struct chappe_record record;
        struct chappe_text copy;

        if (!chappe_sim_read_nth(kit->sim, topic, n, &record))
                return (struct chappe_bytes){ 0 };
        copy = chappe_arena_text(kit->arena,
                                 (struct chappe_text){ (const char *)record.value.at, record.value.length });
        chappe_record_release(&record);
        return (struct chappe_bytes){ (const uint8_t *)copy.at, copy.length };
}
