/* SPDX-License-Identifier: Apache-2.0 */
/* Strict UTF-8, with a short way for the short ASCII strings that most are. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "avro/json_tree.h"

/* Whether the length bytes at at are UTF-8. end: how far may be read without a check of its own. */
static inline bool chappe_utf8_check(const uint8_t *at, size_t length, const uint8_t *end)
{
        const uint64_t high = UINT64_C(0x8080808080808080);
        uint64_t eight, any = 0;

        if (length >= 8) {
                for (size_t i = 0; i + 8 < length; i += 8) {
                        memcpy(&eight, at + i, 8);
                        any |= eight;
                }
                memcpy(&eight, at + length - 8, 8); /* overlaps what was seen: cheaper than byte by byte */
                any |= eight;
        } else if (end - at >= 8) {
                memcpy(&eight, at, 8);
                any = eight & ((UINT64_C(1) << 8 * length) - 1);
        } else {
                return chappe_utf8_valid(at, length);
        }
        return __builtin_expect((any & high) == 0, 1) || chappe_utf8_valid(at, length);
}
