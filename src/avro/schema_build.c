/* SPDX-License-Identifier: Apache-2.0 */
/* Builds the nodes of a schema from its JSON tree, refusing what the specification does not allow. */
#include "avro/schema_builder.h"

static struct chappe_schema_node *node_new(struct chappe_schema_builder *builder, enum chappe_schema_kind kind,
                                           const struct chappe_json_node *json)
{
        struct chappe_schema_node *node = chappe_arena_zalloc(builder->schema->arena, sizeof(*node));

        if (!node) {
                chappe_schema_no_memory(builder);
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

static int build_items(struct chappe_schema_builder *builder, struct chappe_schema_node *node, const char *key,
                       const char *space)
{
        const struct chappe_json_node *items = chappe_json_find(node->json, key);
        int r;

        if (!items)
                return CHAPPE_SCHEMA_INVALID(builder, node->json, "'%s' is missing", key);
        r = chappe_schema_members_new(builder, node, 1);
        return r >= 0 ? chappe_schema_build_type(builder, items, space, &node->members[0].type) : r;
}

/* Two branches that data could not tell apart. */
static bool same_branch(const struct chappe_schema_node *a, const struct chappe_schema_node *b)
{
        return a->name && b->name ? strcmp(a->name, b->name) == 0 : a->kind == b->kind && !a->name && !b->name;
}

static int build_union(struct chappe_schema_builder *builder, const struct chappe_json_node *json, const char *space,
                       struct chappe_schema_node **ret_node)
{
        struct chappe_schema_node *node = node_new(builder, CHAPPE_SCHEMA_UNION, NULL);
        const struct chappe_json_node *item = json->child;
        int r = node ? 0 : -CHAPPE_E_NO_MEMORY;

        if (json->count == 0)
                return CHAPPE_SCHEMA_INVALID(builder, json, "a union needs at least one branch");
        if (json->count > builder->schema->limits.schema_branches)
                return CHAPPE_SCHEMA_PAST(builder, json, "a union of more than %zu branches (schema_branches)",
                                          builder->schema->limits.schema_branches);
        if (r >= 0)
                r = chappe_schema_members_new(builder, node, json->count);
        for (uint32_t i = 0; r >= 0 && i < json->count; i++, item = item->next) {
                struct chappe_schema_node *branch;
                char name[160];

                r = chappe_schema_build_type(builder, item, space, &branch);
                if (r < 0)
                        return r;
                if (branch->kind == CHAPPE_SCHEMA_UNION)
                        return CHAPPE_SCHEMA_INVALID(builder, item, "a union must not hold a union directly");
                for (uint32_t j = 0; j < i; j++) {
                        if (same_branch(node->members[j].type, branch))
                                return CHAPPE_SCHEMA_INVALID(builder, item, "a second branch of type %s",
                                                             chappe_schema_describe(branch, name));
                }
                node->members[i].type = branch;
        }
        *ret_node = node;
        return r;
}

/* A name: a primitive, a type of this namespace, or (as Java has it) one without a namespace. object is what the name
 * is the "type" of, where it stands in {"type": …}, else NULL. */
static int build_reference(struct chappe_schema_builder *builder, const struct chappe_json_node *json,
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
        return *ret_node ? 0 : CHAPPE_SCHEMA_INVALID(builder, json, "unknown type '%.100s'", json->string);
}

static int build_complex(struct chappe_schema_builder *builder, const struct chappe_json_node *json,
                         enum chappe_schema_kind kind, const char *space, struct chappe_schema_node **ret_node)
{
        struct chappe_schema_node *node = node_new(builder, kind, json);

        *ret_node = node;
        if (!node)
                return -CHAPPE_E_NO_MEMORY;
        switch (kind) {
        case CHAPPE_SCHEMA_RECORD:
                return chappe_schema_build_record(builder, node, space);
        case CHAPPE_SCHEMA_ENUM:
                return chappe_schema_build_enum(builder, node, space);
        case CHAPPE_SCHEMA_FIXED:
                return chappe_schema_build_fixed(builder, node, space);
        case CHAPPE_SCHEMA_ARRAY:
                return build_items(builder, node, "items", space);
        default:
                return build_items(builder, node, "values", space);
        }
}

static int build_object(struct chappe_schema_builder *builder, const struct chappe_json_node *json, const char *space,
                        struct chappe_schema_node **ret_node)
{
        const struct chappe_json_node *type;
        int r = chappe_schema_refuse_twice(builder, json);

        if (r >= 0)
                r = chappe_schema_required(builder, json, "type", CHAPPE_JSON_STRING, &type);
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

int chappe_schema_build_type(struct chappe_schema_builder *builder, const struct chappe_json_node *json,
                             const char *space, struct chappe_schema_node **ret_node)
{
        uint32_t before = builder->schema->node_count;
        int r;

        if (++builder->depth > builder->schema->limits.schema_depth)
                return CHAPPE_SCHEMA_PAST(builder, json, "types nested more than %zu deep (schema_depth)",
                                          builder->schema->limits.schema_depth);
        if (json->kind == CHAPPE_JSON_STRING)
                r = build_reference(builder, json, NULL, space, ret_node);
        else if (json->kind == CHAPPE_JSON_ARRAY)
                r = build_union(builder, json, space, ret_node);
        else if (json->kind == CHAPPE_JSON_OBJECT)
                r = build_object(builder, json, space, ret_node);
        else
                r = CHAPPE_SCHEMA_INVALID(builder, json, "a type is a name, an object or an array, not %s",
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
        struct chappe_schema_builder builder = { .schema = schema,
                                                 .error = error,
                                                 .names = { .schema = schema, .error = error } };

        return chappe_schema_build_type(&builder, schema->document.root, "", &schema->root);
}
