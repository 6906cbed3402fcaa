/* SPDX-License-Identifier: Apache-2.0 */
/* One way to build an order, and to look at what became of it. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <chappe/testkit.h>

#include "shop/order_placed.h"

#define SEED 7

/* One line: quantity pieces of product "A" at 1.00. The line must outlive the order. */
static inline struct shop_order_placed sample_order(const char *id, struct shop_order_line *line, int32_t quantity)
{
        *line = (struct shop_order_line){
                .sku = chappe_text("A"), .description = chappe_text("apple"), .quantity = quantity, .unit_price = 100
        };
        return (struct shop_order_placed){ .order_id = chappe_text(id),
                                           .kind = SHOP_ORDER_KIND_SALE,
                                           .customer = chappe_text("17850"),
                                           .country = chappe_text("France"),
                                           .currency = chappe_text("EUR"),
                                           .total = INT64_C(100) * quantity,
                                           .placed_at = 1291192440000,
                                           .lines = { .items = line, .count = 1 } };
}

static inline void place(struct chappe_testkit *kit, const char *id, int32_t quantity)
{
        struct shop_order_line line;
        struct shop_order_placed order = sample_order(id, &line, quantity);

        assert_int_equal(chappe_testkit_feed(kit, "shop.orders.placed", &shop_order_placed_type, &order), 0);
}

/* The topics are compared after everything has come to rest. */
#define assert_published(kit, topic, count) assert_int_equal(chappe_testkit_published(kit, topic), count)
