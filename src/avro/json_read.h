/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of reading JSON share. */
#pragma once

#include <chappe/codec.h>

#include "avro/json_tree.h"
#include "avro/schema_model.h"

struct chappe_json_reader {
        const struct chappe_schema *schema;
        const struct chappe_json_document *document; /* the text, or the schema's while a default is read */
        struct chappe_arena *arena;
        struct chappe_error *error; /* NULL while branches are tried */
        unsigned tries;             /* values that may still be read meanwhile */
        bool plain;                 /* logical types are text */
};

#define CHAPPE_JSON_MISFIT(reader, json, ...)                                                                          \
        ((reader)->error                                                                                               \
                 ? chappe_json_fail((reader)->document, json, (reader)->error, CHAPPE_E_JSON_MISMATCH, __VA_ARGS__)    \
                 : -CHAPPE_E_JSON_MISMATCH)

int chappe_json_wrong_kind(struct chappe_json_reader *reader, const struct chappe_schema_node *node,
                           const struct chappe_json_node *json);
/* A default of the schema is being read: it has Avro's form, whatever the text has. */
static inline bool chappe_json_in_default(const struct chappe_json_reader *reader)
{
        return reader->document == &reader->schema->document;
}

/* Reads any value into its place, which is cleared. */
int chappe_json_read_value(struct chappe_json_reader *reader, const struct chappe_schema_node *node,
                           const struct chappe_layout *layout, const struct chappe_json_node *json, uint8_t *value);
/* Reads a union. (json_union.c) */
int chappe_json_read_union(struct chappe_json_reader *reader, const struct chappe_schema_node *node,
                           const struct chappe_layout *layout, const struct chappe_json_node *json, uint8_t *value);
