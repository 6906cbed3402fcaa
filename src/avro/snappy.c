/* SPDX-License-Identifier: Apache-2.0 */
/* Snappy: a length, then literals and copies from what is already there. */
#include <chappe/straight.h>

#include "avro/block_codec.h"

#define FRAGMENT_SIZE 65536u /* copies reach no further back */
#define TABLE_BITS    14
#define COPY_LIMIT    64u /* bytes of one copy */

/* What the input says next: length bytes, from the input itself (offset 0) or from offset bytes back. */
struct element {
        size_t length, offset;
};

/* length little-endian bytes; false when they are not there. */
static bool read_little(const uint8_t **at, const uint8_t *end, unsigned length, size_t *ret)
{
        size_t value = 0;

        if ((size_t)(end - *at) < length)
                return false;
        for (unsigned i = 0; i < length; i++)
                value |= (size_t) * (*at)++ << 8 * i;
        *ret = value;
        return true;
}

static bool read_element(const uint8_t **at, const uint8_t *end, struct element *ret)
{
        uint8_t tag = *(*at)++;

        *ret = (struct element){ .length = (size_t)(tag >> 2) + 1 };
        switch (tag & 3) {
        case 0:
                if (ret->length <= 60)
                        return true;
                if (!read_little(at, end, (unsigned)ret->length - 60, &ret->length))
                        return false;
                ret->length++;
                return true;
        case 1:
                if (!read_little(at, end, 1, &ret->offset))
                        return false;
                ret->offset |= (size_t)(tag >> 5) << 8;
                ret->length = (size_t)(tag >> 2 & 7) + 4;
                break;
        default:
                if (!read_little(at, end, (tag & 3) == 2 ? 2 : 4, &ret->offset))
                        return false;
                break;
        }
        return ret->offset > 0;
}

/* Fills exactly the room from to on. */
static bool expand(const uint8_t *at, const uint8_t *end, uint8_t *to, size_t room)
{
        const uint8_t *start = to, *limit = to + room;
        struct element element;

        while (at < end) {
                if (!read_element(&at, end, &element) || element.length > (size_t)(limit - to))
                        return false;
                if (element.offset == 0) {
                        if (element.length > (size_t)(end - at))
                                return false;
                        memcpy(to, at, element.length);
                        at += element.length;
                        to += element.length;
                        continue;
                }
                if (element.offset > (size_t)(to - start))
                        return false;
                for (; element.length > 0; element.length--, to++) /* the two may overlap: that repeats a pattern */
                        *to = *(to - element.offset);
        }
        return to == limit;
}

int chappe_snappy_expand(const uint8_t *bytes, size_t length, struct chappe_buffer *out, struct chappe_error *error)
{
        uint64_t size = 0;
        const uint8_t *at = chappe_take_number(bytes, bytes + length, &size);
        uint8_t *to;

        if (!at)
                return chappe_fail(error, CHAPPE_E_PAYLOAD_INVALID, "a snappy block without its length");
        if (size > CHAPPE_BLOCK_LIMIT)
                return chappe_fail(error, CHAPPE_E_PAYLOAD_LIMIT, "a block of more than %u bytes", CHAPPE_BLOCK_LIMIT);
        to = chappe_buffer_reserve(out, size);
        if (!to)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a block");
        if (!expand(at, bytes + length, to, size))
                return chappe_fail(error, CHAPPE_E_PAYLOAD_INVALID, "a block is no snappy stream");
        out->length += size;
        return 0;
}

static uint32_t load(const uint8_t *at)
{
        uint32_t word;

        memcpy(&word, at, sizeof(word));
        return word;
}

static unsigned slot_of(uint32_t word)
{
        return word * 0x1E35A7BDu >> (32 - TABLE_BITS);
}

static uint8_t *put_literal(uint8_t *to, const uint8_t *at, size_t length)
{
        size_t less = length - 1;

        if (length == 0)
                return to;
        if (less < 60) {
                *to++ = (uint8_t)(less << 2);
        } else {
                *to++ = less < 256 ? 60 << 2 : 61 << 2;
                *to++ = (uint8_t)less;
                if (less >= 256)
                        *to++ = (uint8_t)(less >> 8);
        }
        memcpy(to, at, length);
        return to + length;
}

static uint8_t *put_copy(uint8_t *to, size_t offset, size_t length)
{
        while (length > 0) {
                size_t step = length < COPY_LIMIT ? length : COPY_LIMIT;

                *to++ = (uint8_t)((step - 1) << 2 | 2);
                *to++ = (uint8_t)offset;
                *to++ = (uint8_t)(offset >> 8);
                length -= step;
        }
        return to;
}

/* Each four bytes that stood before in the fragment begin a copy, as long as the two go on alike. */
static uint8_t *compress_fragment(const uint8_t *start, size_t length, uint8_t *to)
{
        uint16_t table[1 << TABLE_BITS] = { 0 }; /* a position, by its four bytes */
        const uint8_t *end = start + length, *at = start, *literal = start;

        while (end - at >= 4) {
                uint16_t *slot = &table[slot_of(load(at))];
                const uint8_t *before = start + *slot;
                size_t same = 4;

                *slot = (uint16_t)(at - start);
                if (before >= at || load(before) != load(at)) {
                        at++;
                        continue;
                }
                while (at + same < end && before[same] == at[same])
                        same++;
                to = put_literal(to, literal, (size_t)(at - literal));
                to = put_copy(to, (size_t)(at - before), same);
                at += same;
                literal = at;
        }
        return put_literal(to, literal, (size_t)(end - literal));
}

int chappe_snappy_compress(const uint8_t *bytes, size_t length, struct chappe_buffer *out, struct chappe_error *error)
{
        size_t most = 32 + length + length / 6; /* four bytes become three at least; literals have short heads */
        uint8_t *start = chappe_buffer_reserve(out, most), *to = start;
        uint64_t left = length;

        if (!to)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a block");
        for (; left > 127; left >>= 7)
                *to++ = (uint8_t)(left | 128);
        *to++ = (uint8_t)left;
        for (size_t at = 0; at < length; at += FRAGMENT_SIZE)
                to = compress_fragment(bytes + at, length - at < FRAGMENT_SIZE ? length - at : FRAGMENT_SIZE, to);
        out->length += (size_t)(to - start);
        return 0;
}
