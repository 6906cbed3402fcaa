/* SPDX-License-Identifier: Apache-2.0 */
/* The first order is never done, all others are: how many run again after a crash? */
#include "bench.h"

#include "shop/order_placed.h"

#include <stdio.h>
#include <unistd.h>

#define FIRST_PLACED_AT INT64_C(1600000000000) /* as bench_fill numbers them */

static struct bench_count handled; /* all but the first order; of the one service of this program */
static atomic_long finished, attempted;

static enum chappe_decision on_order_placed(struct chappe_context *ctx, const struct shop_order_placed *order)
{
        if (order->placed_at == FIRST_PLACED_AT) {
                atomic_fetch_add(&attempted, 1);
                return chappe_retry(ctx, "never done");
        }
        atomic_fetch_add(&finished, 1);
        bench_count_one(&handled);
        return CHAPPE_DONE;
}

static const struct chappe_retry_policy for_ever = { .backoff_maximum_ms = 500, .attempts = -1, .breaker_percent = -1 };

static const struct chappe_operation operations[] = {
        SHOP_ORDER_PLACED_CONSUMES("bench.placed", on_order_placed, .partitions = 8, .retry = &for_ever),
        { 0 },
};

static const struct chappe_service_config parking = {
        .name = "bench-restart",
        .version = "1",
        .description = "does all orders but one",
        .operations = operations,
};

/* Waits for count records, or with 0 until the parked one was tried again and some time has passed; then says how many
 * there were, and waits for its end. */
void bench_restart(const char *const *settings, long count)
{
        bench_count_init(&handled, count);
        (void)bench_service(&parking, settings, true);
        if (count > 0)
                bench_count_wait(&handled);
        while (count == 0 && atomic_load(&attempted) == 0)
                usleep(10000);
        sleep(3); /* several commits */
        printf("{\"finished\": %ld}\n", atomic_load(&finished));
        fflush(stdout);
        pause();
}
