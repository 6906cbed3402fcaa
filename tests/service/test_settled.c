/* SPDX-License-Identifier: Apache-2.0 */
/* Settled offsets against a plain array. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <chappe/error.h>

#include "base/random.h"
#include "service/settled.h"

#define OFFSETS 200
#define ROUNDS  20000

static void assert_same(const struct chappe_settled *settled, const bool *model)
{
        int64_t watermark = 0;

        while (watermark < OFFSETS && model[watermark])
                watermark++;
        assert_int_equal(settled->watermark, watermark);
        for (int64_t i = 0; i < OFFSETS; i++)
                assert_int_equal(chappe_settled_has(settled, i), model[i]);
        for (size_t i = 0; i < settled->count; i++) {
                assert_true(settled->runs[i].from <= settled->runs[i].to);
                assert_true(settled->runs[i].from > (i ? settled->runs[i - 1].to + 1 : settled->watermark));
        }
}

static void test_any_order_settles_the_same_offsets(void **state)
{
        struct chappe_random random;

        (void)state;
        print_message("# seed 11\n");
        chappe_random_init(&random, 11);
        for (int round = 0; round < ROUNDS; round++) {
                struct chappe_settled settled = { 0 }, again = { 0 };
                char text[CHAPPE_PROGRESS_SIZE];
                bool model[OFFSETS] = { false };

                for (uint64_t step = chappe_random_below(&random, 60); step > 0; step--) {
                        int64_t from = (int64_t)chappe_random_below(&random, OFFSETS);
                        int64_t to = from + (int64_t)chappe_random_below(&random, 8);

                        to = to < OFFSETS ? to : OFFSETS - 1;
                        assert_int_equal(chappe_settled_add(&settled, (struct chappe_offset_run){ from, to }), 0);
                        for (int64_t i = from; i <= to; i++)
                                model[i] = true;
                }
                assert_same(&settled, model);
                assert_int_equal(chappe_settled_print(&settled, text), 0);
                assert_int_equal(chappe_settled_load(&again, settled.watermark, text, 0), 0);
                assert_same(&again, model);
                chappe_settled_deinit(&settled);
                chappe_settled_deinit(&again);
        }
}

static void test_retention_carries_the_watermark_on(void **state)
{
        struct chappe_settled settled = { 0 }, later = { 0 };
        char text[CHAPPE_PROGRESS_SIZE];

        (void)state;
        assert_int_equal(chappe_settled_add(&settled, (struct chappe_offset_run){ 5, 9 }), 0);
        assert_int_equal(chappe_settled_add(&settled, (struct chappe_offset_run){ 20, 20 }), 0);
        assert_int_equal(chappe_settled_print(&settled, text), 0);
        assert_int_equal(chappe_settled_load(&later, 0, text, 7), 0);
        assert_int_equal(later.watermark, 10);
        assert_true(chappe_settled_has(&later, 20));
        assert_false(chappe_settled_has(&later, 10));
        chappe_settled_deinit(&settled);
        chappe_settled_deinit(&later);
}

/* Whatever is left out would be replayed a second time. */
static void test_what_does_not_fit_is_refused_rather_than_left_out(void **state)
{
        struct chappe_settled settled = { 0 };
        char text[CHAPPE_PROGRESS_SIZE];

        (void)state;
        for (int64_t i = 1; i < 4000; i++)
                assert_int_equal(chappe_settled_add(&settled, (struct chappe_offset_run){ i * 1000, i * 1000 }), 0);
        assert_int_equal(chappe_settled_print(&settled, text), -CHAPPE_E_LIMIT);
        chappe_settled_deinit(&settled);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_any_order_settles_the_same_offsets),
                cmocka_unit_test(test_retention_carries_the_watermark_on),
                cmocka_unit_test(test_what_does_not_fit_is_refused_rather_than_left_out),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
