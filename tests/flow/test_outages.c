/* SPDX-License-Identifier: Apache-2.0 */
/* What handlers depend on is away: nothing is given up for it, little is tried, and all goes on when it is back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <string.h>

#include "stage.h"

#define SECOND     INT64_C(1000000)
#define PARTITIONS 2
#define RECORDS    200

static struct stage stage;

/* What handlers did, seen from outside. */
static struct {
        int keys;
        int64_t away_from_us, away_until_us; /* by the clock of the stage */
        bool hangs;                          /* the first record that runs while they are away never returns */
        int64_t poisoned;                    /* this one fails always; -1: none */
        int runs[RECORDS];
        int done[RECORDS];
        int64_t last_of_key[RECORDS];
        int runs_while_away;
        bool disordered;
} book;

static const struct chappe_retry_policy quick = { .backoff_ms = 20, .backoff_maximum_ms = 200, .attempts = 4 };

static enum chappe_decision on_event(struct chappe_context *ctx, const void *decoded)
{
        const struct event *event = decoded;
        int64_t n = event->n, now_us = chappe_fibers_now_us(stage.fibers);
        book.runs[n]++;
        if (now_us >= book.away_from_us && now_us < book.away_until_us) {
                book.runs_while_away++;
                if (book.hangs && now_us > book.away_from_us + 20 * SECOND) {
                        book.hangs = false;
                        stage_nap(ctx, 600 * SECOND);
                }
                return chappe_retry(ctx, "nobody answers");
        }
        if (n == book.poisoned)
                return chappe_retry(ctx, "number %lld is poison", (long long)n);
        book.done[n]++;
        book.disordered |= book.last_of_key[n % book.keys] > n;
        book.last_of_key[n % book.keys] = n;
        return CHAPPE_DONE;
}

static const struct chappe_operation operations[] = {
        { .kind = CHAPPE_CONSUMES,
          .topic = "in",
          .type = &event_type,
          .on_event = on_event,
          .retry = &quick,
          .partitions = PARTITIONS },
        { 0 },
};

static void open_with(uint64_t seed, int keys)
{
        memset(&stage, 0, sizeof(stage));
        memset(&book, 0, sizeof(book));
        book.keys = keys;
        book.poisoned = -1;
        stage.operations = operations;
        stage.settings[0] = "workers=4";
        stage.settings[1] = "commit_interval_ms=200";
        stage_open(&stage, seed, NULL);
        chappe_sim_topic_create(stage.sim, "in", PARTITIONS);
}

static void append(int first, int count)
{
        for (int n = first; n < first + count; n++) {
                char key[3] = { (char)('a' + n % book.keys / 10), (char)('0' + n % book.keys % 10), 0 };
                stage_append(&stage, "in", n % book.keys % PARTITIONS, key, n);
        }
}

static bool all_committed(void *context)
{
        int64_t sum = 0;
        for (int32_t partition = 0; partition < PARTITIONS; partition++) {
                int64_t offset = chappe_sim_committed(stage.sim, "test", "in", partition);
                sum += offset > 0 ? offset : 0;
        }
        return sum == *(const int64_t *)context;
}

static void run_until_committed(int64_t count)
{
        stage_run(&stage, 600 * SECOND, all_committed, &count);
        assert_true(all_committed(&count));
}

static void check_all_done_in_order(void)
{
        for (int n = 0; n < RECORDS; n++)
                assert_int_equal(book.done[n], 1);
        assert_false(book.disordered);
        assert_int_equal(chappe_sim_partition_count(stage.sim, "in-dlt"), 0);
}

/* In the middle of the stream; more records come meanwhile. Four attempts last a second, the outage two minutes. */
static void test_an_outage_of_many_keys_makes_no_dead_letters_and_few_attempts(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= 20; seed++) {
                open_with(seed, 20);
                append(0, RECORDS / 2);
                stage_start(&stage, 0);
                run_until_committed(RECORDS / 2);
                book.away_from_us = chappe_fibers_now_us(stage.fibers);
                book.away_until_us = book.away_from_us + 120 * SECOND;
                append(RECORDS / 2, RECORDS / 4);
                stage_run(&stage, 60 * SECOND, NULL, NULL);
                append(RECORDS * 3 / 4, RECORDS / 4);
                run_until_committed(RECORDS);
                check_all_done_in_order();
                /* Until it was recognised, then at most one a partition every five seconds. */
                assert_true(book.runs_while_away < 70 + PARTITIONS * 120 / 5);
                assert_true(chappe_fibers_now_us(stage.fibers) < book.away_until_us + 20 * SECOND);
                stage_end(&stage);
                stage_close(&stage);
        }
}

/* A probe that hangs is not waited for. */
static void test_an_outage_ends_although_a_probe_hangs(void **state)
{
        (void)state;
        open_with(1, 20);
        append(0, RECORDS);
        book.away_from_us = 1;
        book.away_until_us = 60 * SECOND;
        book.hangs = true;
        stage_start(&stage, 0);
        stage_run(&stage, 200 * SECOND, NULL, NULL);
        assert_false(book.hangs);
        int done = 0;
        for (int n = 0; n < RECORDS; n++)
                done += book.done[n];
        assert_int_equal(done, RECORDS - RECORDS / 20); /* all but the key that hangs */
        run_until_committed(RECORDS);
        check_all_done_in_order();
        stage_end(&stage);
        stage_close(&stage);
}

/* Too few to be many; but none gets through. */
static void test_an_outage_of_two_keys_makes_no_dead_letters(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= 20; seed++) {
                open_with(seed, 2);
                append(0, RECORDS);
                book.away_until_us = 100 * SECOND;
                stage_start(&stage, 0);
                run_until_committed(RECORDS);
                check_all_done_in_order();
                stage_end(&stage);
                stage_close(&stage);
        }
}

static void test_one_poisoned_key_is_no_outage(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= 20; seed++) {
                open_with(seed, 20);
                book.poisoned = 7;
                append(0, RECORDS);
                stage_start(&stage, 0);
                run_until_committed(RECORDS);
                assert_int_equal(book.runs[7], 4);
                assert_int_equal(chappe_sim_end(stage.sim, "in-dlt", 1), 1);
                stage_end(&stage);
                stage_close(&stage);
        }
}

static void test_breaker_can_be_switched_off(void **state)
{
        (void)state;
        open_with(1, 20);
        stage.settings[2] = "breaker_percent=0";
        append(0, RECORDS);
        book.away_until_us = 100 * SECOND;
        stage_start(&stage, 0);
        run_until_committed(RECORDS);
        assert_true(chappe_sim_partition_count(stage.sim, "in-dlt") > 0);
        stage_end(&stage);
        stage_close(&stage);
}

/* Whoever gains the partitions in the middle of it begins anew, and gives nothing up either. */
static void test_an_outage_outlives_kills(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= 10; seed++) {
                open_with(seed, 20);
                append(0, RECORDS);
                book.away_until_us = 100 * SECOND;
                stage_start(&stage, 0);
                for (int kill = 0; kill < 5; kill++) {
                        stage_run(&stage, 15 * SECOND, NULL, NULL);
                        stage_kill(&stage, 0);
                        stage_end(&stage);
                        stage_start(&stage, 0);
                }
                run_until_committed(RECORDS);
                check_all_done_in_order();
                stage_end(&stage);
                stage_close(&stage);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_an_outage_of_many_keys_makes_no_dead_letters_and_few_attempts),
                cmocka_unit_test(test_an_outage_ends_although_a_probe_hangs),
                cmocka_unit_test(test_an_outage_of_two_keys_makes_no_dead_letters),
                cmocka_unit_test(test_one_poisoned_key_is_no_outage),
                cmocka_unit_test(test_breaker_can_be_switched_off),
                cmocka_unit_test(test_an_outage_outlives_kills),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
