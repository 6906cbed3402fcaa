/* SPDX-License-Identifier: Apache-2.0 */
/* The breaker beside a plain list of all outcomes; and what it is for, as short stories. */
#include "sequences.h"

#include <string.h>

#include "flow/breaker.h"

#define SEQUENCES 20000
#define STEPS     60
#define MOST      (STEPS * 40)
#define SECOND    INT64_C(1000000)

static const struct chappe_breaker_policy usual = { .percent = 50, .keys = 5, .wait_us = 5 * SECOND };

struct outcome {
        uint64_t key;
        int64_t at_us;
        bool failed;
};

/* Everything that was noted since the breaker closed last. */
struct model {
        struct outcome outcomes[MOST];
        size_t count;
};

static void count(const struct model *model, int64_t now_us, int *ret_failing, int *ret_passing)
{
        uint64_t seen[CHAPPE_BREAKER_OUTCOMES];
        size_t seen_count = 0, looked_at = 0;
        *ret_failing = *ret_passing = 0;
        for (size_t n = model->count; n > 0 && looked_at < CHAPPE_BREAKER_OUTCOMES; n--, looked_at++) {
                const struct outcome *outcome = &model->outcomes[n - 1];
                bool known = false;
                for (size_t i = 0; i < seen_count; i++)
                        known |= seen[i] == outcome->key;
                seen[seen_count++] = outcome->key;
                if (known || now_us - outcome->at_us > CHAPPE_BREAKER_WINDOW_US)
                        continue;
                *(outcome->failed ? ret_failing : ret_passing) += 1;
        }
}

static void step_closed(struct chappe_breaker *breaker, struct model *model, const struct chappe_breaker_policy *policy,
                        struct chappe_random *random, int64_t now_us)
{
        int failing, passing;
        if (chappe_random_below(random, 8) == 0) {
                count(model, now_us, &failing, &passing);
                bool outage = policy->percent > 0 && failing >= 2 && passing == 0;
                assert_int_equal(chappe_breaker_gives_up(breaker, policy, now_us), !outage);
                assert_int_equal(breaker->state, outage ? CHAPPE_BREAKER_OPEN : CHAPPE_BREAKER_CLOSED);
                return;
        }
        struct outcome outcome = { chappe_random_below(random, 9), now_us, chappe_random_below(random, 3) > 0 };
        if (policy->percent > 0)
                model->outcomes[model->count++] = outcome;
        count(model, now_us, &failing, &passing);
        bool opens = outcome.failed && policy->percent > 0 && failing >= policy->keys &&
                     failing * 100 >= policy->percent * (failing + passing);
        assert_int_equal(chappe_breaker_note(breaker, policy, outcome.key, outcome.failed, now_us), opens);
        assert_int_equal(breaker->state, opens ? CHAPPE_BREAKER_OPEN : CHAPPE_BREAKER_CLOSED);
}

static void step_open(struct chappe_breaker *breaker, struct model *model, const struct chappe_breaker_policy *policy,
                      struct chappe_random *random, int64_t now_us)
{
        bool failed = chappe_random_below(random, 2);
        assert_false(chappe_breaker_gives_up(breaker, policy, now_us));
        assert_false(chappe_breaker_note(breaker, policy, 1, true, now_us));
        switch (breaker->state) {
        case CHAPPE_BREAKER_OPEN:
                assert_int_equal(chappe_breaker_look(breaker, policy, now_us),
                                 now_us >= breaker->probe_us ? CHAPPE_BREAKER_PROBING : CHAPPE_BREAKER_OPEN);
                return;
        case CHAPPE_BREAKER_PROBING:
                chappe_breaker_probe_begins(breaker);
                assert_int_equal(breaker->state, CHAPPE_BREAKER_PROBED);
                return;
        default:
                if (now_us - breaker->probe_us >= CHAPPE_BREAKER_PATIENCE * policy->wait_us) {
                        assert_int_equal(chappe_breaker_look(breaker, policy, now_us), CHAPPE_BREAKER_PROBING);
                        return;
                }
                assert_int_equal(chappe_breaker_look(breaker, policy, now_us), CHAPPE_BREAKER_PROBED);
                if (chappe_random_below(random, 4) == 0) {
                        chappe_breaker_probe_unrun(breaker);
                        assert_int_equal(breaker->state, CHAPPE_BREAKER_PROBING);
                        return;
                }
                chappe_breaker_probe_ends(breaker, policy, failed, now_us);
                assert_int_equal(breaker->state, failed ? CHAPPE_BREAKER_OPEN : CHAPPE_BREAKER_CLOSED);
                if (failed)
                        assert_int_equal(breaker->probe_us, now_us + policy->wait_us);
                else
                        model->count = 0;
        }
}

static void test_breaker_agrees_with_a_list_of_all_outcomes(void **state)
{
        static struct model model;
        struct chappe_random random;
        (void)state;
        chappe_random_init(&random, sequences_seed());
        for (uint64_t n = sequences_wanted(SEQUENCES); n > 0; n--) {
                struct chappe_breaker_policy policy = { .percent = 10 * (int32_t)chappe_random_below(&random, 11),
                                                        .keys = 1 + (int32_t)chappe_random_below(&random, 8),
                                                        .wait_us = 10 * SECOND };
                struct chappe_breaker breaker = { 0 };
                int64_t now_us = 0;
                uint64_t pace_us = 1 + chappe_random_below(&random, 15 * SECOND);
                model.count = 0;
                for (int step = 0; step < STEPS; step++) {
                        now_us += (int64_t)chappe_random_below(&random, pace_us);
                        if (breaker.state == CHAPPE_BREAKER_CLOSED)
                                step_closed(&breaker, &model, &policy, &random, now_us);
                        else
                                step_open(&breaker, &model, &policy, &random, now_us);
                }
        }
}

static void test_one_poisoned_key_never_opens_it(void **state)
{
        struct chappe_breaker breaker = { 0 };
        (void)state;
        for (int n = 0; n < 1000; n++) {
                assert_false(chappe_breaker_note(&breaker, &usual, 7, true, n * SECOND / 100));
                assert_true(chappe_breaker_gives_up(&breaker, &usual, n * SECOND / 100));
        }
}

static void test_a_few_poisoned_keys_among_many_never_open_it(void **state)
{
        struct chappe_breaker breaker = { 0 };
        (void)state;
        for (uint64_t n = 0; n < 10000; n++)
                assert_false(chappe_breaker_note(&breaker, &usual, n, n % 5 == 0, (int64_t)n * 1000));
}

static void test_failures_of_all_keys_open_it_at_once(void **state)
{
        struct chappe_breaker breaker = { 0 };
        uint64_t n = 0;
        (void)state;
        for (; n < 10000; n++)
                assert_false(chappe_breaker_note(&breaker, &usual, n, false, (int64_t)n));
        int failures = 1;
        while (!chappe_breaker_note(&breaker, &usual, n, true, (int64_t)n)) {
                n++;
                failures++;
        }
        assert_int_equal(failures, CHAPPE_BREAKER_OUTCOMES / 2);
}

static void test_what_failed_long_ago_is_forgotten(void **state)
{
        struct chappe_breaker breaker = { 0 };
        (void)state;
        for (uint64_t n = 0; n < 4; n++)
                assert_false(chappe_breaker_note(&breaker, &usual, n, true, 0));
        assert_false(chappe_breaker_note(&breaker, &usual, 9, true, CHAPPE_BREAKER_WINDOW_US + 1));
        assert_true(chappe_breaker_gives_up(&breaker, &usual, CHAPPE_BREAKER_WINDOW_US + 1));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_breaker_agrees_with_a_list_of_all_outcomes),
                cmocka_unit_test(test_one_poisoned_key_never_opens_it),
                cmocka_unit_test(test_a_few_poisoned_keys_among_many_never_open_it),
                cmocka_unit_test(test_failures_of_all_keys_open_it_at_once),
                cmocka_unit_test(test_what_failed_long_ago_is_forgotten),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
