/* SPDX-License-Identifier: Apache-2.0 */
/* A quick hash of record keys. Only lanes depend on it: a collision makes two keys take turns, nothing worse. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t chappe_key_mix(uint64_t word)
{
        word ^= word >> 32;
        word *= 0xd6e8feb86659fd93u;
        word ^= word >> 32;
        word *= 0xd6e8feb86659fd93u;
        return word ^ (word >> 32);
}

static inline uint64_t chappe_key_hash(const uint8_t *at, size_t length)
{
        uint64_t hash = length;
        for (; length >= 8; at += 8, length -= 8) {
                uint64_t word;
                memcpy(&word, at, 8);
                hash = chappe_key_mix(hash ^ word) + 0x9e3779b97f4a7c15u;
        }
        uint64_t rest = 0;
        memcpy(&rest, at, length);
        return chappe_key_mix(hash ^ rest);
}
