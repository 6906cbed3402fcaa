/* SPDX-License-Identifier: Apache-2.0 */
/* Snappy, the reading half: a length, then literals and copies from what is already there. */
#include <chappe/straight.h>

#include "avro/block_codec.h"

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
