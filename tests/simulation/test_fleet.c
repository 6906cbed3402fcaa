/* SPDX-License-Identifier: Apache-2.0 */
/* The whole shop in one process under faults: after every seed the books balance; planted mistakes are found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdlib.h>

#include "shop.h"

#define ROUND 6

static void prepare(struct chappe_testkit *kit, void *context)
{
        (void)context;
        shop_prepare(kit);
}

static int64_t feed(struct chappe_testkit *kit, int round, void *context)
{
        (void)context;
        for (int n = round * ROUND; n < (round + 1) * ROUND; n++)
                if (chappe_testkit_feeds(kit, n) && shop_place(kit, n) < 0)
                        abort();
        return (round + 1) * ROUND < SHOP_ORDERS ? 3000 : 0;
}

static int check(struct chappe_testkit *kit, void *context, struct chappe_error *error)
{
        (void)context;
        return shop_check(kit, SHOP_ORDERS, error);
}

static const struct chappe_testkit_simulation simulation = {
        .seeds = 500,
        .items = SHOP_ORDERS,
        .prepare = prepare,
        .feed = feed,
        .check = check,
};

static void test_books_balance_without_faults(void **state)
{
        struct chappe_testkit_simulation calm = simulation;

        (void)state;
        calm.test = __func__;
        calm.seeds = 4;
        assert_int_equal(chappe_testkit_simulate(&calm, NULL), 0);
}

static void test_books_balance_after_every_seed_of_faults(void **state)
{
        struct chappe_testkit_simulation rough = simulation;
        struct chappe_testkit_report report;

        (void)state;
        rough.test = __func__;
        rough.faults = CHAPPE_TESTKIT_FAULTS;
        assert_int_equal(chappe_testkit_simulate(&rough, &report), 0);
        assert_int_equal(report.unrepeated, 0);
        if (report.seeds >= 500) {
                assert_true(report.crashes >= 1000);
                assert_true(report.step_kinds >= 25);
        }
}

static void assert_found(enum chappe_testkit_planted planted, const char *test)
{
        struct chappe_testkit_simulation spoiled = simulation;
        struct chappe_testkit_report report;

        spoiled.faults = CHAPPE_TESTKIT_FAULTS;
        spoiled.seeds = 40;
        spoiled.planted = planted;
        spoiled.test = test;
        assert_int_not_equal(chappe_testkit_simulate(&spoiled, &report), 0);
        if (report.seeds == 1)
                return; /* a repetition */
        /* What is left is short enough to be read. */
        assert_true(report.shrunk_items < SHOP_ORDERS);
        assert_true(report.shrunk_faults <= 6);
}

static void test_runtime_that_commits_one_too_far_is_found(void **state)
{
        (void)state;
        assert_found(CHAPPE_TESTKIT_PLANTED_COMMIT_TOO_FAR, __func__);
}

static void test_runtime_that_replies_to_the_wrong_call_is_found(void **state)
{
        (void)state;
        assert_found(CHAPPE_TESTKIT_PLANTED_REPLY_SWAPPED, __func__);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_books_balance_without_faults),
                cmocka_unit_test(test_books_balance_after_every_seed_of_faults),
                cmocka_unit_test(test_runtime_that_commits_one_too_far_is_found),
                cmocka_unit_test(test_runtime_that_replies_to_the_wrong_call_is_found),
        };
        cmocka_set_test_filter(getenv("CHAPPE_TEST_ONLY"));
        return cmocka_run_group_tests(tests, NULL, NULL);
}
