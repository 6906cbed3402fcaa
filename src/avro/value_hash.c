/* SPDX-License-Identifier: Apache-2.0 */
/* Hashes of values: numbers are mixed in one after the other, text eight bytes at a time. */
#include <chappe/value.h>

#include <math.h>

#include <chappe/straight.h>

#include "avro/value_parts.h"

#define SEED UINT64_C(0x9E3779B97F4A7C15)

static uint64_t mix(uint64_t hash, uint64_t number)
{
        hash = (hash ^ number) * UINT64_C(0xFF51AFD7ED558CCD);
        return hash ^ hash >> 32;
}

static uint64_t mix_bytes(uint64_t hash, const uint8_t *at, size_t length)
{
        uint8_t last[8] = { 0 };

        length = at ? length : 0;
        hash = mix(hash, length);
        for (; length >= 8; at += 8, length -= 8)
                hash = mix(hash, chappe_eight_bytes(at));
        if (length > 0)
                memcpy(last, at, length);
        return mix(hash, chappe_eight_bytes(last));
}

static uint64_t mix_float(uint64_t hash, double number)
{
        uint64_t bits = 0;

        if (!isnan(number)) /* all of them are equal */
                memcpy(&bits, &number, sizeof(bits));
        return mix(hash, isnan(number) ? UINT64_MAX : bits);
}

/* Every part goes on with the hash of those before it, until the value turns out to have no end. */
struct hashing {
        unsigned depth;
        bool endless;
};

static uint64_t mix_value(struct hashing *hashing, uint64_t hash, struct chappe_value value);

static bool descend(struct hashing *hashing)
{
        hashing->endless = hashing->endless || ++hashing->depth > CHAPPE_VALUE_DEPTH;
        return !hashing->endless;
}

static uint64_t mix_items(struct hashing *hashing, uint64_t hash, struct chappe_value value)
{
        const struct chappe_value_items *items = value.at;
        size_t count = items->at ? items->count : 0;
        uint64_t sum = 0; /* of a map: whatever the order of its entries */

        if (count > 0 && !descend(hashing))
                return hash;
        for (size_t i = 0; i < count && !hashing->endless; i++) {
                if (value.node->kind == CHAPPE_SCHEMA_ARRAY) {
                        hash = mix_value(hashing, hash, chappe_value_item(value, i));
                } else {
                        const struct chappe_text *key = chappe_value_entry_key(value, i);

                        sum += mix_value(hashing, mix_bytes(SEED, (const uint8_t *)key->at, key->length),
                                         chappe_value_item(value, i));
                }
        }
        hashing->depth -= count > 0;
        return mix(mix(hash, count), sum);
}

static uint64_t mix_record(struct hashing *hashing, uint64_t hash, struct chappe_value value)
{
        for (uint32_t i = 0; i < value.node->count && !hashing->endless; i++) {
                if (value.node->members[i].order != CHAPPE_ORDER_IGNORE)
                        hash = mix_value(hashing, hash, chappe_value_member(value, i));
        }
        return hash;
}

static uint64_t mix_union(struct hashing *hashing, uint64_t hash, struct chappe_value value)
{
        struct chappe_value branch;
        uint32_t number = chappe_value_branch(value, &branch);

        return mix_value(hashing, mix(hash, number), branch);
}

static uint64_t mix_pointer(struct hashing *hashing, uint64_t hash, struct chappe_value value)
{
        if (!descend(hashing))
                return hash;
        hash = mix_value(hashing, hash, chappe_value_target(value));
        hashing->depth--;
        return hash;
}

static uint64_t mix_value(struct hashing *hashing, uint64_t hash, struct chappe_value value)
{
        const struct chappe_bytes *bytes = value.at;

        if (!value.at)
                return mix(hash, 0);
        switch (value.layout->kind) {
        case CHAPPE_LAYOUT_BOOLEAN:
                return mix(hash, *(const bool *)value.at);
        case CHAPPE_LAYOUT_INT:
        case CHAPPE_LAYOUT_ENUM:
                return mix(hash, *(const uint32_t *)value.at);
        case CHAPPE_LAYOUT_LONG:
                return mix(hash, *(const uint64_t *)value.at);
        case CHAPPE_LAYOUT_FLOAT:
                return mix_float(hash, *(const float *)value.at);
        case CHAPPE_LAYOUT_DOUBLE:
                return mix_float(hash, *(const double *)value.at);
        case CHAPPE_LAYOUT_BYTES:
        case CHAPPE_LAYOUT_STRING:
                return mix_bytes(hash, bytes->at, bytes->length);
        case CHAPPE_LAYOUT_FIXED:
                return mix_bytes(hash, value.at, value.node->count);
        case CHAPPE_LAYOUT_ARRAY:
        case CHAPPE_LAYOUT_MAP:
                return mix_items(hashing, hash, value);
        case CHAPPE_LAYOUT_OPTIONAL:
        case CHAPPE_LAYOUT_UNION:
                return mix_union(hashing, hash, value);
        case CHAPPE_LAYOUT_RECORD:
                return mix_record(hashing, hash, value);
        case CHAPPE_LAYOUT_POINTER:
                return mix_pointer(hashing, hash, value);
        default:
                return mix(hash, 0);
        }
}

uint64_t chappe_value_hash(struct chappe_value value)
{
        struct hashing hashing = { 0 };
        uint64_t hash = mix_value(&hashing, SEED, value);

        return hashing.endless ? 0 : hash;
}

uint64_t chappe_type_hash(const struct chappe_type *type, const void *value)
{
        struct chappe_value view;

        return chappe_value_of_type(type, value, &view, NULL) < 0 ? 0 : chappe_value_hash(view);
}
