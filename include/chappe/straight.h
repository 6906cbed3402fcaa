/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the straight-line code of chappe-gen is made of: Avro's binary encoding, a value at a time. Only generated code
 * includes this. Each step returns where it stopped, or NULL: then the plan runs over the same bytes, and says what is
 * wrong or does what is too rare for straight lines (arrays in several blocks).
 *
 * Encoding keeps room: behind chappe_put_room, and behind what brings its own room (bytes, blocks, long texts),
 * CHAPPE_PUT_ROOM bytes are free, so that a run of CHAPPE_PUT_RUN bytes at most needs to ask only once. Up to
 * CHAPPE_PUT_SLACK bytes behind the run are written to, and count for nothing.
 */
#pragma once

#include <chappe/arena.h>
#include <chappe/buffer.h>
#include <chappe/text.h>
#include <chappe/type.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CHAPPE_NUMBER_SIZE 10 /* bytes of the longest */

#define CHAPPE_PUT_ROOM  128
#define CHAPPE_PUT_SLACK 8
#define CHAPPE_PUT_RUN   (CHAPPE_PUT_ROOM - CHAPPE_PUT_SLACK)

#define CHAPPE_SHORT_TEXT 32 /* bytes of the longest that is put in line */
#define CHAPPE_PUT_TEXT   (1 + CHAPPE_SHORT_TEXT)

#define CHAPPE_ENCODE_DEPTH 64

#define CHAPPE_EIGHT_HIGH UINT64_C(0x8080808080808080) /* set in a byte that is not ASCII */

typedef uint64_t chappe_sixteen_bytes __attribute__((vector_size(16)));
typedef char chappe_sixteen_chars __attribute__((vector_size(16)));

struct chappe_decoder {
        struct chappe_arena *arena;
        size_t memory_left;
        unsigned depth_left;
};

struct chappe_encoder {
        struct chappe_buffer *buffer;
        uint8_t *limit; /* of the buffer: up to here CHAPPE_PUT_ROOM is free */
        unsigned depth_left;
};

/* A number of any length. NULL: cut off or beyond 64 bits; then it is 0. */
const uint8_t *chappe_take_any_number(const uint8_t *at, const uint8_t *end, uint64_t *ret);
const uint8_t *chappe_take_any_int(const uint8_t *at, const uint8_t *end, int32_t *ret);
const uint8_t *chappe_take_any_text(const uint8_t *at, const uint8_t *end, struct chappe_text *ret);
/* The count of a block, past its size in bytes if it has one; no more than there are bytes left. */
const uint8_t *chappe_take_any_count(const uint8_t *at, const uint8_t *end, size_t *ret_count);
/* count things of size bytes, not cleared, within the decoder's budget; NULL beyond. */
void *chappe_take_space(struct chappe_decoder *decoder, size_t count, size_t size);
/* Strict: no surrogates, nothing overlong. */
bool chappe_utf8_valid(const void *bytes, size_t length);
/* Room for size bytes and a number behind at, and CHAPPE_PUT_ROOM behind those. Returns at, which may have moved; NULL
 * when memory is short. The buffer's length stays. */
uint8_t *chappe_put_more_room(struct chappe_buffer *buffer, uint8_t *at, size_t size);
/* A number that takes three bytes or more. */
uint8_t *chappe_put_long_number(uint8_t *at, uint64_t value);
/* These bring their own room. NULL: no memory, or not UTF-8. */
uint8_t *chappe_put_any_text(struct chappe_buffer *buffer, uint8_t *at, const struct chappe_text *value);
uint8_t *chappe_put_any_bytes(struct chappe_buffer *buffer, uint8_t *at, const struct chappe_bytes *value);
uint8_t *chappe_put_any_block(struct chappe_buffer *buffer, uint8_t *at, const void *bytes, size_t size);

/* So many bits, the lowest ones. */
static const uint16_t chappe_low_bits[17] = { 0x0000, 0x0001, 0x0003, 0x0007, 0x000F, 0x001F, 0x003F, 0x007F, 0x00FF,
                                              0x01FF, 0x03FF, 0x07FF, 0x0FFF, 0x1FFF, 0x3FFF, 0x7FFF, 0xFFFF };

/* Eight bytes, the first one lowest. */
static inline uint64_t chappe_eight_bytes(const uint8_t *at)
{
        uint64_t eight;

        memcpy(&eight, at, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        eight = __builtin_bswap64(eight);
#endif
        return eight;
}

static inline void chappe_put_eight(uint8_t *at, uint64_t eight)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        eight = __builtin_bswap64(eight);
#endif
        memcpy(at, &eight, 8);
}

static inline const uint8_t *chappe_take_number(const uint8_t *at, const uint8_t *end, uint64_t *ret)
{
        if (__builtin_expect(at < end && *at < 0x80, 1)) {
                *ret = *at;
                return at + 1;
        }
        if (end - at >= 2 && at[1] < 0x80) {
                *ret = (uint64_t)(at[0] & 0x7F) | (uint64_t)at[1] << 7;
                return at + 2;
        }
        return chappe_take_any_number(at, end, ret);
}

static inline const uint8_t *chappe_take_long(const uint8_t *at, const uint8_t *end, int64_t *ret)
{
        uint64_t zigzag;

        at = chappe_take_number(at, end, &zigzag);
        *ret = (int64_t)(zigzag >> 1 ^ (~(zigzag & 1) + 1));
        return at;
}

static inline const uint8_t *chappe_take_int(const uint8_t *at, const uint8_t *end, int32_t *ret)
{
        uint32_t zigzag;

        if (__builtin_expect(at < end && *at < 0x80, 1)) {
                zigzag = *at++;
        } else if (end - at >= 2 && at[1] < 0x80) {
                zigzag = (uint32_t)(at[0] & 0x7F) | (uint32_t)at[1] << 7;
                at += 2;
        } else {
                return chappe_take_any_int(at, end, ret);
        }
        *ret = (int32_t)(zigzag >> 1 ^ (~(zigzag & 1) + 1));
        return at;
}

static inline const uint8_t *chappe_take_raw(const uint8_t *at, const uint8_t *end, void *ret, size_t size)
{
        if ((size_t)(end - at) < size)
                return NULL;
        memcpy(ret, at, size);
        return at + size;
}

static inline const uint8_t *chappe_take_boolean(const uint8_t *at, const uint8_t *end, bool *ret)
{
        if (at == end || *at > 1)
                return NULL;
        *ret = *at;
        return at + 1;
}

/* The number of a symbol or branch, into four bytes. */
static inline const uint8_t *chappe_take_index(const uint8_t *at, const uint8_t *end, uint32_t count, void *ret)
{
        uint64_t twice;
        uint32_t index;

        at = chappe_take_number(at, end, &twice);
        if ((twice & 1) || twice >> 1 >= count)
                return NULL;
        index = (uint32_t)(twice >> 1);
        memcpy(ret, &index, sizeof(index));
        return at;
}

static inline const uint8_t *chappe_take_bytes(const uint8_t *at, const uint8_t *end, struct chappe_bytes *ret)
{
        uint64_t twice;

        at = chappe_take_number(at, end, &twice);
        if (!at || (twice & 1) || twice >> 1 > (uint64_t)(end - at))
                return NULL;
        ret->at = at;
        ret->length = (size_t)(twice >> 1);
        return at + ret->length;
}

/* Whether the length bytes at at are ASCII, as most short strings are. Eight bytes there may be read. */
static inline bool chappe_ascii_check(const uint8_t *at, size_t length)
{
        uint64_t eight, any = 0;

        if (length < 8) {
                any = chappe_eight_bytes(at) & ((UINT64_C(1) << 8 * length) - 1);
        } else if (length <= 16) { /* the two overlap: cheaper than byte by byte */
                memcpy(&eight, at, 8);
                memcpy(&any, at + length - 8, 8);
                any |= eight;
        } else {
                chappe_sixteen_bytes sixteen, all = { 0, 0 };

                for (size_t i = 0; i + 16 < length; i += 16) {
                        memcpy(&sixteen, at + i, 16);
                        all |= sixteen;
                }
                memcpy(&sixteen, at + length - 16, 16);
                all |= sixteen;
                any = all[0] | all[1];
        }
        return __builtin_expect((any & CHAPPE_EIGHT_HIGH) == 0, 1);
}

/* Whether they are UTF-8. end: how far may be read. */
static inline bool chappe_utf8_check(const uint8_t *at, size_t length, const uint8_t *end)
{
        return (end - at >= 8 && chappe_ascii_check(at, length)) || chappe_utf8_valid(at, length);
}

/* Of sixteen bytes, those that are not ASCII: a bit each, the first one lowest. */
static inline uint32_t chappe_high_bits(const uint8_t *at)
{
#ifdef __SSE2__
        chappe_sixteen_bytes sixteen;

        memcpy(&sixteen, at, 16);
        return (uint32_t)__builtin_ia32_pmovmskb128((chappe_sixteen_chars)sixteen);
#else
        /* No two of the products meet: the highest byte has the highest bit of each byte. */
        const uint64_t gather = UINT64_C(0x0002040810204081);
        uint64_t first = (chappe_eight_bytes(at) & CHAPPE_EIGHT_HIGH) * gather;
        uint64_t last = (chappe_eight_bytes(at + 8) & CHAPPE_EIGHT_HIGH) * gather;

        return (uint32_t)(first >> 56 | last >> 56 << 8);
#endif
}

/* Up to 16 bytes of ASCII, with sixteen of input behind their length; all others are for chappe_take_any_text. */
static inline const uint8_t *chappe_take_text(const uint8_t *at, const uint8_t *end, struct chappe_text *ret)
{
        size_t length;

        if (__builtin_expect((uintptr_t)at > (uintptr_t)end - 17, 0)) /* no input lies in front of address 17 */
                return chappe_take_any_text(at, end, ret);
        length = (uint8_t)(*at >> 1 | *at << 7); /* what is odd, and no length, is beyond 16 too */
        if (__builtin_expect(length > 16, 0) ||
            __builtin_expect((chappe_high_bits(at + 1) & chappe_low_bits[length]) != 0, 0))
                return chappe_take_any_text(at, end, ret);
        ret->at = (const char *)at + 1;
        ret->length = length;
        return at + 1 + length;
}

/* The count of an array or map in one block, and memory for its items of size bytes, each of which takes a byte or
 * more. */
static inline const uint8_t *chappe_take_items(struct chappe_decoder *decoder, const uint8_t *at, const uint8_t *end,
                                               size_t size, size_t *ret_count, void **ret_items)
{
        if (__builtin_expect(at < end && !(*at & 0x81), 1))
                *ret_count = *at++ >> 1;
        else
                at = chappe_take_any_count(at, end, ret_count);
        *ret_items = NULL;
        if (!at || *ret_count == 0)
                return at;
        if (decoder->depth_left == 0)
                return NULL;
        decoder->depth_left--;
        *ret_items = chappe_take_space(decoder, *ret_count, size);
        return *ret_items ? at : NULL;
}

/* Behind the items: no other block. An empty array has ended by its count. */
static inline const uint8_t *chappe_take_end(struct chappe_decoder *decoder, const uint8_t *at, const uint8_t *end,
                                             size_t count)
{
        if (count == 0)
                return at;
        decoder->depth_left++;
        return at < end && *at == 0 ? at + 1 : NULL;
}

/* Space for a record behind a pointer; one step deeper. */
static inline void *chappe_take_record(struct chappe_decoder *decoder, size_t size)
{
        if (decoder->depth_left == 0)
                return NULL;
        decoder->depth_left--;
        return chappe_take_space(decoder, 1, size);
}

static inline uint8_t *chappe_put_limit(const struct chappe_buffer *buffer)
{
        return buffer->at + (buffer->capacity - CHAPPE_PUT_ROOM);
}

/* at: where something that brought its own room has ended; the buffer may have moved meanwhile. */
static inline uint8_t *chappe_put_moved(struct chappe_encoder *encoder, uint8_t *at)
{
        if (at)
                encoder->limit = chappe_put_limit(encoder->buffer);
        return at;
}

static inline uint8_t *chappe_put_room(struct chappe_encoder *encoder, uint8_t *at)
{
        if (__builtin_expect(at > encoder->limit, 0))
                return chappe_put_moved(encoder, chappe_put_more_room(encoder->buffer, at, 0));
        return at;
}

/* The end of what the buffer holds, for a first chappe_put_room; NULL when memory is short. */
static inline uint8_t *chappe_put_begin(struct chappe_encoder *encoder, struct chappe_buffer *buffer)
{
        if (__builtin_expect(buffer->capacity < CHAPPE_PUT_ROOM, 0) && !chappe_buffer_reserve(buffer, CHAPPE_PUT_ROOM))
                return NULL;
        encoder->buffer = buffer;
        encoder->limit = chappe_put_limit(buffer);
        encoder->depth_left = CHAPPE_ENCODE_DEPTH;
        return buffer->at + buffer->length;
}

/* at: behind what was put, or NULL. */
static inline bool chappe_put_end(struct chappe_buffer *buffer, const uint8_t *at)
{
        if (at)
                buffer->length = (size_t)(at - buffer->at);
        return at != NULL;
}

/* A number or length takes up to CHAPPE_NUMBER_SIZE of the run. */
static inline uint8_t *chappe_put_number(uint8_t *at, uint64_t value)
{
        if (__builtin_expect(value < 0x80, 1)) {
                *at = (uint8_t)value;
                return at + 1;
        }
        if (value < 0x4000) {
                at[0] = (uint8_t)(value | 0x80);
                at[1] = (uint8_t)(value >> 7);
                return at + 2;
        }
        return chappe_put_long_number(at, value);
}

static inline uint8_t *chappe_put_long(uint8_t *at, int64_t value)
{
        return chappe_put_number(at, (uint64_t)value << 1 ^ (uint64_t)(value >> 63));
}

static inline uint8_t *chappe_put_int(uint8_t *at, int32_t value)
{
        return chappe_put_number(at, (uint32_t)value << 1 ^ (uint32_t)(value >> 31));
}

static inline uint8_t *chappe_put_raw(uint8_t *at, const void *bytes, size_t size)
{
        memcpy(at, bytes, size);
        return at + size;
}

static inline uint8_t *chappe_put_boolean(uint8_t *at, const void *value)
{
        memcpy(at, value, 1);
        return *at <= 1 ? at + 1 : NULL;
}

/* The number of a symbol or branch. NULL: there is none of that number. */
static inline uint8_t *chappe_put_index(uint8_t *at, uint32_t index, uint32_t count)
{
        return index < count ? chappe_put_number(at, (uint64_t)index << 1) : NULL;
}

static inline uint8_t *chappe_put_bytes(struct chappe_encoder *encoder, uint8_t *at, const struct chappe_bytes *value)
{
        return chappe_put_moved(encoder, chappe_put_any_bytes(encoder->buffer, at, value));
}

/* chappe_put_raw of any size. */
static inline uint8_t *chappe_put_block(struct chappe_encoder *encoder, uint8_t *at, const void *bytes, size_t size)
{
        return chappe_put_moved(encoder, chappe_put_any_block(encoder->buffer, at, bytes, size));
}

/* Two pieces that overlap, at either end of the text: cheaper than byte by byte. True: all of it is ASCII. */
#define CHAPPE_PUT_PIECES(piece, at, from, length)                                                                     \
        piece first, last;                                                                                             \
                                                                                                                       \
        memcpy(&first, from, sizeof(piece));                                                                           \
        memcpy(&last, (from) + (length) - sizeof(piece), sizeof(piece));                                               \
        memcpy(at, &first, sizeof(piece));                                                                             \
        memcpy((at) + (length) - sizeof(piece), &last, sizeof(piece));                                                 \
        return ((first | last) & (piece)CHAPPE_EIGHT_HIGH) == 0

static inline __attribute__((always_inline)) bool chappe_put_8_to_16(uint8_t *at, const char *from, size_t length)
{
        CHAPPE_PUT_PIECES(uint64_t, at, from, length);
}

static inline __attribute__((always_inline)) bool chappe_put_4_to_8(uint8_t *at, const char *from, size_t length)
{
        CHAPPE_PUT_PIECES(uint32_t, at, from, length);
}

static inline __attribute__((always_inline)) bool chappe_put_2_to_4(uint8_t *at, const char *from, size_t length)
{
        CHAPPE_PUT_PIECES(uint16_t, at, from, length);
}

static inline __attribute__((always_inline)) bool chappe_put_16_to_32(uint8_t *at, const char *from, size_t length)
{
        chappe_sixteen_bytes first, last;

        memcpy(&first, from, 16);
        memcpy(&last, from + length - 16, 16);
        memcpy(at, &first, 16);
        memcpy(at + length - 16, &last, 16);
        first |= last;
        return ((first[0] | first[1]) & CHAPPE_EIGHT_HIGH) == 0;
}

/* What lies at NULL is empty, or a mistake that the plan tells. */
static inline uint8_t *chappe_put_nowhere(uint8_t *at, size_t length)
{
        *at = 0;
        return length == 0 ? at + 1 : NULL;
}

/* NULL: not UTF-8, or no memory. Short ASCII here; all others are for chappe_put_any_text, which begins again and
 * brings its own room. */
static inline __attribute__((always_inline)) uint8_t *chappe_put_text(struct chappe_encoder *encoder, uint8_t *at,
                                                                      const struct chappe_text *value)
{
        const char *from = value->at;
        size_t length = value->length;

        if (__builtin_expect(!from, 0))
                return chappe_put_nowhere(at, length);
        *at = (uint8_t)(length << 1);
        if (length >= 8) {
                if (length <= 16) {
                        if (__builtin_expect(chappe_put_8_to_16(at + 1, from, length), 1))
                                return at + 1 + length;
                } else if (length <= CHAPPE_SHORT_TEXT) {
                        if (__builtin_expect(chappe_put_16_to_32(at + 1, from, length), 1))
                                return at + 1 + length;
                }
        } else if (length >= 4) {
                if (__builtin_expect(chappe_put_4_to_8(at + 1, from, length), 1))
                        return at + 1 + length;
        } else if (length >= 2) {
                if (__builtin_expect(chappe_put_2_to_4(at + 1, from, length), 1))
                        return at + 1 + length;
        } else if (length == 0) {
                return at + 1;
        }
        return chappe_put_moved(encoder, chappe_put_any_text(encoder->buffer, at, value));
}

#ifdef __cplusplus
}
#endif
