/* SPDX-License-Identifier: Apache-2.0 */
/* Names of types: spelling, namespaces, and which type a name means. */
#include "avro/schema_names.h"

struct chappe_name_entry {
        struct chappe_schema_node *node;
        struct chappe_name_entry *next;
};

static bool letter(char c)
{
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

bool chappe_name_valid(const char *name, size_t length)
{
        if (length == 0 || !letter(name[0]))
                return false;
        for (size_t i = 1; i < length; i++) {
                if (!letter(name[i]) && !(name[i] >= '0' && name[i] <= '9'))
                        return false;
        }
        return true;
}

bool chappe_full_name_valid(const char *name, size_t length)
{
        const char *dot;

        while ((dot = memchr(name, '.', length))) {
                if (!chappe_name_valid(name, (size_t)(dot - name)))
                        return false;
                length -= (size_t)(dot + 1 - name);
                name = dot + 1;
        }
        return chappe_name_valid(name, length);
}

int chappe_name_primitive(const char *name)
{
        for (int kind = CHAPPE_SCHEMA_NULL; kind <= CHAPPE_SCHEMA_STRING; kind++) {
                if (strcmp(name, chappe_schema_kind_name((enum chappe_schema_kind)kind)) == 0)
                        return kind;
        }
        return -1;
}

int chappe_name_resolve(struct chappe_name_table *table, const struct chappe_json_node *node, const char *name,
                        const char *space, const char **ret_full)
{
        struct chappe_schema *schema = table->schema;
        struct chappe_text full = { NULL, 0 };

        if (strlen(name) != node->count || !chappe_full_name_valid(name, strlen(name)))
                return chappe_json_fail(&schema->document, node, table->error, CHAPPE_E_SCHEMA_INVALID,
                                        "'%.100s' is no valid name: letters, digits and '_', not starting with a digit",
                                        name);
        if (strlen(name) + (strchr(name, '.') ? 0 : strlen(space) + 1) > CHAPPE_SCHEMA_NAME_LIMIT)
                return chappe_json_fail(&schema->document, node, table->error, CHAPPE_E_SCHEMA_LIMIT,
                                        "a full name of more than %u bytes", CHAPPE_SCHEMA_NAME_LIMIT);
        if (strchr(name, '.') || !*space)
                full = chappe_text(name);
        else
                full = chappe_arena_printf(schema->arena, "%s.%s", space, name);
        if (!full.at)
                return chappe_fail(table->error, CHAPPE_E_NO_MEMORY, "no memory for a schema");
        *ret_full = full.at;
        return 0;
}

int chappe_name_space(struct chappe_name_table *table, const char *full, const char **ret_space)
{
        const char *dot = strrchr(full, '.');
        struct chappe_text space = { full, dot ? (size_t)(dot - full) : 0 };

        space = chappe_arena_text(table->schema->arena, space);
        if (!space.at)
                return chappe_fail(table->error, CHAPPE_E_NO_MEMORY, "no memory for a schema");
        *ret_space = space.at;
        return 0;
}

/* FNV-1a */
static unsigned bucket_of(const char *full)
{
        uint32_t hash = 2166136261u;

        for (; *full; full++)
                hash = (hash ^ (unsigned char)*full) * 16777619u;
        return (hash ^ hash >> 16) % CHAPPE_NAME_BUCKETS;
}

struct chappe_schema_node *chappe_name_find(const struct chappe_name_table *table, const char *full)
{
        for (struct chappe_name_entry *entry = table->buckets[bucket_of(full)]; entry; entry = entry->next) {
                if (strcmp(entry->node->name, full) == 0)
                        return entry->node;
        }
        return NULL;
}

int chappe_name_define(struct chappe_name_table *table, struct chappe_schema_node *node)
{
        struct chappe_schema *schema = table->schema;
        struct chappe_name_entry **bucket = &table->buckets[bucket_of(node->name)], *entry;

        if (chappe_name_primitive(node->name) >= 0)
                return chappe_json_fail(&schema->document, node->json, table->error, CHAPPE_E_SCHEMA_INVALID,
                                        "'%s' is the name of a primitive type", node->name);
        if (chappe_name_find(table, node->name))
                return chappe_json_fail(&schema->document, node->json, table->error, CHAPPE_E_SCHEMA_INVALID,
                                        "the type '%s' is defined twice", node->name);
        entry = chappe_arena_alloc(schema->arena, sizeof(*entry));
        if (!entry)
                return chappe_fail(table->error, CHAPPE_E_NO_MEMORY, "no memory for a schema");
        *entry = (struct chappe_name_entry){ node, *bucket };
        *bucket = entry;
        return 0;
}
