/* SPDX-License-Identifier: Apache-2.0 */
/* Complaints that come over and over, and the age of what is unfinished, beside plain models. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/random.h"
#include "flow/ages.h"
#include "flow/alarm.h"
#include "flow/complaints.h"

#define SECOND  INT64_C(1000000)
#define OFFSETS 5000

static void test_a_complaint_is_told_once_a_while_with_its_count(void **state)
{
        struct chappe_complaints complaints = { 0 };
        uint32_t untold = 77;
        (void)state;
        assert_true(chappe_complaints_tell(&complaints, 3001, 5, &untold));
        assert_int_equal(untold, 0);
        for (int i = 0; i < 9; i++)
                assert_false(chappe_complaints_tell(&complaints, 3001, 6 + i, &untold));
        assert_true(chappe_complaints_tell(&complaints, 3002, 20, &untold));
        assert_true(chappe_complaints_tell(&complaints, 3001, 5 + CHAPPE_COMPLAINTS_EVERY_US, &untold));
        assert_int_equal(untold, 9);
}

static void test_an_error_that_is_told_says_how_many_like_it_were_not(void **state)
{
        struct chappe_complaints complaints = { 0 };
        struct chappe_error error = { 3001, "nobody answers" };
        (void)state;
        assert_true(chappe_complaints_tell_error(&complaints, &error, 5));
        assert_string_equal(error.text, "nobody answers");
        assert_false(chappe_complaints_tell_error(&complaints, &error, 6));
        assert_false(chappe_complaints_tell_error(&complaints, &error, 7));
        assert_true(chappe_complaints_tell_error(&complaints, &error, 5 + CHAPPE_COMPLAINTS_EVERY_US));
        assert_string_equal(error.text, "(and 2 like it that were not logged): nobody answers");
}

static void test_many_kinds_of_complaints_push_out_the_oldest(void **state)
{
        struct chappe_complaints complaints = { 0 };
        uint32_t untold;
        (void)state;
        for (int code = 1; code <= CHAPPE_COMPLAINTS_KINDS + 1; code++)
                assert_true(chappe_complaints_tell(&complaints, code, code, &untold));
        assert_false(chappe_complaints_tell(&complaints, 2, 100, &untold));
        assert_true(chappe_complaints_tell(&complaints, 1, 101, &untold)); /* had to go */
        assert_false(chappe_complaints_tell(&complaints, 3, 102, &untold));
}

static void test_age_is_that_of_the_first_unfinished_record(void **state)
{
        struct chappe_ages ages = { 0 };
        (void)state;
        assert_int_equal(chappe_ages_age_us(&ages, 3, 9 * SECOND), 0);
        chappe_ages_take(&ages, 10, 1 * SECOND);
        chappe_ages_take(&ages, 20, 5 * SECOND);
        assert_int_equal(chappe_ages_age_us(&ages, 9, 9 * SECOND), 0);
        assert_int_equal(chappe_ages_age_us(&ages, 19, 9 * SECOND), 8 * SECOND);
        assert_int_equal(chappe_ages_age_us(&ages, 20, 9 * SECOND), 4 * SECOND);
        assert_int_equal(chappe_ages_age_us(&ages, 500, 9 * SECOND), 4 * SECOND);
}

/* However long a partition stands still. */
static void test_ages_are_never_too_young(void **state)
{
        struct chappe_random random;
        uint64_t seed = chappe_random_system_seed();
        (void)state;
        print_message("# seed %llu\n", (unsigned long long)seed);
        chappe_random_init(&random, seed);
        for (int round = 0; round < 200; round++) {
                struct chappe_ages ages = { 0 };
                static int64_t taken_us[OFFSETS];
                int64_t now_us = 0, first = 0, offset = 0, oldest_us = 0;
                while (offset < OFFSETS) {
                        now_us += (int64_t)chappe_random_below(&random, 2 * SECOND);
                        chappe_ages_take(&ages, offset, now_us);
                        for (uint64_t n = chappe_random_below(&random, 9) + 1; n > 0 && offset < OFFSETS; n--)
                                taken_us[offset++] = now_us;
                        /* What the marks spanned when the step between them was chosen bounds their distance. */
                        int64_t span_us = chappe_ages_age_us(&ages, first, now_us);
                        oldest_us = span_us > oldest_us ? span_us : oldest_us;
                        if (chappe_random_below(&random, 20) == 0)
                                first += (int64_t)chappe_random_below(&random, (uint64_t)(offset - first));
                        int64_t age_us = chappe_ages_age_us(&ages, first, now_us);
                        int64_t right_us = now_us - taken_us[first];
                        assert_true(age_us >= right_us);
                        assert_true(age_us - right_us <= oldest_us / 8 + 4 * SECOND);
                        assert_true(ages.count <= CHAPPE_AGES_MARKS);
                }
        }
}

static void test_an_alarm_is_raised_and_cleared_once(void **state)
{
        struct chappe_alarm alarm = { 0 };
        (void)state;
        assert_int_equal(chappe_alarm_look(&alarm, true, 10, 100), CHAPPE_ALARM_SAME);
        assert_int_equal(chappe_alarm_look(&alarm, true, 10, 109), CHAPPE_ALARM_SAME);
        assert_int_equal(chappe_alarm_look(&alarm, false, 10, 110), CHAPPE_ALARM_SAME); /* a break */
        assert_int_equal(chappe_alarm_look(&alarm, true, 10, 111), CHAPPE_ALARM_SAME);
        assert_int_equal(chappe_alarm_look(&alarm, true, 10, 121), CHAPPE_ALARM_RAISED);
        assert_int_equal(chappe_alarm_look(&alarm, true, 10, 900), CHAPPE_ALARM_SAME);
        assert_int_equal(chappe_alarm_look(&alarm, false, 10, 901), CHAPPE_ALARM_CLEARED);
        assert_int_equal(chappe_alarm_look(&alarm, false, 10, 902), CHAPPE_ALARM_SAME);
        assert_int_equal(chappe_alarm_look(&alarm, true, 0, 903), CHAPPE_ALARM_RAISED);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_complaint_is_told_once_a_while_with_its_count),
                cmocka_unit_test(test_an_error_that_is_told_says_how_many_like_it_were_not),
                cmocka_unit_test(test_many_kinds_of_complaints_push_out_the_oldest),
                cmocka_unit_test(test_age_is_that_of_the_first_unfinished_record),
                cmocka_unit_test(test_ages_are_never_too_young),
                cmocka_unit_test(test_an_alarm_is_raised_and_cleared_once),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
