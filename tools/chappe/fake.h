/* SPDX-License-Identifier: Apache-2.0 */
/* Values that fit a schema, made up from a seed. */
#pragma once

#include <chappe/arena.h>
#include <chappe/codec.h>

#include "base/random.h"

struct fake {
        struct chappe_random random;
        struct chappe_arena *arena;
        int64_t number; /* of the value: 1, 2 … */
        int64_t now_ms; /* a fixed time when the seed is to give the same bytes each time */
        unsigned depth;
};

/* Fills in a value by the schema and its layout. False: memory is short. */
bool fake_value(struct fake *fake, const struct chappe_schema_node *node, const struct chappe_layout *layout,
                void *value);
