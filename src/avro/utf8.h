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
        uint64_t eight;

        if (length <= 8 && end - at >= 8) {
                memcpy(&eight, at, 8);
                eight &= length == 8 ? UINT64_MAX : (UINT64_C(1) << 8 * length) - 1;
                return __builtin_expect((eight & UINT64_C(0x8080808080808080)) == 0, 1) ||
                       chappe_utf8_valid(at, length);
        }
        return chappe_utf8_valid(at, length);
}
