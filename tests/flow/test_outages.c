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
        int64_t poison_every;                /* each n-th, too; 0: none */
        int64_t handler_us;
        bool together;     /* all keys in one partition */
        int failing_later; /* one of ten records fails so often after they were away */
        int failed_later[RECORDS];
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
        if (book.handler_us > 0)
                stage_nap(ctx, book.handler_us);
        if (now_us >= book.away_from_us && now_us < book.away_until_us) {
                book.runs_while_away++;
                if (book.hangs && now_us > book.away_from_us + 20 * SECOND) {
                        book.hangs = false;
                        stage_nap(ctx, 600 * SECOND);
                }
                return chappe_retry(ctx, "nobody answers");
        }
        if (n == book.poisoned || (book.poison_every > 0 && n % book.poison_every == 0))
                return chappe_retry(ctx, "number %lld is poison", (long long)n);
        if (n % 10 == 1 && book.failed_later[n] < book.failing_later) {
                book.failed_later[n]++;
                return chappe_retry(ctx, "not quite yet");
        }
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
                stage_append(&stage, "in", book.together ? 0 : n % book.keys % PARTITIONS, key, n);
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
                /* Until it was recognised, then at most one every five seconds. */
                assert_true(book.runs_while_away < 70 + 120 / 5);
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

/* Away from the beginning on; then one of ten fails so often. All get through in the end. */
static void play_an_outage(uint64_t seed, int keys, int64_t away_s, int failing_later)
{
        open_with(seed, keys);
        append(0, RECORDS);
        book.away_until_us = away_s * SECOND;
        book.failing_later = failing_later;
        stage_start(&stage, 0);
        run_until_committed(RECORDS);
        check_all_done_in_order();
        stage_end(&stage);
        stage_close(&stage);
}

/* Too few to be many; but none gets through. */
static void test_an_outage_of_two_keys_makes_no_dead_letters(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= 20; seed++)
                play_an_outage(seed, 2, 100, 0);
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

static int letters(void)
{
        int count = 0;
        for (int32_t partition = 0; partition < chappe_sim_partition_count(stage.sim, "in-dlt"); partition++)
                count += (int)chappe_sim_end(stage.sim, "in-dlt", partition);
        return count;
}

/* Nothing else comes that could prove that there is no outage: they are doubted, and then given up. */
static void test_a_few_bad_records_of_a_quiet_topic_are_dead_letters_in_the_end(void **state)
{
        (void)state;
        for (int keys = 1; keys <= 4; keys++) {
                open_with((uint64_t)keys, keys);
                book.poison_every = 1;
                append(0, keys);
                stage_start(&stage, 0);
                stage_run(&stage, 60 * SECOND, NULL, NULL);
                assert_int_equal(letters(), keys == 1 ? 1 : 0);
                stage_run(&stage, 65 * SECOND, NULL, NULL);
                assert_int_equal(letters(), keys);
                run_until_committed(keys);
                stage_end(&stage);
                stage_close(&stage);
        }
}

/* How long they have been doubted outlives the owner. */
static void test_doubt_ends_although_its_owners_do(void **state)
{
        (void)state;
        open_with(1, 3);
        book.poison_every = 1;
        append(0, 3);
        for (int life = 0; life < 4; life++) {
                stage_start(&stage, 0);
                stage_run(&stage, 50 * SECOND, NULL, NULL);
                stage_stop(&stage, 0);
                stage_end(&stage);
        }
        assert_int_equal(letters(), 3);
        stage_close(&stage);
}

/* An heir knows who has failed, before they fail again one after another. */
static void test_an_outage_of_two_keys_outlives_its_owners(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= 20; seed++) {
                open_with(seed, 2);
                book.together = true;
                append(0, RECORDS);
                book.away_until_us = 100 * SECOND;
                for (int life = 0; life < 20; life++) {
                        stage_start(&stage, 0);
                        stage_run(&stage, SECOND + (int64_t)seed * SECOND / 20, NULL, NULL);
                        stage_stop(&stage, 0);
                        stage_end(&stage);
                }
                stage_start(&stage, 0);
                run_until_committed(RECORDS);
                check_all_done_in_order();
                stage_end(&stage);
                stage_close(&stage);
        }
}

/* Three failures are one less than too many. */
static void test_attempts_in_an_outage_count_for_nothing_afterwards(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= 20; seed++) {
                play_an_outage(seed, 2, 60, 2);
                play_an_outage(seed, 20, 60, 2);
        }
}

/* All that is in one partition never gets through: the other one probes as well, and ends the outage. */
static void test_an_outage_ends_although_a_partition_is_all_poison(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= 20; seed++) {
                open_with(seed, 20);
                book.poison_every = PARTITIONS;
                book.away_until_us = 60 * SECOND;
                append(0, 20);
                stage_start(&stage, 0);
                stage_run(&stage, 200 * SECOND, NULL, NULL);
                for (int n = 1; n < 20; n += PARTITIONS)
                        assert_int_equal(book.done[n], 1);
                stage_end(&stage);
                stage_close(&stage);
        }
}

/* More keys than an outage needs; all of them saw others get through. */
static void play_a_stream_with_poison(uint64_t seed, bool dies)
{
        open_with(seed, 100);
        book.poison_every = 11;
        book.handler_us = 20000;
        append(0, RECORDS);
        stage_start(&stage, 0);
        if (dies) {
                stage_run(&stage, SECOND * 5 / 4, NULL, NULL);
                assert_true(letters() < RECORDS / 11 - 5);
                stage_kill(&stage, 0);
                stage_end(&stage);
                stage_start(&stage, 0);
        }
        run_until_committed(RECORDS);
        assert_true(letters() >= RECORDS / 11 + 1); /* the kill may have come before a commit */
        assert_true(chappe_fibers_now_us(stage.fibers) < (dies ? 60 : 10) * SECOND);
        stage_end(&stage);
        stage_close(&stage);
}

static void test_poison_at_the_end_of_a_stream_is_given_up_at_once(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= 20; seed++)
                play_a_stream_with_poison(seed, false);
}

static void test_what_is_proven_poison_stays_so_for_the_next_owner(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= 20; seed++)
                play_a_stream_with_poison(seed, true);
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
                cmocka_unit_test(test_a_few_bad_records_of_a_quiet_topic_are_dead_letters_in_the_end),
                cmocka_unit_test(test_doubt_ends_although_its_owners_do),
                cmocka_unit_test(test_an_outage_of_two_keys_outlives_its_owners),
                cmocka_unit_test(test_attempts_in_an_outage_count_for_nothing_afterwards),
                cmocka_unit_test(test_an_outage_ends_although_a_partition_is_all_poison),
                cmocka_unit_test(test_poison_at_the_end_of_a_stream_is_given_up_at_once),
                cmocka_unit_test(test_what_is_proven_poison_stays_so_for_the_next_owner),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
