/* SPDX-License-Identifier: Apache-2.0 */
/* Avro's sort order. */
#include <chappe/value.h>

#include <math.h>

#include "avro/value_parts.h"

static int order(uint64_t a, uint64_t b)
{
        return (a > b) - (a < b);
}

static int order_signed(int64_t a, int64_t b)
{
        return (a > b) - (a < b);
}

/* As Java's Double.compare: -0.0 before 0.0, NaN last and equal to itself. */
static int64_t float_key(double number)
{
        int64_t bits;

        if (isnan(number))
                return INT64_MAX;
        memcpy(&bits, &number, sizeof(bits));
        return bits < 0 ? (int64_t)((uint64_t)bits ^ (uint64_t)INT64_MAX) : bits;
}

static int compare_bytes(const void *a, size_t a_length, const void *b, size_t b_length)
{
        size_t common = a_length < b_length ? a_length : b_length;
        int by_content = common ? memcmp(a, b, common) : 0;

        return by_content ? by_content : order(a_length, b_length);
}

static int compare_text(const struct chappe_text *a, const struct chappe_text *b)
{
        return compare_bytes(a->at, a->at ? a->length : 0, b->at, b->at ? b->length : 0);
}

struct comparing {
        unsigned depth;
        bool endless; /* nothing is looked at any more */
};

static int compare(struct comparing *comparing, struct chappe_value a, struct chappe_value b);

static int compare_deeper(struct comparing *comparing, struct chappe_value a, struct chappe_value b,
                          int (*compare_parts)(struct comparing *, struct chappe_value, struct chappe_value))
{
        int found;

        comparing->endless = comparing->endless || comparing->depth == CHAPPE_VALUE_DEPTH;
        if (comparing->endless)
                return 0;
        comparing->depth++;
        found = compare_parts(comparing, a, b);
        comparing->depth--;
        return found;
}

static size_t count_of(struct chappe_value value)
{
        const struct chappe_value_items *items = value.at;

        return items->at ? items->count : 0;
}

static int compare_record(struct comparing *comparing, struct chappe_value a, struct chappe_value b)
{
        for (uint32_t i = 0; i < a.node->count && !comparing->endless; i++) {
                uint8_t wanted = a.node->members[i].order;
                int found = wanted == CHAPPE_ORDER_IGNORE
                                    ? 0
                                    : compare(comparing, chappe_value_member(a, i), chappe_value_member(b, i));

                if (found)
                        return wanted == CHAPPE_ORDER_DESCENDING ? -found : found;
        }
        return 0;
}

static int compare_array(struct comparing *comparing, struct chappe_value a, struct chappe_value b)
{
        size_t a_count = count_of(a), b_count = count_of(b);

        for (size_t i = 0; i < a_count && i < b_count && !comparing->endless; i++) {
                int found = compare(comparing, chappe_value_item(a, i), chappe_value_item(b, i));

                if (found)
                        return found;
        }
        return order(a_count, b_count);
}

static bool same_entry(struct comparing *comparing, struct chappe_value a, size_t i, struct chappe_value b, size_t j)
{
        return compare_text(chappe_value_entry_key(a, i), chappe_value_entry_key(b, j)) == 0 &&
               compare(comparing, chappe_value_item(a, i), chappe_value_item(b, j)) == 0;
}

static size_t times(struct comparing *comparing, struct chappe_value map, struct chappe_value other, size_t entry)
{
        size_t count = count_of(map), found = 0;

        for (size_t i = 0; i < count && !comparing->endless; i++)
                found += same_entry(comparing, map, i, other, entry);
        return found;
}

/* In the same order at first, as most maps are that were written alike. A key may come twice in what others wrote: each
 * entry counts, as for the hash. */
static int compare_map(struct comparing *comparing, struct chappe_value a, struct chappe_value b)
{
        size_t count = count_of(a), alike = 0;

        if (count != count_of(b))
                return 1;
        while (alike < count && same_entry(comparing, a, alike, b, alike))
                alike++;
        for (size_t i = alike; i < count && !comparing->endless; i++) {
                if (times(comparing, a, a, i) != times(comparing, b, a, i))
                        return 1;
        }
        return 0;
}

static int compare_union(struct comparing *comparing, struct chappe_value a, struct chappe_value b)
{
        struct chappe_value a_value, b_value;
        int by_branch = order(chappe_value_branch(a, &a_value), chappe_value_branch(b, &b_value));

        return by_branch || !a_value.at ? by_branch : compare(comparing, a_value, b_value);
}

static int compare_pointer(struct comparing *comparing, struct chappe_value a, struct chappe_value b)
{
        return compare(comparing, chappe_value_target(a), chappe_value_target(b));
}

static int compare(struct comparing *comparing, struct chappe_value a, struct chappe_value b)
{
        if (!a.at || !b.at)
                return (a.at != NULL) - (b.at != NULL);
        switch (a.layout->kind) {
        case CHAPPE_LAYOUT_BOOLEAN:
                return order(*(const bool *)a.at, *(const bool *)b.at);
        case CHAPPE_LAYOUT_INT:
                return order_signed(*(const int32_t *)a.at, *(const int32_t *)b.at);
        case CHAPPE_LAYOUT_ENUM:
                return order(*(const uint32_t *)a.at, *(const uint32_t *)b.at);
        case CHAPPE_LAYOUT_LONG:
                return order_signed(*(const int64_t *)a.at, *(const int64_t *)b.at);
        case CHAPPE_LAYOUT_FLOAT:
                return order_signed(float_key(*(const float *)a.at), float_key(*(const float *)b.at));
        case CHAPPE_LAYOUT_DOUBLE:
                return order_signed(float_key(*(const double *)a.at), float_key(*(const double *)b.at));
        case CHAPPE_LAYOUT_BYTES:
        case CHAPPE_LAYOUT_STRING:
                return compare_text(a.at, b.at);
        case CHAPPE_LAYOUT_FIXED:
                return memcmp(a.at, b.at, a.node->count);
        case CHAPPE_LAYOUT_ARRAY:
                return compare_deeper(comparing, a, b, compare_array);
        case CHAPPE_LAYOUT_MAP:
                return compare_deeper(comparing, a, b, compare_map);
        case CHAPPE_LAYOUT_OPTIONAL:
        case CHAPPE_LAYOUT_UNION:
                return compare_union(comparing, a, b);
        case CHAPPE_LAYOUT_RECORD:
                return compare_record(comparing, a, b);
        case CHAPPE_LAYOUT_POINTER:
                return compare_deeper(comparing, a, b, compare_pointer);
        default:
                return 0;
        }
}

int chappe_value_compare(struct chappe_value a, struct chappe_value b)
{
        struct comparing comparing = { 0 };
        int found = compare(&comparing, a, b);

        return comparing.endless ? 0 : found;
}

int chappe_type_compare(const struct chappe_type *type, const void *a, const void *b)
{
        struct chappe_value one, two;

        if (chappe_value_of_type(type, a, &one, NULL) < 0 || chappe_value_of_type(type, b, &two, NULL) < 0)
                return 0;
        return chappe_value_compare(one, two);
}
