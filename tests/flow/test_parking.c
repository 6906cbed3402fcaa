/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that wait for another attempt: what they cost, and what becomes of the others meanwhile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "stage.h"

#define SECOND INT64_C(1000000)
#define BEHIND 40

static struct stage stage;

/* What happened, seen from outside. */
static struct {
        bool mended; /* nothing fails any more */
        int runs;
        int done;
        int failing_done;
        size_t held; /* of the broker's memory, at the latest take */
} book;

/* Keys in capitals fail until they are mended. */
static enum chappe_decision on_event(struct chappe_context *ctx, const void *decoded)
{
        const struct event *event = decoded;
        bool failing = event->key.at[0] >= 'A' && event->key.at[0] <= 'Z';
        book.runs++;
        if (failing && !book.mended)
                return chappe_retry(ctx, "not yet");
        book.done += !failing;
        book.failing_done += failing;
        return CHAPPE_DONE;
}

static const struct chappe_retry_policy patient = { .backoff_ms = 500, .backoff_maximum_ms = 1000, .attempts = -1 };
static const struct chappe_operation operations[] = {
        { .kind = CHAPPE_CONSUMES,
          .topic = "in",
          .type = &event_type,
          .on_event = on_event,
          .retry = &patient,
          .partitions = 1 },
        { 0 },
};

static void note_taken(void *context, struct chappe_process *process, const char *group, size_t held, size_t held_bytes)
{
        (void)context;
        (void)process;
        (void)group;
        (void)held_bytes;
        book.held = held;
}

static void open_with(uint64_t seed, const char *setting)
{
        static const struct chappe_sim_watch watch = { .taken = note_taken };
        memset(&stage, 0, sizeof(stage));
        memset(&book, 0, sizeof(book));
        stage.operations = operations;
        stage.settings[0] = "workers=2";
        stage.settings[1] = "commit_interval_ms=200";
        stage.settings[2] = "breaker_percent=0";
        stage.settings[3] = setting;
        stage_open(&stage, seed, NULL);
        chappe_sim_watch(stage.sim, &watch);
        chappe_sim_topic_create(stage.sim, "in", 1);
}

static void test_records_behind_a_parked_one_keep_no_fetch_alive(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= 20; seed++) {
                open_with(seed, NULL);
                for (int n = 0; n < BEHIND; n++)
                        stage_append(&stage, "in", 0, "A", n);
                stage_start(&stage, 0);
                stage_run(&stage, 30 * SECOND, NULL, NULL);
                stage_append(&stage, "in", 0, "A", BEHIND); /* behind a lane that is parked already */
                stage_run(&stage, SECOND, NULL, NULL);
                stage_append(&stage, "in", 0, "b", BEHIND + 1);
                stage_run(&stage, SECOND, NULL, NULL);
                assert_int_equal(book.done, 1);
                assert_int_equal(book.held, 1); /* the one just taken */
                book.mended = true;
                stage_run(&stage, 10 * SECOND, NULL, NULL);
                assert_int_equal(book.failing_done, BEHIND + 1);
                stage_end(&stage);
                assert_int_equal(chappe_sim_committed(stage.sim, "test", "in", 0), BEHIND + 2);
                stage_close(&stage);
        }
}

static void test_each_partition_is_measured(void **state)
{
        static const char *const lines[] = {
                "chappe_partition_highest_seen_offset{topic=\"in\",partition=\"0\"} 8",
                "chappe_partition_finished_offset{topic=\"in\",partition=\"0\"} 2",
                "chappe_partition_committed_offset{topic=\"in\",partition=\"0\"} 2",
                "chappe_partition_in_flight_records{topic=\"in\",partition=\"0\"} 3",
                "chappe_partition_parked_keys{topic=\"in\",partition=\"0\"} 1",
                "chappe_partition_oldest_unfinished_seconds{topic=\"in\",partition=\"0\"} 29",
                "chappe_records_handled_total{topic=\"in\",partition=\"0\"} 6",
                "chappe_handler_seconds_count{topic=\"in\",partition=\"0\"}",
                "chappe_parked_keys 1",
        };
        char text[100];
        (void)state;
        open_with(1, NULL);
        for (int n = 0; n < 9; n++)
                stage_append(&stage, "in", 0, n == 2 || n == 4 || n == 7 ? "A" : "b", n);
        stage_start(&stage, 0);
        stage_run(&stage, 30 * SECOND, NULL, NULL);
        for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
                snprintf(text, sizeof(text), "%s", lines[i]);
                if (strstr(text, "handler_seconds_count"))
                        snprintf(text, sizeof(text), "%s %d", lines[i], book.runs);
                if (!stage_measures(&stage, 0, text))
                        fail_msg("%s", text);
        }
        snprintf(text, sizeof(text), "chappe_records_retried_total{topic=\"in\",partition=\"0\"} %d", book.runs - 6);
        assert_true(stage_measures(&stage, 0, text));
        stage_end(&stage);
        stage_close(&stage);
}

/* One record is in hand for ever; of what is behind it no more is fetched than 32 records, the least there may be. */
static void test_what_is_fetched_ahead_is_bounded_and_measured(void **state)
{
        (void)state;
        open_with(1, "in_flight_records=1");
        for (int n = 0; n < 100; n++)
                stage_append(&stage, "in", 0, "A", n);
        stage_start(&stage, 0);
        stage_run(&stage, 30 * SECOND, NULL, NULL);
        assert_true(stage_measures(&stage, 0, "chappe_partition_in_flight_records{topic=\"in\",partition=\"0\"} 1"));
        assert_true(stage_measures(&stage, 0, "chappe_fetched_records 32"));
        book.mended = true;
        stage_run(&stage, 30 * SECOND, NULL, NULL);
        assert_int_equal(book.failing_done, 100);
        assert_true(stage_measures(&stage, 0, "chappe_fetched_records 0"));
        stage_end(&stage);
        stage_close(&stage);
}

static void fill_the_park(uint64_t seed, const char *setting)
{
        open_with(seed, setting);
        for (int n = 0; n < 26; n++) {
                char key[2] = { (char)('A' + n), 0 };
                stage_append(&stage, "in", 0, key, n);
        }
        stage_start(&stage, 0);
        stage_run(&stage, 10 * SECOND, NULL, NULL);
        int runs = book.runs;
        assert_true(runs > 0);
        for (int n = 0; n < 50; n++)
                stage_append(&stage, "in", 0, "b", 26 + n);
        stage_run(&stage, 20 * SECOND, NULL, NULL);
        assert_int_equal(book.done, 0); /* nothing more is taken */
        assert_true(book.runs > runs);  /* those that wait are tried all the same */
        book.mended = true;
        stage_run(&stage, 20 * SECOND, NULL, NULL);
        assert_int_equal(book.done, 50);
        assert_int_equal(book.failing_done, 26);
        stage_end(&stage);
        stage_close(&stage);
}

static void test_a_park_full_of_keys_makes_intake_wait(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= 20; seed++)
                fill_the_park(seed, "parked_keys=20");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_records_behind_a_parked_one_keep_no_fetch_alive),
                cmocka_unit_test(test_each_partition_is_measured),
                cmocka_unit_test(test_what_is_fetched_ahead_is_bounded_and_measured),
                cmocka_unit_test(test_a_park_full_of_keys_makes_intake_wait),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
