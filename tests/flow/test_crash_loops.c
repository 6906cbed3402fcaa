/* SPDX-License-Identifier: Apache-2.0 */
/* A record that kills its process whenever it runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <string.h>

#include "stage.h"
#include "wire/dead_letter.h"

#define SECOND     INT64_C(1000000)
#define PARTITIONS 2
#define RECORDS    60

static struct stage stage;

/* What happened, seen from outside. */
static struct {
        int64_t killer; /* -1: none */
        int deaths;
        int done[RECORDS];
} book;

static enum chappe_decision on_event(struct chappe_context *ctx, const void *decoded)
{
        const struct event *event = decoded;
        if (event->n == book.killer) {
                book.deaths++;
                stage_kill(&stage, ctx->runtime->instance[5] - '0');
                return CHAPPE_DONE;
        }
        book.done[event->n]++;
        return CHAPPE_DONE;
}

static const struct chappe_operation operations[] = {
        { .kind = CHAPPE_CONSUMES, .topic = "in", .type = &event_type, .on_event = on_event, .partitions = PARTITIONS },
        { 0 },
};

static void open_with(uint64_t seed, const char *tries)
{
        memset(&stage, 0, sizeof(stage));
        memset(&book, 0, sizeof(book));
        book.killer = -1;
        stage.operations = operations;
        stage.settings[0] = "workers=4";
        stage.settings[1] = "commit_interval_ms=200";
        stage.settings[2] = tries;
        stage_open(&stage, seed, NULL);
        chappe_sim_topic_create(stage.sim, "in", PARTITIONS);
        for (int n = 0; n < RECORDS; n++) {
                char key[3] = { (char)('a' + n / 10), (char)('0' + n % 10), 0 };
                stage_append(&stage, "in", n % PARTITIONS, key, n);
        }
}

static bool all_committed(void *context)
{
        int64_t sum = 0;
        (void)context;
        for (int32_t partition = 0; partition < PARTITIONS; partition++) {
                int64_t offset = chappe_sim_committed(stage.sim, "test", "in", partition);
                sum += offset > 0 ? offset : 0;
        }
        return sum == RECORDS;
}

static bool ended(void *context)
{
        (void)context;
        return !stage_running(&stage, 0) || all_committed(NULL);
}

/* As a supervisor would: started again whenever it dies. Returns how often it was. */
static int supervise(int most)
{
        int lives = 0;
        while (lives < most && !all_committed(NULL)) {
                lives++;
                stage_start(&stage, 0);
                stage_run(&stage, 120 * SECOND, ended, NULL);
                if (!all_committed(NULL))
                        stage_end(&stage);
        }
        return lives;
}

static void test_a_killer_is_set_aside_after_its_tries(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= 20; seed++) {
                struct chappe_record letter;
                struct chappe_header headers[CHAPPE_HEADERS_MAXIMUM];
                open_with(seed, "crash_loop_tries=2");
                book.killer = 31;
                /* Two lives to see that there is a loop, two tries, and the one that goes on. */
                assert_int_equal(supervise(20), 5);
                assert_int_equal(book.deaths, 4);
                for (int n = 0; n < RECORDS; n++)
                        assert_true(n == book.killer ? book.done[n] == 0 : book.done[n] >= 1);
                assert_int_equal(chappe_sim_end(stage.sim, "in-dlt", 1), 1);
                assert_int_equal(chappe_sim_end(stage.sim, "in-dlt", 0), 0);
                assert_true(chappe_sim_read(stage.sim, "in-dlt", 1, 0, &letter));
                assert_memory_equal(letter.key.at, "d1", 2);
                size_t count = chappe_record_headers(&letter, headers, CHAPPE_HEADERS_MAXIMUM);
                struct chappe_text code =
                        chappe_header_text(chappe_header_find(headers, count, CHAPPE_HEADER_DEAD_EXCEPTION));
                assert_int_equal(code.length, strlen("chappe.E4016"));
                assert_memory_equal(code.at, "chappe.E4016", code.length);
                chappe_record_release(&letter);
                stage_end(&stage);
                stage_close(&stage);
        }
}

/* Its partition goes to whoever is left, who dies of it too. */
static void test_a_killer_that_wanders_among_instances_is_set_aside(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= 20; seed++) {
                open_with(seed, "crash_loop_tries=2");
                book.killer = 31;
                for (int round = 0; round < 100 && !all_committed(NULL); round++) {
                        for (int n = 0; n < 2; n++) {
                                if (!stage_running(&stage, n))
                                        stage_start(&stage, n);
                        }
                        stage_run(&stage, 5 * SECOND, all_committed, NULL);
                }
                assert_true(all_committed(NULL));
                assert_in_range(book.deaths, 4, 6);
                for (int n = 0; n < RECORDS; n++)
                        assert_true(n == book.killer ? book.done[n] == 0 : book.done[n] >= 1);
                assert_int_equal(chappe_sim_end(stage.sim, "in-dlt", 1), 1);
                assert_int_equal(chappe_sim_end(stage.sim, "in-dlt", 0), 0);
                stage_end(&stage);
                stage_close(&stage);
        }
}

/* Few records at a time, and many that finish before the first commit: the killer stands far behind what is tried
 * first.
 */
static void test_a_killer_far_behind_is_set_aside_and_nobody_in_front_of_it(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= 10; seed++) {
                open_with(seed, "crash_loop_tries=2");
                stage.settings[3] = "in_flight_records=1";
                book.killer = 31;
                assert_in_range(supervise(20), 5, 19);
                for (int n = 0; n < RECORDS; n++)
                        assert_true(n == book.killer ? book.done[n] == 0 : book.done[n] >= 1);
                assert_int_equal(chappe_sim_end(stage.sim, "in-dlt", 1), 1);
                assert_int_equal(chappe_sim_end(stage.sim, "in-dlt", 0), 0);
                stage_end(&stage);
                stage_close(&stage);
        }
}

static bool all_done_or_ended(void *context)
{
        (void)context;
        int done = 0;
        for (int n = 0; n < RECORDS; n++)
                done += book.done[n] > 0;
        return !stage_running(&stage, 0) || done == RECORDS - 1;
}

/* Each is tried as soon as the one in front of it has ended, in whichever partition. */
static void test_records_that_run_one_by_one_wait_for_no_timer(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= 20; seed++) {
                open_with(seed, "crash_loop_tries=2");
                stage.settings[1] = "commit_interval_ms=3600000";
                book.killer = 31;
                for (int life = 0; life < 5; life++) {
                        assert_int_equal(book.deaths, life);
                        stage_start(&stage, 0);
                        stage_run(&stage, 120 * SECOND, life < 4 ? ended : all_done_or_ended, NULL);
                        if (life == 4)
                                assert_true(stage_running(&stage, 0) && all_done_or_ended(NULL));
                        stage_end(&stage);
                }
                assert_int_equal(chappe_sim_end(stage.sim, "in-dlt", 1), 1);
                stage_close(&stage);
        }
}

static void test_by_default_nothing_is_set_aside(void **state)
{
        (void)state;
        open_with(1, NULL);
        book.killer = 31;
        assert_int_equal(supervise(10), 10);
        assert_int_equal(book.deaths, 10);
        assert_int_equal(chappe_sim_partition_count(stage.sim, "in-dlt"), 0);
        stage_end(&stage);
        stage_close(&stage);
}

/* Deaths that no record is to blame for. */
static void test_nobody_is_blamed_for_kills_from_outside(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= 20; seed++) {
                open_with(seed, "crash_loop_tries=2");
                for (int kill = 0; kill < 12 && !all_committed(NULL); kill++) {
                        stage_start(&stage, 0);
                        stage_run(&stage, 5 * SECOND + (int64_t)(seed * 37 % 11) * SECOND / 50, NULL, NULL);
                        stage_kill(&stage, 0);
                        stage_end(&stage);
                }
                if (!all_committed(NULL))
                        (void)supervise(1);
                for (int n = 0; n < RECORDS; n++)
                        assert_true(book.done[n] >= 1);
                assert_int_equal(chappe_sim_partition_count(stage.sim, "in-dlt"), 0);
                stage_end(&stage);
                stage_close(&stage);
        }
}

/* Stops in good order are no crashes, however many. */
static void test_stops_leave_no_mark(void **state)
{
        (void)state;
        open_with(1, "crash_loop_tries=2");
        for (int stop = 0; stop < 5; stop++) {
                stage_start(&stage, 0);
                stage_run(&stage, 10 * SECOND, NULL, NULL);
                const char *told = chappe_sim_committed_metadata(stage.sim, "test", "in", 0);
                assert_true(told && told[0]); /* while it lives */
                stage_end(&stage);
                told = chappe_sim_committed_metadata(stage.sim, "test", "in", 0);
                assert_true(!told || !told[0]);
        }
        stage_close(&stage);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_killer_is_set_aside_after_its_tries),
                cmocka_unit_test(test_a_killer_that_wanders_among_instances_is_set_aside),
                cmocka_unit_test(test_a_killer_far_behind_is_set_aside_and_nobody_in_front_of_it),
                cmocka_unit_test(test_records_that_run_one_by_one_wait_for_no_timer),
                cmocka_unit_test(test_by_default_nothing_is_set_aside),
                cmocka_unit_test(test_nobody_is_blamed_for_kills_from_outside),
                cmocka_unit_test(test_stops_leave_no_mark),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
