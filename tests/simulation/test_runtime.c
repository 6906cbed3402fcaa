/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The consumer runtime under everything that can happen to it: rebalances, eager and cooperative, lost sessions,
 * standing processes that come back, brokers away, refused commits, kill -9 at any step. What a scene is and what is
 * checked at every step of it: runtime_scene.h, runtime_judge.c. CHAPPE_TEST_SEEDS=N runs more.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdlib.h>

#include "runtime_scene.h"

static void prepare(struct chappe_testkit *kit, void *context)
{
        const enum scene_planted *planted = context;

        scene_open(kit, *planted);
}

static int64_t feed(struct chappe_testkit *kit, int round, void *context)
{
        (void)kit;
        (void)context;
        return scene_feed(round);
}

static int check(struct chappe_testkit *kit, void *context, struct chappe_error *error)
{
        (void)kit;
        (void)context;
        return scene_check(error);
}

static void finish(struct chappe_testkit *kit, void *context)
{
        (void)kit;
        (void)context;
        scene_close();
}

static struct chappe_testkit_simulation simulation(const char *test, enum scene_planted *planted)
{
        return (struct chappe_testkit_simulation){
                .test = test,
                .seeds = 1000,
                .faults_ms = 12000,
                .faults = { .crashes = 3,
                            .stops = 1,
                            .pauses = 1,
                            .rebalances = 2,
                            .outages = 1,
                            .brokers_away = 1,
                            .clock_jumps = 1,
                            .holds = 2,
                            .seeks = 1,
                            .growths = 1,
                            .retentions = 1,
                            .topics_deleted = 1,
                            .bursts = 4,
                            .trouble_ppm = 5000 },
                .items = SCENE_ITEMS,
                .prepare = prepare,
                .feed = feed,
                .check = check,
                .finish = finish,
                .context = planted,
        };
}

static void test_promises_hold_without_faults(void **state)
{
        enum scene_planted nothing = SCENE_PLANTED_NOTHING;
        struct chappe_testkit_simulation calm = simulation(__func__, &nothing);

        (void)state;
        calm.faults = (struct chappe_testkit_faults){ 0 };
        calm.seeds = 50;
        assert_int_equal(chappe_testkit_simulate(&calm, NULL), 0);
}

static void test_promises_hold_at_every_step_of_every_seed(void **state)
{
        enum scene_planted nothing = SCENE_PLANTED_NOTHING;
        struct chappe_testkit_simulation rough = simulation(__func__, &nothing);
        struct chappe_testkit_report report;

        (void)state;
        assert_int_equal(chappe_testkit_simulate(&rough, &report), 0);
        assert_int_equal(report.unrepeated, 0);
        if (report.seeds >= 1000) {
                assert_true(report.crashes >= report.seeds);
                assert_true(report.step_kinds >= 25);
                assert_true(report.sights >= 10); /* paused, moved, grown, gone, deleted, who came late, batches */
        }
}

static void assert_found(enum scene_planted planted, const char *test)
{
        struct chappe_testkit_simulation spoiled = simulation(test, &planted);
        struct chappe_testkit_report report;

        spoiled.seeds = planted == SCENE_PLANTED_LATE_COUNTS ? 1000 : 40;
        assert_int_not_equal(chappe_testkit_simulate(&spoiled, &report), 0);
        if (report.seeds == 1)
                return; /* a repetition */
        /* What is left is short enough to be read. */
        assert_true(report.shrunk_items <= SCENE_ITEMS / 2);
        assert_true(report.shrunk_faults <= 8);
}

static void test_runtime_that_commits_one_too_far_is_found(void **state)
{
        (void)state;
        assert_found(SCENE_PLANTED_COMMIT_TOO_FAR, __func__);
}

static void test_runtime_that_tells_too_much_is_found(void **state)
{
        (void)state;
        assert_found(SCENE_PLANTED_METADATA_TOO_MUCH, __func__);
}

/* Lost while a handler runs, gained again, and then it comes back. */
static void test_runtime_that_counts_what_came_late_is_found(void **state)
{
        (void)state;
        assert_found(SCENE_PLANTED_LATE_COUNTS, __func__);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_promises_hold_without_faults),
                cmocka_unit_test(test_promises_hold_at_every_step_of_every_seed),
                cmocka_unit_test(test_runtime_that_commits_one_too_far_is_found),
                cmocka_unit_test(test_runtime_that_tells_too_much_is_found),
                cmocka_unit_test(test_runtime_that_counts_what_came_late_is_found),
        };
        cmocka_set_test_filter(getenv("CHAPPE_TEST_ONLY"));
        return cmocka_run_group_tests(tests, NULL, NULL);
}
