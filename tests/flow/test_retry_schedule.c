/* SPDX-License-Identifier: Apache-2.0 */
/* Back-off, jitter and ceilings. */
#include "sequences.h"

#include "flow/retry_schedule.h"

static void test_defaults_stand_for_zero_members(void **state)
{
        (void)state;
        struct chappe_retry_policy policy = chappe_retry_policy_complete(NULL);
        assert_int_equal(policy.backoff_ms, 100);
        assert_int_equal(policy.backoff_maximum_ms, 10000);
        assert_int_equal(policy.attempts, 10);
        policy = chappe_retry_policy_complete(&(struct chappe_retry_policy){ .attempts = 3 });
        assert_int_equal(policy.attempts, 3);
        assert_int_equal(policy.backoff_ms, 100);
}

static void test_backoff_doubles_within_its_jitter_up_to_the_maximum(void **state)
{
        (void)state;
        struct chappe_random random;
        chappe_random_init(&random, 1);
        struct chappe_retry_policy policy = chappe_retry_policy_complete(NULL);
        for (int round = 0; round < 100000; round++) {
                int32_t attempt = 1 + (int32_t)chappe_random_below(&random, 40);
                int64_t ideal_us = attempt <= 7 ? (100000ll << (attempt - 1)) : 10000000;
                int64_t wait_us = chappe_retry_due_us(&policy, attempt, 5000, &random) - 5000;
                assert_in_range(wait_us, ideal_us * 8 / 10, ideal_us * 12 / 10);
                assert_true(wait_us <= 10000000);
        }
}

/* One record that always fails, by a policy of any kind, beside what the policy says in plain words. */
static void fail_to_the_end(struct chappe_random *random)
{
        struct chappe_retry_policy policy = { .backoff_ms = (int32_t)chappe_random_below(random, 5000),
                                              .backoff_maximum_ms = (int32_t)chappe_random_below(random, 100000),
                                              .attempts = (int32_t)chappe_random_below(random, 40) - 1,
                                              .age_maximum_ms = (int64_t)chappe_random_below(random, 400000) };
        struct chappe_retry_policy complete = chappe_retry_policy_complete(&policy);
        int64_t backoff_ms = policy.backoff_ms ? policy.backoff_ms : 100;
        int64_t maximum_ms = policy.backoff_maximum_ms ? policy.backoff_maximum_ms : 10000;
        int64_t first_us = (int64_t)chappe_random_below(random, 1000000000), now_us = first_us;
        double ideal_us = 1000.0 * (double)backoff_ms;

        for (int32_t attempt = 1; attempt < 60; attempt++) {
                bool tired = policy.attempts >= 0 && attempt >= (policy.attempts ? policy.attempts : 10);
                bool old = policy.age_maximum_ms > 0 && now_us - first_us >= 1000 * policy.age_maximum_ms;
                double most_us = 1000.0 * (double)maximum_ms, wait_us;

                assert_int_equal(chappe_retry_exhausted(&complete, attempt, first_us, now_us), tired || old);
                if (tired || old)
                        return;
                wait_us = (double)(chappe_retry_due_us(&complete, attempt, now_us, random) - now_us);
                if (ideal_us > most_us)
                        ideal_us = most_us;
                assert_true(wait_us <= most_us && wait_us >= 0.8 * ideal_us - 1 && wait_us <= 1.2 * ideal_us + 1);
                now_us += (int64_t)wait_us + (int64_t)chappe_random_below(random, 1000);
                ideal_us *= 2;
        }
}

static void test_schedule_agrees_with_the_policy_in_plain_words(void **state)
{
        struct chappe_random random;
        (void)state;
        chappe_random_init(&random, sequences_seed());
        for (uint64_t n = sequences_wanted(20000); n > 0; n--)
                fail_to_the_end(&random);
}

static void test_attempts_and_age_are_ceilings(void **state)
{
        (void)state;
        struct chappe_retry_policy policy =
                chappe_retry_policy_complete(&(struct chappe_retry_policy){ .attempts = 3 });
        assert_false(chappe_retry_exhausted(&policy, 2, 0, INT64_MAX));
        assert_true(chappe_retry_exhausted(&policy, 3, 0, 0));

        policy = chappe_retry_policy_complete(&(struct chappe_retry_policy){ .attempts = -1, .age_maximum_ms = 1000 });
        assert_false(chappe_retry_exhausted(&policy, 1000000, 7000, 1006999));
        assert_true(chappe_retry_exhausted(&policy, 1, 7000, 1007000));
}

static void test_an_outage_is_told_from_a_failing_record(void **state)
{
        (void)state;
        assert_true(chappe_retry_is_outage(CHAPPE_E_STORE_FULL));
        assert_true(chappe_retry_is_outage(CHAPPE_E_STORE_READONLY));
        assert_true(chappe_retry_is_outage(CHAPPE_E_DELIVERY_FAILED));
        assert_false(chappe_retry_is_outage(0));
        assert_false(chappe_retry_is_outage(CHAPPE_E_HANDLER_FAILED));
        assert_false(chappe_retry_is_outage(CHAPPE_E_STORE_FAILED));
        assert_false(chappe_retry_is_outage(CHAPPE_E_PAYLOAD_INVALID));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_defaults_stand_for_zero_members),
                cmocka_unit_test(test_backoff_doubles_within_its_jitter_up_to_the_maximum),
                cmocka_unit_test(test_schedule_agrees_with_the_policy_in_plain_words),
                cmocka_unit_test(test_attempts_and_age_are_ceilings),
                cmocka_unit_test(test_an_outage_is_told_from_a_failing_record),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
