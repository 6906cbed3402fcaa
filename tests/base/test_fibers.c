/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated machine: the seam's contract, virtual time, kills, repeatability. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <string.h>

#include "base/cleanup.h"
#include "base/coroutine.h"
#include "base/fibers.h"

#define STEPS 1000000

/* One process with a queue: a producer strand that pauses between items, consumers that wait for them. */
struct shop {
        struct chappe_process *process;
        struct chappe_executor *executor;
        struct chappe_mutex *mutex;
        struct chappe_condition *changed;
        struct chappe_strand *strands[4];
        size_t strand_count;
        int queued, consumed, stopped;
        bool closed;
        char order[128]; /* who consumed, in order */
};

static void sleep_us(struct shop *shop, int64_t duration_us)
{
        int64_t until = chappe_clock_monotonic_us(chappe_process_clock(shop->process)) + duration_us;
        struct chappe_condition *never = chappe_condition_new(shop->executor);

        chappe_mutex_lock(shop->executor, shop->mutex);
        while (chappe_condition_wait(shop->executor, never, shop->mutex, until) == CHAPPE_WAIT_SIGNALLED)
                ;
        chappe_mutex_unlock(shop->executor, shop->mutex);
        chappe_condition_free(shop->executor, never);
}

static void produce(void *argument)
{
        struct shop *shop = argument;

        for (int i = 0; i < 20 && !chappe_executor_stopped(shop->executor); i++) {
                sleep_us(shop, 1000);
                chappe_mutex_lock(shop->executor, shop->mutex);
                shop->queued++;
                chappe_condition_signal(shop->executor, shop->changed);
                chappe_mutex_unlock(shop->executor, shop->mutex);
        }
        chappe_mutex_lock(shop->executor, shop->mutex);
        shop->closed = true;
        chappe_condition_broadcast(shop->executor, shop->changed);
        chappe_mutex_unlock(shop->executor, shop->mutex);
}

static void consume_as(struct shop *shop, char who)
{
        chappe_mutex_lock(shop->executor, shop->mutex);
        for (;;) {
                enum chappe_wait outcome = CHAPPE_WAIT_SIGNALLED;

                while (shop->queued == 0 && !shop->closed && outcome != CHAPPE_WAIT_STOPPED)
                        outcome = chappe_condition_wait(shop->executor, shop->changed, shop->mutex, CHAPPE_FOREVER);
                if (outcome == CHAPPE_WAIT_STOPPED || chappe_executor_stopped(shop->executor)) {
                        shop->stopped++;
                        break;
                }
                if (shop->queued == 0)
                        break;
                shop->queued--;
                shop->order[shop->consumed++] = who;
        }
        chappe_mutex_unlock(shop->executor, shop->mutex);
}

static void consume_a(void *argument)
{
        consume_as(argument, 'a');
}

static void consume_b(void *argument)
{
        consume_as(argument, 'b');
}

static void shop_start(struct shop *shop, const char *name, void (*run)(void *))
{
        struct chappe_error error = { 0 };

        assert_int_equal(
                chappe_strand_start(shop->executor, name, run, shop, &shop->strands[shop->strand_count++], &error), 0);
}

static void shop_init(struct shop *shop, struct chappe_fibers *fibers)
{
        *shop = (struct shop){ .process = chappe_process_new(fibers, "shop") };
        shop->executor = chappe_process_executor(shop->process);
        shop->mutex = chappe_mutex_new(shop->executor);
        shop->changed = chappe_condition_new(shop->executor);
        shop_start(shop, "producer", produce);
        shop_start(shop, "a", consume_a);
        shop_start(shop, "b", consume_b);
}

static void shop_deinit(struct shop *shop)
{
        for (size_t i = 0; i < shop->strand_count; i++)
                chappe_strand_join(shop->executor, shop->strands[i]);
        chappe_condition_free(shop->executor, shop->changed);
        chappe_mutex_free(shop->executor, shop->mutex);
        assert_int_equal(chappe_process_leftovers(shop->process), 0);
        chappe_process_free(shop->process);
}

static struct chappe_fibers *machine(uint64_t seed)
{
        return chappe_fibers_new(
                &(struct chappe_fibers_config){ .seed = seed, .give_way_ppm = 200000, .wake_early_ppm = 20000 });
}

/* Returns the trace's hash; the order of consumption in ret_order. */
static uint64_t run_shop(uint64_t seed, char ret_order[128])
{
        struct chappe_fibers *fibers = machine(seed);
        struct shop shop;
        uint64_t hash;

        shop_init(&shop, fibers);
        assert_int_equal(chappe_fibers_run(fibers, CHAPPE_FOREVER, STEPS, NULL, NULL), CHAPPE_FIBERS_IDLE);
        assert_int_equal(shop.consumed, 20);
        assert_int_equal(chappe_process_strands(shop.process), 0);
        assert_in_range(chappe_fibers_now_us(fibers), 1020000, 1030000);
        memcpy(ret_order, shop.order, sizeof(shop.order));
        shop_deinit(&shop);
        hash = chappe_fibers_hash(fibers);
        chappe_fibers_free(fibers);
        return hash;
}

static void test_same_seed_takes_the_same_decisions_and_others_differ(void **state)
{
        char order[128], again[128];
        int different = 0;

        (void)state;
        for (uint64_t seed = 1; seed <= 50; seed++) {
                uint64_t hash = run_shop(seed, order);

                assert_true(hash == run_shop(seed, again));
                assert_string_equal(order, again);
                run_shop(seed + 1, again);
                different += strcmp(order, again) != 0;
        }
        assert_true(different > 25);
}

static void test_killed_process_unwinds_from_every_wait(void **state)
{
        (void)state;
        for (int64_t at = 0; at < 20000; at += 777) {
                struct chappe_fibers *fibers = machine((uint64_t)at);
                struct shop shop;

                shop_init(&shop, fibers);
                chappe_fibers_run(fibers, chappe_fibers_now_us(fibers) + at, STEPS, NULL, NULL);
                chappe_process_kill(shop.process);
                assert_int_equal(chappe_fibers_run(fibers, CHAPPE_FOREVER, STEPS, NULL, NULL), CHAPPE_FIBERS_IDLE);
                assert_int_equal(chappe_process_strands(shop.process), 0);
                assert_int_equal(shop.stopped, 2);
                shop_deinit(&shop);
                chappe_fibers_free(fibers);
        }
}

static void test_killed_process_starts_no_strand_and_takes_no_step(void **state)
{
        struct chappe_fibers *fibers = machine(1);
        struct chappe_process *process = chappe_process_new(fibers, "shop");
        struct chappe_strand *strand = NULL;
        struct chappe_error error;

        (void)state;
        assert_true(chappe_process_step(process, "test.step"));
        chappe_process_kill(process);
        assert_false(chappe_process_step(process, "test.step"));
        assert_true(chappe_executor_stopped(chappe_process_executor(process)));
        assert_int_equal(chappe_strand_start(chappe_process_executor(process), "late", produce, NULL, &strand, &error),
                         -CHAPPE_E_STOPPED);
        chappe_process_free(process);
        chappe_fibers_free(fibers);
}

static void test_paused_process_stands_still_while_time_passes(void **state)
{
        struct chappe_fibers *fibers = machine(4);
        int64_t start = chappe_fibers_now_us(fibers);
        struct shop shop;

        (void)state;
        shop_init(&shop, fibers);
        chappe_fibers_run(fibers, start + 5500, STEPS, NULL, NULL);
        assert_in_range(shop.consumed, 4, 5);
        chappe_process_pause(shop.process, start + 1000000);
        chappe_fibers_run(fibers, start + 999999, STEPS, NULL, NULL);
        assert_in_range(shop.consumed, 4, 5);
        chappe_fibers_run(fibers, CHAPPE_FOREVER, STEPS, NULL, NULL);
        assert_int_equal(shop.consumed, 20);
        shop_deinit(&shop);
        chappe_fibers_free(fibers);
}

static void wait_for_ever(void *argument)
{
        struct shop *shop = argument;

        chappe_mutex_lock(shop->executor, shop->mutex);
        while (chappe_condition_wait(shop->executor, shop->changed, shop->mutex, CHAPPE_FOREVER) != CHAPPE_WAIT_STOPPED)
                ;
        chappe_mutex_unlock(shop->executor, shop->mutex);
}

static void test_deadlock_is_seen_and_each_strand_named(void **state)
{
        CHAPPE_CLEANUP(buffer) struct chappe_buffer report = { 0 };
        struct chappe_fibers *fibers = machine(4);
        struct shop shop = { .process = chappe_process_new(fibers, "orders") };

        (void)state;
        shop.executor = chappe_process_executor(shop.process);
        shop.mutex = chappe_mutex_new(shop.executor);
        shop.changed = chappe_condition_new(shop.executor);
        shop_start(&shop, "worker-1", wait_for_ever);
        shop_start(&shop, "worker-2", wait_for_ever);
        assert_int_equal(chappe_fibers_run(fibers, CHAPPE_FOREVER, STEPS, NULL, NULL), CHAPPE_FIBERS_IDLE);
        chappe_fibers_report(fibers, &report);
        chappe_buffer_append(&report, "", 1);
        assert_non_null(strstr((char *)report.at, "orders/worker-1 waits on a condition at "));
        assert_non_null(strstr((char *)report.at, "orders/worker-2 waits on a condition at "));
        chappe_process_kill(shop.process);
        chappe_fibers_run(fibers, CHAPPE_FOREVER, STEPS, NULL, NULL);
        shop_deinit(&shop);
        chappe_fibers_free(fibers);
}

static void spin(void *argument)
{
        struct shop *shop = argument;

        while (!chappe_executor_stopped(shop->executor))
                sleep_us(shop, 0);
}

static void test_spinning_is_seen(void **state)
{
        struct chappe_fibers *fibers = machine(4);
        struct shop shop = { .process = chappe_process_new(fibers, "orders") };

        (void)state;
        shop.executor = chappe_process_executor(shop.process);
        shop.mutex = chappe_mutex_new(shop.executor);
        shop_start(&shop, "spinner", spin);
        assert_int_equal(chappe_fibers_run(fibers, CHAPPE_FOREVER, 10000, NULL, NULL), CHAPPE_FIBERS_TOO_LONG);
        chappe_process_kill(shop.process);
        chappe_fibers_run(fibers, CHAPPE_FOREVER, STEPS, NULL, NULL);
        shop_deinit(&shop);
        chappe_fibers_free(fibers);
}

static int64_t fired_at;
static struct chappe_fibers *fired_on;

static void fire(struct chappe_timer *timer)
{
        (void)timer;
        fired_at = chappe_fibers_now_us(fired_on);
}

static void test_timer_fires_at_its_time_and_not_when_cancelled(void **state)
{
        struct chappe_timer timer = { .fire = fire };

        (void)state;
        fired_at = 0;
        fired_on = machine(4);
        chappe_timer_set(fired_on, &timer, 5000000);
        chappe_fibers_run(fired_on, 4000000, STEPS, NULL, NULL);
        assert_int_equal(fired_at, 0);
        assert_int_equal(chappe_fibers_now_us(fired_on), 4000000);
        chappe_fibers_run(fired_on, CHAPPE_FOREVER, STEPS, NULL, NULL);
        assert_int_equal(fired_at, 5000000);
        chappe_timer_set(fired_on, &timer, 6000000);
        chappe_timer_cancel(fired_on, &timer);
        chappe_fibers_run(fired_on, CHAPPE_FOREVER, STEPS, NULL, NULL);
        assert_int_equal(fired_at, 5000000);
        chappe_fibers_free(fired_on);
}

static void test_wall_clock_jumps_and_the_monotonic_clock_does_not(void **state)
{
        struct chappe_fibers *fibers = machine(4);
        struct chappe_process *process = chappe_process_new(fibers, "orders");
        const struct chappe_clock *clock = chappe_process_clock(process);
        int64_t wall = chappe_clock_wall_ms(clock), monotonic = chappe_clock_monotonic_us(clock);

        (void)state;
        chappe_process_clock_jump(process, -3600000);
        assert_true(chappe_clock_wall_ms(clock) <= wall - 3600000 + 1);
        assert_true(chappe_clock_monotonic_us(clock) > monotonic);
        chappe_process_free(process);
        chappe_fibers_free(fibers);
}

static int drain(void **state)
{
        (void)state;
        chappe_coroutine_pool_drain();
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_same_seed_takes_the_same_decisions_and_others_differ),
                cmocka_unit_test(test_killed_process_unwinds_from_every_wait),
                cmocka_unit_test(test_killed_process_starts_no_strand_and_takes_no_step),
                cmocka_unit_test(test_paused_process_stands_still_while_time_passes),
                cmocka_unit_test(test_deadlock_is_seen_and_each_strand_named),
                cmocka_unit_test(test_spinning_is_seen),
                cmocka_unit_test(test_timer_fires_at_its_time_and_not_when_cancelled),
                cmocka_unit_test(test_wall_clock_jumps_and_the_monotonic_clock_does_not),
        };
        return cmocka_run_group_tests(tests, NULL, drain);
}
