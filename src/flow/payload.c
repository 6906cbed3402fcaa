/* SPDX-License-Identifier: Apache-2.0 */
/* Payloads: writers by what a frame names, plans by writer and type; both are only ever added to, and read without a
 * lock. */
#include "flow/payload.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "avro/plan_within.h"
#include "base/executor.h"
#include "config/bounds.h"
#include "flow/channels.h"

#define BUCKETS         256
#define WRITERS_MAXIMUM 10000
#define PLANS_MAXIMUM   20000

/* A schema that payloads name. Never changes once it is in its bucket. A registry's id is known for one topic: on
 * another it may not be allowed. */
struct known_writer {
        struct known_writer *next;
        struct chappe_frame frame;
        char *topic; /* NULL: any */
        struct chappe_writer writer;
};

/* How data of one schema becomes one type, whatever topics and ids named the schema; plan NULL: it cannot, for this
 * reason. */
struct known_plan {
        struct known_plan *next;
        const struct chappe_schema *schema; /* kept by its known_writer */
        const struct chappe_type *type;
        struct chappe_plan *plan;
        struct chappe_error error;
};

/* A type of the operations table. */
struct local_type {
        const struct chappe_type *type;
        struct chappe_schema *schema;
        struct chappe_plan *plan; /* to itself, for encoding; NULL when it is only read */
};

struct written {
        const struct chappe_type *type;
        const char *topic; /* NULL: to whoever asks */
        /* from start on */
        const struct chappe_plan *plan;
        struct chappe_buffer frame; /* what stands in front of each payload */
};

struct chappe_payload {
        struct chappe_runtime *runtime;
        struct chappe_executor *executor;
        struct chappe_mutex *mutex;
        /* constant after start */
        struct chappe_schema_backend backend;
        struct chappe_decode_limits limits;
        struct local_type *types;
        size_t type_count;
        struct written *written;
        size_t written_count;
        /* added to under mutex, read without */
        struct known_writer *_Atomic writers[BUCKETS];
        struct known_plan *_Atomic plans[BUCKETS];
        /* under mutex */
        size_t writer_count;
        size_t plan_count;
};

const struct chappe_decode_limits *chappe_payload_decode_limits(const struct chappe_payload *payload)
{
        return &payload->limits;
}

int chappe_payload_new(struct chappe_runtime *runtime, struct chappe_payload **ret_payload, struct chappe_error *error)
{
        struct chappe_payload *payload = calloc(1, sizeof(*payload));
        *ret_payload = payload;
        if (payload) {
                payload->runtime = runtime;
                payload->executor = runtime->world->executor;
                struct chappe_decode_limits limits = chappe_decode_limits_configured(runtime->config);
                payload->limits = chappe_decode_limits_of(&limits);
                payload->mutex = chappe_mutex_new(payload->executor);
        }
        if (payload && payload->mutex)
                return 0;
        free(payload);
        *ret_payload = NULL;
        return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for schemas");
}

static void free_writers(struct known_writer *entry)
{
        while (entry) {
                struct known_writer *next = entry->next;
                chappe_schema_unref(entry->writer.schema);
                free(entry->topic);
                free(entry);
                entry = next;
        }
}

static void free_plans(struct known_plan *entry)
{
        while (entry) {
                struct known_plan *next = entry->next;
                chappe_plan_free(entry->plan);
                free(entry);
                entry = next;
        }
}

struct chappe_payload *chappe_payload_free(struct chappe_payload *payload)
{
        if (!payload)
                return NULL;
        for (size_t i = 0; i < BUCKETS; i++)
                free_plans(atomic_load(&payload->plans[i]));
        for (size_t i = 0; i < BUCKETS; i++)
                free_writers(atomic_load(&payload->writers[i]));
        for (size_t i = 0; i < payload->type_count; i++) {
                chappe_plan_free(payload->types[i].plan);
                chappe_schema_unref(payload->types[i].schema);
        }
        for (size_t i = 0; i < payload->written_count; i++)
                chappe_buffer_deinit(&payload->written[i].frame);
        free(payload->types);
        free(payload->written);
        chappe_mutex_free(payload->executor, payload->mutex);
        free(payload);
        return NULL;
}

static size_t bucket_of(uint64_t id)
{
        return (id * 0x9e3779b97f4a7c15u) >> 56;
}

/* What the frame calls the schema, as far as a bucket needs to know it. */
static uint64_t id_of(const struct chappe_frame *frame)
{
        uint64_t half;

        if (frame->framing != CHAPPE_FRAMING_HEADER)
                return frame->framing == CHAPPE_FRAMING_CONFLUENT ? frame->schema_id : frame->fingerprint;
        memcpy(&half, frame->guid, sizeof(half));
        return half;
}

static bool names(const struct known_writer *entry, const struct chappe_frame *frame, const char *topic)
{
        return entry->frame.framing == frame->framing && id_of(&entry->frame) == id_of(frame) &&
               memcmp(entry->frame.guid, frame->guid, sizeof(frame->guid)) == 0 &&
               (!entry->topic || strcmp(entry->topic, topic) == 0);
}

static const struct chappe_writer *find_writer(struct chappe_payload *payload, const struct chappe_frame *frame,
                                               const char *topic)
{
        struct known_writer *entry =
                atomic_load_explicit(&payload->writers[bucket_of(id_of(frame))], memory_order_acquire);
        while (entry && !names(entry, frame, topic))
                entry = entry->next;
        return entry ? &entry->writer : NULL;
}

static struct known_writer *make_writer(const struct chappe_frame *frame, const char *topic,
                                        struct chappe_schema *schema)
{
        struct known_writer *entry = calloc(1, sizeof(*entry));
        bool any = frame->framing == CHAPPE_FRAMING_SINGLE_OBJECT;
        char *copy = any ? NULL : strdup(topic);
        if (!entry || (!any && !copy)) {
                free(entry);
                free(copy);
                return NULL;
        }
        *entry = (struct known_writer){ .frame = *frame,
                                        .topic = copy,
                                        .writer = { chappe_schema_name(schema), schema } };
        return entry;
}

/* Takes the reference. Two strands may learn the same schema at once: the later entry is found first, both are right.
 */
static int add_writer(struct chappe_payload *payload, const struct chappe_frame *frame, const char *topic,
                      struct chappe_schema *schema, const struct chappe_writer **ret_writer, struct chappe_error *error)
{
        struct known_writer *entry = make_writer(frame, topic, schema);
        chappe_mutex_lock(payload->executor, payload->mutex);
        bool full = payload->writer_count >= WRITERS_MAXIMUM;
        if (entry && !full) {
                entry->next = atomic_load_explicit(&payload->writers[bucket_of(id_of(frame))], memory_order_relaxed);
                atomic_store_explicit(&payload->writers[bucket_of(id_of(frame))], entry, memory_order_release);
                payload->writer_count++;
        }
        chappe_mutex_unlock(payload->executor, payload->mutex);
        if (entry && !full) {
                *ret_writer = &entry->writer;
                return 0;
        }
        if (entry)
                free_writers(entry);
        else
                chappe_schema_unref(schema);
        return full ? chappe_fail(error, CHAPPE_E_LIMIT, "payloads name more than %d different schemas",
                                  WRITERS_MAXIMUM)
                    : chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a schema");
}

struct chappe_bytes chappe_payload_schema_header(const struct chappe_record *record)
{
        struct chappe_header headers[CHAPPE_HEADERS_MAXIMUM];
        size_t count = chappe_record_headers(record, headers, CHAPPE_HEADERS_MAXIMUM);
        /* Beyond what is accepted there are more than were stored. */
        if (chappe_headers_check(headers, count, NULL) < 0)
                return (struct chappe_bytes){ 0 };
        const struct chappe_header *header = chappe_header_find(headers, count, CHAPPE_HEADER_VALUE_SCHEMA_ID);
        return header ? (struct chappe_bytes){ header->value, header->length } : (struct chappe_bytes){ 0 };
}

int chappe_payload_open(struct chappe_payload *payload, const char *topic, struct chappe_bytes framed,
                        struct chappe_bytes schema_header, const struct chappe_writer **ret_writer,
                        struct chappe_bytes *ret_body, struct chappe_error *error)
{
        struct chappe_frame frame;
        int status = chappe_frame_read(CHAPPE_FRAMING_SINGLE_OBJECT, framed, schema_header, &frame, ret_body, error);
        if (status < 0)
                return status;
        *ret_writer = find_writer(payload, &frame, topic);
        if (*ret_writer)
                return 0;
        struct chappe_schema *schema;
        status = payload->backend.find(payload->backend.context, topic, &frame, &schema, error);
        return status < 0 ? status : add_writer(payload, &frame, topic, schema, ret_writer, error);
}

static struct local_type *find_type(struct chappe_payload *payload, const struct chappe_type *type)
{
        for (size_t i = 0; i < payload->type_count; i++) {
                if (payload->types[i].type == type)
                        return &payload->types[i];
        }
        return NULL;
}

static struct chappe_frame frame_of(struct chappe_schema *schema)
{
        return (struct chappe_frame){ .framing = CHAPPE_FRAMING_SINGLE_OBJECT,
                                      .fingerprint = chappe_schema_fingerprint(schema) };
}

const struct chappe_writer *chappe_payload_own(struct chappe_payload *payload, const struct chappe_type *type)
{
        struct chappe_frame frame = frame_of(find_type(payload, type)->schema);
        return find_writer(payload, &frame, NULL);
}

static size_t plan_bucket(const struct chappe_schema *schema, const struct chappe_type *type)
{
        return bucket_of((uintptr_t)schema ^ ((uintptr_t)type << 1));
}

static struct known_plan *find_plan(struct chappe_payload *payload, const struct chappe_schema *schema,
                                    const struct chappe_type *type)
{
        struct known_plan *entry =
                atomic_load_explicit(&payload->plans[plan_bucket(schema, type)], memory_order_acquire);
        while (entry && (entry->schema != schema || entry->type != type))
                entry = entry->next;
        return entry;
}

/* An incompatible pair is kept too, so that a stranger's records do not make us compile again each time. */
static struct known_plan *add_plan(struct chappe_payload *payload, struct chappe_schema *schema,
                                   const struct local_type *local, struct chappe_error *error)
{
        struct known_plan *entry = calloc(1, sizeof(*entry));
        if (!entry) {
                chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a plan");
                return NULL;
        }
        entry->schema = schema;
        entry->type = local->type;
        int status = chappe_plan_for_type(schema, local->schema, local->type, &entry->plan, &entry->error);
        if (status == -CHAPPE_E_NO_MEMORY) {
                *error = entry->error;
                free(entry);
                return NULL;
        }
        struct known_plan *_Atomic *bucket = &payload->plans[plan_bucket(schema, local->type)];
        chappe_mutex_lock(payload->executor, payload->mutex);
        bool full = payload->plan_count >= PLANS_MAXIMUM;
        if (!full) {
                entry->next = atomic_load_explicit(bucket, memory_order_relaxed);
                atomic_store_explicit(bucket, entry, memory_order_release);
                payload->plan_count++;
        }
        chappe_mutex_unlock(payload->executor, payload->mutex);
        if (!full)
                return entry;
        free_plans(entry);
        chappe_fail(error, CHAPPE_E_LIMIT, "more than %d pairs of schemas", PLANS_MAXIMUM);
        return NULL;
}

const struct chappe_plan *chappe_payload_plan(struct chappe_payload *payload, const struct chappe_writer *writer,
                                              const struct chappe_type *type, struct chappe_error *error)
{
        struct known_plan *entry = find_plan(payload, writer->schema, type);
        if (!entry) {
                const struct local_type *local = find_type(payload, type);
                if (!local) {
                        chappe_fail(error, CHAPPE_E_USAGE, "%s is not in the operations table", type->name);
                        return NULL;
                }
                entry = add_plan(payload, writer->schema, local, error);
        }
        if (entry && !entry->plan)
                *error = entry->error;
        return entry ? entry->plan : NULL;
}

int chappe_payload_decode(struct chappe_payload *payload, const struct chappe_writer *writer,
                          const struct chappe_type *type, struct chappe_bytes body, struct chappe_arena *arena,
                          void *ret_value, struct chappe_error *error)
{
        struct chappe_error failure;
        const struct chappe_plan *plan = chappe_payload_plan(payload, writer, type, error ? error : &failure);
        if (!plan)
                return -(error ? error : &failure)->code;
        return chappe_plan_decode_within(plan, body.at, body.length, arena, &payload->limits, ret_value, error);
}

static const char *without_namespace(const char *name)
{
        const char *dot = strrchr(name, '.');
        return dot ? dot + 1 : name;
}

bool chappe_payload_matches(const struct chappe_writer *writer, const struct chappe_type *type)
{
        return strcmp(without_namespace(writer->name), without_namespace(type->name)) == 0;
}

static const struct written *find_written(const struct chappe_payload *payload, const char *topic,
                                          const struct chappe_type *type)
{
        const struct written *any = NULL;
        for (size_t i = 0; i < payload->written_count; i++) {
                const struct written *written = &payload->written[i];
                if (written->type != type)
                        continue;
                if (!topic || written->topic == topic || (written->topic && strcmp(written->topic, topic) == 0))
                        return written;
                any = written;
        }
        return any;
}

int chappe_payload_encode(struct chappe_payload *payload, const char *topic, const struct chappe_type *type,
                          const void *value, struct chappe_buffer *buffer, struct chappe_error *error)
{
        const struct written *written = find_written(payload, topic, type);
        if (!written)
                return chappe_fail(error, CHAPPE_E_NOT_DECLARED, "the operations table does not write %s", type->name);
        size_t before = buffer->length;
        int status = chappe_buffer_append(buffer, written->frame.at, written->frame.length);
        if (status < 0)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a %s", type->name);
        status = chappe_plan_encode(written->plan, value, buffer, error);
        if (status < 0)
                buffer->length = before;
        return status;
}

static int get_type(struct chappe_payload *payload, const struct chappe_type *type, struct local_type **ret_type,
                    struct chappe_error *error)
{
        *ret_type = find_type(payload, type);
        if (*ret_type)
                return 0;
        struct local_type *types = realloc(payload->types, (payload->type_count + 1) * sizeof(*types));
        if (!types)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for schemas");
        payload->types = types;
        struct local_type *local = &types[payload->type_count];
        static const struct chappe_schema_limits most = CHAPPE_SCHEMA_LIMITS_MOST; /* it is our own */
        *local = (struct local_type){ .type = type };
        int status = chappe_schema_parse_within(type->name, chappe_text(type->schema), &most, &local->schema, error);
        if (status < 0)
                return status;
        payload->type_count++;
        *ret_type = local;
        return 0;
}

int chappe_payload_reads(struct chappe_payload *payload, const struct chappe_type *type, struct chappe_error *error)
{
        struct local_type *local;
        int status = get_type(payload, type, &local, error);
        if (status < 0)
                return status;
        /* Data of our own schema needs nobody's answer. */
        const struct chappe_writer *writer;
        struct chappe_frame frame = frame_of(local->schema);
        if (find_writer(payload, &frame, NULL))
                return 0;
        return add_writer(payload, &frame, NULL, chappe_schema_ref(local->schema), &writer, error);
}

int chappe_payload_writes(struct chappe_payload *payload, const char *topic, const struct chappe_type *type,
                          struct chappe_error *error)
{
        struct local_type *local;
        int status = get_type(payload, type, &local, error);
        if (status == 0 && !local->plan)
                status = chappe_plan_for_type(local->schema, local->schema, type, &local->plan, error);
        if (status < 0)
                return status;
        struct written *written = realloc(payload->written, (payload->written_count + 1) * sizeof(*written));
        if (!written)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for schemas");
        payload->written = written;
        written[payload->written_count++] = (struct written){ .type = type, .topic = topic };
        return 0;
}

static int start_writing(struct chappe_payload *payload, struct written *written, struct chappe_error *error)
{
        const struct chappe_schema_backend *backend = &payload->backend;
        const struct local_type *local = find_type(payload, written->type);
        const struct chappe_channel *channel =
                written->topic ? chappe_channels_find(payload->runtime->channels, written->topic) : NULL;
        struct chappe_frame frame = { .framing = CHAPPE_FRAMING_BARE };
        int status = 0;
        if (!channel || !channel->bare)
                status = backend->announce(backend->context, written->topic, local->schema, &frame, error);
        if (status < 0)
                return status;
        written->plan = local->plan;
        written->frame.length = 0;
        return chappe_frame_append(&frame, &written->frame) < 0
                       ? chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for schemas")
                       : 0;
}

int chappe_payload_start(struct chappe_payload *payload, const struct chappe_schema_backend *backend,
                         struct chappe_error *error)
{
        int status = 0;
        payload->backend = *backend;
        for (size_t i = 0; status == 0 && i < payload->written_count; i++)
                status = start_writing(payload, &payload->written[i], error);
        return status;
}
