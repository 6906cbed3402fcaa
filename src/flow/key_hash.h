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

/* All 128 bits of the product: __int128 is there with gcc and clang wherever a register has 64 bits. */
static inline uint64_t chappe_key_fold(uint64_t hash, uint64_t word)
{
        unsigned __int128 product = (unsigned __int128)(hash ^ word) * 0x9e3779b97f4a7c15u;
        return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t chappe_key_hash(const uint8_t *at, size_t length)
{
        uint64_t word, hash = 0xd6e8feb86659fd93u + length;
        if (length < 8) {
                word = 0;
                for (size_t i = 0; i < length; i++)
                        word |= (uint64_t)at[i] << 8 * i;
                return chappe_key_fold(hash, word);
        }
        const uint8_t *last = at + length - 8; /* may overlap the one before */
        for (; at < last; at += 8) {
                memcpy(&word, at, 8);
                hash = chappe_key_fold(hash, word) + length;
        }
        memcpy(&word, last, 8);
        return chappe_key_fold(hash, word);
}
