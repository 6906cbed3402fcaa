/* SPDX-License-Identifier: Apache-2.0 */
/* Fills bench.placed with seeded orders of about 120 bytes, 16-byte keys, two headers: what the pipelines read. */
#include "bench.h"

#include "shop/order_placed.h"

#include <stdio.h>
#include <stdlib.h>

#define LINES 1000
#define CHUNK 10000 /* events of one context, finished together */

static const struct chappe_operation operations[] = {
        SHOP_ORDER_PLACED_PRODUCES("bench.placed", .partitions = 8),
        { 0 },
};

static const struct chappe_setting own_settings[] = {
        { .name = "lines", .default_value = "3", .help = "of an order, up to 1,000: 20 bytes each", .integer = true },
        { .name = "keys", .default_value = "100000000", .help = "how many different ones", .integer = true },
        { 0 },
};

static const struct chappe_service_config filler = {
        .name = "bench-fill",
        .version = "1",
        .description = "fills a topic with orders",
        .operations = operations,
        .settings = own_settings,
};

static int publish_order(struct chappe_context *ctx, long n, long keys, size_t line_count)
{
        const struct shop_order_line goods[] = {
                { chappe_text("85123A"), chappe_text("LIGHT HOLDER"), (int32_t)(1 + n % 7), 255 },
                { chappe_text("71053"), chappe_text("LANTERN"), (int32_t)(1 + n % 3), 339 },
                { chappe_text("84406B"), chappe_text("COAT HANGER"), (int32_t)(1 + n % 5), 275 },
        };
        struct shop_order_line lines[LINES];
        char id[32];
        snprintf(id, sizeof(id), "order-%010ld", n % keys);
        int64_t total = 0;
        for (size_t i = 0; i < line_count; i++) {
                lines[i] = goods[i % 3];
                total += lines[i].quantity * lines[i].unit_price;
        }
        return shop_order_placed_publish(ctx, &(struct shop_order_placed){
                                                      .order_id = chappe_text(id),
                                                      .kind = SHOP_ORDER_KIND_SALE,
                                                      .customer = chappe_text("17850"),
                                                      .country = chappe_text("France"),
                                                      .currency = chappe_text("EUR"),
                                                      .total = total,
                                                      .placed_at = 1600000000000 + n,
                                                      .lines = { lines, line_count },
                                              });
}

void bench_fill(const char *const *settings, long count)
{
        struct chappe_service *service = bench_service(&filler, settings, true);
        struct chappe_error error = { 0 };
        long keys = atol(chappe_service_setting(service, "keys"));
        long lines = atol(chappe_service_setting(service, "lines"));
        if (lines < 0 || lines > LINES)
                bench_fail("fill", &(struct chappe_error){ .text = "lines: 0 to 1000" });
        for (long n = 0; n < count;) {
                struct chappe_context *ctx = chappe_context_open(service, NULL, 60000);
                for (long end = n + CHUNK; n < end && n < count; n++)
                        if (!ctx || publish_order(ctx, n, keys, (size_t)lines) < 0)
                                bench_fail("publish", ctx ? chappe_context_error(ctx) : &error);
                if (chappe_context_finish(ctx, &error) < 0)
                        bench_fail("publish", &error);
                chappe_context_close(ctx);
        }
        bench_service_end(service);
}
