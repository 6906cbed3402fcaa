/* SPDX-License-Identifier: Apache-2.0 */
/* Handlers of several records: which run together, how long they wait for one another, and what becomes of them when
 * one is bad. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <chappe/publish.h>

#include <stdio.h>
#include <string.h>

#include "stage.h"

#define SECOND INT64_C(1000000)
#define SEEDS  30

static struct stage stage;

/* What happened, seen from outside. */
static struct {
        char story[2000]; /* "a1 a2|b7|": batches */
        const char *bad;  /* the key whose records fail */
        int64_t bad_n;    /* that of them; -1: all */
        int failures;     /* so often; -1: for ever */
        int64_t began_us; /* the latest batch */
        bool mixed;       /* a batch held records of two partitions, or its context told of another record */
        size_t most;      /* the largest batch */
        int done;
        int failed;
        int64_t nap_us; /* each takes so long */
        bool publishes;
} book;

static bool is_bad(const struct event *event)
{
        return book.bad && event->key.at[0] == book.bad[0] && (book.bad_n < 0 || event->n == book.bad_n) &&
               book.failures != 0;
}

static void tell(const char *format, const struct event *event)
{
        size_t used = strlen(book.story);
        snprintf(book.story + used, sizeof(book.story) - used, format, event ? (int)event->key.length : 0,
                 event ? event->key.at : "", event ? (int)event->n : 0);
}

/* The context says of each what its record says. */
static void check_context(struct chappe_context *ctx, const struct event *event, int32_t partition)
{
        struct chappe_text key = chappe_context_key(ctx);
        book.mixed |= chappe_context_partition(ctx) != partition || key.length != event->key.length ||
                      memcmp(key.at, event->key.at, key.length) != 0;
}

static enum chappe_decision on_events(struct chappe_context *ctx, const void *decoded, size_t count)
{
        const struct event *events = decoded;
        int32_t partition = chappe_context_partition(ctx);
        book.began_us = chappe_fibers_now_us(stage.fibers);
        book.most = count > book.most ? count : book.most;
        for (size_t i = 0; i < count; i++) {
                chappe_context_select(ctx, i);
                check_context(ctx, &events[i], partition);
                tell(i > 0 ? " %.*s%d" : "%.*s%d", &events[i]);
                if (book.publishes && chappe_publish(ctx, &event_type, &events[i]) < 0)
                        return CHAPPE_RETRY;
        }
        if (book.nap_us)
                stage_nap(ctx, book.nap_us);
        for (size_t i = 0; i < count; i++) {
                if (!is_bad(&events[i]))
                        continue;
                book.failures -= book.failures > 0;
                book.failed++;
                tell("!|", NULL);
                return chappe_retry(ctx, "%.*s%d is bad", CHAPPE_TEXT(events[i].key), (int)events[i].n);
        }
        tell("|", NULL);
        book.done += (int)count;
        return CHAPPE_DONE;
}

static const struct chappe_retry_policy policy = { .backoff_ms = 200, .backoff_maximum_ms = 200, .attempts = 3 };

#define BATCHES(wanted)                                                                                                \
        {                                                                                                              \
                .kind = CHAPPE_CONSUMES, .topic = "in", .type = &event_type, .on_batch = on_events, .order = wanted,   \
                .partitions = 2, .retry = &policy, .batch_records = 4, .batch_wait_ms = 500                            \
        }
static const struct chappe_operation by_key[] = { BATCHES(CHAPPE_ORDER_KEY),
                                                  { .kind = CHAPPE_PRODUCES, .topic = "out", .type = &event_type },
                                                  { 0 } };
static const struct chappe_operation by_partition[] = { BATCHES(CHAPPE_ORDER_PARTITION), { 0 } };
static const struct chappe_operation unordered[] = { BATCHES(CHAPPE_ORDER_NONE), { 0 } };

static void open_stage(const struct chappe_operation *operations, uint64_t seed, const char *setting)
{
        memset(&book, 0, sizeof(book));
        memset(&stage, 0, sizeof(stage));
        book.bad_n = book.failures = -1;
        stage.operations = operations;
        stage.settings[0] = "breaker_percent=0";
        stage.settings[1] = "workers=1";
        stage.settings[2] = setting;
        stage_open(&stage, seed, NULL);
        chappe_sim_topic_create(stage.sim, "in", 2);
}

static void start(void)
{
        stage_start(&stage, 0);
        stage_run(&stage, 10 * SECOND, NULL, NULL);
}

static void close_stage(int64_t committed)
{
        stage_end(&stage);
        assert_false(book.mixed);
        assert_int_equal(chappe_sim_committed(stage.sim, "test", "in", 0), committed);
        stage_close(&stage);
}

static void append(const char *key, int64_t from, int64_t to)
{
        for (int64_t n = from; n <= to; n++)
                stage_append(&stage, "in", 0, key, n);
}

static void append_poison(const char *key)
{
        struct chappe_bytes named = { (const uint8_t *)key, strlen(key) }, poison = { (const uint8_t *)"poison", 6 };
        assert_true(chappe_sim_append(stage.sim, "in", 0, named, poison, NULL, 0) >= 0);
}

static void test_records_of_a_key_run_together_in_their_order(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= SEEDS; seed++) {
                open_stage(by_key, seed, NULL);
                append("a", 1, 3);
                append("b", 1, 1);
                append("a", 4, 6);
                start();
                assert_non_null(strstr(book.story, "a1 a2 a3 a4|"));
                assert_non_null(strstr(book.story, "b1|"));
                assert_non_null(strstr(book.story, "a5 a6|"));
                assert_int_equal(book.done, 7);
                assert_int_equal(book.most, 4);
                assert_true(stage_measures(&stage, 0, "chappe_records_handled_total{topic=\"in\",partition=\"0\"} 7"));
                assert_true(stage_measures(&stage, 0, "chappe_batches_handled_total{topic=\"in\",partition=\"0\"} 2"));
                close_stage(7);
        }
}

static void test_records_of_a_partition_run_together_whatever_their_keys(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= SEEDS; seed++) {
                open_stage(by_partition, seed, NULL);
                append("a", 1, 1);
                append("b", 2, 2);
                append("c", 3, 6);
                for (int n = 0; n < 6; n++)
                        stage_append(&stage, "in", 1, "z", n);
                start();
                assert_non_null(strstr(book.story, "a1 b2 c3 c4|"));
                assert_non_null(strstr(book.story, "c5 c6|"));
                assert_non_null(strstr(book.story, "z0 z1 z2 z3|"));
                assert_int_equal(book.done, 12);
                close_stage(6);
        }
}

static void test_records_in_no_order_run_together_as_they_are_at_hand(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= SEEDS; seed++) {
                open_stage(unordered, seed, NULL);
                append("a", 1, 3);
                append("b", 4, 7);
                stage_append(&stage, "in", 1, "z", 0);
                stage_append(&stage, "in", 1, "z", 1);
                start();
                assert_int_equal(book.done, 9);
                assert_int_equal(book.most, 4);
                assert_non_null(strstr(book.story, "z0 z1|"));
                close_stage(7);
        }
}

/* To the microsecond of the virtual clock, beside what the way takes. */
static void test_a_record_waits_for_others_as_long_as_it_may_and_no_longer(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= SEEDS; seed++) {
                open_stage(by_key, seed, NULL);
                start();
                int64_t now_us = chappe_fibers_now_us(stage.fibers);
                append("a", 1, 1);
                stage_run(&stage, SECOND / 4, NULL, NULL);
                append("a", 2, 2);
                stage_run(&stage, 10 * SECOND, NULL, NULL);
                assert_string_equal(book.story, "a1 a2|");
                assert_true(book.began_us >= now_us + SECOND / 2 && book.began_us < now_us + SECOND);

                now_us = chappe_fibers_now_us(stage.fibers);
                append("a", 3, 6);
                stage_run(&stage, 10 * SECOND, NULL, NULL);
                assert_string_equal(book.story, "a1 a2|a3 a4 a5 a6|");
                assert_true(book.began_us < now_us + SECOND / 2);
                close_stage(6);
        }
}

static void test_a_full_budget_ends_the_wait(void **state)
{
        static const struct chappe_operation patient[] = { { .kind = CHAPPE_CONSUMES,
                                                             .topic = "in",
                                                             .type = &event_type,
                                                             .on_batch = on_events,
                                                             .batch_records = 1000,
                                                             .batch_wait_ms = 10000 },
                                                           { 0 } };
        (void)state;
        for (uint64_t seed = 1; seed <= SEEDS; seed++) {
                open_stage(patient, seed, "in_flight_records=8");
                append("a", 1, 30);
                start();
                assert_in_range(book.done, 27, 30);
                stage_run(&stage, 10 * SECOND, NULL, NULL); /* the last ones had room for more */
                assert_int_equal(book.done, 30);
                assert_int_equal(book.most, 4); /* half of it is everybody's */
                close_stage(30);
        }
}

/* Its place in the log is where it is told of; those in front of it and behind it have their effect. */
static void test_of_a_batch_that_fails_only_the_bad_record_is_given_up(void **state)
{
        struct chappe_record letter;
        (void)state;
        for (uint64_t seed = 1; seed <= SEEDS; seed++) {
                open_stage(by_key, seed, NULL);
                book.bad = "a";
                book.bad_n = 2;
                append("a", 1, 4);
                start();
                assert_non_null(strstr(book.story, "a1 a2 a3 a4!|a1|a2!|a2!|a2!|"));
                assert_int_equal(book.failed, 1 + 3);
                assert_int_equal(book.done, 3);
                assert_non_null(strstr(book.story, "|a3|a4|"));
                assert_true(stage_measures(&stage, 0, "chappe_batches_split_total{topic=\"in\",partition=\"0\"} 1"));
                assert_true(stage_measures(&stage, 0, "chappe_dead_letters_total{topic=\"in\",partition=\"0\"} 1"));
                assert_true(chappe_sim_read(stage.sim, "in-dlt", 0, 0, &letter));
                chappe_record_release(&letter);
                assert_false(chappe_sim_read(stage.sim, "in-dlt", 0, 1, &letter));
                close_stage(4);
        }
}

static void test_in_no_order_nobody_waits_for_the_bad_record(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= SEEDS; seed++) {
                open_stage(unordered, seed, NULL);
                book.bad = "a";
                append("a", 1, 1);
                append("b", 2, 4);
                stage_start(&stage, 0);
                while (book.failed < 2)
                        stage_run(&stage, SECOND / 20, NULL, NULL);
                stage_run(&stage, SECOND / 10, NULL, NULL);
                assert_int_equal(book.failed, 2); /* the batch, and the bad one by itself */
                assert_int_equal(book.done, 3);
                stage_run(&stage, 10 * SECOND, NULL, NULL);
                assert_int_equal(book.failed, 4);
                close_stage(4);
        }
}

static void test_a_record_that_cannot_be_decoded_fails_no_other(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= SEEDS; seed++) {
                open_stage(by_key, seed, NULL);
                append("a", 1, 2);
                append_poison("a");
                append("a", 3, 5);
                start();
                assert_non_null(strstr(book.story, "a1 a2|a3"));
                assert_int_equal(book.done, 5);
                assert_int_equal(book.failed, 0);
                assert_true(stage_measures(&stage, 0, "chappe_dead_letters_total{topic=\"in\",partition=\"0\"} 1"));
                close_stage(6);
        }
}

/* n is in the log of what was published, in single-object framing with keys of one letter. */
static bool is_published(int64_t n)
{
        struct chappe_record record;
        for (int64_t offset = 0; chappe_sim_read(stage.sim, "out", 0, offset, &record); offset++) {
                bool found = record.value.at[12] == 2 * n;
                chappe_record_release(&record);
                if (found)
                        return true;
        }
        return false;
}

static void check_commit(void *context, const char *group, const struct chappe_position *position, bool stale)
{
        (void)context;
        (void)stale;
        for (int64_t n = 0; strcmp(group, "test") == 0 && n < position->offset; n++)
                assert_true(is_published(n));
}

static void test_what_a_batch_published_is_delivered_before_any_of_it_is_finished(void **state)
{
        static const struct chappe_sim_faults faults = { .delivery_failed_ppm = 200000, .queue_full_ppm = 20000 };
        static const struct chappe_sim_watch watch = { .committed = check_commit };
        (void)state;
        for (uint64_t seed = 1; seed <= SEEDS; seed++) {
                open_stage(by_key, seed, NULL);
                chappe_sim_set_faults(stage.sim, &faults);
                chappe_sim_topic_create(stage.sim, "out", 1);
                chappe_sim_watch(stage.sim, &watch);
                book.publishes = true;
                append("a", 0, 23);
                start();
                stage_run(&stage, 60 * SECOND, NULL, NULL);
                assert_true(book.most > 1);
                assert_true(book.done >= 24);
                close_stage(24);
        }
}

/* It would be somebody else's to run them one by one. */
static void test_a_batch_that_fails_after_its_partition_was_given_up_is_not_split(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= SEEDS; seed++) {
                open_stage(by_key, seed, NULL);
                book.bad = "a";
                book.nap_us = 2 * SECOND;
                append("a", 1, 4);
                stage_start(&stage, 0);
                while (book.began_us == 0)
                        stage_run(&stage, SECOND / 20, NULL, NULL);
                stage_stop(&stage, 0);
                stage_run(&stage, 20 * SECOND, NULL, NULL);
                assert_false(stage_running(&stage, 0));
                assert_string_equal(book.story, "a1 a2 a3 a4!|");
                book.bad = NULL;
                start();
                assert_string_equal(book.story, "a1 a2 a3 a4!|a1 a2 a3 a4|");
                close_stage(4);
        }
}

/* A careful owner tries one record at a time; so does whoever hears that a record has failed before. */
static void test_what_failed_before_runs_by_itself_elsewhere_too(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= SEEDS; seed++) {
                open_stage(by_key, seed, "commit_interval_ms=50");
                book.bad = "a";
                book.bad_n = 1;
                append("a", 1, 4);
                stage_start(&stage, 0);
                while (book.failed < 3)
                        stage_run(&stage, SECOND / 100, NULL, NULL);
                stage_run(&stage, SECOND / 10, NULL, NULL);
                stage_kill(&stage, 0);
                book.story[0] = '\0';
                book.bad = NULL;
                stage_run(&stage, 60 * SECOND, NULL, NULL);
                start();
                assert_string_equal(book.story, "a1|a2 a3 a4|");
                close_stage(4);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_records_of_a_key_run_together_in_their_order),
                cmocka_unit_test(test_records_of_a_partition_run_together_whatever_their_keys),
                cmocka_unit_test(test_records_in_no_order_run_together_as_they_are_at_hand),
                cmocka_unit_test(test_a_record_waits_for_others_as_long_as_it_may_and_no_longer),
                cmocka_unit_test(test_a_full_budget_ends_the_wait),
                cmocka_unit_test(test_of_a_batch_that_fails_only_the_bad_record_is_given_up),
                cmocka_unit_test(test_in_no_order_nobody_waits_for_the_bad_record),
                cmocka_unit_test(test_a_record_that_cannot_be_decoded_fails_no_other),
                cmocka_unit_test(test_a_batch_that_fails_after_its_partition_was_given_up_is_not_split),
                cmocka_unit_test(test_what_failed_before_runs_by_itself_elsewhere_too),
                cmocka_unit_test(test_what_a_batch_published_is_delivered_before_any_of_it_is_finished),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
