/* SPDX-License-Identifier: Apache-2.0 */
/* Straight-line code, tried first: what it does not finish leaves no trace. */
#include "avro/straight_line.h"

#include "base/arena_mark.h"

bool chappe_straight_decode(const struct chappe_type *type, const void *bytes, size_t length,
                            struct chappe_arena *arena, void *ret_value)
{
        struct chappe_decoder decoder = {
                .arena = arena,
                .memory_left = chappe_decode_memory(CHAPPE_DECODE_MEMORY_FACTOR, length, CHAPPE_DECODE_MEMORY_CONSTANT),
                .depth_left = CHAPPE_DECODE_DEPTH,
        };
        const uint8_t *end = (const uint8_t *)bytes + length;
        struct chappe_arena_mark mark;

        if (!type->decode)
                return false;
        mark = chappe_arena_mark(arena);
        if (type->decode(&decoder, bytes, end, ret_value) == end)
                return true;
        chappe_arena_rewind(arena, &mark);
        return false;
}

bool chappe_straight_encode(const struct chappe_type *type, const void *value, struct chappe_buffer *buffer)
{
        struct chappe_encoder encoder = { buffer, buffer->at + buffer->capacity, CHAPPE_ENCODE_DEPTH };
        size_t length = buffer->length;
        uint8_t *behind;

        if (!type->encode)
                return false;
        behind = type->encode(&encoder, buffer->at + length, value);
        buffer->length = behind ? (size_t)(behind - buffer->at) : length;
        return behind != NULL;
}
