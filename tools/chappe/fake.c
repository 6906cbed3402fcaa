/* SPDX-License-Identifier: Apache-2.0 */
/* Made-up values: named after their fields, small, and of the kind that the logical type says. */
#include "fake.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <chappe/logical.h>

#define DEPTH_LIMIT  12 /* deeper, lists are empty and optionals absent */
#define ITEMS_LIMIT  4
#define DAY_MS       86400000
#define STRING_KINDS 50 /* different texts in a field */

static uint64_t below(struct fake *fake, uint64_t bound)
{
        return chappe_random_below(&fake->random, bound);
}

static bool fill(struct fake *fake, const struct chappe_schema_node *node, const struct chappe_layout *layout,
                 const char *name, void *value);

static int64_t fake_long(struct fake *fake, const char *logical)
{
        int64_t ms = fake->now_ms - (int64_t)below(fake, DAY_MS);

        if (!logical)
                return (int64_t)below(fake, 10000) + 1;
        if (strcmp(logical, "date") == 0)
                return fake->now_ms / DAY_MS - (int64_t)below(fake, 365);
        if (strcmp(logical, "time-millis") == 0)
                return (int64_t)below(fake, DAY_MS);
        if (strcmp(logical, "time-micros") == 0)
                return (int64_t)below(fake, DAY_MS) * 1000;
        if (strstr(logical, "-nanos"))
                return ms * 1000000;
        return strstr(logical, "-micros") ? ms * 1000 : ms;
}

/* order_id → order_id-7 in the 7th value: identities differ, everything else repeats. */
static bool fake_text(struct fake *fake, const char *name, const char *logical, void *value)
{
        size_t length = strlen(name);
        bool identity = (length >= 2 && strcmp(name + length - 2, "id") == 0);
        struct chappe_text *text = value;

        if (logical && strcmp(logical, "uuid") == 0) {
                uint64_t high = chappe_random_next(&fake->random), low = chappe_random_next(&fake->random);

                *text = chappe_arena_printf(fake->arena, "%08x-%04x-4%03x-8%03x-%012" PRIx64, (unsigned)(high >> 32),
                                            (unsigned)(high >> 16 & 0xffff), (unsigned)(high & 0xfff),
                                            (unsigned)(low >> 52), low & 0xffffffffffff);
        } else {
                *text = chappe_arena_printf(fake->arena, "%s-%" PRId64, name,
                                            identity ? fake->number : (int64_t)below(fake, STRING_KINDS) + 1);
        }
        return text->at != NULL;
}

/* Prices without end to their digits. */
static bool fake_big_decimal(struct fake *fake, struct chappe_bytes *bytes)
{
        struct chappe_text text =
                chappe_arena_printf(fake->arena, "%u.%02u", (unsigned)below(fake, 1000), (unsigned)below(fake, 100));

        return text.at && chappe_big_decimal_parse(text, fake->arena, bytes, NULL) >= 0;
}

static bool fake_bytes(struct fake *fake, const char *logical, struct chappe_bytes *bytes)
{
        bool decimal = logical && strcmp(logical, "decimal") == 0;
        size_t length = decimal ? 2 : 1 + below(fake, 8);
        uint8_t *at = chappe_arena_alloc(fake->arena, length);

        if (logical && strcmp(logical, "big-decimal") == 0)
                return fake_big_decimal(fake, bytes);
        if (!at)
                return false;
        chappe_random_bytes(&fake->random, at, length);
        if (decimal)
                at[0] &= 0x7f; /* not negative */
        *bytes = (struct chappe_bytes){ at, length };
        return true;
}

static bool fake_list(struct fake *fake, const struct chappe_schema_node *node, const struct chappe_layout *layout,
                      const char *name, void *value)
{
        struct {
                const void *items;
                size_t count;
        } *list = value;
        bool map = layout->kind == CHAPPE_LAYOUT_MAP;
        size_t count = fake->depth > DEPTH_LIMIT ? 0 : 1 + below(fake, ITEMS_LIMIT);
        char *items = chappe_arena_zalloc(fake->arena, count * layout->stride + 1);

        list->items = items;
        list->count = count;
        for (size_t i = 0; items && i < count; i++) {
                char *item = items + i * layout->stride;

                if (map) {
                        struct chappe_text *key = (struct chappe_text *)(void *)item;

                        *key = chappe_arena_printf(fake->arena, "key-%zu", i + 1);
                        if (!key->at)
                                return false;
                }
                if (!fill(fake, chappe_schema_node_at(node, 0), layout->members[0].layout, name,
                          item + layout->members[0].offset))
                        return false;
        }
        return items != NULL;
}

static bool fake_record(struct fake *fake, const struct chappe_schema_node *node, const struct chappe_layout *layout,
                        char *value)
{
        for (uint32_t i = 0; i < layout->count; i++) {
                if (!fill(fake, chappe_schema_node_at(node, i), layout->members[i].layout,
                          chappe_schema_node_name_at(node, i), value + layout->members[i].offset))
                        return false;
        }
        return true;
}

static bool fake_optional(struct fake *fake, const struct chappe_schema_node *node, const struct chappe_layout *layout,
                          const char *name, char *value)
{
        size_t branch = chappe_schema_node_kind(chappe_schema_node_at(node, 0)) == CHAPPE_SCHEMA_NULL ? 1 : 0;
        bool present = fake->depth <= DEPTH_LIMIT && below(fake, 2);

        *(bool *)value = present;
        return !present || fill(fake, chappe_schema_node_at(node, branch), layout->members[0].layout, name,
                                value + layout->members[0].offset);
}

static bool fake_union(struct fake *fake, const struct chappe_schema_node *node, const struct chappe_layout *layout,
                       const char *name, char *value)
{
        uint32_t branch = (uint32_t)(fake->depth > DEPTH_LIMIT ? 0 : below(fake, layout->count));

        *(int32_t *)(void *)value = (int32_t)branch;
        return fill(fake, chappe_schema_node_at(node, branch), layout->members[branch].layout, name,
                    value + layout->members[branch].offset);
}

static bool fake_pointer(struct fake *fake, const struct chappe_schema_node *node, const struct chappe_layout *layout,
                         const char *name, void *value)
{
        void *record = chappe_arena_zalloc(fake->arena, layout->members[0].layout->size);

        *(const void **)value = record;
        return record && fill(fake, node, layout->members[0].layout, name, record);
}

static bool fill_inner(struct fake *fake, const struct chappe_schema_node *node, const struct chappe_layout *layout,
                       const char *name, void *value)
{
        const char *logical = chappe_schema_node_logical(node);

        switch (layout->kind) {
        case CHAPPE_LAYOUT_NULL:
                *(char *)value = 0;
                return true;
        case CHAPPE_LAYOUT_BOOLEAN:
                *(bool *)value = below(fake, 2);
                return true;
        case CHAPPE_LAYOUT_INT:
                *(int32_t *)value = (int32_t)(logical ? fake_long(fake, logical) : (int64_t)below(fake, 100) + 1);
                return true;
        case CHAPPE_LAYOUT_LONG:
                *(int64_t *)value = fake_long(fake, logical);
                return true;
        case CHAPPE_LAYOUT_FLOAT:
                *(float *)value = (float)below(fake, 100000) / 100;
                return true;
        case CHAPPE_LAYOUT_DOUBLE:
                *(double *)value = (double)below(fake, 100000) / 100;
                return true;
        case CHAPPE_LAYOUT_BYTES:
                return fake_bytes(fake, logical, value);
        case CHAPPE_LAYOUT_STRING:
                return fake_text(fake, name, logical, value);
        case CHAPPE_LAYOUT_FIXED:
                chappe_random_bytes(&fake->random, value, layout->count);
                return true;
        case CHAPPE_LAYOUT_ENUM:
                *(int32_t *)value = (int32_t)below(fake, layout->count);
                return true;
        case CHAPPE_LAYOUT_ARRAY:
        case CHAPPE_LAYOUT_MAP:
                return fake_list(fake, node, layout, name, value);
        case CHAPPE_LAYOUT_OPTIONAL:
                return fake_optional(fake, node, layout, name, value);
        case CHAPPE_LAYOUT_UNION:
                return fake_union(fake, node, layout, name, value);
        case CHAPPE_LAYOUT_RECORD:
                return fake_record(fake, node, layout, value);
        case CHAPPE_LAYOUT_POINTER:
                return fake_pointer(fake, node, layout, name, value);
        }
        return false;
}

static bool fill(struct fake *fake, const struct chappe_schema_node *node, const struct chappe_layout *layout,
                 const char *name, void *value)
{
        bool done;

        fake->depth++;
        done = fill_inner(fake, node, layout, name, value);
        fake->depth--;
        return done;
}

bool fake_value(struct fake *fake, const struct chappe_schema_node *node, const struct chappe_layout *layout,
                void *value)
{
        fake->depth = 0;
        return fill(fake, node, layout, "value", value);
}
