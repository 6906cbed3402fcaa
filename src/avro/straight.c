/* SPDX-License-Identifier: Apache-2.0 */
/* What straight-line code calls where a line does not do. */
#include <chappe/straight.h>

#include "base/arena_inline.h"

/* A number that does not end within eight bytes, or not so far from the end. */
static const uint8_t *take_by_bytes(const uint8_t *at, const uint8_t *end, uint64_t *ret)
{
        uint64_t value = 0;

        *ret = 0;
        for (unsigned shift = 0; at < end && shift < 64; shift += 7) {
                uint8_t byte = *at++;

                if (shift == 63 && byte > 1)
                        return NULL;
                value |= (uint64_t)(byte & 0x7F) << shift;
                if (byte < 0x80) {
                        *ret = value;
                        return at;
                }
        }
        return NULL;
}

/* Eight bytes at once: those behind the first without its high bit are cut off, then the groups of seven bits closed
 * up, neighbours first. */
const uint8_t *chappe_take_any_number(const uint8_t *at, const uint8_t *end, uint64_t *ret)
{
        uint64_t word, stop;

        if (end - at < 8)
                return take_by_bytes(at, end, ret);
        word = chappe_eight_bytes(at);
        if ((word & 0x808080) == 0x008080) {
                *ret = (word & 0x7F) | (word >> 1 & 0x3F80) | (word >> 2 & 0x1FC000);
                return at + 3;
        }
        stop = ~word & CHAPPE_EIGHT_HIGH;
        if (stop == 0)
                return take_by_bytes(at, end, ret);
        word &= (stop ^ (stop - 1)) & ~CHAPPE_EIGHT_HIGH;
        word = (word & UINT64_C(0x007F007F007F007F)) | (word & UINT64_C(0x7F007F007F007F00)) >> 1;
        word = (word & UINT64_C(0x00003FFF00003FFF)) | (word & UINT64_C(0x3FFF00003FFF0000)) >> 2;
        *ret = (word & UINT64_C(0x000000000FFFFFFF)) | (word & UINT64_C(0x0FFFFFFF00000000)) >> 4;
        return at + (__builtin_ctzll(stop) >> 3) + 1;
}

/* Apart, so that the usual way needs no stack. */
static __attribute__((noinline)) const uint8_t *take_long_int(const uint8_t *at, const uint8_t *end, int32_t *ret)
{
        uint64_t zigzag = 0;

        at = chappe_take_any_number(at, end, &zigzag);
        *ret = (int32_t)((uint32_t)zigzag >> 1 ^ (~((uint32_t)zigzag & 1) + 1));
        return zigzag <= UINT32_MAX ? at : NULL;
}

const uint8_t *chappe_take_any_int(const uint8_t *at, const uint8_t *end, int32_t *ret)
{
        uint32_t zigzag;

        if (end - at < 3 || at[0] < 0x80 || at[1] < 0x80 || at[2] >= 0x80)
                return take_long_int(at, end, ret);
        zigzag = (uint32_t)(at[0] & 0x7F) | (uint32_t)(at[1] & 0x7F) << 7 | (uint32_t)at[2] << 14;
        *ret = (int32_t)(zigzag >> 1 ^ (~(zigzag & 1) + 1));
        return at + 3;
}

static __attribute__((noinline)) const uint8_t *take_odd_text(const uint8_t *at, const uint8_t *end,
                                                              struct chappe_text *ret)
{
        struct chappe_bytes bytes = { NULL, 0 };

        at = chappe_take_bytes(at, end, &bytes);
        if (!at || !chappe_utf8_check(bytes.at, bytes.length, end))
                return NULL;
        ret->at = (const char *)bytes.at;
        ret->length = bytes.length;
        return at;
}

/* Most of those that get here are ASCII with a length of one byte, long or near the end. */
const uint8_t *chappe_take_any_text(const uint8_t *at, const uint8_t *end, struct chappe_text *ret)
{
        size_t left = (size_t)(end - at), length;

        if (left < 9 || (*at & 0x81) || *at >> 1 >= left)
                return take_odd_text(at, end, ret);
        length = *at >> 1;
        if (!chappe_ascii_check(at + 1, length))
                return take_odd_text(at, end, ret);
        ret->at = (const char *)at + 1;
        ret->length = length;
        return at + 1 + length;
}

const uint8_t *chappe_take_any_count(const uint8_t *at, const uint8_t *end, size_t *ret_count)
{
        int64_t count = 0, size = 0;

        *ret_count = 0;
        at = chappe_take_long(at, end, &count);
        if (at && count < 0) {
                at = chappe_take_long(at, end, &size);
                count = count == INT64_MIN ? count : -count;
        }
        if (!at || count < 0 || size < 0 || count > end - at || size > end - at)
                return NULL;
        *ret_count = (size_t)count;
        return at;
}

void *chappe_take_space(struct chappe_decoder *decoder, size_t count, size_t size)
{
        size_t total;

        if (__builtin_mul_overflow(count, size, &total) || total > decoder->memory_left)
                return NULL;
        decoder->memory_left -= total;
        return chappe_arena_take(decoder->arena, total);
}

uint8_t *chappe_put_more_room(struct chappe_buffer *buffer, uint8_t *at, size_t size)
{
        size_t used = (size_t)(at - buffer->at);

        if (size > SIZE_MAX / 4 ||
            !chappe_buffer_reserve(buffer, used - buffer->length + size + CHAPPE_NUMBER_SIZE + CHAPPE_PUT_ROOM))
                return NULL;
        return buffer->at + used;
}

/* The groups of seven bits are moved apart to a byte each, halves first: x + 15x, x + 3x and x + x are shifts by four,
 * two and one of those that have to move. The last byte is the highest that is not zero. */
uint8_t *chappe_put_long_number(uint8_t *at, uint64_t value)
{
        uint64_t word = value;
        size_t last;

        if (value < 0x200000) {
                at[0] = (uint8_t)(value | 0x80);
                at[1] = (uint8_t)(value >> 7 | 0x80);
                at[2] = (uint8_t)(value >> 14);
                return at + 3;
        }
        if (value >> 56) {
                for (; value >= 0x80; value >>= 7)
                        *at++ = (uint8_t)(value | 0x80);
                *at++ = (uint8_t)value;
                return at;
        }
        word += 15 * (word & UINT64_C(0x00FFFFFFF0000000));
        word += 3 * (word & UINT64_C(0x0FFFC0000FFFC000));
        word += word & UINT64_C(0x3F803F803F803F80);
        last = (63 - (unsigned)__builtin_clzll(word)) >> 3;
        chappe_put_eight(at, word | CHAPPE_EIGHT_HIGH);
        at[last] &= 0x7F;
        return at + last + 1;
}

#define ONE_BYTE_LENGTH 64 /* the first length that takes two bytes */

/* Copies in pieces of 16 that overlap at the end. False: something is not ASCII. */
static bool put_sixteens(uint8_t *at, const char *from, size_t length)
{
        chappe_sixteen_bytes sixteen, all = { 0, 0 };

        for (size_t i = 0; i + 16 < length; i += 16) {
                memcpy(&sixteen, from + i, 16);
                memcpy(at + i, &sixteen, 16);
                all |= sixteen;
        }
        memcpy(&sixteen, from + length - 16, 16);
        memcpy(at + length - 16, &sixteen, 16);
        all |= sixteen;
        return ((all[0] | all[1]) & CHAPPE_EIGHT_HIGH) == 0;
}

uint8_t *chappe_put_any_bytes(struct chappe_buffer *buffer, uint8_t *at, const struct chappe_bytes *value)
{
        if (!value->at && value->length)
                return NULL; /* a mistake that the plan tells */
        at = chappe_put_more_room(buffer, at, value->length);
        if (!at)
                return NULL;
        at = chappe_put_number(at, (uint64_t)value->length << 1);
        if (value->length)
                memcpy(at, value->at, value->length);
        return at + value->length;
}

uint8_t *chappe_put_any_block(struct chappe_buffer *buffer, uint8_t *at, const void *bytes, size_t size)
{
        at = chappe_put_more_room(buffer, at, size);
        return at ? chappe_put_raw(at, bytes, size) : NULL;
}

/* Checked where it was put: there the slack allows to look beyond. */
static __attribute__((noinline)) uint8_t *put_odd_text(struct chappe_buffer *buffer, uint8_t *at,
                                                       const struct chappe_text *value)
{
        struct chappe_bytes bytes = { (const uint8_t *)value->at, value->length };

        at = chappe_put_any_bytes(buffer, at, &bytes);
        return at && chappe_utf8_check(at - bytes.length, bytes.length, at + CHAPPE_PUT_SLACK) ? at : NULL;
}

/* Most of those that get here are ASCII with a length of one byte. */
uint8_t *chappe_put_any_text(struct chappe_buffer *buffer, uint8_t *at, const struct chappe_text *value)
{
        size_t length = value->length, left = (size_t)(buffer->at + buffer->capacity - at);

        if (length <= CHAPPE_SHORT_TEXT || length >= ONE_BYTE_LENGTH || left < 1 + length + CHAPPE_PUT_ROOM ||
            !put_sixteens(at + 1, value->at, length))
                return put_odd_text(buffer, at, value);
        *at = (uint8_t)(length << 1);
        return at + 1 + length;
}

/* How many continuation bytes follow a lead byte, and the range of the first of them; -1 for no lead byte. */
static int utf8_tail(unsigned char lead, unsigned char *low, unsigned char *high)
{
        *low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
        *high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
        return lead >= 0xC2 && lead <= 0xDF   ? 1
               : lead >= 0xE0 && lead <= 0xEF ? 2
               : lead >= 0xF0 && lead <= 0xF4 ? 3
                                              : -1;
}

bool chappe_utf8_valid(const void *bytes, size_t length)
{
        const unsigned char *at = bytes, *end = length ? at + length : at; /* nothing may be at NULL */

        while (at < end) {
                unsigned char low, high;
                uint64_t eight;
                int tail;

                if (end - at >= 8 && (memcpy(&eight, at, 8), (eight & 0x8080808080808080u) == 0)) {
                        at += 8;
                        continue;
                }
                if (*at < 0x80) {
                        at++;
                        continue;
                }
                tail = utf8_tail(*at, &low, &high);
                if (tail < 0 || end - at <= tail || at[1] < low || at[1] > high)
                        return false;
                for (int i = 2; i <= tail; i++) {
                        if ((at[i] & 0xC0) != 0x80)
                                return false;
                }
                at += tail + 1;
        }
        return true;
}
