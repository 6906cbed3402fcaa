/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes of types and fields, as the JSON of a schema has them. */
#include "avro/schema_builder.h"

int chappe_schema_no_memory(struct chappe_schema_builder *builder)
{
        return chappe_fail(builder->error, CHAPPE_E_NO_MEMORY, "no memory for a schema");
}

int chappe_schema_members_new(struct chappe_schema_builder *builder, struct chappe_schema_node *node, uint32_t count)
{
        node->count = count;
        node->members = chappe_arena_zalloc(builder->schema->arena, sizeof(*node->members) * (count ? count : 1));
        return node->members ? 0 : chappe_schema_no_memory(builder);
}

const char *chappe_schema_string(const struct chappe_json_node *object, const char *key)
{
        const struct chappe_json_node *value = chappe_json_find(object, key);

        return value && value->kind == CHAPPE_JSON_STRING ? value->string : NULL;
}

int chappe_schema_required(struct chappe_schema_builder *builder, const struct chappe_json_node *object,
                           const char *key, enum chappe_json_kind kind, const struct chappe_json_node **ret_value)
{
        struct chappe_json_node wanted = { .kind = (uint8_t)kind };

        *ret_value = chappe_json_find(object, key);
        if (!*ret_value)
                return CHAPPE_SCHEMA_INVALID(builder, object, "'%s' is missing", key);
        if ((*ret_value)->kind != kind)
                return CHAPPE_SCHEMA_INVALID(builder, *ret_value, "'%s' must be %s, not %s", key,
                                             chappe_json_kind_name(&wanted), chappe_json_kind_name(*ret_value));
        if (kind == CHAPPE_JSON_STRING && strlen((*ret_value)->string) != (*ret_value)->count)
                return CHAPPE_SCHEMA_INVALID(builder, *ret_value, "'%s' must not hold a NUL", key);
        return 0;
}

/* Which of two attributes counts differs between libraries, so twice is an error. */
int chappe_schema_refuse_twice(struct chappe_schema_builder *builder, const struct chappe_json_node *object)
{
        static const char *const keys[] = { "type", "name",    "namespace", "fields", "items",   "values",
                                            "size", "symbols", "default",   "order",  "aliases", "logicalType" };

        for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
                const struct chappe_json_node *first = chappe_json_find(object, keys[i]);

                for (const struct chappe_json_node *other = first ? first->next : NULL; other; other = other->next) {
                        if (strcmp(other->key, keys[i]) == 0)
                                return CHAPPE_SCHEMA_INVALID(builder, other, "'%s' stands here twice", keys[i]);
                }
        }
        return 0;
}

/* A field may have been called anything: what is no name, a writer cannot have written. */
int chappe_schema_build_aliases(struct chappe_schema_builder *builder, const struct chappe_json_node *object,
                                const char *space, struct chappe_schema_names *ret_names)
{
        const struct chappe_json_node *list = chappe_json_find(object, "aliases");
        const char **names;

        if (!list)
                return 0;
        if (list->kind != CHAPPE_JSON_ARRAY)
                return CHAPPE_SCHEMA_INVALID(builder, list, "'aliases' must be an array, not %s",
                                             chappe_json_kind_name(list));
        names = chappe_arena_alloc(builder->schema->arena, sizeof(*names) * (list->count + 1));
        if (!names)
                return chappe_schema_no_memory(builder);
        for (const struct chappe_json_node *item = list->child; item; item = item->next) {
                int r;

                if (item->kind != CHAPPE_JSON_STRING)
                        return CHAPPE_SCHEMA_INVALID(builder, item, "an alias must be a string, not %s",
                                                     chappe_json_kind_name(item));
                if (!space && !chappe_name_valid(item->string, item->count))
                        continue;
                names[ret_names->count] = item->string;
                r = space ? chappe_name_resolve(&builder->names, item, item->string, space, &names[ret_names->count])
                          : 0;
                if (r < 0)
                        return r;
                ret_names->count++;
        }
        ret_names->at = names;
        return 0;
}
