/* SPDX-License-Identifier: Apache-2.0 */
/* The stopwatch: seldom looked at beside quick things, always beside slow ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/heap.h"
#include "base/random.h"
#include "base/stopwatch.h"

struct hand {
        struct chappe_clock clock;
        int64_t now_us;
        int looks;
};

static int64_t look(const struct chappe_clock *clock)
{
        struct hand *hand = CHAPPE_CONTAINER((struct chappe_clock *)clock, struct hand, clock);

        hand->looks++;
        return hand->now_us;
}

static const struct chappe_clock_operations operations = { .monotonic_us = look };

static void test_quick_things_share_a_look(void **state)
{
        struct hand hand = { .clock = { &operations }, .now_us = 1000 };
        struct chappe_stopwatch watch = { .now_us = 1000, .quick_us = 10 };

        (void)state;
        for (int i = 1; i <= 10 * CHAPPE_STOPWATCH_LAPS; i++) {
                hand.now_us = 1000 + i;
                assert_in_range(hand.now_us - chappe_stopwatch_lap(&watch, &hand.clock), 0, CHAPPE_STOPWATCH_LAPS - 1);
        }
        assert_int_equal(hand.looks, 10);
        assert_int_equal(chappe_stopwatch_look(&watch, &hand.clock), hand.now_us);
}

static void test_slow_things_have_one_each(void **state)
{
        struct hand hand = { .clock = { &operations }, .now_us = 1000 };
        struct chappe_stopwatch watch = { .now_us = 1000, .quick_us = 10 };

        (void)state;
        for (int i = 1; i <= 100; i++) {
                hand.now_us += 11;
                assert_int_equal(chappe_stopwatch_lap(&watch, &hand.clock), hand.now_us);
        }
        assert_int_equal(hand.looks, 100);
}

/* Whatever they take: never early, and never later by more than the things since the last look, which are few. */
static void test_it_is_behind_by_the_last_few_things_at_most(void **state)
{
        struct hand hand = { .clock = { &operations }, .now_us = 1 };
        struct chappe_stopwatch watch = { .now_us = 1, .quick_us = 10 };
        int64_t ends_us[CHAPPE_STOPWATCH_LAPS] = { 1, 1, 1, 1, 1, 1, 1, 1 }, before_us = 1;
        struct chappe_random random;

        (void)state;
        chappe_random_init(&random, 1);
        for (int i = 0; i < 100000; i++) {
                hand.now_us += (int64_t)chappe_random_below(&random, i / 1000 % 2 ? 3 : 40);
                int64_t told_us = chappe_stopwatch_lap(&watch, &hand.clock);

                assert_true(told_us <= hand.now_us && told_us >= before_us);
                assert_true(told_us >= ends_us[i % CHAPPE_STOPWATCH_LAPS]);
                ends_us[i % CHAPPE_STOPWATCH_LAPS] = hand.now_us;
                before_us = told_us;
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_quick_things_share_a_look),
                cmocka_unit_test(test_slow_things_have_one_each),
                cmocka_unit_test(test_it_is_behind_by_the_last_few_things_at_most),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
