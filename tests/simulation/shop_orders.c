/* SPDX-License-Identifier: Apache-2.0 */
/* The fleet, and what customers order. */
#include "shop_orders.h"

#include <stdio.h>

#include "gateway/gateway.h"
#include "inventory/inventory.h"
#include "notifications/notifications.h"
#include "orders/orders.h"
#include "payments/payments.h"
#include "shipping/shipping.h"

#define PRODUCTS 5

void shop_prepare(struct chappe_testkit *kit)
{
        chappe_testkit_add(kit, &gateway_service, (const char *const[]){ "http_port=-1", NULL });
        chappe_testkit_add(kit, &orders_service, NULL);
        chappe_testkit_add(kit, &orders_service, NULL);
        chappe_testkit_add(kit, &inventory_service, (const char *const[]){ "stock_per_product=20", NULL });
        chappe_testkit_add(kit, &payments_service, NULL);
        chappe_testkit_add(kit, &shipping_service, NULL);
        chappe_testkit_add(kit, &notifications_service, NULL);
}

/* The n-th order of a seed is the same whenever it is asked for. */
void shop_order_draw(uint64_t seed, int n, struct drawn_order *ret_order)
{
        struct chappe_random random;
        size_t first;

        chappe_random_init(&random, seed * 1000 + (uint64_t)n);
        *ret_order = (struct drawn_order){ .is_return = chappe_random_below(&random, 8) == 0,
                                           .line_count = 1 + chappe_random_below(&random, DRAWN_LINES) };
        snprintf(ret_order->id, sizeof(ret_order->id), "order-%d", n);
        ret_order->twice = chappe_random_below(&random, 6) == 0;
        first = chappe_random_below(&random, PRODUCTS);
        for (size_t i = 0; i < ret_order->line_count; i++) {
                struct drawn_line *line = &ret_order->lines[i];

                snprintf(line->sku, sizeof(line->sku), "sku-%zu", (first + i) % PRODUCTS);
                line->quantity = 1 + (int32_t)chappe_random_below(&random, 6);
                line->unit_price = (int64_t)chappe_random_below(&random, 4000);
                ret_order->total += line->quantity * line->unit_price;
        }
}

int shop_place(struct chappe_testkit *kit, int n)
{
        struct shop_order_line lines[DRAWN_LINES];
        struct drawn_order order;
        char event_id[64];
        int status;

        shop_order_draw(chappe_testkit_seed(kit), n, &order);
        snprintf(event_id, sizeof(event_id), "placed-%d", n);
        for (size_t i = 0; i < order.line_count; i++)
                lines[i] = (struct shop_order_line){ .sku = chappe_text(order.lines[i].sku),
                                                     .description = chappe_text("a thing"),
                                                     .quantity = order.lines[i].quantity,
                                                     .unit_price = order.lines[i].unit_price };
        for (int times = order.twice ? 2 : 1; times > 0; times--) {
                status = chappe_testkit_feed_as(
                        kit, event_id, "shop.orders.placed", &shop_order_placed_type,
                        &(struct shop_order_placed){ .order_id = chappe_text(order.id),
                                                     .kind = order.is_return ? SHOP_ORDER_KIND_RETURN
                                                                             : SHOP_ORDER_KIND_SALE,
                                                     .customer = chappe_text("anna"),
                                                     .country = chappe_text("AT"),
                                                     .currency = chappe_text("EUR"),
                                                     .total = order.total,
                                                     .placed_at = chappe_testkit_now_ms(kit),
                                                     .lines = { .items = lines, .count = order.line_count } });
                if (status < 0)
                        return status;
        }
        return 0;
}
