/* SPDX-License-Identifier: Apache-2.0 */
/* Random numbers and identifiers: the same on every machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <string.h>

#include "base/id.h"
#include "base/random.h"

/* Reference: xoshiro256** over splitmix64(0), computed with the authors' C code (prng.di.unimi.it). */
static void test_numbers_follow_the_published_generator(void **state)
{
        struct chappe_random random;

        (void)state;
        chappe_random_init(&random, 0);
        assert_true(random.state[0] == 0xe220a8397b1dcdaf);
        assert_true(random.state[3] == 0xf88bb8a8724c81ec);
        assert_true(chappe_random_next(&random) == 0x99ec5f36cb75f2b4);
        assert_true(chappe_random_next(&random) == 0xbf6e1f784956452a);
}

static void test_numbers_below_a_bound_reach_all_values_evenly(void **state)
{
        struct chappe_random random;
        int counts[7] = { 0 };

        (void)state;
        chappe_random_init(&random, 42);
        for (int i = 0; i < 70000; i++)
                counts[chappe_random_below(&random, 7)]++;
        for (int i = 0; i < 7; i++)
                assert_in_range(counts[i], 9500, 10500);
        assert_int_equal(chappe_random_below(&random, 1), 0);
        assert_true(chappe_random_below(&random, UINT64_MAX) < UINT64_MAX);
}

static void test_chance_is_parts_in_a_million(void **state)
{
        struct chappe_random random;
        int hits = 0;

        (void)state;
        chappe_random_init(&random, 7);
        for (int i = 0; i < 100000; i++) {
                hits += chappe_random_chance(&random, 250000);
                assert_false(chappe_random_chance(&random, 0));
                assert_true(chappe_random_chance(&random, 1000000));
        }
        assert_in_range(hits, 24000, 26000);
}

static void test_random_id_is_a_version_4_uuid(void **state)
{
        struct chappe_random random;
        char id[CHAPPE_ID_SIZE], other[CHAPPE_ID_SIZE];

        (void)state;
        chappe_random_init(&random, 3);
        chappe_id_random(&random, id);
        chappe_id_random(&random, other);
        assert_int_equal(strlen(id), 36);
        assert_int_equal(id[14], '4');
        assert_non_null(strchr("89ab", id[19]));
        assert_string_not_equal(id, other);
}

static void test_derived_id_depends_on_each_part_and_on_nothing_else(void **state)
{
        char id[CHAPPE_ID_SIZE], again[CHAPPE_ID_SIZE], other[CHAPPE_ID_SIZE];

        (void)state;
        chappe_id_derive(chappe_text("event-1"), chappe_text("orders"), 0, id);
        chappe_id_derive(chappe_text("event-1"), chappe_text("orders"), 0, again);
        assert_string_equal(id, again);
        assert_int_equal(id[14], '8');
        chappe_id_derive(chappe_text("event-2"), chappe_text("orders"), 0, other);
        assert_string_not_equal(id, other);
        chappe_id_derive(chappe_text("event-1"), chappe_text("orders"), 1, other);
        assert_string_not_equal(id, other);
        chappe_id_derive(chappe_text("event-1o"), chappe_text("rders"), 0, other);
        assert_string_not_equal(id, other);
}

/* Stored ids of old events must stay what they are: the derivation is an exact form. */
static void test_derived_id_stays_what_it_was(void **state)
{
        char id[CHAPPE_ID_SIZE];

        (void)state;
        chappe_id_derive(chappe_text("event-1"), chappe_text("orders"), 0, id);
        assert_string_equal(id, "fd36bcdc-5472-8625-ac3d-9edacf09b6e5");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_numbers_follow_the_published_generator),
                cmocka_unit_test(test_numbers_below_a_bound_reach_all_values_evenly),
                cmocka_unit_test(test_chance_is_parts_in_a_million),
                cmocka_unit_test(test_random_id_is_a_version_4_uuid),
                cmocka_unit_test(test_derived_id_depends_on_each_part_and_on_nothing_else),
                cmocka_unit_test(test_derived_id_stays_what_it_was),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
