/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as lower-case hexadecimal digits, sixteen bytes at a time: ids and traces are written for every event. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* GCC's and clang's portable vectors. */
typedef uint8_t chappe_hex_bytes __attribute__((vector_size(16)));

static inline chappe_hex_bytes chappe_hex_digits(chappe_hex_bytes nibbles)
{
        return nibbles + '0' + ((chappe_hex_bytes)(nibbles > 9) & ('a' - '9' - 1));
}

/* The 32 digits of 16 bytes; no terminator. Returns what is behind them. */
static inline char *chappe_hex_put_16(char *at, const uint8_t bytes[16])
{
        chappe_hex_bytes all;
        memcpy(&all, bytes, sizeof(all));
        chappe_hex_bytes high = chappe_hex_digits(all >> 4), low = chappe_hex_digits(all & 15);
        chappe_hex_bytes first =
                __builtin_shufflevector(high, low, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
        chappe_hex_bytes second =
                __builtin_shufflevector(high, low, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
        memcpy(at, &first, sizeof(first));
        memcpy(at + 16, &second, sizeof(second));
        return at + 32;
}

/* The 16 digits of 8 bytes. */
static inline char *chappe_hex_put_8(char *at, const uint8_t bytes[8])
{
        uint8_t all[16] = { 0 };
        char digits[32];
        memcpy(all, bytes, 8);
        chappe_hex_put_16(digits, all);
        memcpy(at, digits, 16);
        return at + 16;
}
