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

/* Java takes every letter of the basic plane (Character.isLetter). Here all is one that is not in a block of controls,
 * punctuation, symbols, combining marks or private characters: never less than Java takes, and a little more. */
static bool letter_beyond_ascii(unsigned character)
{
        static const struct {
                uint16_t first, last;
        } others[] = { { 0x0000, 0x00A9 }, { 0x00AB, 0x00B4 }, { 0x00B6, 0x00B9 }, { 0x00BB, 0x00BF },
                       { 0x00D7, 0x00D7 }, { 0x00F7, 0x00F7 }, { 0x0300, 0x036F }, { 0x2000, 0x2070 },
                       { 0x20A0, 0x2101 }, { 0x2190, 0x2BFF }, { 0x3000, 0x3004 }, { 0x3008, 0x3030 },
                       { 0xD800, 0xF8FF }, { 0xFE00, 0xFE6F }, { 0xFEFF, 0xFF0F }, { 0xFFE0, 0xFFFF } };

        for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
                if (character >= others[i].first && character <= others[i].last)
                        return false;
        }
        return true;
}

/* Bytes of the letter that stands there in two or three bytes of UTF-8; 0: it is none. */
static size_t long_letter(const char *name, size_t length)
{
        const unsigned char *at = (const unsigned char *)name;

        if (length >= 2 && (at[0] & 0xE0) == 0xC0)
                return letter_beyond_ascii((at[0] & 0x1Fu) << 6 | (at[1] & 0x3Fu)) ? 2 : 0;
        if (length >= 3 && (at[0] & 0xF0) == 0xE0)
                return letter_beyond_ascii((at[0] & 0x0Fu) << 12 | (at[1] & 0x3Fu) << 6 | (at[2] & 0x3Fu)) ? 3 : 0;
        return 0;
}

bool chappe_name_valid(const char *name, size_t length)
{
        for (size_t at = 0, step; at < length; at += step) {
                bool digit = at > 0 && name[at] >= '0' && name[at] <= '9';

                step = letter(name[at]) || digit ? 1 : long_letter(name + at, length - at);
                if (step == 0)
                        return false;
        }
        return length > 0;
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
        bool alone = name[0] == '.';
        size_t length = strlen(name);

        if (length != node->count || !chappe_full_name_valid(name + alone, length - alone) ||
            (alone && strchr(name + 1, '.')))
                return chappe_json_fail(&schema->document, node, table->error, CHAPPE_E_SCHEMA_INVALID,
                                        "'%.100s' is no valid name: letters, digits and '_', not starting with a digit",
                                        name);
        name += alone;
        if (alone)
                space = "";
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
