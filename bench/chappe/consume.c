/* SPDX-License-Identifier: Apache-2.0 */
/* OrderPlaced in, and nothing but its lines totalled. */
#include "bench.h"

#include "shop/order_placed.h"

static struct bench_count handled; /* of the one service of this program */
static atomic_long wrong;

static enum chappe_decision on_order_placed(struct chappe_context *ctx, const struct shop_order_placed *order)
{
        (void)ctx;
        int64_t total = 0;
        for (size_t i = 0; i < order->lines.count; i++)
                total += order->lines.items[i].quantity * order->lines.items[i].unit_price;
        if (total != order->total)
                atomic_fetch_add(&wrong, 1);
        bench_count_one(&handled);
        return CHAPPE_DONE;
}

static const struct chappe_operation operations[] = {
        SHOP_ORDER_PLACED_CONSUMES("bench.placed", on_order_placed, .partitions = 8),
        { 0 },
};

static const struct chappe_service_config consumer = {
        .name = "bench-consume",
        .version = "1",
        .description = "totals every order",
        .operations = operations,
};

void bench_consume(const char *const *settings, long count)
{
        bench_count_init(&handled, count);
        struct chappe_service *service = bench_service(&consumer, settings);
        bench_count_wait(&handled);
        bench_count_print(&handled, count);
        bench_service_end(service);
        if (atomic_load(&wrong) > 0)
                bench_fail("consume", &(struct chappe_error){ .text = "an order's lines do not add up" });
}
