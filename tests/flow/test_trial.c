/* SPDX-License-Identifier: Apache-2.0 */
/* Lives of a partition's owners, one after another: the killer is found, nobody else is blamed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/random.h"
#include "flow/trial.h"

#define SEQUENCES 20000
#define RECORDS   40
#define SECOND    INT64_C(1000000)

/* A log in which some records kill whoever runs them, and what is committed of it. */
struct world {
        struct chappe_random random;
        struct chappe_trial_policy policy;
        struct chappe_crash_mark committed;
        int64_t now_us;
        bool kills[RECORDS];
        int deaths[RECORDS];
        int64_t next;
        int crashes; /* in a row */
};

/* One life; false when it ends by a killer, or by chance. Nothing is committed after a death. */
static bool live(struct world *world)
{
        struct chappe_trial trial;
        chappe_trial_begin(&trial, &world->policy, &world->committed, world->now_us);
        assert_int_equal(trial.mark.crashes, world->crashes + 1);
        assert_true((trial.careful > 0) == (world->crashes >= CHAPPE_TRIAL_CRASHES));
        world->committed = trial.mark;
        while (world->next < RECORDS) {
                enum chappe_trial_verdict verdict = chappe_trial_judge(&trial, &world->policy, world->next);
                assert_true((verdict == CHAPPE_TRIAL_FREE) == (trial.careful == 0));
                if (verdict == CHAPPE_TRIAL_ALONE)
                        world->committed = trial.mark;
                if (verdict == CHAPPE_TRIAL_ASIDE) {
                        assert_true(world->kills[world->next]);
                        assert_true(world->deaths[world->next] >= world->policy.tries);
                } else if (world->kills[world->next]) {
                        world->deaths[world->next]++;
                        return false;
                }
                if (verdict != CHAPPE_TRIAL_FREE)
                        chappe_trial_passed(&trial);
                world->next++;
                world->now_us += (int64_t)chappe_random_below(&world->random, 2 * SECOND);
                if (chappe_trial_calm(&trial, &world->policy, world->now_us)) {
                        assert_int_equal(trial.mark.crashes, 0);
                        world->crashes = -1; /* the next end is the first in a row */
                }
                world->committed = trial.mark;
        }
        return true;
}

static void test_killers_are_set_aside_and_nobody_else(void **state)
{
        uint64_t seed = chappe_random_system_seed();
        (void)state;
        print_message("# seed %llu\n", (unsigned long long)seed);
        for (int sequence = 0; sequence < SEQUENCES; sequence++) {
                struct world world = { .policy = { .calm_us = 10 * SECOND, .records = RECORDS } };
                int lives = 0, killers = 0;
                chappe_random_init(&world.random, seed + (uint64_t)sequence);
                world.policy.tries = 1 + (int32_t)chappe_random_below(&world.random, 4);
                for (int n = 0; n < RECORDS; n++) {
                        world.kills[n] = chappe_random_below(&world.random, 12) == 0;
                        killers += world.kills[n];
                }
                while (!live(&world)) {
                        world.crashes++;
                        assert_true(++lives <= killers * (1 + CHAPPE_TRIAL_CRASHES + world.policy.tries));
                }
                assert_int_equal(world.next, RECORDS);
        }
}

static void test_without_a_policy_there_are_no_marks(void **state)
{
        struct chappe_trial_policy none = { .calm_us = SECOND, .records = 10 };
        struct chappe_crash_mark told = { .crashes = 9, .kills = 9, .offset = 3 };
        struct chappe_trial trial;
        (void)state;
        chappe_trial_begin(&trial, &none, &told, 0);
        assert_int_equal(trial.mark.crashes, 0);
        assert_int_equal(chappe_trial_judge(&trial, &none, 3), CHAPPE_TRIAL_FREE);
        assert_false(chappe_trial_calm(&trial, &none, 9 * SECOND));
}

/* A partition that moves on in good order leaves nothing behind; the shell commits no mark then. */
static void test_carefulness_ends_with_a_life_that_lasts(void **state)
{
        struct chappe_trial_policy policy = { .tries = 2, .calm_us = 60 * SECOND, .records = 1000 };
        struct chappe_crash_mark told = { .crashes = 2 };
        struct chappe_trial trial;
        (void)state;
        chappe_trial_begin(&trial, &policy, &told, 0);
        assert_int_equal(chappe_trial_judge(&trial, &policy, 7), CHAPPE_TRIAL_ALONE);
        assert_int_equal(trial.mark.offset, 7);
        assert_int_equal(trial.mark.kills, 1);
        assert_false(chappe_trial_calm(&trial, &policy, 59 * SECOND));
        assert_true(chappe_trial_calm(&trial, &policy, 60 * SECOND));
        assert_int_equal(chappe_trial_judge(&trial, &policy, 8), CHAPPE_TRIAL_FREE);
        assert_int_equal(trial.mark.crashes + trial.mark.kills, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_killers_are_set_aside_and_nobody_else),
                cmocka_unit_test(test_without_a_policy_there_are_no_marks),
                cmocka_unit_test(test_carefulness_ends_with_a_life_that_lasts),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
