/* SPDX-License-Identifier: Apache-2.0 */
/* Names of types (specification, "Names"): spelling, namespaces, and which type a name means. */
#pragma once

#include "avro/schema_model.h"

#define CHAPPE_NAME_BUCKETS 256u

struct chappe_name_entry;

struct chappe_name_table {
        struct chappe_schema *schema;
        struct chappe_error *error;
        struct chappe_name_entry *buckets[CHAPPE_NAME_BUCKETS];
};

/* [A-Za-z_][A-Za-z0-9_]*, and the letters beyond ASCII that Java takes. */
bool chappe_name_valid(const char *name, size_t length);
/* The same, in parts joined by dots. */
bool chappe_full_name_valid(const char *name, size_t length);
/* The kind that a primitive's name means, or -1. */
int chappe_name_primitive(const char *name);

/* The full name for a name used within a namespace ("" for none); ".E" is E in no namespace, the only way to say so
 * within one, as Java reads it. Lives with the schema. node is blamed when it is wrong. */
int chappe_name_resolve(struct chappe_name_table *table, const struct chappe_json_node *node, const char *name,
                        const char *space, const char **ret_full);
/* The part before the last dot, or "". */
int chappe_name_space(struct chappe_name_table *table, const char *full, const char **ret_space);

int chappe_name_define(struct chappe_name_table *table, struct chappe_schema_node *node);
/* The type of that full name, or NULL. */
struct chappe_schema_node *chappe_name_find(const struct chappe_name_table *table, const char *full);
