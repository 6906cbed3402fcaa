/* SPDX-License-Identifier: Apache-2.0 */
/* Between payload bytes and structs: frame, schema, plan. Confluent framing with a registry, Avro single-object
 * without, nothing on topics that the setting bare_topics names. */
#pragma once

#include <chappe/arena.h>
#include <chappe/buffer.h>
#include <chappe/codec.h>

#include "flow/context.h"
#include "flow/schema_backend.h"

/* Who wrote a payload: looked up once a schema, kept for ever. */
struct chappe_writer {
        const char *name; /* full name of the record (or the type's name), terminated */
        struct chappe_schema *schema;
};

/* The schema that the payload says it was written with, or the header __value_schema_id where it is looked at (at NULL
 * elsewhere). May wait (for the registry). -CHAPPE_E_SCHEMA_UNKNOWN: not known now, worth another try for a while;
 * -CHAPPE_E_REGISTRY_UNREACHABLE: nobody could say; other failures are final. ret_body: the bytes behind the frame. Any
 * strand. */
int chappe_payload_open(struct chappe_payload *payload, const char *topic, struct chappe_bytes framed,
                        struct chappe_bytes schema_header, const struct chappe_writer **ret_writer,
                        struct chappe_bytes *ret_body, struct chappe_error *error);
/* The value of that header; at NULL: the record has none. */
struct chappe_bytes chappe_payload_schema_header(const struct chappe_record *record);
/* The same for a bare payload, whose bytes are all body: its schema is the type's own. The type must have been
 * prepared. */
const struct chappe_writer *chappe_payload_own(struct chappe_payload *payload, const struct chappe_type *type);
/* How the writer's data become this type; compiled once a pair, kept for ever. NULL: they cannot. Any strand. */
const struct chappe_plan *chappe_payload_plan(struct chappe_payload *payload, const struct chappe_writer *writer,
                                              const struct chappe_type *type, struct chappe_error *error);
/* Decodes an opened body as type; strings point into the body, the rest lives in the arena. */
int chappe_payload_decode(struct chappe_payload *payload, const struct chappe_writer *writer,
                          const struct chappe_type *type, struct chappe_bytes body, struct chappe_arena *arena,
                          void *ret_value, struct chappe_error *error);
/* Does a type go by this writer's record name, namespace aside? */
bool chappe_payload_matches(const struct chappe_writer *writer, const struct chappe_type *type);
/* Appends frame and encoding. The type must have been prepared. */
int chappe_payload_encode(struct chappe_payload *payload, const char *topic, const struct chappe_type *type,
                          const void *value, struct chappe_buffer *buffer, struct chappe_error *error);
/* What the settings allow the values that others send. */
const struct chappe_decode_limits *chappe_payload_decode_limits(const struct chappe_payload *payload);
/* Before start. Takes NULL in free; returns NULL. */
int chappe_payload_new(struct chappe_runtime *runtime, struct chappe_payload **ret_payload, struct chappe_error *error);
struct chappe_payload *chappe_payload_free(struct chappe_payload *payload);
/* Before start: this type will be read. Parses its schema, so that broken ones stop the start. */
int chappe_payload_reads(struct chappe_payload *payload, const struct chappe_type *type, struct chappe_error *error);
/* Before start: this type will be written to this topic (with prefix; borrowed until free). */
int chappe_payload_writes(struct chappe_payload *payload, const char *topic, const struct chappe_type *type,
                          struct chappe_error *error);
/* At start: makes every written type known through the backend, which is kept for lookups. May wait. */
int chappe_payload_start(struct chappe_payload *payload, const struct chappe_schema_backend *backend,
                         struct chappe_error *error);
