/* SPDX-License-Identifier: Apache-2.0 */
/* Running the straight-line code of a generated type. False: it has none, or it stopped; a plan will know why. */
#pragma once

#include <chappe/codec.h>
#include <chappe/straight.h>

#include "base/arena_inline.h"

#define CHAPPE_DECODE_DEPTH_MOST 1024 /* that a decode may be allowed */

/* factor × payload + constant, as far as numbers go */
static inline size_t chappe_decode_memory(size_t factor, size_t length, size_t constant)
{
        size_t limit;

        return __builtin_mul_overflow(factor, length, &limit) || __builtin_add_overflow(limit, constant, &limit)
                       ? SIZE_MAX
                       : limit;
}

static const struct chappe_decode_limits chappe_decode_usual = { 64, 10000, 16, (size_t)1 << 20 };

/* Zero and too much set right. */
static inline struct chappe_decode_limits chappe_decode_limits_of(const struct chappe_decode_limits *limits)
{
        const struct chappe_decode_limits *usual = &chappe_decode_usual;
        size_t depth = limits->depth ? limits->depth : usual->depth;

        return (struct chappe_decode_limits){
                depth < CHAPPE_DECODE_DEPTH_MOST ? depth : CHAPPE_DECODE_DEPTH_MOST,
                limits->zero_byte_items ? limits->zero_byte_items : usual->zero_byte_items,
                limits->memory_factor ? limits->memory_factor : usual->memory_factor,
                limits->memory_constant ? limits->memory_constant : usual->memory_constant,
        };
}

/* limits: none of them zero. Stopped, the arena is as before. */
static inline bool chappe_straight_decode(const struct chappe_type *type, const void *bytes, size_t length,
                                          struct chappe_arena *arena, const struct chappe_decode_limits *limits,
                                          void *ret_value)
{
        struct chappe_decoder decoder = {
                .arena = arena,
                .memory_left = chappe_decode_memory(limits->memory_factor, length, limits->memory_constant),
                .depth_left = (unsigned)limits->depth,
        };
        const uint8_t *end = (const uint8_t *)bytes + length;
        struct chappe_arena_mark mark = chappe_arena_mark(arena);

        if (!type->decode || !bytes)
                return false;
        if (type->decode(&decoder, bytes, end, ret_value) == end)
                return true;
        chappe_arena_rewind(arena, mark);
        return false;
}

/* Stopped, the buffer's length is as before. */
static inline bool chappe_straight_encode(const struct chappe_type *type, const void *value,
                                          struct chappe_buffer *buffer)
{
        return type->encode && type->encode(buffer, value);
}
