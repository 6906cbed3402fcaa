/* SPDX-License-Identifier: Apache-2.0 */
/* Encoding and decoding Avro values through plans: (writer schema, reader type) compiled once, run often. */
#pragma once

#include <chappe/arena.h>
#include <chappe/buffer.h>
#include <chappe/error.h>
#include <chappe/schema.h>
#include <chappe/text.h>
#include <chappe/type.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bounds of one decode; zero members mean the defaults beside them. The errors they cause name them as the settings that a service
 * has for them: decode_depth, … */
struct chappe_decode_limits {
        size_t depth;            /* arrays, maps and records behind pointers within each other: 64; at most 1,024 */
        size_t zero_byte_items;  /* items that take no bytes (nulls, empty records), in a datum: 10,000 */
        size_t memory_factor;    /* memory for a value at most factor × payload + constant: 16 */
        size_t memory_constant;  /* 1,048,576 bytes */
};

/* A compiled pair. Immutable after compiling: usable from any thread. */
struct chappe_plan;

/* Compiles reading data of writer as reader into the C form that layout describes. An incompatible pair is an error here, with
 * the JSON path, and never half a value later. The schemas are referenced by the plan; the layout must outlive it. */
int chappe_plan_new(struct chappe_schema *writer, struct chappe_schema *reader, const struct chappe_layout *layout,
                    struct chappe_plan **ret_plan, struct chappe_error *error);
/* The same for a generated type, whose schema is reader: data of an equal schema takes the type's straight-line code. */
int chappe_plan_for_type(struct chappe_schema *writer, struct chappe_schema *reader, const struct chappe_type *type,
                         struct chappe_plan **ret_plan, struct chappe_error *error);
struct chappe_plan *chappe_plan_free(struct chappe_plan *plan);

/* Decodes exactly one datum that fills all the bytes into *ret_value (layout->size bytes). Strings and bytes point into the
 * payload; arrays, maps and defaults are allocated from the arena. limits may be NULL. */
int chappe_plan_decode(const struct chappe_plan *plan, const void *bytes, size_t length, struct chappe_arena *arena,
                       const struct chappe_decode_limits *limits, void *ret_value, struct chappe_error *error);

/* Appends the value's binary encoding. The plan's writer and reader must be the same schema (a plan of a type to itself). On
 * error the buffer's length is as before. */
int chappe_plan_encode(const struct chappe_plan *plan, const void *value, struct chappe_buffer *buffer,
                       struct chappe_error *error);

/* A generated type by itself: the plan of its schema to itself, compiled on first use and kept for the life of the process. Any
 * thread. */
int chappe_type_plan(const struct chappe_type *type, const struct chappe_plan **ret_plan, struct chappe_error *error);
/* chappe_plan_decode and chappe_plan_encode by that plan. */
int chappe_type_decode(const struct chappe_type *type, const void *bytes, size_t length, struct chappe_arena *arena,
                       void *ret_value, struct chappe_error *error);
int chappe_type_encode(const struct chappe_type *type, const void *value, struct chappe_buffer *buffer,
                       struct chappe_error *error);

/* The layout in which values of a schema are held when there is no generated struct; lives with the schema, the same for the
 * same schema object. By the same rules as chappe-gen's structs. */
const struct chappe_layout *chappe_schema_layout(struct chappe_schema *schema, struct chappe_error *error);

/* Avro's JSON encoding (specification, "JSON Encoding") of a value held by the layout of this schema. */
int chappe_json_print(const struct chappe_schema *schema, const struct chappe_layout *layout, const void *value,
                      struct chappe_buffer *buffer, struct chappe_error *error);
/* The plain form that people write: no union wrappers, logical types as text (<chappe/logical.h>): "2026-11-28T10:15:30.250Z",
 * "-12.50". Bytes of no logical type as in Avro's JSON. */
int chappe_json_print_plain(const struct chappe_schema *schema, const struct chappe_layout *layout, const void *value,
                            struct chappe_buffer *buffer, struct chappe_error *error);
/* Reads Avro's JSON encoding into a value, and more: a union may be plain, a field with a default left out. Errors carry line,
 * column and JSON path. Everything is copied into the arena. */
int chappe_json_read(const struct chappe_schema *schema, const struct chappe_layout *layout, struct chappe_text json,
                     struct chappe_arena *arena, void *ret_value, struct chappe_error *error);
/* The same for the plain form: a string for a logical type is its text, a number for a decimal its value; dates and times may be
 * numbers as well. A plain string goes to a union's string branch first; the branch's name around it decides otherwise. */
int chappe_json_read_plain(const struct chappe_schema *schema, const struct chappe_layout *layout, struct chappe_text json,
                           struct chappe_arena *arena, void *ret_value, struct chappe_error *error);

#ifdef __cplusplus
}
#endif
