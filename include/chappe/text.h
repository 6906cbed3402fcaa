/* SPDX-License-Identifier: Apache-2.0 */
/* Text and bytes: a pointer and a length, never owned, never terminated. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* UTF-8, not terminated; at is NULL only when length is 0. Points into a message or an arena: valid as long as that is. */
struct chappe_text {
        const char *at;
        size_t length;
};

struct chappe_bytes {
        const uint8_t *at;
        size_t length;
};

/* A terminated string as a text; borrows it. */
static inline struct chappe_text chappe_text(const char *string)
{
        struct chappe_text text = { string, string ? strlen(string) : 0 };
        return text;
}

static inline bool chappe_text_equal(struct chappe_text a, struct chappe_text b)
{
        return a.length == b.length && (a.length == 0 || memcmp(a.at, b.at, a.length) == 0);
}

/* For printf: printf("%.*s", CHAPPE_TEXT(order->order_id)) */
#define CHAPPE_TEXT(text) (int)(text).length, (text).at ? (text).at : ""

#ifdef __cplusplus
}
#endif
