/* SPDX-License-Identifier: Apache-2.0 */
/* Encoded data of any schema: numbers of every length, strings beyond ASCII, arrays empty, short and long. */
#include "random_datum.h"

#include <stdlib.h>

#include <chappe/straight.h>

#define DEEP 6 /* from here on arrays are empty and unions take the branch that is null, if there is one */

static void put(struct chappe_buffer *out, const void *bytes, size_t size)
{
        if (chappe_buffer_append(out, bytes, size) < 0)
                abort();
}

static void put_long(struct chappe_buffer *out, int64_t value)
{
        uint8_t bytes[CHAPPE_NUMBER_SIZE];

        put(out, bytes, (size_t)(chappe_put_long(bytes, value) - bytes));
}

static int64_t any_number(struct chappe_random *random, unsigned bits)
{
        uint64_t number = chappe_random_next(random) >> (64 - bits + chappe_random_below(random, bits - 1));

        return chappe_random_chance(random, 500000) ? (int64_t)(number >> 1) : -(int64_t)(number >> 1) - 1;
}

static void put_text(struct chappe_random *random, struct chappe_buffer *out)
{
        static const char *const pieces[] = {
                "", "a", "xyz", "Wolverine", "é", "\xF0\x9F\x98\x80", "0123456789abcdef"
        };
        char text[80] = "";

        for (uint64_t n = chappe_random_below(random, 5); n > 0; n--)
                strcat(text, pieces[chappe_random_below(random, sizeof(pieces) / sizeof(*pieces))]);
        put_long(out, (int64_t)strlen(text));
        put(out, text, strlen(text));
}

static void put_raw(struct chappe_random *random, size_t size, struct chappe_buffer *out)
{
        for (size_t i = 0; i < size; i++)
                put(out, &(uint8_t){ (uint8_t)chappe_random_next(random) }, 1);
}

static void put_float(struct chappe_random *random, bool wide, struct chappe_buffer *out)
{
        double number = (double)any_number(random, 40) / 1024;
        float narrow = (float)number;

        put(out, wide ? (void *)&number : (void *)&narrow, wide ? sizeof(number) : sizeof(narrow));
}

/* A block with its size in front, or without. */
static void put_block(struct chappe_random *random, const struct chappe_schema_node *node, bool map, uint64_t count,
                      unsigned depth, struct chappe_buffer *out)
{
        struct chappe_buffer block = { 0 };
        bool sized = chappe_random_chance(random, 300000);

        for (uint64_t i = 0; i < count; i++) {
                if (map)
                        put_text(random, &block);
                random_datum(random, chappe_schema_node_at(node, 0), depth + 1, &block);
        }
        put_long(out, sized ? -(int64_t)count : (int64_t)count);
        if (sized)
                put_long(out, (int64_t)block.length);
        if (block.length)
                put(out, block.at, block.length);
        chappe_buffer_deinit(&block);
}

static void put_items(struct chappe_random *random, const struct chappe_schema_node *node, bool map, unsigned depth,
                      struct chappe_buffer *out)
{
        uint64_t count = depth < DEEP ? chappe_random_below(random, 4) : 0;

        if (count > 1 && chappe_random_chance(random, 200000)) {
                put_block(random, node, map, 1, depth, out);
                count--;
        }
        if (count > 0)
                put_block(random, node, map, count, depth, out);
        put_long(out, 0);
}

static void put_union(struct chappe_random *random, const struct chappe_schema_node *node, unsigned depth,
                      struct chappe_buffer *out)
{
        size_t count = chappe_schema_node_count(node), branch = chappe_random_below(random, count);

        for (size_t i = 0; i < count && depth >= DEEP; i++) {
                if (chappe_schema_node_kind(chappe_schema_node_at(node, i)) == CHAPPE_SCHEMA_NULL)
                        branch = i;
        }
        put_long(out, (int64_t)branch);
        random_datum(random, chappe_schema_node_at(node, branch), depth + 1, out);
}

void random_datum(struct chappe_random *random, const struct chappe_schema_node *node, unsigned depth,
                  struct chappe_buffer *out)
{
        enum chappe_schema_kind kind = chappe_schema_node_kind(node);
        size_t count = chappe_schema_node_count(node);

        switch (kind) {
        case CHAPPE_SCHEMA_NULL:
                break;
        case CHAPPE_SCHEMA_BOOLEAN:
                put(out, &(uint8_t){ chappe_random_chance(random, 500000) }, 1);
                break;
        case CHAPPE_SCHEMA_INT:
                put_long(out, any_number(random, 32));
                break;
        case CHAPPE_SCHEMA_LONG:
                put_long(out, any_number(random, 64));
                break;
        case CHAPPE_SCHEMA_FLOAT:
        case CHAPPE_SCHEMA_DOUBLE:
                put_float(random, kind == CHAPPE_SCHEMA_DOUBLE, out);
                break;
        case CHAPPE_SCHEMA_BYTES:
                count = chappe_random_below(random, 20);
                put_long(out, (int64_t)count);
                put_raw(random, count, out);
                break;
        case CHAPPE_SCHEMA_FIXED:
                put_raw(random, count, out);
                break;
        case CHAPPE_SCHEMA_STRING:
                put_text(random, out);
                break;
        case CHAPPE_SCHEMA_ENUM:
                put_long(out, (int64_t)chappe_random_below(random, count));
                break;
        case CHAPPE_SCHEMA_ARRAY:
        case CHAPPE_SCHEMA_MAP:
                put_items(random, node, kind == CHAPPE_SCHEMA_MAP, depth, out);
                break;
        case CHAPPE_SCHEMA_UNION:
                put_union(random, node, depth, out);
                break;
        case CHAPPE_SCHEMA_RECORD:
                for (size_t i = 0; i < count; i++)
                        random_datum(random, chappe_schema_node_at(node, i), depth + 1, out);
                break;
        }
}
