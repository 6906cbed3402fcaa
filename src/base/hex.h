/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as lower-case hexadecimal digits, eight digits at a time: ids and traces are written for every event. */
#pragma once

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The eight digits of four bytes, in memory order. */
static inline void chappe_hex_four(char *ret_digits, const uint8_t *bytes)
{
        uint64_t nibbles = (uint64_t)bytes[0] | (uint64_t)bytes[1] << 16 | (uint64_t)bytes[2] << 32 |
                           (uint64_t)bytes[3] << 48;
        nibbles = (nibbles >> 4 | nibbles << 8) & UINT64_C(0x0f0f0f0f0f0f0f0f);
        /* 6 more make a carry into the upper half of those that are letters, 39 beyond '0' to '9'. */
        uint64_t letters = (nibbles + UINT64_C(0x0606060606060606)) >> 4 & UINT64_C(0x0101010101010101);
        uint64_t digits = nibbles + UINT64_C(0x3030303030303030) + letters * ('a' - '9' - 1);
        digits = htole64(digits);
        memcpy(ret_digits, &digits, sizeof(digits));
}

/* Two digits a byte; count is a multiple of four. Returns what is behind them; no terminator. */
static inline char *chappe_hex_put(char *at, const uint8_t *bytes, size_t count)
{
        for (size_t i = 0; i < count; i += 4, at += 8)
                chappe_hex_four(at, bytes + i);
        return at;
}
