/* SPDX-License-Identifier: Apache-2.0 */
/* Request/reply: a service that answers at once, and a program that calls it, one call after the other. */
#include "bench.h"

#include "shop/inventory.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static int on_reserve(struct chappe_context *ctx, const struct shop_reserve_request *request,
                      struct shop_reserve_reply *reply)
{
        (void)ctx;
        reply->response =
                (struct shop_reservation){ .order_id = request->order_id, .pieces = (int64_t)request->lines.count };
        return 0;
}

static const struct chappe_operation answers[] = {
        SHOP_INVENTORY_RESERVE_ANSWERS("bench.inventory", on_reserve, .partitions = 1),
        { 0 },
};

static const struct chappe_service_config answering = {
        .name = "bench-answer",
        .version = "1",
        .description = "reserves anything",
        .operations = answers,
};

static const struct chappe_operation calls[] = {
        SHOP_INVENTORY_RESERVE_CALLS("bench.inventory"),
        { 0 },
};

static const struct chappe_service_config calling = {
        .name = "bench-call",
        .version = "1",
        .description = "reserves one order after the other",
        .operations = calls,
};

void bench_answer(const char *const *settings)
{
        sigset_t ends;
        sigemptyset(&ends);
        sigaddset(&ends, SIGTERM);
        sigaddset(&ends, SIGINT);
        pthread_sigmask(SIG_BLOCK, &ends, NULL);
        struct chappe_service *service = bench_service(&answering, settings, true);
        int signal;
        while (!chappe_service_ready(service) &&
               sigtimedwait(&ends, NULL, &(struct timespec){ .tv_nsec = 10000000 }) < 0)
                continue;
        puts("ready");
        fflush(stdout);
        sigwait(&ends, &signal);
        bench_service_end(service);
}

static int by_value(const void *a, const void *b)
{
        int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
        return (left > right) - (left < right);
}

static int64_t one_call(struct chappe_service *service)
{
        static const struct shop_order_line lines[] = {
                { .sku = { "85123A", 6 }, .description = { "LIGHT HOLDER", 12 }, .quantity = 2, .unit_price = 255 },
                { .sku = { "71053", 5 }, .description = { "LANTERN", 7 }, .quantity = 1, .unit_price = 339 },
        };
        struct shop_reserve_request request = { .order_id = chappe_text("order-0000004711"), .lines = { lines, 2 } };
        struct shop_reserve_reply reply;
        int64_t begun = bench_now_us();
        struct chappe_context *ctx = chappe_context_open(service, NULL, 5000);
        if (!ctx || shop_inventory_reserve(ctx, &request, &reply) != 0)
                bench_fail("call", chappe_context_error(ctx));
        chappe_context_close(ctx);
        return bench_now_us() - begun;
}

void bench_call(const char *const *settings, long count)
{
        const long warm_up = 200;
        int64_t *latency_us = calloc((size_t)count, sizeof(*latency_us));
        struct chappe_service *service = bench_service(&calling, settings, true);
        for (long i = -warm_up; i < count; i++) {
                int64_t took = one_call(service);
                if (i >= 0)
                        latency_us[i] = took;
        }
        bench_service_end(service);
        qsort(latency_us, (size_t)count, sizeof(*latency_us), by_value);
        printf("{\"calls\": %ld, \"p50_us\": %lld, \"p99_us\": %lld}\n", count, (long long)latency_us[count / 2],
               (long long)latency_us[count * 99 / 100]);
        free(latency_us);
}
