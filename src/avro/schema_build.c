/* SPDX-License-Identifier: Apache-2.0 */
/* Builds the nodes of a schema from its JSON tree, refusing what the specification does not allow. */
#include <stdlib.h>

#include "avro/schema_names.h"

struct builder {
        struct chappe_schema *schema;
        struct chappe_error *error;
        struct chappe_name_table names;
        unsigned depth;
};

#define INVALID(builder, node, ...)                                                                                    \
        chappe_json_fail(&(builder)->schema->document, node, (builder)->error, CHAPPE_E_SCHEMA_INVALID, __VA_ARGS__)
#define PAST_LIMIT(builder, node, ...)                                                                                 \
        chappe_json_fail(&(builder)->schema->document, node, (builder)->error, CHAPPE_E_SCHEMA_LIMIT, __VA_ARGS__)

static int build(struct builder *builder, const struct chappe_json_node *json, const char *space,
                 struct chappe_schema_node **ret_node);

static int no_memory(struct builder *builder)
{
        return chappe_fail(builder->error, CHAPPE_E_NO_MEMORY, "no memory for a schema");
}

static struct chappe_schema_node *node_new(struct builder *builder, enum chappe_schema_kind kind,
                                           const struct chappe_json_node *json)
{
        struct chappe_schema_node *node = chappe_arena_zalloc(builder->schema->arena, sizeof(*node));

        if (!node) {
                no_memory(builder);
                return NULL;
        }
        node->kind = (uint8_t)kind;
        node->json = json;
        node->default_symbol = -1;
        node->number = builder->schema->node_count++;
        node->next = builder->schema->nodes;
        builder->schema->nodes = node;
        return node;
}

static int members_new(struct builder *builder, struct chappe_schema_node *node, uint32_t count)
{
        node->count = count;
        node->members = chappe_arena_zalloc(builder->schema->arena, sizeof(*node->members) * (count ? count : 1));
        return node->members ? 0 : no_memory(builder);
}

/* An attribute that must be a string when it is there; a second one of the same name is refused. */
static int string_attribute(struct builder *builder, const struct chappe_json_node *object, const char *key,
                            const char **ret_string)
{
        const struct chappe_json_node *value = chappe_json_find(object, key);

        *ret_string = NULL;
        if (!value)
                return 0;
        if (value->kind != CHAPPE_JSON_STRING)
                return INVALID(builder, value, "'%s' must be a string, not %s", key, chappe_json_kind_name(value));
        *ret_string = value->string;
        return 0;
}

static int required_attribute(struct builder *builder, const struct chappe_json_node *object, const char *key,
                              enum chappe_json_kind kind, const struct chappe_json_node **ret_value)
{
        struct chappe_json_node wanted = { .kind = (uint8_t)kind };

        *ret_value = chappe_json_find(object, key);
        if (!*ret_value)
                return INVALID(builder, object, "'%s' is missing", key);
        if ((*ret_value)->kind != kind)
                return INVALID(builder, *ret_value, "'%s' must be %s, not %s", key, chappe_json_kind_name(&wanted),
                               chappe_json_kind_name(*ret_value));
        if (kind == CHAPPE_JSON_STRING && strlen((*ret_value)->string) != (*ret_value)->count)
                return INVALID(builder, *ret_value, "'%s' must not hold a NUL", key);
        return 0;
}

/* Which of two attributes counts differs between libraries, so twice is an error. */
static int refuse_twice(struct builder *builder, const struct chappe_json_node *object)
{
        static const char *const keys[] = { "type", "name",    "namespace", "fields", "items",   "values",
                                            "size", "symbols", "default",   "order",  "aliases", "logicalType" };

        for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
                const struct chappe_json_node *first = chappe_json_find(object, keys[i]);

                for (const struct chappe_json_node *other = first ? first->next : NULL; other; other = other->next) {
                        if (strcmp(other->key, keys[i]) == 0)
                                return INVALID(builder, other, "'%s' stands here twice", keys[i]);
                }
        }
        return 0;
}

static int compare_texts(const void *a, const void *b)
{
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names of fields or symbols, none of them twice. */
static int refuse_equal_names(struct builder *builder, const struct chappe_schema_node *node, const char *what)
{
        const char **sorted = chappe_arena_alloc(builder->schema->arena, sizeof(*sorted) * (node->count + 1));

        if (!sorted)
                return no_memory(builder);
        for (uint32_t i = 0; i < node->count; i++)
                sorted[i] = node->members[i].name;
        qsort(sorted, node->count, sizeof(*sorted), compare_texts);
        for (uint32_t i = 1; i < node->count; i++) {
                if (strcmp(sorted[i - 1], sorted[i]) == 0)
                        return INVALID(builder, node->json, "the %s '%.100s' is there twice", what, sorted[i]);
        }
        return 0;
}

/* The alias of a type in a namespace. ".E" is E in no namespace, the only way to say so within one; as Java reads it.
 */
static int build_type_alias(struct builder *builder, const struct chappe_json_node *item, const char *space,
                            const char **ret_full)
{
        if (item->string[0] == '.' && chappe_name_valid(item->string + 1, item->count - 1)) {
                *ret_full = item->string + 1;
                return 0;
        }
        return chappe_name_resolve(&builder->names, item, item->string, space, ret_full);
}

/* space NULL: aliases of a field, plain names; else of a type in that namespace. */
static int build_aliases(struct builder *builder, const struct chappe_json_node *object, const char *space,
                         struct chappe_schema_names *ret_names)
{
        const struct chappe_json_node *list = chappe_json_find(object, "aliases");
        const char **names;

        if (!list)
                return 0;
        if (list->kind != CHAPPE_JSON_ARRAY)
                return INVALID(builder, list, "'aliases' must be an array, not %s", chappe_json_kind_name(list));
        names = chappe_arena_alloc(builder->schema->arena, sizeof(*names) * (list->count + 1));
        if (!names)
                return no_memory(builder);
        for (const struct chappe_json_node *item = list->child; item; item = item->next) {
                int r;

                if (item->kind != CHAPPE_JSON_STRING)
                        return INVALID(builder, item, "an alias must be a string, not %s", chappe_json_kind_name(item));
                if (!space && !chappe_name_valid(item->string, item->count))
                        return INVALID(builder, item, "'%.100s' is no valid name for a field", item->string);
                names[ret_names->count] = item->string;
                r = space ? build_type_alias(builder, item, space, &names[ret_names->count]) : 0;
                if (r < 0)
                        return r;
                ret_names->count++;
        }
        ret_names->at = names;
        return 0;
}

/* Name, namespace, doc and aliases of record, enum, fixed; the type is known by its name from here on. */
static int build_names(struct builder *builder, struct chappe_schema_node *node, const char *space,
                       const char **ret_space)
{
        const struct chappe_json_node *name, *where = chappe_json_find(node->json, "namespace");
        const char *own;
        int r = required_attribute(builder, node->json, "name", CHAPPE_JSON_STRING, &name);

        if (r >= 0)
                r = string_attribute(builder, node->json, "namespace", &own);
        if (r < 0)
                return r;
        if (own && *own && !chappe_full_name_valid(own, where->count))
                return INVALID(builder, where, "'%.100s' is no valid namespace", own);
        r = chappe_name_resolve(&builder->names, name, name->string, own ? own : space, &node->name);
        if (r >= 0)
                r = chappe_name_space(&builder->names, node->name, ret_space);
        if (r >= 0)
                r = string_attribute(builder, node->json, "doc", &node->doc);
        if (r >= 0)
                r = build_aliases(builder, node->json, *ret_space, &node->aliases);
        if (r < 0)
                return r;
        node->short_name = strrchr(node->name, '.') ? strrchr(node->name, '.') + 1 : node->name;
        return chappe_name_define(&builder->names, node);
}

static int build_order(struct builder *builder, struct chappe_schema_member *member)
{
        static const char *const orders[] = { "ascending", "descending", "ignore" };
        const char *order;
        int r = string_attribute(builder, member->json, "order", &order);

        if (r < 0 || !order)
                return r;
        for (uint8_t i = 0; i < 3; i++) {
                if (strcmp(order, orders[i]) == 0) {
                        member->order = i;
                        return 0;
                }
        }
        return INVALID(builder, chappe_json_find(member->json, "order"),
                       "'order' is ascending, descending or ignore, not '%.100s'", order);
}

static int build_field(struct builder *builder, struct chappe_schema_member *member,
                       const struct chappe_json_node *json, const char *space)
{
        const struct chappe_json_node *name, *type;
        int r;

        member->json = json;
        if (json->kind != CHAPPE_JSON_OBJECT)
                return INVALID(builder, json, "a field must be an object, not %s", chappe_json_kind_name(json));
        r = refuse_twice(builder, json);
        if (r >= 0)
                r = required_attribute(builder, json, "name", CHAPPE_JSON_STRING, &name);
        if (r < 0)
                return r;
        if (!chappe_name_valid(name->string, name->count))
                return INVALID(builder, name, "'%.100s' is no valid name for a field", name->string);
        member->name = name->string;
        type = chappe_json_find(json, "type");
        if (!type)
                return INVALID(builder, json, "the field '%.100s' has no 'type'", member->name);
        member->default_json = chappe_json_find(json, "default");
        r = string_attribute(builder, json, "doc", &member->doc);
        if (r >= 0)
                r = build_order(builder, member);
        if (r >= 0)
                r = build_aliases(builder, json, NULL, &member->aliases);
        return r >= 0 ? build(builder, type, space, &member->type) : r;
}

static int note_default_text(struct builder *builder, struct chappe_schema_member *member)
{
        struct chappe_text text = builder->schema->document.text;

        if (!member->default_json)
                return 0;
        text.at += member->default_json->at;
        text.length = member->default_json->end - member->default_json->at;
        member->default_text = chappe_arena_text(builder->schema->arena, text).at;
        return member->default_text ? 0 : no_memory(builder);
}

static int build_record(struct builder *builder, struct chappe_schema_node *node, const char *space)
{
        const struct chappe_json_node *fields, *json;
        uint32_t n = 0;
        int r = build_names(builder, node, space, &space);

        if (r >= 0)
                r = required_attribute(builder, node->json, "fields", CHAPPE_JSON_ARRAY, &fields);
        if (r >= 0)
                r = members_new(builder, node, fields->count);
        for (json = r >= 0 ? fields->child : NULL; json; json = json->next) {
                r = build_field(builder, &node->members[n], json, space);
                if (r >= 0)
                        r = note_default_text(builder, &node->members[n++]);
                if (r < 0)
                        return r;
        }
        return r >= 0 ? refuse_equal_names(builder, node, "field") : r;
}

static int build_enum_default(struct builder *builder, struct chappe_schema_node *node)
{
        const char *symbol;
        int r = string_attribute(builder, node->json, "default", &symbol);

        if (r < 0 || !symbol)
                return r;
        for (uint32_t i = 0; i < node->count; i++) {
                if (strcmp(node->members[i].name, symbol) == 0) {
                        node->default_symbol = (int32_t)i;
                        return 0;
                }
        }
        return INVALID(builder, chappe_json_find(node->json, "default"),
                       "the default '%.100s' is no symbol of this enum", symbol);
}

static int build_enum(struct builder *builder, struct chappe_schema_node *node, const char *space)
{
        const struct chappe_json_node *symbols, *json;
        uint32_t n = 0;
        int r = build_names(builder, node, space, &space);

        if (r >= 0)
                r = required_attribute(builder, node->json, "symbols", CHAPPE_JSON_ARRAY, &symbols);
        if (r >= 0)
                r = members_new(builder, node, symbols->count);
        for (json = r >= 0 ? symbols->child : NULL; json; json = json->next) {
                if (json->kind != CHAPPE_JSON_STRING)
                        return INVALID(builder, json, "a symbol must be a string, not %s", chappe_json_kind_name(json));
                if (!chappe_name_valid(json->string, json->count))
                        return INVALID(builder, json, "'%.100s' is no valid symbol", json->string);
                node->members[n++].name = json->string;
        }
        if (r >= 0)
                r = refuse_equal_names(builder, node, "symbol");
        return r >= 0 ? build_enum_default(builder, node) : r;
}

static int build_fixed(struct builder *builder, struct chappe_schema_node *node, const char *space)
{
        const struct chappe_json_node *size;
        int64_t bytes;
        int r = build_names(builder, node, space, &space);

        if (r >= 0)
                r = required_attribute(builder, node->json, "size", CHAPPE_JSON_NUMBER, &size);
        if (r < 0)
                return r;
        if (!chappe_json_integer(&builder->schema->document, size, &bytes) || bytes < 0)
                return INVALID(builder, size, "the size of a fixed must be a whole number of bytes, not negative");
        if ((uint64_t)bytes > builder->schema->limits.schema_fixed)
                return PAST_LIMIT(builder, size, "a fixed of more than %zu bytes (schema_fixed)",
                                  builder->schema->limits.schema_fixed);
        node->count = (uint32_t)bytes;
        return 0;
}

static int build_items(struct builder *builder, struct chappe_schema_node *node, const char *key, const char *space)
{
        const struct chappe_json_node *items = chappe_json_find(node->json, key);
        int r;

        if (!items)
                return INVALID(builder, node->json, "'%s' is missing", key);
        r = members_new(builder, node, 1);
        return r >= 0 ? build(builder, items, space, &node->members[0].type) : r;
}

/* Two branches that data could not tell apart. */
static bool same_branch(const struct chappe_schema_node *a, const struct chappe_schema_node *b)
{
        return a->name && b->name ? strcmp(a->name, b->name) == 0 : a->kind == b->kind && !a->name && !b->name;
}

static int build_union(struct builder *builder, const struct chappe_json_node *json, const char *space,
                       struct chappe_schema_node **ret_node)
{
        struct chappe_schema_node *node = node_new(builder, CHAPPE_SCHEMA_UNION, NULL);
        const struct chappe_json_node *item = json->child;
        int r = node ? 0 : -CHAPPE_E_NO_MEMORY;

        if (json->count == 0)
                return INVALID(builder, json, "a union needs at least one branch");
        if (json->count > builder->schema->limits.schema_branches)
                return PAST_LIMIT(builder, json, "a union of more than %zu branches (schema_branches)",
                                  builder->schema->limits.schema_branches);
        if (r >= 0)
                r = members_new(builder, node, json->count);
        for (uint32_t i = 0; r >= 0 && i < json->count; i++, item = item->next) {
                struct chappe_schema_node *branch;
                char name[160];

                r = build(builder, item, space, &branch);
                if (r < 0)
                        return r;
                if (branch->kind == CHAPPE_SCHEMA_UNION)
                        return INVALID(builder, item, "a union must not hold a union directly");
                for (uint32_t j = 0; j < i; j++) {
                        if (same_branch(node->members[j].type, branch))
                                return INVALID(builder, item, "a second branch of type %s",
                                               chappe_schema_describe(branch, name));
                }
                node->members[i].type = branch;
        }
        *ret_node = node;
        return r;
}

/* A name: a primitive, a type of this namespace, or (as Java has it) one without a namespace. object is what the name
 * is the "type" of, where it stands in {"type": …}, else NULL. */
static int build_reference(struct builder *builder, const struct chappe_json_node *json,
                           const struct chappe_json_node *object, const char *space,
                           struct chappe_schema_node **ret_node)
{
        int kind = chappe_name_primitive(json->string), r;
        const char *full;

        if (kind >= 0 && strlen(json->string) == json->count) {
                *ret_node = node_new(builder, (enum chappe_schema_kind)kind, object);
                return *ret_node ? 0 : -CHAPPE_E_NO_MEMORY;
        }
        r = chappe_name_resolve(&builder->names, json, json->string, space, &full);
        if (r < 0)
                return r;
        *ret_node = chappe_name_find(&builder->names, full);
        if (!*ret_node)
                *ret_node = chappe_name_find(&builder->names, json->string);
        return *ret_node ? 0 : INVALID(builder, json, "unknown type '%.100s'", json->string);
}

static int build_complex(struct builder *builder, const struct chappe_json_node *json, enum chappe_schema_kind kind,
                         const char *space, struct chappe_schema_node **ret_node)
{
        struct chappe_schema_node *node = node_new(builder, kind, json);

        *ret_node = node;
        if (!node)
                return -CHAPPE_E_NO_MEMORY;
        switch (kind) {
        case CHAPPE_SCHEMA_RECORD:
                return build_record(builder, node, space);
        case CHAPPE_SCHEMA_ENUM:
                return build_enum(builder, node, space);
        case CHAPPE_SCHEMA_FIXED:
                return build_fixed(builder, node, space);
        case CHAPPE_SCHEMA_ARRAY:
                return build_items(builder, node, "items", space);
        default:
                return build_items(builder, node, "values", space);
        }
}

static int build_object(struct builder *builder, const struct chappe_json_node *json, const char *space,
                        struct chappe_schema_node **ret_node)
{
        const struct chappe_json_node *type;
        int r = refuse_twice(builder, json);

        if (r >= 0)
                r = required_attribute(builder, json, "type", CHAPPE_JSON_STRING, &type);
        if (r < 0)
                return r;
        if (strcmp(type->string, "record") == 0 || strcmp(type->string, "error") == 0)
                return build_complex(builder, json, CHAPPE_SCHEMA_RECORD, space, ret_node);
        if (strcmp(type->string, "enum") == 0)
                return build_complex(builder, json, CHAPPE_SCHEMA_ENUM, space, ret_node);
        if (strcmp(type->string, "fixed") == 0)
                return build_complex(builder, json, CHAPPE_SCHEMA_FIXED, space, ret_node);
        if (strcmp(type->string, "array") == 0)
                return build_complex(builder, json, CHAPPE_SCHEMA_ARRAY, space, ret_node);
        if (strcmp(type->string, "map") == 0)
                return build_complex(builder, json, CHAPPE_SCHEMA_MAP, space, ret_node);
        return build_reference(builder, type, json, space, ret_node);
}

static int build(struct builder *builder, const struct chappe_json_node *json, const char *space,
                 struct chappe_schema_node **ret_node)
{
        uint32_t before = builder->schema->node_count;
        int r;

        if (++builder->depth > builder->schema->limits.schema_depth)
                return PAST_LIMIT(builder, json, "types nested more than %zu deep (schema_depth)",
                                  builder->schema->limits.schema_depth);
        if (json->kind == CHAPPE_JSON_STRING)
                r = build_reference(builder, json, NULL, space, ret_node);
        else if (json->kind == CHAPPE_JSON_ARRAY)
                r = build_union(builder, json, space, ret_node);
        else if (json->kind == CHAPPE_JSON_OBJECT)
                r = build_object(builder, json, space, ret_node);
        else
                r = INVALID(builder, json, "a type is a name, an object or an array, not %s",
                            chappe_json_kind_name(json));
        builder->depth--;
        if (r >= 0)
                (*ret_node)->uses++;
        if (r >= 0 && (*ret_node)->number >= before)
                chappe_schema_note_logical(builder->schema, *ret_node);
        return r;
}

int chappe_schema_build(struct chappe_schema *schema, struct chappe_error *error)
{
        struct builder builder = { .schema = schema, .error = error, .names = { .schema = schema, .error = error } };

        return build(&builder, schema->document.root, "", &schema->root);
}
