/* SPDX-License-Identifier: Apache-2.0 */
/* A schema as its users see it: parse, share, walk. */
#include <stdio.h>
#include <stdlib.h>

#include "avro/schema_model.h"

#define ARENA_LIMIT (64u << 20)
#define JSON_LEVELS 4 /* of a type within a record there are three, and the document has one */

static size_t limit_of(size_t wanted, size_t usual, size_t most)
{
        if (wanted == 0)
                return usual;
        return wanted < most ? wanted : most;
}

static struct chappe_schema_limits limits_of(const struct chappe_schema_limits *limits)
{
        static const struct chappe_schema_limits usual = { 256u << 10, 64, 1u << 20, 256 };
        static const struct chappe_schema_limits most = { 16u << 20, 128, 8u << 20, 4096 };

        if (!limits)
                return usual;
        return (struct chappe_schema_limits){
                limit_of(limits->schema_text, usual.schema_text, most.schema_text),
                limit_of(limits->schema_depth, usual.schema_depth, most.schema_depth),
                limit_of(limits->schema_fixed, usual.schema_fixed, most.schema_fixed),
                limit_of(limits->schema_branches, usual.schema_branches, most.schema_branches),
        };
}

static int parse(struct chappe_schema *schema, const char *name, struct chappe_text text, struct chappe_error *error)
{
        struct chappe_text kept = chappe_arena_text(schema->arena, text);
        struct chappe_text kept_name = chappe_arena_text(schema->arena, chappe_text(name ? name : "schema"));
        int r;

        if (!kept.at || !kept_name.at)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a schema");
        schema->document =
                (struct chappe_json_document){ .name = kept_name.at,
                                               .text = kept,
                                               .depth = (unsigned)(JSON_LEVELS * schema->limits.schema_depth),
                                               .syntax_code = CHAPPE_E_SCHEMA_SYNTAX };
        r = chappe_json_parse(&schema->document, schema->arena, error);
        if (r >= 0)
                r = chappe_schema_build(schema, error);
        if (r >= 0)
                r = chappe_schema_validate(schema, error);
        if (r >= 0)
                r = chappe_schema_measure(schema, error);
        return r >= 0 ? chappe_schema_canonicalise(schema, error) : r;
}

int chappe_schema_parse(const char *name, struct chappe_text text, struct chappe_schema **ret_schema,
                        struct chappe_error *error)
{
        return chappe_schema_parse_within(name, text, NULL, ret_schema, error);
}

int chappe_schema_parse_within(const char *name, struct chappe_text text, const struct chappe_schema_limits *limits,
                               struct chappe_schema **ret_schema, struct chappe_error *error)
{
        struct chappe_schema_limits within = limits_of(limits);
        struct chappe_schema *schema;
        int r;

        if (text.length > within.schema_text)
                return chappe_fail(error, CHAPPE_E_SCHEMA_LIMIT,
                                   "%s: schema text of %zu bytes; at most %zu are accepted (schema_text)",
                                   name ? name : "schema", text.length, within.schema_text);
        schema = calloc(1, sizeof(*schema));
        if (!schema)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a schema");
        schema->references = 1;
        schema->limits = within;
        schema->arena = chappe_arena_new(ARENA_LIMIT);
        r = schema->arena ? parse(schema, name, text, error)
                          : chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a schema");
        if (r < 0) {
                chappe_schema_unref(schema);
                return r;
        }
        *ret_schema = schema;
        return 0;
}

struct chappe_schema *chappe_schema_ref(struct chappe_schema *schema)
{
        atomic_fetch_add_explicit(&schema->references, 1, memory_order_relaxed);
        return schema;
}

struct chappe_schema *chappe_schema_unref(struct chappe_schema *schema)
{
        if (!schema || atomic_fetch_sub_explicit(&schema->references, 1, memory_order_acq_rel) > 1)
                return NULL;
        chappe_arena_free(schema->layout_arena);
        chappe_arena_free(schema->arena);
        free(schema);
        return NULL;
}

struct chappe_text chappe_schema_text(const struct chappe_schema *schema)
{
        return schema->document.text;
}

struct chappe_text chappe_schema_canonical(const struct chappe_schema *schema)
{
        return schema->canonical;
}

uint64_t chappe_schema_fingerprint(const struct chappe_schema *schema)
{
        return schema->fingerprint;
}

const char *chappe_schema_name(const struct chappe_schema *schema)
{
        return schema->root->name ? schema->root->name : chappe_schema_kind_name(schema->root->kind);
}

const struct chappe_schema_node *chappe_schema_root(const struct chappe_schema *schema)
{
        return schema->root;
}

enum chappe_schema_kind chappe_schema_node_kind(const struct chappe_schema_node *node)
{
        return node->kind;
}

const char *chappe_schema_node_name(const struct chappe_schema_node *node)
{
        return node->name;
}

const char *chappe_schema_node_doc(const struct chappe_schema_node *node)
{
        return node->doc;
}

const char *chappe_schema_node_logical(const struct chappe_schema_node *node)
{
        return node->logical;
}

int chappe_schema_node_precision(const struct chappe_schema_node *node)
{
        return node->precision;
}

int chappe_schema_node_scale(const struct chappe_schema_node *node)
{
        return node->scale;
}

size_t chappe_schema_node_count(const struct chappe_schema_node *node)
{
        return node->count;
}

static const struct chappe_schema_member *member_at(const struct chappe_schema_node *node, size_t n)
{
        return node->members && n < node->count ? &node->members[n] : NULL;
}

const struct chappe_schema_node *chappe_schema_node_at(const struct chappe_schema_node *node, size_t n)
{
        const struct chappe_schema_member *member = member_at(node, n);

        return member ? member->type : NULL;
}

const char *chappe_schema_node_name_at(const struct chappe_schema_node *node, size_t n)
{
        const struct chappe_schema_member *member = member_at(node, n);

        return member ? member->name : NULL;
}

const char *chappe_schema_node_doc_at(const struct chappe_schema_node *node, size_t n)
{
        const struct chappe_schema_member *member = member_at(node, n);

        return member ? member->doc : NULL;
}

const char *chappe_schema_node_default_at(const struct chappe_schema_node *node, size_t n)
{
        const struct chappe_schema_member *member = member_at(node, n);

        return member ? member->default_text : NULL;
}

static const char *attribute(const struct chappe_json_node *object, const char *name)
{
        static const char *const known[] = { "type",    "name", "namespace", "fields", "items",   "values",     "size",
                                             "default", "doc",  "aliases",   "order",  "symbols", "logicalType" };
        const struct chappe_json_node *value;

        for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
                if (strcmp(known[i], name) == 0)
                        return NULL;
        }
        value = object ? chappe_json_find(object, name) : NULL;
        return value && value->kind == CHAPPE_JSON_STRING ? value->string : NULL;
}

const char *chappe_schema_node_attribute(const struct chappe_schema_node *node, const char *name)
{
        return attribute(node->json, name);
}

const char *chappe_schema_node_attribute_at(const struct chappe_schema_node *node, size_t n, const char *name)
{
        const struct chappe_schema_member *member = member_at(node, n);

        return member ? attribute(member->json, name) : NULL;
}

const char *chappe_schema_kind_name(enum chappe_schema_kind kind)
{
        static const char *const names[] = {
                [CHAPPE_SCHEMA_NULL] = "null",   [CHAPPE_SCHEMA_BOOLEAN] = "boolean", [CHAPPE_SCHEMA_INT] = "int",
                [CHAPPE_SCHEMA_LONG] = "long",   [CHAPPE_SCHEMA_FLOAT] = "float",     [CHAPPE_SCHEMA_DOUBLE] = "double",
                [CHAPPE_SCHEMA_BYTES] = "bytes", [CHAPPE_SCHEMA_STRING] = "string",   [CHAPPE_SCHEMA_FIXED] = "fixed",
                [CHAPPE_SCHEMA_ENUM] = "enum",   [CHAPPE_SCHEMA_ARRAY] = "array",     [CHAPPE_SCHEMA_MAP] = "map",
                [CHAPPE_SCHEMA_UNION] = "union", [CHAPPE_SCHEMA_RECORD] = "record",
        };

        return names[kind];
}

const char *chappe_schema_describe(const struct chappe_schema_node *node, char buffer[160])
{
        if (!node->name)
                return chappe_schema_kind_name(node->kind);
        snprintf(buffer, 160, "%s %.140s", chappe_schema_kind_name(node->kind), node->name);
        return buffer;
}
