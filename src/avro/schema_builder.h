/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of building a schema share. */
#pragma once

#include "avro/schema_names.h"

struct chappe_schema_builder {
        struct chappe_schema *schema;
        struct chappe_error *error;
        struct chappe_name_table names;
        unsigned depth;
};

#define CHAPPE_SCHEMA_INVALID(builder, node, ...)                                                                      \
        chappe_json_fail(&(builder)->schema->document, node, (builder)->error, CHAPPE_E_SCHEMA_INVALID, __VA_ARGS__)
#define CHAPPE_SCHEMA_PAST(builder, node, ...)                                                                         \
        chappe_json_fail(&(builder)->schema->document, node, (builder)->error, CHAPPE_E_SCHEMA_LIMIT, __VA_ARGS__)

int chappe_schema_no_memory(struct chappe_schema_builder *builder);
/* Room for so many members, cleared. */
int chappe_schema_members_new(struct chappe_schema_builder *builder, struct chappe_schema_node *node, uint32_t count);
/* An attribute when it is a string; NULL: it is not there, or something else, which Java overlooks. */
const char *chappe_schema_string(const struct chappe_json_node *object, const char *key);
/* An attribute that must be there, of this kind. */
int chappe_schema_required(struct chappe_schema_builder *builder, const struct chappe_json_node *object,
                           const char *key, enum chappe_json_kind kind, const struct chappe_json_node **ret_value);
/* No attribute of the specification twice. */
int chappe_schema_refuse_twice(struct chappe_schema_builder *builder, const struct chappe_json_node *object);
/* space NULL: aliases of a field, plain names; else of a type in that namespace. */
int chappe_schema_build_aliases(struct chappe_schema_builder *builder, const struct chappe_json_node *object,
                                const char *space, struct chappe_schema_names *ret_names);

/* Named types, whose node is there already (schema_named.c), and any type (schema_build.c). space: of what is around
 * them. */
int chappe_schema_build_record(struct chappe_schema_builder *builder, struct chappe_schema_node *node,
                               const char *space);
int chappe_schema_build_enum(struct chappe_schema_builder *builder, struct chappe_schema_node *node, const char *space);
int chappe_schema_build_fixed(struct chappe_schema_builder *builder, struct chappe_schema_node *node,
                              const char *space);
int chappe_schema_build_type(struct chappe_schema_builder *builder, const struct chappe_json_node *json,
                             const char *space, struct chappe_schema_node **ret_node);
