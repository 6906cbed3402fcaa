/* SPDX-License-Identifier: Apache-2.0 */
/* Values of schemas known at run time only: look inside, copy, compare, hash, print. Generated structs can be looked at
 * so, too. */
#pragma once

#include <chappe/codec.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A view of a value, or of a part of one: three pointers, copied freely, valid as long as what they point to. */
struct chappe_value {
        const struct chappe_schema_node *node;
        const struct chappe_layout *layout;
        const void *at; /* NULL: there is no such part */
};

/* A value held by the schema's own layout (chappe_schema_layout), as chappe_plan_decode or chappe_json_read fill it. */
int chappe_value_of(struct chappe_schema *schema, const void *at, struct chappe_value *ret_value,
                    struct chappe_error *error);
/* A generated struct. */
int chappe_value_of_type(const struct chappe_type *type, const void *at, struct chappe_value *ret_value,
                         struct chappe_error *error);
/* Decodes data of writer as reader: memory for the value comes from the arena. plan: of the two, with reader's own
 * layout. limits may be NULL. */
int chappe_value_decode(const struct chappe_plan *plan, const void *bytes, size_t length, struct chappe_arena *arena,
                        const struct chappe_decode_limits *limits, struct chappe_value *ret_value,
                        struct chappe_error *error);

static inline bool chappe_value_exists(struct chappe_value value)
{
        return value.at != NULL;
}

/* Looking inside. A union is never seen: the value is that of its branch, CHAPPE_SCHEMA_NULL without one. */
enum chappe_schema_kind chappe_value_kind(struct chappe_value value);
/* Items of an array, entries of a map, fields of a record; 0 for others. */
size_t chappe_value_count(struct chappe_value value);
/* The n-th item, entry or field; none beyond the last. */
struct chappe_value chappe_value_at(struct chappe_value value, size_t n);
/* The key of the n-th entry, the name of the n-th field. */
struct chappe_text chappe_value_key_at(struct chappe_value value, size_t n);
/* "lines[0].sku": fields and entries by name, items by number; none where the path leads nowhere. "$" in front is
 * allowed. */
struct chappe_value chappe_value_get(struct chappe_value value, const char *path);

/* The value as a C type. False: it is of another kind, and *ret_value is as before. */
bool chappe_value_boolean(struct chappe_value value, bool *ret_value);
/* int and long. */
bool chappe_value_integer(struct chappe_value value, int64_t *ret_value);
/* float and double, int and long. */
bool chappe_value_number(struct chappe_value value, double *ret_value);
/* string, or the symbol of an enum. */
bool chappe_value_text(struct chappe_value value, struct chappe_text *ret_value);
/* bytes and fixed. */
bool chappe_value_bytes(struct chappe_value value, struct chappe_bytes *ret_value);

/* Values that a program made: what is nested deeper than 256 arrays, maps and pointers, as a value is that leads back to
 * itself, and a length or count at NULL are refused where there is an error to say so. */

/* A deep copy into *ret_at (layout->size bytes) and the arena: of its own, also where the original points into a
 * message. */
int chappe_value_copy(struct chappe_value value, struct chappe_arena *arena, void *ret_at, struct chappe_error *error);
/* < 0, 0, > 0 in Avro's sort order (specification, "Sort Order"); both of the same schema. A map is equal or not: 1. Values nested too deeply
 * cannot be told apart: 0. At NULL there is nothing, whatever the length. */
int chappe_value_compare(struct chappe_value a, struct chappe_value b);
/* Equal values have equal hashes, on every machine; the order of a map's entries does not count. Of a value nested too
 * deeply: 0. */
uint64_t chappe_value_hash(struct chappe_value value);

/* Appends it, or the part that it is, as plain JSON (chappe_json_print_plain). */
int chappe_value_print(struct chappe_value value, struct chappe_buffer *buffer, struct chappe_error *error);

/* The same for generated structs; the generated helpers call these. Negative when the type's schema cannot be read. */
int chappe_type_copy(const struct chappe_type *type, const void *value, struct chappe_arena *arena, void *ret_value,
                     struct chappe_error *error);
/* Of values of one type; a schema that cannot be read (chappe_type_plan says why) compares nothing: 0. */
int chappe_type_compare(const struct chappe_type *type, const void *a, const void *b);
uint64_t chappe_type_hash(const struct chappe_type *type, const void *value);
/* Plain JSON. */
int chappe_type_print(const struct chappe_type *type, const void *value, struct chappe_buffer *buffer,
                      struct chappe_error *error);

#ifdef __cplusplus
}
#endif
