/* SPDX-License-Identifier: Apache-2.0 */
/* Avro's int and long: zigzag, seven bits a byte, the lowest first. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define CHAPPE_VARINT_SIZE 10 /* bytes of the longest */

static inline uint64_t chappe_zigzag(int64_t value)
{
        return (uint64_t)value << 1 ^ (uint64_t)(value >> 63);
}

static inline int64_t chappe_unzigzag(uint64_t value)
{
        return (int64_t)(value >> 1 ^ (~(value & 1) + 1));
}

/* Returns the byte behind it; there must be room for CHAPPE_VARINT_SIZE. */
static inline uint8_t *chappe_varint_write(uint8_t *at, uint64_t value)
{
        while (value >= 0x80) {
                *at++ = (uint8_t)(value | 0x80);
                value >>= 7;
        }
        *at++ = (uint8_t)value;
        return at;
}

/* Returns the byte behind it; NULL when it does not end before end or in 64 bits. */
static inline const uint8_t *chappe_varint_read(const uint8_t *at, const uint8_t *end, uint64_t *ret)
{
        uint64_t value = 0;

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
