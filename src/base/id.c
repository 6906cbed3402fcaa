/* SPDX-License-Identifier: Apache-2.0 */
/* UUIDs as text (RFC 9562). */
#include "base/id.h"

#include <string.h>
#include <xxhash.h>

#include "base/hex.h"

static void write_be32(uint8_t *at, uint32_t value)
{
        for (int i = 0; i < 4; i++)
                at[i] = (uint8_t)(value >> (24 - 8 * i));
}

static void print(uint8_t bytes[16], int version, char ret_id[CHAPPE_ID_SIZE])
{
        char digits[32];

        bytes[6] = (uint8_t)((bytes[6] & 0x0f) | version << 4);
        bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80);
        chappe_hex_put_16(digits, bytes);
        memcpy(ret_id, digits, 8);
        memcpy(ret_id + 9, digits + 8, 4);
        memcpy(ret_id + 14, digits + 12, 4);
        memcpy(ret_id + 19, digits + 16, 4);
        memcpy(ret_id + 24, digits + 20, 12);
        ret_id[8] = ret_id[13] = ret_id[18] = ret_id[23] = '-';
        ret_id[36] = '\0';
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
void chappe_id_root_init(struct chappe_id_root *root, struct chappe_text event_id, struct chappe_text operation)
{
        hash(event_id.at, event_id.length, root->hashes);
        hash(operation.at, operation.length, root->hashes + 16);
}

void chappe_id_derive_nth(const struct chappe_id_root *root, uint32_t n, char ret_id[CHAPPE_ID_SIZE])
{
        uint8_t parts[sizeof(root->hashes) + 4], bytes[16];

        memcpy(parts, root->hashes, sizeof(root->hashes));
        write_be32(parts + sizeof(root->hashes), n);
        hash(parts, sizeof(parts), bytes);
        print(bytes, 8, ret_id);
}

void chappe_id_derive(struct chappe_text event_id, struct chappe_text operation, uint32_t n,
                      char ret_id[CHAPPE_ID_SIZE])
{
        struct chappe_id_root root;

        chappe_id_root_init(&root, event_id, operation);
        chappe_id_derive_nth(&root, n, ret_id);
}
