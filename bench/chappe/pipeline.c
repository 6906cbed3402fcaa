/* SPDX-License-Identifier: Apache-2.0 */
/* OrderPlaced in, its lines totalled, OrderAccepted out with the same key. */
#include "bench.h"

#include "shop/order_accepted.h"
#include "shop/order_placed.h"

static long records; /* of the one service of this program */

static void *count_new(struct chappe_service *service, struct chappe_error *error)
{
        (void)service;
        (void)error;
        static struct bench_count count;
        bench_count_init(&count, records);
        return &count;
}

static enum chappe_decision on_order_placed(struct chappe_context *ctx, const struct shop_order_placed *order)
{
        int64_t total = 0;
        for (size_t i = 0; i < order->lines.count; i++)
                total += order->lines.items[i].quantity * order->lines.items[i].unit_price;
        int published = shop_order_accepted_publish(
                ctx, &(struct shop_order_accepted){
                             .order_id = order->order_id,
                             .customer = order->customer,
                             .country = order->country,
                             .currency = order->currency,
                             .total = total,
                             .accepted_at = order->placed_at,
                             .lines = { .items = order->lines.items, .count = order->lines.count },
                     });
        if (published < 0)
                return CHAPPE_RETRY;
        bench_count_one(chappe_context_state(ctx));
        return CHAPPE_DONE;
}

static const struct chappe_operation operations[] = {
        SHOP_ORDER_PLACED_CONSUMES("bench.placed", on_order_placed, .partitions = 8),
        SHOP_ORDER_ACCEPTED_PRODUCES("bench.accepted", .partitions = 8),
        { 0 },
};

static const struct chappe_service_config pipeline = {
        .name = "bench-pipeline",
        .version = "1",
        .description = "accepts every order",
        .operations = operations,
        .state_new = count_new,
};

void bench_pipeline(const char *const *settings, long count)
{
        records = count;
        struct chappe_service *service = bench_service(&pipeline, settings, true);
        (void)bench_count_wait(chappe_service_state(service));
        bench_service_end(service);
}
