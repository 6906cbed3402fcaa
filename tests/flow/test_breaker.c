/* SPDX-License-Identifier: Apache-2.0 */
/* The breaker beside a plain list of all outcomes; and what it is for, as short stories. */
#include "sequences.h"

#include <string.h>

#include "flow/breaker.h"

#define SEQUENCES 20000
#define STEPS     120
#define KEYS      9
#define MOST      (STEPS + 1)
#define SECOND    INT64_C(1000000)

static const struct chappe_breaker_policy usual = {
        .percent = 50, .keys = 5, .wait_us = 5 * SECOND, .doubt_us = 120 * SECOND
};

struct outcome {
        struct chappe_breaker_run run;
        bool proven;
};

/* Everything that was noted, and the record of each key. */
struct model {
        struct outcome outcomes[MOST];
        size_t count;
        size_t leaf; /* how many were noted before it closed last */
        struct {
                int64_t failed_us;
                int64_t doubted_us;
                bool witnessed;
        } records[KEYS];
        struct chappe_suspect suspects[KEYS];
};

static void count(const struct model *model, int64_t since_us, int *ret_failing, int *ret_passing)
{
        bool seen[KEYS] = { 0 };
        size_t looked_at = 0;
        *ret_failing = *ret_passing = 0;
        for (size_t n = model->count; n > model->leaf && looked_at < CHAPPE_BREAKER_OUTCOMES; n--, looked_at++) {
                const struct outcome *outcome = &model->outcomes[n - 1];
                bool known = seen[outcome->run.key];
                seen[outcome->run.key] = true;
                if (known || outcome->run.ended_us < since_us || outcome->proven)
                        continue;
                *(outcome->run.failed ? ret_failing : ret_passing) += 1;
        }
}

/* Keys with a run among the last outcomes that began after this and got through. */
static int count_witnesses(const struct model *model, int64_t after_us)
{
        bool through[KEYS] = { 0 };
        int witnesses = 0;
        size_t first = model->count > CHAPPE_BREAKER_OUTCOMES ? model->count - CHAPPE_BREAKER_OUTCOMES : 0;
        for (size_t n = first; n < model->count; n++) {
                const struct chappe_breaker_run *run = &model->outcomes[n].run;
                through[run->key] |= !run->failed && run->began_us > after_us;
        }
        for (size_t key = 0; key < KEYS; key++)
                witnesses += through[key];
        return witnesses;
}

static void look_for_witnesses(struct model *model, const struct chappe_breaker_policy *policy)
{
        for (size_t key = 0; key < KEYS; key++)
                if (model->records[key].failed_us != 0 &&
                    count_witnesses(model, model->records[key].failed_us) >= policy->keys)
                        model->records[key].witnessed = true;
}

/* Proven poison? */
static bool charge(struct model *model, const struct chappe_breaker_policy *policy,
                   const struct chappe_breaker_run *run)
{
        if (policy->percent == 0 || !run->failed)
                return false;
        look_for_witnesses(model, policy);
        if (model->records[run->key].failed_us == 0)
                model->records[run->key].failed_us = run->ended_us;
        return model->records[run->key].witnessed;
}

static void step_out(struct model *model, uint64_t key)
{
        memset(&model->records[key], 0, sizeof(model->records[key]));
        model->suspects[key] = (struct chappe_suspect){ 0 };
}

static struct chappe_breaker_run draw_run(struct chappe_random *random, int64_t now_us)
{
        return (struct chappe_breaker_run){ .key = chappe_random_below(random, KEYS),
                                            .began_us = now_us - (int64_t)chappe_random_below(random, 3 * SECOND),
                                            .ended_us = now_us,
                                            .failed = chappe_random_below(random, 3) > 0 };
}

static void ask_to_give_up(struct chappe_breaker *breaker, struct model *model,
                           const struct chappe_breaker_policy *policy, struct chappe_random *random, int64_t now_us)
{
        uint64_t key = chappe_random_below(random, KEYS);
        int64_t *doubted_us = &model->records[key].doubted_us;
        /* Asked about only when it has just failed; then it is known who has seen others get through. */
        if (model->records[key].failed_us == 0)
                return;
        bool used_up = *doubted_us == 0 || chappe_random_below(random, 2);
        int failing, passing;
        count(model, now_us - CHAPPE_BREAKER_WINDOW_US, &failing, &passing);
        bool proven = model->suspects[key].witnessed;
        bool doubt = policy->percent > 0 && !proven && failing >= 2 && passing == 0;
        bool expected = used_up && *doubted_us == 0;
        if (breaker->state != CHAPPE_BREAKER_CLOSED)
                expected = doubt = false;
        else if (doubt)
                expected = now_us - (*doubted_us ? *doubted_us : now_us) >= policy->doubt_us;
        *doubted_us = doubt ? (*doubted_us ? *doubted_us : now_us) : 0;
        enum chappe_breaker_state before = breaker->state;
        assert_int_equal(chappe_breaker_gives_up(breaker, policy, &model->suspects[key], used_up, now_us), expected);
        assert_int_equal(model->suspects[key].doubted_us, *doubted_us);
        assert_int_equal(breaker->state, before);
        if (expected)
                step_out(model, key);
}

static void recall(struct chappe_breaker *breaker, struct model *model, const struct chappe_breaker_policy *policy,
                   struct chappe_random *random, int64_t now_us)
{
        uint64_t key = chappe_random_below(random, KEYS);
        step_out(model, key);
        bool witnessed = chappe_random_below(random, 2);
        model->records[key].witnessed = model->suspects[key].witnessed = witnessed;
        model->records[key].failed_us = model->suspects[key].failed_us = now_us;
        chappe_breaker_recall(breaker, policy, &model->suspects[key], key, now_us);
        if (policy->percent == 0 || breaker->state != CHAPPE_BREAKER_CLOSED)
                return;
        look_for_witnesses(model, policy);
        model->outcomes[model->count++] = (struct outcome){ { key, now_us, now_us, true }, witnessed };
}

static void step_closed(struct chappe_breaker *breaker, struct model *model, const struct chappe_breaker_policy *policy,
                        struct chappe_random *random, int64_t now_us)
{
        int failing, passing;
        if (chappe_random_below(random, 8) == 0) {
                ask_to_give_up(breaker, model, policy, random, now_us);
                return;
        }
        if (chappe_random_below(random, 16) == 0) {
                recall(breaker, model, policy, random, now_us);
                return;
        }
        struct chappe_breaker_run run = draw_run(random, now_us);
        bool proven = charge(model, policy, &run);
        if (policy->percent > 0)
                model->outcomes[model->count++] = (struct outcome){ run, proven };
        count(model, now_us - CHAPPE_BREAKER_WINDOW_US, &failing, &passing);
        bool opens = run.failed && policy->percent > 0 && failing >= policy->keys &&
                     failing * 100 >= policy->percent * (failing + passing);
        assert_int_equal(chappe_breaker_note(breaker, policy, &model->suspects[run.key], &run), opens);
        assert_int_equal(breaker->state, opens ? CHAPPE_BREAKER_OPEN : CHAPPE_BREAKER_CLOSED);
        if (run.failed && policy->percent > 0)
                assert_int_equal(model->suspects[run.key].witnessed, proven);
        if (!run.failed)
                step_out(model, run.key);
}

static void end_probe(struct chappe_breaker *breaker, struct model *model, const struct chappe_breaker_policy *policy,
                      struct chappe_random *random, int64_t now_us)
{
        struct chappe_breaker_run run = draw_run(random, now_us);
        if (run.began_us < breaker->opened_us)
                run.began_us = breaker->opened_us;
        bool proven = charge(model, policy, &run);
        model->outcomes[model->count++] = (struct outcome){ run, proven };
        chappe_breaker_probe_ends(breaker, policy, &model->suspects[run.key], &run);
        if (run.failed) {
                int failing, passing;
                count(model, INT64_MIN, &failing, &passing);
                assert_int_equal(breaker->state, failing < policy->keys ? CHAPPE_BREAKER_CLOSED : CHAPPE_BREAKER_OPEN);
                assert_int_equal(breaker->lapsed, failing < policy->keys);
                assert_int_equal(breaker->probe_us, now_us + policy->wait_us);
                return;
        }
        assert_int_equal(breaker->state, CHAPPE_BREAKER_CLOSED);
        model->leaf = model->count;
        step_out(model, run.key);
}

/* One that was no longer waited for: if it got through, that ends the outage that it probed, and no other one. */
static void end_late_probe(struct chappe_breaker *breaker, struct model *model,
                           const struct chappe_breaker_policy *policy, struct chappe_random *random, int64_t now_us)
{
        struct chappe_breaker_run run = draw_run(random, now_us);
        enum chappe_breaker_state before = breaker->state;
        bool before_this = run.began_us < breaker->opened_us;
        if (!before_this && before == CHAPPE_BREAKER_PROBED)
                return; /* no other than the one that is waited for */
        charge(model, policy, &run);
        chappe_breaker_probe_ends(breaker, policy, &model->suspects[run.key], &run);
        if (run.failed || before_this) {
                assert_int_equal(breaker->state, before);
                return;
        }
        assert_int_equal(breaker->state, CHAPPE_BREAKER_CLOSED);
        model->outcomes[model->count++] = (struct outcome){ run, false };
        model->leaf = model->count;
        step_out(model, run.key);
}

static void step_open(struct chappe_breaker *breaker, struct model *model, const struct chappe_breaker_policy *policy,
                      struct chappe_random *random, int64_t now_us)
{
        ask_to_give_up(breaker, model, policy, random, now_us);
        if (chappe_random_below(random, 4) == 0) {
                struct chappe_breaker_run late = draw_run(random, now_us);
                charge(model, policy, &late);
                assert_false(chappe_breaker_note(breaker, policy, &model->suspects[late.key], &late));
                return;
        }
        if (chappe_random_below(random, 8) == 0) {
                end_late_probe(breaker, model, policy, random, now_us);
                return;
        }
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
                end_probe(breaker, model, policy, random, now_us);
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
                                                        .keys = 2 + (int32_t)chappe_random_below(&random, 7),
                                                        .wait_us = 10 * SECOND,
                                                        .doubt_us = chappe_random_below(&random, 2) * 20 * SECOND };
                struct chappe_breaker breaker = { 0 };
                int64_t now_us = SECOND;
                uint64_t pace_us = 1 + chappe_random_below(&random, 15 * SECOND);
                memset(&model, 0, sizeof(model));
                for (int step = 0; step < STEPS; step++) {
                        now_us += 1 + (int64_t)chappe_random_below(&random, pace_us);
                        if (breaker.state == CHAPPE_BREAKER_CLOSED)
                                step_closed(&breaker, &model, &policy, &random, now_us);
                        else
                                step_open(&breaker, &model, &policy, &random, now_us);
                }
        }
}

/* A story: keys, each with its record. */
static struct chappe_breaker breaker;
static struct chappe_suspect suspects[10000];

static void begin_story(void)
{
        memset(&breaker, 0, sizeof(breaker));
        memset(suspects, 0, sizeof(suspects));
}

static bool note(uint64_t key, bool failed, int64_t now_us)
{
        struct chappe_breaker_run run = { .key = key, .began_us = now_us, .ended_us = now_us, .failed = failed };
        return chappe_breaker_note(&breaker, &usual, &suspects[key], &run);
}

static bool gives_up(uint64_t key, int64_t now_us)
{
        return chappe_breaker_gives_up(&breaker, &usual, &suspects[key], true, now_us);
}

static void test_one_poisoned_key_never_opens_it(void **state)
{
        (void)state;
        begin_story();
        for (int n = 1; n < 1000; n++) {
                assert_false(note(7, true, n * SECOND / 100));
                assert_true(gives_up(7, n * SECOND / 100));
        }
}

static void test_a_few_poisoned_keys_among_many_never_open_it(void **state)
{
        (void)state;
        begin_story();
        for (uint64_t n = 0; n < 10000; n++)
                assert_false(note(n, n % 5 == 0, (int64_t)(n + 1) * 1000));
}

static void test_failures_of_all_keys_open_it_at_once(void **state)
{
        uint64_t n = 0;
        (void)state;
        begin_story();
        for (; n < 9000; n++)
                assert_false(note(n, false, (int64_t)n + 1));
        int failures = 1;
        while (!note(n, true, (int64_t)n + 1)) {
                n++;
                failures++;
        }
        assert_int_equal(failures, CHAPPE_BREAKER_OUTCOMES / 2);
}

static void test_what_failed_long_ago_is_forgotten(void **state)
{
        (void)state;
        begin_story();
        for (uint64_t n = 0; n < 4; n++)
                assert_false(note(n, true, 1));
        assert_false(note(9, true, CHAPPE_BREAKER_WINDOW_US + 2));
        assert_true(gives_up(9, CHAPPE_BREAKER_WINDOW_US + 2));
}

/* Two or more, but not enough for an outage. */
static void test_doubt_about_a_few_keys_has_an_end(void **state)
{
        (void)state;
        for (uint64_t keys = 2; keys < (uint64_t)usual.keys; keys++) {
                int64_t now_us = SECOND, end_us = 0;
                begin_story();
                for (uint64_t n = 0; n < keys; n++)
                        assert_false(note(n, true, now_us));
                end_us = now_us + usual.doubt_us;
                for (; now_us < end_us; now_us += SECOND)
                        for (uint64_t n = 0; n < keys; n++) {
                                assert_false(note(n, true, now_us));
                                assert_false(gives_up(n, now_us));
                        }
                for (uint64_t n = 0; n < keys; n++)
                        assert_true(gives_up(n, now_us));
        }
}

/* The end of a stream: many are left that fail, and all have seen others get through since. */
static void test_poison_that_saw_others_get_through_opens_nothing_and_is_given_up(void **state)
{
        int64_t now_us = SECOND;
        (void)state;
        begin_story();
        for (uint64_t n = 0; n < 9000; n++)
                assert_false(note(n, n % 100 == 0, ++now_us));
        for (int attempt = 0; attempt < 9; attempt++)
                for (uint64_t n = 0; n < 9000; n += 100) {
                        assert_false(note(n, true, now_us += SECOND / 10));
                        assert_true(gives_up(n, now_us));
                }
}

/* What began before it failed may have begun before the outage. */
static void test_runs_that_began_before_a_failure_prove_nothing(void **state)
{
        (void)state;
        begin_story();
        assert_false(note(0, true, 10 * SECOND));
        for (uint64_t n = 1; n < 50; n++) {
                struct chappe_breaker_run run = { .key = n, .began_us = 10 * SECOND, .ended_us = 11 * SECOND };
                assert_false(chappe_breaker_note(&breaker, &usual, &suspects[n], &run));
        }
        assert_false(chappe_breaker_has_witness(&breaker, &usual, &suspects[0]));
        for (uint64_t n = 50; n < 50 + (uint64_t)usual.keys; n++) {
                assert_false(chappe_breaker_has_witness(&breaker, &usual, &suspects[0]));
                assert_false(note(n, false, 12 * SECOND));
        }
        assert_true(chappe_breaker_has_witness(&breaker, &usual, &suspects[0]));
}

/* The others have gone elsewhere. */
static void test_an_outage_of_which_few_keys_are_left_becomes_doubt(void **state)
{
        int64_t now_us = SECOND;
        int probes = 0;
        (void)state;
        begin_story();
        for (uint64_t n = 0; !note(n, true, ++now_us); n++) {
        }
        for (; breaker.state != CHAPPE_BREAKER_CLOSED; probes++) {
                struct chappe_breaker_run run = { .key = probes % 2, .failed = true };
                while (chappe_breaker_look(&breaker, &usual, now_us) != CHAPPE_BREAKER_PROBING)
                        now_us += SECOND;
                run.began_us = run.ended_us = now_us;
                chappe_breaker_probe_begins(&breaker);
                chappe_breaker_probe_ends(&breaker, &usual, &suspects[run.key], &run);
                assert_true(probes < CHAPPE_BREAKER_OUTCOMES);
        }
        assert_true(probes > CHAPPE_BREAKER_OUTCOMES / 2);
        assert_false(note(0, true, ++now_us));
        assert_false(gives_up(0, now_us));
        now_us += usual.doubt_us;
        assert_false(note(1, true, now_us) || note(0, true, now_us));
        assert_true(gives_up(0, now_us));
}

/* It may have been proven by a short moment in between. */
static void test_in_an_outage_not_even_proven_poison_is_given_up(void **state)
{
        int64_t now_us = SECOND;
        (void)state;
        begin_story();
        assert_false(note(0, true, now_us));
        for (uint64_t n = 1; n < 100; n++)
                assert_false(note(n, false, ++now_us));
        assert_false(note(0, true, ++now_us));
        assert_true(gives_up(0, now_us));
        uint64_t n = 100;
        while (!note(n++, true, ++now_us)) {
        }
        assert_false(gives_up(0, ++now_us));
}

static void test_there_is_peace_when_none_of_the_last_outcomes_failed(void **state)
{
        struct chappe_breaker new = { 0 };
        struct chappe_suspect suspect = { 0 };
        struct chappe_breaker_run run = { .key = 1, .began_us = 1, .ended_us = 2 };
        (void)state;
        assert_false(chappe_breaker_is_at_peace(&new, 2));
        for (int failures = 0; failures < 3; failures++) {
                for (int i = 0; i < CHAPPE_BREAKER_OUTCOMES; i++) {
                        assert_false(chappe_breaker_is_at_peace(&new, 2));
                        (void)chappe_breaker_note(&new, &usual, &suspect, &run);
                }
                assert_true(chappe_breaker_is_at_peace(&new, 2));
                assert_false(chappe_breaker_is_at_peace(&new, 2 + CHAPPE_BREAKER_WINDOW_US / 2)); /* long ago */
                run.failed = true;
                (void)chappe_breaker_note(&new, &usual, &suspect, &run);
                run.failed = false;
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_breaker_agrees_with_a_list_of_all_outcomes),
                cmocka_unit_test(test_one_poisoned_key_never_opens_it),
                cmocka_unit_test(test_a_few_poisoned_keys_among_many_never_open_it),
                cmocka_unit_test(test_failures_of_all_keys_open_it_at_once),
                cmocka_unit_test(test_what_failed_long_ago_is_forgotten),
                cmocka_unit_test(test_doubt_about_a_few_keys_has_an_end),
                cmocka_unit_test(test_poison_that_saw_others_get_through_opens_nothing_and_is_given_up),
                cmocka_unit_test(test_runs_that_began_before_a_failure_prove_nothing),
                cmocka_unit_test(test_an_outage_of_which_few_keys_are_left_becomes_doubt),
                cmocka_unit_test(test_there_is_peace_when_none_of_the_last_outcomes_failed),
                cmocka_unit_test(test_in_an_outage_not_even_proven_poison_is_given_up),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
