/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a value, as its layout has them; unions, optionals and pointers as they are. */
#pragma once

#include <chappe/value.h>

#include "avro/schema_model.h"

/* Arrays, maps and pointers within each other, at most: a value that leads back to itself ends there. Deeper ones
 * cannot be encoded, nor printed. */
#define CHAPPE_VALUE_DEPTH 256u

/* What every array and map lies in. */
struct chappe_value_items {
        const uint8_t *at;
        size_t count;
};

/* A length without a place is a mistake of the caller's that must not be followed. */
static inline bool chappe_value_has_place(const void *at, size_t length)
{
        return at != NULL || length == 0;
}

/* The n-th member of a record. */
static inline struct chappe_value chappe_value_member(struct chappe_value value, size_t n)
{
        const struct chappe_member *member = &value.layout->members[n];

        return (struct chappe_value){ value.node->members[n].type, member->layout,
                                      (const uint8_t *)value.at + member->offset };
}

/* The n-th item of an array, the value of the n-th entry of a map. */
static inline struct chappe_value chappe_value_item(struct chappe_value value, size_t n)
{
        const struct chappe_value_items *items = value.at;
        const struct chappe_member *member = &value.layout->members[0];

        return (struct chappe_value){ value.node->members[0].type, member->layout,
                                      items->at + n * value.layout->stride + member->offset };
}

static inline const struct chappe_text *chappe_value_entry_key(struct chappe_value value, size_t n)
{
        const struct chappe_value_items *items = value.at;

        return (const struct chappe_text *)(items->at + n * value.layout->stride);
}

/* What a pointer points to. */
static inline struct chappe_value chappe_value_target(struct chappe_value value)
{
        return (struct chappe_value){ value.node, value.layout->members[0].layout, *(const void *const *)value.at };
}

/* The number of the branch that a union is in, and the value there (without a place where it is null). */
static inline uint32_t chappe_value_branch(struct chappe_value value, struct chappe_value *ret_value)
{
        uint32_t branch = value.node->members[0].type->kind == CHAPPE_SCHEMA_NULL ? 1 : 0;
        const struct chappe_member *member = value.layout->members;

        if (value.layout->kind == CHAPPE_LAYOUT_OPTIONAL) {
                branch = *(const bool *)value.at ? branch : 1 - branch;
        } else {
                branch = *(const uint32_t *)value.at;
                member += branch < value.node->count ? branch : 0;
        }
        *ret_value = (struct chappe_value){ NULL, member->layout, NULL };
        if (branch >= value.node->count)
                return branch;
        ret_value->node = value.node->members[branch].type;
        if (ret_value->node->kind != CHAPPE_SCHEMA_NULL)
                ret_value->at = (const uint8_t *)value.at + member->offset;
        return branch;
}
