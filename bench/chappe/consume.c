/* SPDX-License-Identifier: Apache-2.0 */
/* OrderPlaced in, its lines totalled, and nothing out; the handler may sleep, and may be slow for a while only. */
#include "bench.h"

#include "shop/order_placed.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define KEYS_MAXIMUM 1000000
#define BIN_US       10000
#define BINS         6000 /* a minute after the slow phase */

static struct {
        struct bench_count handled;
        atomic_long wrong;
        atomic_long disordered;
        bool checks_order;
        long sleep_us;
        int64_t slow_us;                    /* how long the handler sleeps; 0: always */
        _Atomic int64_t last[KEYS_MAXIMUM]; /* sequence number of the key's latest record */
        /* the slow phase, and what came after it */
        atomic_long slow_records;
        _Atomic int64_t slow_busy_us;
        atomic_long bins[BINS];
} work; /* of the one service of this program */

/* The number at the end of an order's id; the check itself is to take little. */
static uint32_t key_of(const struct shop_order_placed *order)
{
        uint32_t key = 0;

        for (size_t i = 6; order->order_id.length == 16 && i < 16; i++)
                key = key * 10 + (uint32_t)(order->order_id.at[i] - '0');
        return key % KEYS_MAXIMUM;
}

/* Orders are numbered in the order published, by placed_at; keys are numbers too. */
static __attribute__((noinline)) void check_order(const struct shop_order_placed *order)
{
        uint32_t key = key_of(order);
        int64_t before = atomic_exchange_explicit(&work.last[key], order->placed_at, memory_order_relaxed);
        if (before >= order->placed_at)
                atomic_fetch_add(&work.disordered, 1);
}

static void sleep_us(long microseconds)
{
        nanosleep(&(struct timespec){ microseconds / 1000000, microseconds % 1000000 * 1000 }, NULL);
}

/* Slow until slow_us after the first record; afterwards it is counted when records get through. */
static __attribute__((noinline)) void take_time(void)
{
        if (work.slow_us == 0) {
                sleep_us(work.sleep_us);
                return;
        }
        int64_t now_us = bench_now_us(), first_us = atomic_load(&work.handled.first_us);
        int64_t end_us = (first_us ? first_us : now_us) + work.slow_us;
        if (now_us < end_us) {
                sleep_us(work.sleep_us);
                atomic_fetch_add(&work.slow_records, 1);
                atomic_fetch_add(&work.slow_busy_us, bench_now_us() - now_us);
        } else if ((now_us - end_us) / BIN_US < BINS) {
                atomic_fetch_add(&work.bins[(now_us - end_us) / BIN_US], 1);
        }
}

static enum chappe_decision on_order_placed(struct chappe_context *ctx, const struct shop_order_placed *order)
{
        (void)ctx;
        int64_t total = 0;
        for (size_t i = 0; i < order->lines.count; i++)
                total += order->lines.items[i].quantity * order->lines.items[i].unit_price;
        if (total != order->total)
                atomic_fetch_add(&work.wrong, 1);
        if (work.checks_order)
                check_order(order);
        if (work.sleep_us > 0)
                take_time();
        bench_count_one(&work.handled);
        return CHAPPE_DONE;
}

static const struct chappe_operation operations[] = {
        SHOP_ORDER_PLACED_CONSUMES("bench.placed", on_order_placed, .partitions = 8),
        { 0 },
};

static const struct chappe_setting own_settings[] = {
        { .name = "sleep_us", .default_value = "0", .help = "how long the handler sleeps", .integer = true },
        { .name = "check_order",
          .default_value = "0",
          .help = "1: count what comes out of its key's order",
          .integer = true },
        { .name = "slow_ms", .default_value = "0", .help = "for how long it does; 0: always", .integer = true },
        { 0 },
};

static const struct chappe_service_config consumer = {
        .name = "bench-consume",
        .version = "1",
        .description = "totals every order",
        .operations = operations,
        .settings = own_settings,
};

static int by_value(const void *a, const void *b)
{
        long left = *(const long *)a, right = *(const long *)b;
        return (left > right) - (left < right);
}

/* From the end of the slow phase: when half of the usual speed was reached, and the longest time without a record. */
static void print_recovery(void)
{
        static long bins[BINS], sorted[BINS];
        long count = 0, stall = 0, longest = 0, recovered = -1;
        for (long i = 0; i < BINS; i++) {
                bins[i] = sorted[i] = atomic_load(&work.bins[i]);
                if (bins[i])
                        count = i + 1;
        }
        qsort(sorted, (size_t)count, sizeof(*sorted), by_value);
        long usual = count ? sorted[count / 2] : 0;
        for (long i = 0; i < count; i++) {
                stall = bins[i] ? 0 : stall + 1;
                longest = stall > longest ? stall : longest;
                if (recovered < 0 && bins[i] * 2 >= usual)
                        recovered = i + 1;
        }
        printf("{\"slow_records\": %ld, \"slow_busy_s\": %.3f, \"recovery_ms\": %ld, \"stall_ms\": %ld}\n",
               atomic_load(&work.slow_records), (double)atomic_load(&work.slow_busy_us) / 1e6,
               recovered * BIN_US / 1000, longest * BIN_US / 1000);
}

void bench_consume(const char *const *settings, long count)
{
        bench_count_init(&work.handled, count);
        int64_t begun_us = bench_now_us();
        struct chappe_service *service = bench_service(&consumer, settings, false);
        work.checks_order = atol(chappe_service_setting(service, "check_order")) > 0;
        work.sleep_us = atol(chappe_service_setting(service, "sleep_us"));
        work.slow_us = atol(chappe_service_setting(service, "slow_ms")) * 1000;
        bench_service_start(service);
        int64_t started_us = bench_now_us();
        long idle_kb = bench_private_kb(); /* the group has not given it a partition yet */
        long peak_kb = bench_count_wait(&work.handled);
        bench_count_print(&work.handled, count);
        printf("{\"started_ms\": %.1f, \"first_ms\": %.1f, \"private_idle_kb\": %ld, \"private_peak_kb\": %ld, "
               "\"disordered\": %ld}\n",
               (double)(started_us - begun_us) / 1e3, (double)(work.handled.first_us - begun_us) / 1e3, idle_kb,
               peak_kb, atomic_load(&work.disordered));
        if (work.slow_us)
                print_recovery();
        bench_service_end(service);
        if (atomic_load(&work.wrong) > 0)
                bench_fail("consume", &(struct chappe_error){ .text = "an order's lines do not add up" });
}
