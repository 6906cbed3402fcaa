/* SPDX-License-Identifier: Apache-2.0 */
/* A drawn order, as its placing and the books' intents share it. */
#pragma once

#include "shop.h"

#include "base/random.h"

#define DRAWN_LINES 3

struct drawn_line {
        char sku[16];
        int32_t quantity;
        int64_t unit_price;
};

struct drawn_order {
        char id[32];
        bool is_return;
        bool twice;
        int64_t total;
        struct drawn_line lines[DRAWN_LINES];
        size_t line_count;
};

void shop_order_draw(uint64_t seed, int n, struct drawn_order *ret_order);
