/* SPDX-License-Identifier: Apache-2.0 */
/* Consumption held and moved at run time, on the simulated cluster: alone, and through rebalances. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "stage.h"

#define SECOND     INT64_C(1000000)
#define PARTITIONS 4
#define RECORDS    40
#define SEEDS      200

static struct stage stage;

static struct {
        int runs[RECORDS]; /* of "in" */
        int done[RECORDS];
        int others; /* of "other" */
        int64_t slow_us;
        int64_t hopeless; /* this one always fails; -1: none */
} book;

static enum chappe_decision on_event(struct chappe_context *ctx, const void *decoded)
{
        const struct event *event = decoded;
        if (book.slow_us > 0)
                stage_nap(ctx, book.slow_us);
        book.runs[event->n]++;
        if (event->n == book.hopeless)
                return chappe_retry(ctx, "hopeless");
        book.done[event->n]++;
        return CHAPPE_DONE;
}

static enum chappe_decision on_other(struct chappe_context *ctx, const void *decoded)
{
        (void)ctx;
        (void)decoded;
        book.others++;
        return CHAPPE_DONE;
}

static const struct chappe_retry_policy for_ever = { .backoff_ms = 10, .backoff_maximum_ms = 100, .attempts = -1 };
static const struct chappe_operation operations[] = {
        { .kind = CHAPPE_CONSUMES,
          .topic = "in",
          .type = &event_type,
          .on_event = on_event,
          .retry = &for_ever,
          .partitions = PARTITIONS },
        { .kind = CHAPPE_CONSUMES, .topic = "other", .type = &event_type, .on_event = on_other, .partitions = 1 },
        { 0 },
};

static void open_stage(uint64_t seed, const struct chappe_sim_faults *faults)
{
        memset(&book, 0, sizeof(book));
        book.hopeless = -1;
        memset(&stage, 0, sizeof(stage));
        stage.operations = operations;
        stage_open(&stage, seed, faults);
}

static void append(int64_t from, int64_t to)
{
        for (int64_t n = from; n < to; n++) {
                char key[2] = { (char)('a' + n % 8), '\0' };
                stage_append(&stage, "in", (int32_t)(n % PARTITIONS), key, n);
        }
}

static int64_t finished_until(int64_t records)
{
        int64_t finished = 0;
        while (finished < records && book.done[finished] > 0)
                finished++;
        return finished;
}

static bool all_committed(void *context)
{
        const int64_t *records = context;
        int64_t committed = 0;
        for (int32_t i = 0; i < PARTITIONS; i++)
                committed += chappe_sim_committed(stage.sim, "test", "in", i);
        return committed == *records;
}

/* The control calls wait: they are made on a strand of the instance. */
struct asking {
        int n;
        int64_t time_ms;
        int64_t timeout_ms;
        int status;
        bool ended;
};

static void ask(void *argument)
{
        struct asking *asking = argument;
        struct chappe_error error = { 0 };
        asking->status = chappe_flow_seek(stage.instances[asking->n].runtime.flow, "in", asking->time_ms,
                                          asking->timeout_ms, &error);
        asking->ended = true;
}

static bool ended(void *context)
{
        return ((struct asking *)context)->ended;
}

static int seek(int n, int64_t time_ms, int64_t timeout_ms)
{
        struct asking asking = { .n = n, .time_ms = time_ms, .timeout_ms = timeout_ms };
        struct chappe_executor *executor = stage.instances[n].world.executor;
        struct chappe_strand *strand;
        assert_int_equal(chappe_strand_start(executor, "asking", ask, &asking, &strand, NULL), 0);
        stage_run(&stage, timeout_ms * 1000 + 30 * SECOND, ended, &asking);
        assert_true(asking.ended);
        chappe_strand_join(executor, strand);
        return asking.status;
}

static void hold(int n, bool paused)
{
        assert_int_equal(chappe_flow_pause(stage.instances[n].runtime.flow, "in", paused, NULL), 0);
}

static void test_nothing_of_a_paused_topic_begins_and_other_topics_go_on(void **state)
{
        int64_t half = RECORDS / 2, all = RECORDS;
        (void)state;
        open_stage(1, NULL);
        stage_start(&stage, 0);
        stage_run(&stage, 5 * SECOND, NULL, NULL);
        append(0, half);
        stage_run(&stage, 30 * SECOND, all_committed, &half);
        assert_int_equal(finished_until(RECORDS), half);
        hold(0, true);
        assert_true(stage_measures(&stage, 0, "chappe_paused{topic=\"in\"} 1"));
        assert_string_equal(chappe_flow_paused(stage.instances[0].runtime.flow), "in");
        append(half, RECORDS);
        stage_append(&stage, "other", 0, "x", 0);
        stage_run(&stage, 60 * SECOND, NULL, NULL);
        assert_int_equal(finished_until(RECORDS), half);
        assert_int_equal(book.others, 1);
        hold(0, false);
        assert_true(stage_measures(&stage, 0, "chappe_paused{topic=\"in\"} 0"));
        assert_null(chappe_flow_paused(stage.instances[0].runtime.flow));
        stage_run(&stage, 30 * SECOND, all_committed, &all);
        assert_int_equal(finished_until(RECORDS), RECORDS);
        stage_end(&stage);
        stage_close(&stage);
}

/* The watchdog knows that it is meant to stand still, and its records are not lost. */
static void test_a_long_pause_is_no_stall(void **state)
{
        int64_t all = RECORDS;
        (void)state;
        open_stage(2, NULL);
        stage.settings[0] = "stuck_ms=5000";
        book.hopeless = 3;
        stage_start(&stage, 0);
        stage_run(&stage, 5 * SECOND, NULL, NULL);
        append(0, RECORDS);
        stage_run(&stage, 10 * SECOND, NULL, NULL);
        assert_true(book.runs[3] > 0); /* in hand, and put off */
        hold(0, true);
        stage_run(&stage, SECOND, NULL, NULL);
        int before = book.runs[3];
        stage_run(&stage, 60 * SECOND, NULL, NULL);
        assert_true(chappe_flow_healthy(stage.instances[0].runtime.flow, NULL));
        assert_int_equal(book.runs[3], before);
        book.hopeless = -1;
        hold(0, false);
        stage_run(&stage, 30 * SECOND, all_committed, &all);
        assert_int_equal(book.done[3], 1);
        stage_end(&stage);
        stage_close(&stage);
}

static void test_partitions_gained_by_a_paused_instance_wait_too(void **state)
{
        int64_t all = RECORDS;
        (void)state;
        open_stage(3, NULL);
        stage_start(&stage, 0);
        stage_start(&stage, 1);
        stage_run(&stage, 20 * SECOND, NULL, NULL);
        hold(0, true);
        stage_stop(&stage, 1); /* its partitions come to the paused one */
        stage_run(&stage, 20 * SECOND, NULL, NULL);
        assert_false(stage_running(&stage, 1));
        append(0, RECORDS);
        stage_run(&stage, 60 * SECOND, NULL, NULL);
        assert_int_equal(finished_until(RECORDS), 0);
        hold(0, false);
        stage_run(&stage, 60 * SECOND, all_committed, &all);
        assert_int_equal(finished_until(RECORDS), RECORDS);
        stage_end(&stage);
        stage_close(&stage);
}

static void test_seeking_back_does_the_work_again_and_commits_it(void **state)
{
        int64_t all = RECORDS;
        (void)state;
        open_stage(4, NULL);
        stage_start(&stage, 0);
        stage_run(&stage, 5 * SECOND, NULL, NULL);
        append(0, RECORDS);
        stage_run(&stage, 30 * SECOND, all_committed, &all);
        assert_int_equal(seek(0, 0, 10000), 0);
        stage_run(&stage, 30 * SECOND, NULL, NULL);
        for (int n = 0; n < RECORDS; n++)
                assert_int_equal(book.done[n], 2);
        assert_true(all_committed(&all));
        stage_end(&stage);
        stage_close(&stage);
}

/* Careful after two deaths: the record that was taken, and waits for its mark, belongs to the old place. */
static void test_seeking_back_forgets_what_waits_for_its_mark(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= 20; seed++) {
                int before[RECORDS];
                open_stage(seed, NULL);
                stage.settings[0] = "crash_loop_tries=100";
                stage.settings[1] = "crash_loop_calm_ms=3600000";
                for (int life = 0; life < 4; life++) {
                        stage_start(&stage, 0);
                        stage_run(&stage, 60 * SECOND, NULL, NULL);
                        stage_kill(&stage, 0);
                        stage_end(&stage);
                }
                stage_start(&stage, 0);
                stage_run(&stage, 60 * SECOND, NULL, NULL);
                append(0, RECORDS);
                stage_run(&stage, SECOND / 10, NULL, NULL);
                chappe_sim_set_faults(stage.sim,
                                      &(struct chappe_sim_faults){ .slow_ppm = 1000000, .slow_us = 5 * SECOND });
                stage_run(&stage, 4 * SECOND, NULL, NULL);
                chappe_sim_set_faults(stage.sim, &(struct chappe_sim_faults){ 0 });
                memcpy(before, book.done, sizeof(before));
                assert_int_equal(seek(0, 0, 10000), 0);
                stage_run(&stage, 120 * SECOND, NULL, NULL);
                for (int n = 0; n < RECORDS; n++)
                        assert_int_equal(book.done[n], before[n] + 1);
                stage_end(&stage);
                stage_close(&stage);
        }
}

/* Killed right after the seek: the group knows of it. */
static void test_what_was_sought_survives_a_restart(void **state)
{
        int64_t all = RECORDS, none = 0;
        (void)state;
        open_stage(5, NULL);
        stage_start(&stage, 0);
        stage_run(&stage, 5 * SECOND, NULL, NULL);
        append(0, RECORDS);
        stage_run(&stage, 30 * SECOND, all_committed, &all);
        hold(0, true);
        assert_int_equal(seek(0, 0, 10000), 0);
        stage_run(&stage, 30 * SECOND, all_committed, &none);
        assert_true(all_committed(&none));
        stage_kill(&stage, 0);
        stage_run(&stage, SECOND, NULL, NULL);
        stage_start(&stage, 0);
        stage_run(&stage, 120 * SECOND, all_committed, &all);
        for (int n = 0; n < RECORDS; n++)
                assert_int_equal(book.done[n], 2);
        stage_end(&stage);
        stage_close(&stage);
}

static bool all_done(void *context)
{
        (void)context;
        return finished_until(RECORDS) == RECORDS;
}

/* Its answer comes after the move: it says nothing of the new place, which has to be committed all the same. */
static void test_a_commit_on_its_way_while_a_partition_moves_is_not_taken_for_the_new_place(void **state)
{
        const struct chappe_sim_faults slow = { .slow_ppm = 1000000, .slow_us = 6 * SECOND };
        int64_t none = 0;
        (void)state;
        for (uint64_t seed = 20; seed < 40; seed++) {
                open_stage(seed, NULL);
                stage_start(&stage, 0);
                stage_run(&stage, 5 * SECOND, NULL, NULL);
                append(0, RECORDS);
                stage_run(&stage, SECOND, all_done, NULL);
                assert_int_equal(finished_until(RECORDS), RECORDS);
                chappe_sim_set_faults(stage.sim, &slow);
                stage_run(&stage, 2 * SECOND, NULL, NULL); /* a commit is made once a second */
                chappe_sim_set_faults(stage.sim, &(struct chappe_sim_faults){ 0 });
                hold(0, true);
                assert_int_equal(seek(0, 0, 1000), 0);
                stage_run(&stage, 30 * SECOND, NULL, NULL);
                assert_true(all_committed(&none));
                hold(0, false);
                stage_end(&stage);
                stage_close(&stage);
        }
}

static void test_seeking_forward_leaves_out_what_fails_for_ever(void **state)
{
        int64_t all = RECORDS;
        (void)state;
        open_stage(6, NULL);
        book.hopeless = 5;
        stage_start(&stage, 0);
        stage_run(&stage, 5 * SECOND, NULL, NULL);
        append(0, RECORDS);
        stage_run(&stage, 30 * SECOND, NULL, NULL);
        assert_true(book.runs[5] > 1 && book.done[5] == 0);
        assert_false(all_committed(&all));
        assert_int_equal(seek(0, INT64_MAX, 10000), 0);
        stage_run(&stage, 10 * SECOND, NULL, NULL);
        int runs = book.runs[5];
        assert_true(all_committed(&all));
        stage_run(&stage, 30 * SECOND, NULL, NULL);
        assert_int_equal(book.runs[5], runs);
        stage_end(&stage);
        stage_close(&stage);
}

static void test_topics_that_are_not_consumed_are_refused(void **state)
{
        struct chappe_error error;
        (void)state;
        open_stage(7, NULL);
        stage_start(&stage, 0);
        stage_run(&stage, 10 * SECOND, NULL, NULL);
        struct chappe_flow *flow = stage.instances[0].runtime.flow;
        assert_int_equal(chappe_flow_pause(flow, "out", true, &error), -CHAPPE_E_NOT_DECLARED);
        assert_int_equal(chappe_flow_seek(flow, "out", 0, 1000, &error), -CHAPPE_E_NOT_DECLARED);
        stage_end(&stage);
        stage_close(&stage);
}

/* A move waits for a handler when the group assembles again: what is given up is not moved, what is kept is. */
static void move_in_a_rebalance(const char *protocol)
{
        int64_t all = RECORDS;
        open_stage(8, NULL);
        stage.settings[0] = protocol;
        stage.settings[1] = "drain_timeout_ms=2000"; /* less than a handler takes */
        stage_start(&stage, 0);
        stage_run(&stage, 5 * SECOND, NULL, NULL);
        append(0, RECORDS - 8);
        stage_run(&stage, 30 * SECOND, NULL, NULL);
        assert_int_equal(finished_until(RECORDS), RECORDS - 8);
        book.slow_us = 8 * SECOND;
        append(RECORDS - 8, RECORDS);
        stage_run(&stage, SECOND, NULL, NULL);
        assert_int_equal(seek(0, 0, 1), -CHAPPE_E_TIMEOUT);
        stage_start(&stage, 1);
        stage_run(&stage, SECOND, NULL, NULL);
        book.slow_us = 0;
        stage_run(&stage, 120 * SECOND, NULL, NULL);
        assert_true(all_committed(&all));
        assert_int_equal(finished_until(RECORDS), RECORDS);
        /* Both go on with what is theirs, and nobody with what is another's. */
        memset(book.done, 0, sizeof(book.done));
        append(0, RECORDS);
        all += RECORDS;
        stage_run(&stage, 60 * SECOND, NULL, NULL);
        for (int n = 0; n < RECORDS; n++)
                assert_int_equal(book.done[n], 1);
        assert_true(all_committed(&all));
        stage_stop(&stage, 1);
        stage_run(&stage, 60 * SECOND, NULL, NULL);
        assert_true(all_committed(&all));
        stage_end(&stage);
        stage_close(&stage);
}

static void test_a_move_meets_an_eager_rebalance(void **state)
{
        (void)state;
        move_in_a_rebalance("group_protocol=eager");
}

static void test_a_move_meets_a_cooperative_rebalance(void **state)
{
        (void)state;
        move_in_a_rebalance("group_protocol=cooperative");
}

static void pause_somewhere(struct chappe_random *random, bool paused)
{
        int n = (int)chappe_random_below(random, 2);
        if (stage_running(&stage, n))
                hold(n, paused);
}

/* Whatever is paused, resumed and moved while members come and go: in the end everything is finished and committed. */
static void test_control_through_rebalances_loses_nothing(void **state)
{
        const char *only = getenv("CHAPPE_TEST_SEED");
        uint64_t first = only ? strtoull(only, NULL, 10) : 1, last = only ? first : SEEDS;
        int64_t all = RECORDS;
        int sought = 0;
        (void)state;
        for (uint64_t seed = first; seed <= last; seed++) {
                struct chappe_random random;
                struct chappe_sim_faults faults = { .commit_failed_ppm = 50000,
                                                    .rebalance_ppm = 20000,
                                                    .slow_ppm = 200000,
                                                    .slow_us = 2 * SECOND,
                                                    .expulsion_ppm = 5000 };
                chappe_random_init(&random, seed);
                print_message("# seed %llu\n", (unsigned long long)seed);
                open_stage(seed, &faults);
                book.slow_us = (int64_t)chappe_random_below(&random, 4) * SECOND;
                stage.settings[0] = seed % 2 ? "group_protocol=cooperative" : "group_protocol=eager";
                stage_start(&stage, 0);
                stage_run(&stage, 20 * SECOND, NULL, NULL);
                for (int64_t n = 0; n < RECORDS; n += 5) {
                        append(n, n + 5);
                        stage_run(&stage, (int64_t)chappe_random_below(&random, 3 * SECOND), NULL, NULL);
                        if (chappe_random_below(&random, 3) == 0)
                                pause_somewhere(&random, chappe_random_below(&random, 2) == 0);
                        if (chappe_random_below(&random, 4) == 0 && stage_running(&stage, 0))
                                sought += seek(0, 0, chappe_random_below(&random, 2) ? 5000 : 1) != -CHAPPE_E_AGAIN;
                        if (chappe_random_below(&random, 4) == 0 && !stage_running(&stage, 1))
                                stage_start(&stage, 1);
                        else if (chappe_random_below(&random, 4) == 0 && stage_running(&stage, 1))
                                stage_stop(&stage, 1);
                }
                stage_run(&stage, 30 * SECOND, NULL, NULL);
                for (int n = 0; n < 2; n++)
                        if (stage_running(&stage, n))
                                hold(n, false);
                stage_run(&stage, 120 * SECOND, all_committed, &all);
                assert_true(all_committed(&all));
                assert_int_equal(finished_until(RECORDS), RECORDS);
                stage_end(&stage);
                stage_close(&stage);
        }
        print_message("# %d moves\n", sought);
        assert_true(only || sought > SEEDS);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_nothing_of_a_paused_topic_begins_and_other_topics_go_on),
                cmocka_unit_test(test_a_long_pause_is_no_stall),
                cmocka_unit_test(test_partitions_gained_by_a_paused_instance_wait_too),
                cmocka_unit_test(test_seeking_back_forgets_what_waits_for_its_mark),
                cmocka_unit_test(test_seeking_back_does_the_work_again_and_commits_it),
                cmocka_unit_test(test_what_was_sought_survives_a_restart),
                cmocka_unit_test(test_a_commit_on_its_way_while_a_partition_moves_is_not_taken_for_the_new_place),
                cmocka_unit_test(test_seeking_forward_leaves_out_what_fails_for_ever),
                cmocka_unit_test(test_topics_that_are_not_consumed_are_refused),
                cmocka_unit_test(test_a_move_meets_an_eager_rebalance),
                cmocka_unit_test(test_a_move_meets_a_cooperative_rebalance),
                cmocka_unit_test(test_control_through_rebalances_loses_nothing),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
