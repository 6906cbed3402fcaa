/* SPDX-License-Identifier: Apache-2.0 */
/* What of a writer's schema answers to what of a reader's (specification, "Schema Resolution"; where it leaves a
 * choice, Java's Resolver decides). One set of rules for plans and for compatibility checks. */
#pragma once

#include "avro/schema_model.h"

enum chappe_match {
        CHAPPE_MATCH_SAME,         /* the same kind; items, fields and symbols are looked at one by one */
        CHAPPE_MATCH_PROMOTED,     /* int to long, bytes to string, … */
        CHAPPE_MATCH_WRITER_UNION, /* each branch on its own */
        CHAPPE_MATCH_READER_UNION, /* the branch is found by chappe_resolve_branch */
        CHAPPE_MATCH_NONE,
};

struct chappe_resolver;

/* strict: as compatibility is judged: records must agree in name, and field aliases count whatever the record is
 * called. */
int chappe_resolver_new(const struct chappe_schema *writer, const struct chappe_schema *reader, bool strict,
                        struct chappe_resolver **ret_resolver, struct chappe_error *error);
struct chappe_resolver *chappe_resolver_free(struct chappe_resolver *resolver);
/* Some verdict was given without the memory to find it out: nothing that was asked counts. */
bool chappe_resolver_failed(const struct chappe_resolver *resolver);

/* By number of the writer's node: its full name after the reader's aliases, NULL for types without; to be freed. NULL
 * when memory is short. (resolve_names.c) */
const char **chappe_resolve_names(const struct chappe_schema *writer, const struct chappe_schema *reader);
enum chappe_match chappe_resolve(const struct chappe_resolver *resolver, const struct chappe_schema_node *writer,
                                 const struct chappe_schema_node *reader);
/* The reader's field that takes a field of the writer, by name or alias; -1 when it is dropped. */
int64_t chappe_resolve_field(const struct chappe_resolver *resolver, const struct chappe_schema_node *writer,
                             const struct chappe_schema_node *reader, uint32_t field);
/* The reader's symbol for one of the writer, its default included; -1 for none. */
int64_t chappe_resolve_symbol(const struct chappe_schema_node *writer, const struct chappe_schema_node *reader,
                              uint32_t symbol);
/* The branch of the reader's union that takes a type that is no union; -1 for none. */
int64_t chappe_resolve_branch(struct chappe_resolver *resolver, const struct chappe_schema_node *writer,
                              const struct chappe_schema_node *reader);
/* True when two unions are alike branch by branch, so that the branch number stays. */
bool chappe_resolve_union_alike(struct chappe_resolver *resolver, const struct chappe_schema_node *writer,
                                const struct chappe_schema_node *reader);
