/* SPDX-License-Identifier: Apache-2.0 */
/* The types that have names: record, enum, fixed. */
#include <stdlib.h>
#include <strings.h>

#include "avro/schema_builder.h"

static int compare_texts(const void *a, const void *b)
{
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names of fields or symbols, none of them twice. */
static int refuse_equal_names(struct chappe_schema_builder *builder, const struct chappe_schema_node *node,
                              const char *what)
{
        const char **sorted = chappe_arena_alloc(builder->schema->arena, sizeof(*sorted) * (node->count + 1));

        if (!sorted)
                return chappe_schema_no_memory(builder);
        for (uint32_t i = 0; i < node->count; i++)
                sorted[i] = node->members[i].name;
        qsort(sorted, node->count, sizeof(*sorted), compare_texts);
        for (uint32_t i = 1; i < node->count; i++) {
                if (strcmp(sorted[i - 1], sorted[i]) == 0)
                        return CHAPPE_SCHEMA_INVALID(builder, node->json, "the %s '%.100s' is there twice", what,
                                                     sorted[i]);
        }
        return 0;
}

/* Name, namespace, doc and aliases of record, enum, fixed; the type is known by its name from here on. */
static int build_names(struct chappe_schema_builder *builder, struct chappe_schema_node *node, const char *space,
                       const char **ret_space)
{
        const struct chappe_json_node *name, *where = chappe_json_find(node->json, "namespace");
        const char *own = chappe_schema_string(node->json, "namespace");
        int r = chappe_schema_required(builder, node->json, "name", CHAPPE_JSON_STRING, &name);

        if (r < 0)
                return r;
        /* A name with dots brings its own. */
        if (own && *own && !strchr(name->string, '.') && !chappe_full_name_valid(own, where->count))
                return CHAPPE_SCHEMA_INVALID(builder, where, "'%.100s' is no valid namespace", own);
        r = chappe_name_resolve(&builder->names, name, name->string, own ? own : space, &node->name);
        if (r >= 0)
                r = chappe_name_space(&builder->names, node->name, ret_space);
        node->doc = chappe_schema_string(node->json, "doc");
        if (r >= 0)
                r = chappe_schema_build_aliases(builder, node->json, *ret_space, &node->aliases);
        if (r < 0)
                return r;
        node->short_name = strrchr(node->name, '.') ? strrchr(node->name, '.') + 1 : node->name;
        return chappe_name_define(&builder->names, node);
}

static int build_order(struct chappe_schema_builder *builder, struct chappe_schema_member *member)
{
        static const char *const orders[] = { "ascending", "descending", "ignore" };
        const struct chappe_json_node *order = chappe_json_find(member->json, "order");

        if (!order)
                return 0;
        for (uint8_t i = 0; i < 3 && order->kind == CHAPPE_JSON_STRING; i++) {
                if (strcasecmp(order->string, orders[i]) == 0) { /* Java reads it so */
                        member->order = i;
                        return 0;
                }
        }
        return CHAPPE_SCHEMA_INVALID(builder, order, "'order' is ascending, descending or ignore, not %s%.100s",
                                     order->kind == CHAPPE_JSON_STRING ? "" : chappe_json_kind_name(order),
                                     order->kind == CHAPPE_JSON_STRING ? order->string : "");
}

static int build_field(struct chappe_schema_builder *builder, struct chappe_schema_member *member,
                       const struct chappe_json_node *json, const char *space)
{
        const struct chappe_json_node *name, *type;
        int r;

        member->json = json;
        if (json->kind != CHAPPE_JSON_OBJECT)
                return CHAPPE_SCHEMA_INVALID(builder, json, "a field must be an object, not %s",
                                             chappe_json_kind_name(json));
        r = chappe_schema_refuse_twice(builder, json);
        if (r >= 0)
                r = chappe_schema_required(builder, json, "name", CHAPPE_JSON_STRING, &name);
        if (r < 0)
                return r;
        if (!chappe_name_valid(name->string, name->count))
                return CHAPPE_SCHEMA_INVALID(builder, name, "'%.100s' is no valid name for a field", name->string);
        member->name = name->string;
        type = chappe_json_find(json, "type");
        if (!type)
                return CHAPPE_SCHEMA_INVALID(builder, json, "the field '%.100s' has no 'type'", member->name);
        member->default_json = chappe_json_find(json, "default");
        member->doc = chappe_schema_string(json, "doc");
        r = build_order(builder, member);
        if (r >= 0)
                r = chappe_schema_build_aliases(builder, json, NULL, &member->aliases);
        return r >= 0 ? chappe_schema_build_type(builder, type, space, &member->type) : r;
}

static int note_default_text(struct chappe_schema_builder *builder, struct chappe_schema_member *member)
{
        struct chappe_text text = builder->schema->document.text;

        if (!member->default_json)
                return 0;
        text.at += member->default_json->at;
        text.length = member->default_json->end - member->default_json->at;
        member->default_text = chappe_arena_text(builder->schema->arena, text).at;
        return member->default_text ? 0 : chappe_schema_no_memory(builder);
}

int chappe_schema_build_record(struct chappe_schema_builder *builder, struct chappe_schema_node *node,
                               const char *space)
{
        const struct chappe_json_node *fields, *json;
        uint32_t n = 0;
        int r = build_names(builder, node, space, &space);

        if (r >= 0)
                r = chappe_schema_required(builder, node->json, "fields", CHAPPE_JSON_ARRAY, &fields);
        if (r >= 0)
                r = chappe_schema_members_new(builder, node, fields->count);
        for (json = r >= 0 ? fields->child : NULL; json; json = json->next) {
                r = build_field(builder, &node->members[n], json, space);
                if (r >= 0)
                        r = note_default_text(builder, &node->members[n++]);
                if (r < 0)
                        return r;
        }
        return r >= 0 ? refuse_equal_names(builder, node, "field") : r;
}

static int build_enum_default(struct chappe_schema_builder *builder, struct chappe_schema_node *node)
{
        const char *symbol = chappe_schema_string(node->json, "default");

        if (!symbol)
                return 0;
        for (uint32_t i = 0; i < node->count; i++) {
                if (strcmp(node->members[i].name, symbol) == 0) {
                        node->default_symbol = (int32_t)i;
                        return 0;
                }
        }
        return CHAPPE_SCHEMA_INVALID(builder, chappe_json_find(node->json, "default"),
                                     "the default '%.100s' is no symbol of this enum", symbol);
}

int chappe_schema_build_enum(struct chappe_schema_builder *builder, struct chappe_schema_node *node, const char *space)
{
        const struct chappe_json_node *symbols, *json;
        uint32_t n = 0;
        int r = build_names(builder, node, space, &space);

        if (r >= 0)
                r = chappe_schema_required(builder, node->json, "symbols", CHAPPE_JSON_ARRAY, &symbols);
        if (r >= 0)
                r = chappe_schema_members_new(builder, node, symbols->count);
        for (json = r >= 0 ? symbols->child : NULL; json; json = json->next) {
                if (json->kind != CHAPPE_JSON_STRING)
                        return CHAPPE_SCHEMA_INVALID(builder, json, "a symbol must be a string, not %s",
                                                     chappe_json_kind_name(json));
                if (!chappe_name_valid(json->string, json->count))
                        return CHAPPE_SCHEMA_INVALID(builder, json, "'%.100s' is no valid symbol", json->string);
                node->members[n++].name = json->string;
        }
        if (r >= 0)
                r = refuse_equal_names(builder, node, "symbol");
        return r >= 0 ? build_enum_default(builder, node) : r;
}

int chappe_schema_build_fixed(struct chappe_schema_builder *builder, struct chappe_schema_node *node, const char *space)
{
        const struct chappe_json_node *size;
        int64_t bytes;
        int r = build_names(builder, node, space, &space);

        if (r >= 0)
                r = chappe_schema_required(builder, node->json, "size", CHAPPE_JSON_NUMBER, &size);
        if (r < 0)
                return r;
        if (!chappe_json_integer(&builder->schema->document, size, &bytes) || bytes < 0)
                return CHAPPE_SCHEMA_INVALID(builder, size,
                                             "the size of a fixed must be a whole number of bytes, not negative");
        if ((uint64_t)bytes > builder->schema->limits.schema_fixed)
                return CHAPPE_SCHEMA_PAST(builder, size, "a fixed of more than %zu bytes (schema_fixed)",
                                          builder->schema->limits.schema_fixed);
        node->count = (uint32_t)bytes;
        return 0;
}
