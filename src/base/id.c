/* SPDX-License-Identifier: Apache-2.0 */
/* UUIDs as text (RFC 9562). */
#include "base/id.h"

#include <xxhash.h>

static void write_be32(uint8_t *at, uint32_t value)
{
        for (int i = 0; i < 4; i++)
                at[i] = (uint8_t)(value >> (24 - 8 * i));
}

static void print(uint8_t bytes[16], int version, char ret_id[CHAPPE_ID_SIZE])
{
        static const char digits[] = "0123456789abcdef";
        char *at = ret_id;

        bytes[6] = (uint8_t)((bytes[6] & 0x0f) | version << 4);
        bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80);
        for (int i = 0; i < 16; i++) {
                if (i == 4 || i == 6 || i == 8 || i == 10)
                        *at++ = '-';
                *at++ = digits[bytes[i] >> 4];
                *at++ = digits[bytes[i] & 15];
        }
        *at = '\0';
}

void chappe_id_random(struct chappe_random *random, char ret_id[CHAPPE_ID_SIZE])
{
        uint8_t bytes[16];

        chappe_random_bytes(random, bytes, sizeof(bytes));
        print(bytes, 4, ret_id);
}

static void hash(const void *at, size_t length, uint8_t ret_hash[16])
{
        XXH128_canonical_t canonical;

        XXH128_canonicalFromHash(&canonical, XXH3_128bits(length ? at : "", length));
        memcpy(ret_hash, canonical.digest, 16);
}

/* Each part is hashed alone first, so that no two different pairs read as the same bytes. */
void chappe_id_derive(struct chappe_text event_id, struct chappe_text operation, uint32_t n,
                      char ret_id[CHAPPE_ID_SIZE])
{
        uint8_t parts[16 + 16 + 4], bytes[16];

        hash(event_id.at, event_id.length, parts);
        hash(operation.at, operation.length, parts + 16);
        write_be32(parts + 32, n);
        hash(parts, sizeof(parts), bytes);
        print(bytes, 8, ret_id);
}
