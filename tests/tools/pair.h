/* SPDX-License-Identifier: Apache-2.0 */
/* A generated type beside a plan of the same schema: what one does, the other must do too. For cmocka's tests. */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

#include <chappe/codec.h>

/* One type twice: as it was generated, and by a plan alone. */
struct pair {
        const struct chappe_type *type;
        struct chappe_schema *schema;
        struct chappe_plan *plan;
        struct chappe_arena *arena, *other_arena;
        void *value, *other;
        struct chappe_error error, other_error;
};

void pair_open(struct pair *pair, const struct chappe_type *type);
void pair_close(struct pair *pair);
/* Both ways; says whether the bytes were good. */
bool pair_decode(struct pair *pair, const uint8_t *bytes, size_t length);
