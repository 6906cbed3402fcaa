/* SPDX-License-Identifier: Apache-2.0 */
/* Avro schemas: parse, walk, canonical form, fingerprint, compatibility. (Apache Avro 1.12 specification) */
#pragma once

#include <chappe/error.h>
#include <chappe/text.h>

#ifdef __cplusplus
extern "C" {
#endif

enum chappe_schema_kind {
        CHAPPE_SCHEMA_NULL,
        CHAPPE_SCHEMA_BOOLEAN,
        CHAPPE_SCHEMA_INT,
        CHAPPE_SCHEMA_LONG,
        CHAPPE_SCHEMA_FLOAT,
        CHAPPE_SCHEMA_DOUBLE,
        CHAPPE_SCHEMA_BYTES,
        CHAPPE_SCHEMA_STRING,
        CHAPPE_SCHEMA_FIXED,
        CHAPPE_SCHEMA_ENUM,
        CHAPPE_SCHEMA_ARRAY,
        CHAPPE_SCHEMA_MAP,
        CHAPPE_SCHEMA_UNION,
        CHAPPE_SCHEMA_RECORD,
};

/* A parsed schema: one tree with its named types resolved (a recursive type points back at itself). Immutable and so
 * usable from any thread after parsing. It keeps the original text, defaults, aliases and logical types. */
struct chappe_schema;
/* A node of the tree; lives as long as its schema. */
struct chappe_schema_node;

/* Bounds of one schema, so that a stranger's cannot do harm; zero members mean the defaults beside them, more than the most means
 * the most. Each is named in the error that it causes, and has a setting of that name for schemas that services are sent. */
struct chappe_schema_limits {
        size_t schema_text;     /* bytes of the JSON text: 262,144; at most 16 MiB */
        size_t schema_depth;    /* types within types as written: 64; at most 128 */
        size_t schema_fixed;    /* bytes of a fixed: 1,048,576; at most 8 MiB */
        size_t schema_branches; /* of a union: 256; at most 4,096 */
};

/* For schemas that are one's own. */
#define CHAPPE_SCHEMA_LIMITS_MOST { SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX }

/* Parses one schema in JSON. name is for messages only ("orders.avsc"); errors carry line, column and JSON path. */
int chappe_schema_parse(const char *name, struct chappe_text text, struct chappe_schema **ret_schema,
                        struct chappe_error *error);
/* The same with other limits; NULL: the defaults. */
int chappe_schema_parse_within(const char *name, struct chappe_text text, const struct chappe_schema_limits *limits,
                               struct chappe_schema **ret_schema, struct chappe_error *error);
struct chappe_schema *chappe_schema_ref(struct chappe_schema *schema);
/* Drops a reference; takes NULL; returns NULL. */
struct chappe_schema *chappe_schema_unref(struct chappe_schema *schema);

/* The text as it was given, byte for byte. */
struct chappe_text chappe_schema_text(const struct chappe_schema *schema);
/* Parsing Canonical Form (specification, "Transforming into Parsing Canonical Form"); lives with the schema. */
struct chappe_text chappe_schema_canonical(const struct chappe_schema *schema);
/* CRC-64-AVRO of the canonical form (specification, "Schema Fingerprints"). */
uint64_t chappe_schema_fingerprint(const struct chappe_schema *schema);
/* Full name of a named type, else the type's name ("int", "array"). */
const char *chappe_schema_name(const struct chappe_schema *schema);

/* Walking. Every string is terminated and lives with the schema. */
const struct chappe_schema_node *chappe_schema_root(const struct chappe_schema *schema);
enum chappe_schema_kind chappe_schema_node_kind(const struct chappe_schema_node *node);
/* Full name of record, enum, fixed; NULL for others. */
const char *chappe_schema_node_name(const struct chappe_schema_node *node);
const char *chappe_schema_node_doc(const struct chappe_schema_node *node);
/* "decimal", "timestamp-millis", …, or NULL when there is none or the specification says to ignore it. */
const char *chappe_schema_node_logical(const struct chappe_schema_node *node);
int chappe_schema_node_precision(const struct chappe_schema_node *node);
int chappe_schema_node_scale(const struct chappe_schema_node *node);
/* Fields of a record, symbols of an enum, branches of a union, 1 for array and map, size in bytes of a fixed. */
size_t chappe_schema_node_count(const struct chappe_schema_node *node);
/* Type of the n-th field or branch, or of the items or values (n = 0). */
const struct chappe_schema_node *chappe_schema_node_at(const struct chappe_schema_node *node, size_t n);
/* Name of the n-th field or symbol. */
const char *chappe_schema_node_name_at(const struct chappe_schema_node *node, size_t n);
const char *chappe_schema_node_doc_at(const struct chappe_schema_node *node, size_t n);
/* Default of the n-th field as JSON text, or NULL without one. */
const char *chappe_schema_node_default_at(const struct chappe_schema_node *node, size_t n);
/* A string attribute that the specification does not know, on the node or its n-th field ("idempotency" …); NULL if absent. */
const char *chappe_schema_node_attribute(const struct chappe_schema_node *node, const char *name);
const char *chappe_schema_node_attribute_at(const struct chappe_schema_node *node, size_t n, const char *name);

/* 0 when data written with writer can be read as reader (specification, "Schema Resolution"); else the reason with its
 * JSON path in the error. */
int chappe_schema_check(const struct chappe_schema *writer, const struct chappe_schema *reader, struct chappe_error *error);

#ifdef __cplusplus
}
#endif
