/* SPDX-License-Identifier: Apache-2.0 */
/* Running the straight-line code of a generated type. False: it has none, or it stopped; a plan will know why. */
#pragma once

#include <chappe/straight.h>

#define CHAPPE_DECODE_DEPTH           64
#define CHAPPE_DECODE_ZERO_BYTE_ITEMS 10000
#define CHAPPE_DECODE_MEMORY_FACTOR   16
#define CHAPPE_DECODE_MEMORY_CONSTANT ((size_t)1 << 20)
#define CHAPPE_ENCODE_DEPTH           64

/* By the default limits. Stopped, the arena is as before. */
bool chappe_straight_decode(const struct chappe_type *type, const void *bytes, size_t length,
                            struct chappe_arena *arena, void *ret_value);
/* Stopped, the buffer's length is as before. */
bool chappe_straight_encode(const struct chappe_type *type, const void *value, struct chappe_buffer *buffer);

/* factor × payload + constant, as far as numbers go */
static inline size_t chappe_decode_memory(size_t factor, size_t length, size_t constant)
{
        size_t limit;

        return __builtin_mul_overflow(factor, length, &limit) || __builtin_add_overflow(limit, constant, &limit)
                       ? SIZE_MAX
                       : limit;
}
