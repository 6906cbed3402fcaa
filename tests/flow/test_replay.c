/* SPDX-License-Identifier: Apache-2.0 */
/* A bounded window run once more, on the simulated cluster: beside the live group, through kills and rebalances. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <chappe/error.h>

#include "base/random.h"
#include "flow/progress.h"
#include "flow/replay.h"
#include "stage.h"
#include "wire/dead_letter.h"

#define SECOND     INT64_C(1000000)
#define PARTITIONS 4
#define RECORDS    40
#define EACH       (RECORDS / PARTITIONS) /* records of a partition; record n is n % PARTITIONS @ n / PARTITIONS */
#define GROUP      "test-replay-again"
#define SEEDS      300

static struct stage stage;

static struct {
        int live[2 * RECORDS]; /* runs that ended well */
        int again[2 * RECORDS];
        int64_t slow_us;
        int64_t hopeless; /* this one is given up when it runs again; -1: none */
} book;

/* Each partition's part. */
static int64_t from, until;
static bool two_windows; /* each partition's is of another moment */

static enum chappe_decision on_event(struct chappe_context *ctx, const void *decoded)
{
        const struct event *event = decoded;
        bool again = chappe_context_replay(ctx) != NULL;
        if (again)
                assert_string_equal(chappe_context_replay(ctx), "again");
        if (again && book.slow_us > 0)
                stage_nap(ctx, book.slow_us);
        if (again && event->n == book.hopeless)
                return chappe_dead_letter(ctx, "hopeless");
        (again ? book.again : book.live)[event->n]++;
        return CHAPPE_DONE;
}

static const struct chappe_operation operations[] = {
        { .kind = CHAPPE_CONSUMES, .topic = "in", .type = &event_type, .on_event = on_event, .partitions = PARTITIONS },
        { .kind = CHAPPE_CONSUMES, .topic = "other", .type = &event_type, .on_event = on_event, .partitions = 1 },
        { 0 },
};

static void append(int64_t first, int64_t end)
{
        for (int64_t n = first; n < end; n++) {
                char key[2] = { (char)('a' + n % 16), '\0' };
                stage_append(&stage, "in", (int32_t)(n % PARTITIONS), key, n);
        }
}

static int64_t committed_sum(const char *group)
{
        int64_t sum = 0;
        for (int32_t i = 0; i < PARTITIONS; i++)
                sum += chappe_sim_committed(stage.sim, group, "in", i);
        return sum;
}

static bool live_has_done(void *context)
{
        return committed_sum("test") == *(const int64_t *)context;
}

/* As a tool does it: on a strand of the live instance, whose broker it borrows. */
struct preparing {
        int status;
        bool ended;
};

static void prepare(void *argument)
{
        struct preparing *preparing = argument;
        struct chappe_broker *broker = stage.instances[0].runtime.broker;
        struct chappe_position positions[PARTITIONS];
        char texts[PARTITIONS][CHAPPE_PROGRESS_SIZE];
        for (int32_t i = 0; i < PARTITIONS; i++) {
                struct chappe_progress progress = { .watermark = from,
                                                    .window = { .until = until, .id = 7 + (two_windows ? i : 0) } };
                chappe_progress_print(&progress, texts[i]);
                positions[i] = (struct chappe_position){ "in", i, from, texts[i] };
        }
        preparing->status = broker->operations->group_commit(broker, GROUP, positions, PARTITIONS, 10000, NULL);
        preparing->ended = true;
}

static bool prepared(void *context)
{
        return ((struct preparing *)context)->ended;
}

/* The live instance has done all records; the window lies in them. */
static void open_stage(uint64_t seed, int64_t window_from, int64_t window_until)
{
        int64_t all = RECORDS;
        struct preparing preparing = { 0 };
        struct chappe_strand *strand;
        memset(&book, 0, sizeof(book));
        memset(&stage, 0, sizeof(stage));
        book.hopeless = -1;
        from = window_from;
        until = window_until;
        stage.operations = operations;
        stage.replay[1] = stage.replay[2] = "again";
        stage_open(&stage, seed, NULL);
        stage_start(&stage, 0);
        stage_run(&stage, 5 * SECOND, NULL, NULL);
        append(0, RECORDS);
        stage_run(&stage, 60 * SECOND, live_has_done, &all);
        assert_int_equal(committed_sum("test"), RECORDS);
        if (until == 0)
                return;
        struct chappe_executor *executor = stage.instances[0].world.executor;
        assert_int_equal(chappe_strand_start(executor, "preparing", prepare, &preparing, &strand, NULL), 0);
        stage_run(&stage, 30 * SECOND, prepared, &preparing);
        assert_int_equal(preparing.status, 0);
        chappe_strand_join(executor, strand);
}

static bool is_over(void *context)
{
        int n = *(const int *)context;
        struct chappe_replay_state state;
        struct chappe_replay *replay = stage.instances[n].runtime.replay;
        return stage_running(&stage, n) && replay && chappe_replay_wait(replay, 0, &state, NULL) == 0;
}

static struct chappe_replay_state state_of(int n)
{
        struct chappe_replay_state state;
        (void)chappe_replay_wait(stage.instances[n].runtime.replay, 0, &state, NULL);
        return state;
}

static bool in_window(int n)
{
        return n / PARTITIONS >= from && n / PARTITIONS < until;
}

/* Each record of the window ran again, once where nothing went wrong; nothing else did. */
static void assert_ran_again(int least, int most)
{
        for (int n = 0; n < 2 * RECORDS; n++) {
                if (!in_window(n))
                        assert_int_equal(book.again[n], 0);
                else
                        assert_in_range(book.again[n], n == book.hopeless ? 0 : least, n == book.hopeless ? 0 : most);
        }
}

static void assert_live_is_untouched(void)
{
        assert_int_equal(committed_sum("test"), RECORDS);
        for (int n = 0; n < RECORDS; n++)
                assert_int_equal(book.live[n], 1);
}

static void test_a_window_runs_once_more_and_ends(void **state)
{
        int one = 1;
        (void)state;
        open_stage(1, 2, 8);
        stage_start(&stage, 1);
        stage_run(&stage, 60 * SECOND, is_over, &one);
        assert_true(is_over(&one));
        struct chappe_replay_state told = state_of(1);
        assert_int_equal(told.finished, PARTITIONS * 6);
        assert_int_equal(told.failed, 0);
        assert_int_equal(told.left, 0);
        assert_ran_again(1, 1);
        assert_live_is_untouched();
        assert_int_equal(committed_sum(GROUP), PARTITIONS * 8);
        stage_end(&stage);
        stage_close(&stage);
}

/* Up to the end as it was: what comes later is the live group's alone. */
static void test_what_comes_after_the_window_was_prepared_is_not_run_again(void **state)
{
        int one = 1;
        int64_t more = RECORDS + RECORDS / 2;
        (void)state;
        open_stage(2, 0, EACH);
        append(RECORDS, more);
        stage_start(&stage, 1);
        stage_run(&stage, 60 * SECOND, is_over, &one);
        assert_true(is_over(&one));
        stage_run(&stage, 30 * SECOND, NULL, NULL);
        assert_ran_again(1, 1);
        assert_int_equal(committed_sum("test"), more);
        assert_int_equal(committed_sum(GROUP), RECORDS);
        stage_end(&stage);
        stage_close(&stage);
}

/* Nothing follows that would tell the end, and nothing is there at all. */
static void test_a_window_whose_records_are_gone_ends_too(void **state)
{
        int one = 1;
        (void)state;
        open_stage(3, 2, EACH);
        for (int32_t i = 0; i < PARTITIONS; i++)
                assert_true(chappe_sim_records_delete(stage.sim, "in", i, i < 2 ? EACH : 5) >= 0);
        stage_start(&stage, 1);
        stage_run(&stage, 60 * SECOND, is_over, &one);
        assert_true(is_over(&one));
        assert_int_equal(state_of(1).finished, 2 * 5);
        assert_int_equal(committed_sum(GROUP), RECORDS);
        stage_end(&stage);
        stage_close(&stage);
}

static void test_a_replay_that_was_killed_goes_on_where_it_was(void **state)
{
        int one = 1;
        (void)state;
        open_stage(4, 0, EACH);
        stage.settings[0] = "workers=1";
        book.slow_us = SECOND;
        stage_start(&stage, 1);
        stage_run(&stage, 20 * SECOND, NULL, NULL);
        stage_kill(&stage, 1);
        stage_run(&stage, SECOND, NULL, NULL);
        int done = 0;
        for (int n = 0; n < RECORDS; n++)
                done += book.again[n];
        assert_in_range(done, 5, RECORDS - 5);
        book.slow_us = 0;
        stage_start(&stage, 1);
        stage_run(&stage, 60 * SECOND, is_over, &one);
        assert_true(is_over(&one));
        int twice = 0;
        for (int n = 0; n < RECORDS; n++)
                twice += book.again[n] - 1;
        assert_in_range(twice, 0, 3); /* what finished after the last commit */
        assert_int_equal(state_of(1).finished, RECORDS);
        /* And once more, when it is over already. */
        stage_stop(&stage, 1);
        stage_run(&stage, 30 * SECOND, NULL, NULL);
        assert_false(stage_running(&stage, 1));
        memset(book.again, 0, sizeof(book.again));
        stage_start(&stage, 1);
        stage_run(&stage, 60 * SECOND, NULL, NULL);
        assert_true(is_over(&one));
        for (int n = 0; n < RECORDS; n++)
                assert_int_equal(book.again[n], 0);
        assert_live_is_untouched();
        stage_end(&stage);
        stage_close(&stage);
}

/* Its dead letter names the replay's group. */
static void test_what_is_given_up_in_a_replay_is_counted_and_marked(void **state)
{
        int one = 1;
        struct chappe_record record;
        struct chappe_header headers[CHAPPE_HEADERS_MAXIMUM];
        (void)state;
        open_stage(5, 2, 8);
        book.hopeless = 3 * PARTITIONS + 1;
        stage_start(&stage, 1);
        stage_run(&stage, 60 * SECOND, is_over, &one);
        assert_true(is_over(&one));
        assert_int_equal(state_of(1).finished, PARTITIONS * 6);
        assert_int_equal(state_of(1).failed, 1);
        assert_ran_again(1, 1);
        assert_true(chappe_sim_read(stage.sim, "in-dlt", 1, 0, &record));
        size_t count = chappe_record_headers(&record, headers, CHAPPE_HEADERS_MAXIMUM);
        struct chappe_dead_letter letter;
        assert_true(chappe_dead_letter_read(headers, count, &letter));
        assert_int_equal(letter.offset, 3);
        assert_memory_equal(letter.group.at, GROUP, sizeof(GROUP) - 1);
        chappe_record_release(&record);
        assert_live_is_untouched();
        stage_end(&stage);
        stage_close(&stage);
}

static void test_a_replay_without_a_window_does_not_start(void **state)
{
        (void)state;
        open_stage(6, 0, 0);
        stage_start(&stage, 1);
        stage_run(&stage, 30 * SECOND, NULL, NULL);
        assert_false(stage_running(&stage, 1));
        assert_int_equal(stage.instances[1].start_status, -CHAPPE_E_REPLAY_MISSING);
        stage_end(&stage);
        stage_close(&stage);
}

/* What took effect in one is in the inbox by that window's name: by the other's it would take effect again. */
static void test_partitions_of_two_windows_are_no_replay(void **state)
{
        (void)state;
        two_windows = true;
        open_stage(6, 10, 20);
        two_windows = false;
        stage_start(&stage, 1);
        stage_run(&stage, 30 * SECOND, NULL, NULL);
        assert_false(stage_running(&stage, 1));
        assert_int_equal(stage.instances[1].start_status, -CHAPPE_E_REPLAY_THERE);
        stage_end(&stage);
        stage_close(&stage);
}

static void test_a_replay_cannot_be_moved(void **state)
{
        int one = 1;
        struct chappe_error error;
        (void)state;
        open_stage(7, 2, 8);
        stage_start(&stage, 1);
        stage_run(&stage, 60 * SECOND, is_over, &one);
        assert_int_equal(chappe_flow_seek(stage.instances[1].runtime.flow, "in", 0, 1000, &error),
                         -CHAPPE_E_SERVICE_STATE);
        stage_end(&stage);
        stage_close(&stage);
}

static void test_names_are_plain(void **state)
{
        struct chappe_error error;
        char longest[CHAPPE_REPLAY_NAME_MAXIMUM + 2] = { 0 };
        (void)state;
        assert_int_equal(chappe_replay_check_name("fix-42_b.c", &error), 0);
        memset(longest, 'x', CHAPPE_REPLAY_NAME_MAXIMUM);
        assert_int_equal(chappe_replay_check_name(longest, &error), 0);
        longest[CHAPPE_REPLAY_NAME_MAXIMUM] = 'x';
        assert_int_equal(chappe_replay_check_name(longest, &error), -CHAPPE_E_SETTING_VALUE);
        assert_int_equal(chappe_replay_check_name("", &error), -CHAPPE_E_SETTING_VALUE);
        assert_int_equal(chappe_replay_check_name("a b", &error), -CHAPPE_E_SETTING_VALUE);
}

/* Every commit as it arrives: a replay's stays within its window, and nobody but the live instance commits for the live
 * group. */
static void on_commit(void *context, struct chappe_process *process, const char *group,
                      struct chappe_position *position, bool holds)
{
        (void)context;
        (void)holds;
        if (strcmp(group, GROUP) == 0) {
                assert_in_range(position->offset, from, until);
                assert_non_null(position->metadata);
        } else {
                assert_string_equal(group, "test");
                assert_ptr_equal(process, stage.instances[0].process);
        }
}

static void disturb(struct chappe_random *random)
{
        int n = 1 + (int)chappe_random_below(random, 2);
        switch (chappe_random_below(random, 4)) {
        case 0:
                if (stage_running(&stage, n))
                        stage_kill(&stage, n);
                break;
        case 1:
                if (stage_running(&stage, n))
                        stage_stop(&stage, n);
                break;
        default:
                if (!stage_running(&stage, n))
                        stage_start(&stage, n);
        }
        stage_run(&stage, (int64_t)chappe_random_below(random, 6 * SECOND), NULL, NULL);
}

/* Whoever of two members comes, goes or dies: in the end all of the window has run again, and is counted once. */
static void test_a_replay_through_kills_and_rebalances_is_complete_and_counted_once(void **state)
{
        const char *only = getenv("CHAPPE_TEST_SEED");
        uint64_t first = only ? strtoull(only, NULL, 10) : 1, last = only ? first : SEEDS;
        int more = 0;
        (void)state;
        for (uint64_t seed = first; seed <= last; seed++) {
                int one = 1;
                struct chappe_random random;
                const struct chappe_sim_faults faults = { .commit_failed_ppm = 50000,
                                                          .commit_unknown_ppm = 50000,
                                                          .rebalance_ppm = 20000,
                                                          .slow_ppm = 100000,
                                                          .slow_us = SECOND,
                                                          .expulsion_ppm = 5000 };
                chappe_random_init(&random, seed);
                print_message("# seed %llu\n", (unsigned long long)seed);
                open_stage(seed, (int64_t)chappe_random_below(&random, 4),
                           5 + (int64_t)chappe_random_below(&random, 6));
                chappe_sim_watch(stage.sim, &(struct chappe_sim_watch){ .committing = on_commit });
                chappe_sim_set_faults(stage.sim, &faults);
                stage.settings[0] = seed % 2 ? "group_protocol=cooperative" : "group_protocol=eager";
                stage.settings[1] = seed % 3 ? "workers=2" : "crash_loop_tries=50";
                book.slow_us = (int64_t)chappe_random_below(&random, 3) * SECOND / 2;
                book.hopeless = chappe_random_below(&random, 2) ? 5 * PARTITIONS - 1 : -1;
                for (int i = 0; i < 8; i++)
                        disturb(&random);
                chappe_sim_set_faults(stage.sim, &(struct chappe_sim_faults){ 0 });
                stage_run(&stage, 30 * SECOND, NULL, NULL);
                if (!stage_running(&stage, 1))
                        stage_start(&stage, 1);
                stage_run(&stage, 600 * SECOND, is_over, &one);
                assert_true(is_over(&one));
                struct chappe_replay_state told = state_of(1);
                assert_int_equal(told.finished, PARTITIONS * (until - from));
                assert_int_equal(told.failed, book.hopeless >= 0 && in_window((int)book.hopeless) ? 1 : 0);
                assert_ran_again(1, 10);
                for (int n = 0; n < RECORDS; n++)
                        more += book.again[n] > 1;
                assert_live_is_untouched();
                stage_end(&stage);
                chappe_sim_watch(stage.sim, NULL);
                stage_close(&stage);
        }
        print_message("# %d records ran again more than once\n", more);
        assert_true(only || more > 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_window_runs_once_more_and_ends),
                cmocka_unit_test(test_what_comes_after_the_window_was_prepared_is_not_run_again),
                cmocka_unit_test(test_a_window_whose_records_are_gone_ends_too),
                cmocka_unit_test(test_a_replay_that_was_killed_goes_on_where_it_was),
                cmocka_unit_test(test_what_is_given_up_in_a_replay_is_counted_and_marked),
                cmocka_unit_test(test_a_replay_without_a_window_does_not_start),
                cmocka_unit_test(test_partitions_of_two_windows_are_no_replay),
                cmocka_unit_test(test_a_replay_cannot_be_moved),
                cmocka_unit_test(test_names_are_plain),
                cmocka_unit_test(test_a_replay_through_kills_and_rebalances_is_complete_and_counted_once),
        };
        return cmocka_run_group_tests_name("replay", tests, NULL, NULL);
}
