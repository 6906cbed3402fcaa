/* SPDX-License-Identifier: Apache-2.0 */
/* The unit of work: inbox row, state and outbox rows together or not at all; shared commits; a broken world. */
#include "store_test.h"

#include "store/store_file.h"

#include <stdio.h>

static int set_up(void **state)
{
        static struct place place;

        place_make(&place);
        place_set(&place, "database_wait_ms=200");
        *state = &place;
        return place_open(&place, test_migrations, NULL);
}

static int tear_down(void **state)
{
        place_remove(*state);
        return 0;
}

static int commit(struct work *work)
{
        return work->ctx.runtime->work->commit(&work->ctx, work->ctx.event_id, NULL);
}

static void test_inbox_state_and_outbox_are_committed_together(void **state)
{
        struct place *place = *state;
        struct work work;

        work_begin(&work, &place->runtime, &test_consumes, "e1");
        assert_false(place->runtime.work->open(&work.ctx));
        assert_int_equal(effect(&work.ctx, 1), 0);
        assert_true(place->runtime.work->open(&work.ctx));
        assert_int_equal(publish(&work.ctx, "out", "k", "v"), 0);
        assert_int_equal(place_number(place, "SELECT count(*) FROM effects"), 0);
        assert_int_equal(commit(&work), 0);
        assert_false(place->runtime.work->open(&work.ctx));
        assert_int_equal(place_number(place, "SELECT count(*) FROM effects"), 1);
        assert_int_equal(place_number(place, "SELECT count(*) FROM chappe_inbox"), 1);
        assert_int_equal(place_number(place, "SELECT count(*) FROM chappe_outbox"), 1);
        assert_int_equal(chappe_store_outbox_count(&place->runtime, NULL), 1);
        work_end(&work);
}

static void test_rollback_leaves_nothing(void **state)
{
        struct place *place = *state;
        struct work work;

        work_begin(&work, &place->runtime, &test_consumes, "e1");
        assert_int_equal(effect(&work.ctx, 1), 0);
        assert_int_equal(publish(&work.ctx, "out", "k", "v"), 0);
        work_end(&work);
        assert_int_equal(place_number(place, "SELECT count(*) FROM effects"), 0);
        assert_int_equal(place_number(place, "SELECT count(*) FROM chappe_outbox"), 0);
        work_begin(&work, &place->runtime, &test_consumes, "e1");
        assert_int_equal(place->runtime.work->seen(&work.ctx, work.ctx.event_id, NULL), 0);
        work_end(&work);
}

static void test_an_event_takes_effect_once_in_an_operation(void **state)
{
        struct place *place = *state;
        struct work work;

        for (int run = 0; run < 2; run++) {
                work_begin(&work, &place->runtime, &test_consumes, "e1");
                assert_int_equal(place->runtime.work->seen(&work.ctx, work.ctx.event_id, NULL), run);
                assert_int_equal(effect(&work.ctx, 1), 0);
                assert_int_equal(commit(&work), run ? CHAPPE_WORK_SEEN : 0);
                work_end(&work);
        }
        assert_int_equal(place_number(place, "SELECT count(*) FROM effects"), 1);
        work_begin(&work, &place->runtime, &test_answers, "e1"); /* another operation: another matter */
        assert_int_equal(place->runtime.work->seen(&work.ctx, work.ctx.event_id, NULL), 0);
        work_end(&work);
}

static void test_a_request_is_given_the_same_reply_again(void **state)
{
        struct place *place = *state;
        const struct chappe_header header = { "h", "x", 1 };
        const struct chappe_outgoing reply = { .value = { (const uint8_t *)"\xc3\x01\0z", 4 },
                                               .headers = &header,
                                               .header_count = 1 };
        struct chappe_outgoing again = { 0 };
        struct work work;

        work_begin(&work, &place->runtime, &test_answers, "key");
        assert_int_equal(place->runtime.work->commit(&work.ctx, work.ctx.event_id, &reply), 0);
        work_end(&work);
        work_begin(&work, &place->runtime, &test_answers, "key");
        assert_int_equal(place->runtime.work->seen(&work.ctx, work.ctx.event_id, &again), CHAPPE_WORK_SEEN);
        assert_int_equal(again.value.length, 4);
        assert_memory_equal(again.value.at, "\xc3\x01\0z", 4);
        assert_int_equal(again.header_count, 1);
        assert_string_equal(again.headers[0].name, "h");
        assert_memory_equal(again.headers[0].value, "x", 1);
        work_end(&work);
}

static void test_a_handler_cannot_end_the_transaction(void **state)
{
        static const char *const forbidden[] = { "COMMIT",
                                                 "ROLLBACK",
                                                 "BEGIN",
                                                 "RELEASE chappe_part",
                                                 "DELETE FROM chappe_inbox",
                                                 "DROP TABLE chappe_outbox" };
        struct place *place = *state;
        struct work work;

        work_begin(&work, &place->runtime, &test_consumes, "e1");
        for (size_t i = 0; i < COUNT(forbidden); i++)
                assert_int_equal(sqlite3_exec(chappe_store(&work.ctx), forbidden[i], NULL, NULL, NULL), SQLITE_AUTH);
        assert_int_equal(sqlite3_exec(chappe_store(&work.ctx), "SAVEPOINT mine; RELEASE mine", NULL, NULL, NULL),
                         SQLITE_OK);
        assert_int_equal(effect(&work.ctx, 1), 0);
        assert_int_equal(commit(&work), 0);
        work_end(&work);
}

static void test_statements_are_kept_and_reset(void **state)
{
        static const char select[] = "SELECT n FROM effects";
        struct place *place = *state;
        struct sqlite3_stmt *first;
        struct work work;

        work_begin(&work, &place->runtime, &test_consumes, "e1");
        assert_int_equal(effect(&work.ctx, 1) | effect(&work.ctx, 2), 0);
        first = chappe_store_statement(&work.ctx, select);
        assert_int_equal(sqlite3_step(first), SQLITE_ROW); /* and left in the middle */
        assert_int_equal(commit(&work), 0);
        assert_false(sqlite3_stmt_busy(first));
        assert_ptr_equal(chappe_store_statement(&work.ctx, select), first);
        work_end(&work);
}

static void test_more_statements_than_are_kept_are_refused_in_one_transaction_only(void **state)
{
        struct place *place = *state;
        char sql[40];
        struct work work;

        for (int round = 0; round < 2; round++) {
                work_begin(&work, &place->runtime, &test_consumes, "e1");
                for (int i = 0; i < 64; i++) {
                        snprintf(sql, sizeof(sql), "SELECT %d", round * 100 + i);
                        assert_non_null(chappe_store_statement(&work.ctx, sql));
                }
                assert_null(chappe_store_statement(&work.ctx, "SELECT 'one more'"));
                assert_int_equal(chappe_context_error(&work.ctx)->code, CHAPPE_E_LIMIT);
                work_end(&work);
        }
}

/* Two workers: the first holds the turn until the second waits for it; then its commit is left to the second. */
struct pair {
        struct place *place;
        struct chappe_strand *strand;
        bool refuse; /* the commit fails */
        int status;
};

static int on_commit(void *context)
{
        return *(bool *)context; /* true turns the commit into a rollback */
}

static void second_worker(void *argument)
{
        struct pair *pair = argument;
        struct work work;

        work_begin(&work, &pair->place->runtime, &test_consumes, "second");
        if (effect(&work.ctx, 2) == 0) {
                if (pair->refuse)
                        sqlite3_commit_hook(chappe_store(&work.ctx), on_commit, &pair->refuse);
                pair->status = commit(&work);
        }
        work_end(&work);
}

static void await_second(struct place *place)
{
        struct chappe_turn *turn = &place->runtime.store->turn;
        bool waits = false;

        while (!waits) {
                chappe_mutex_lock(turn->executor, turn->mutex);
                waits = turn->queue;
                chappe_mutex_unlock(turn->executor, turn->mutex);
        }
}

static int run_pair(struct pair *pair)
{
        struct chappe_executor *executor = pair->place->world.executor;
        struct work work;
        int status;

        work_begin(&work, &pair->place->runtime, &test_consumes, "first");
        assert_int_equal(effect(&work.ctx, 1), 0);
        assert_int_equal(chappe_strand_start(executor, "second", second_worker, pair, &pair->strand, NULL), 0);
        await_second(pair->place);
        status = commit(&work);
        chappe_strand_join(executor, pair->strand);
        work_end(&work);
        return status;
}

static int64_t commits_of_pair(struct pair *pair, int *ret_first)
{
        struct chappe_store_file *store = pair->place->runtime.store;
        int64_t before = chappe_metric_value(store->commits);

        store->wait_us = store->group_age_us = 60000000; /* however slow this machine is */
        *ret_first = run_pair(pair);
        return chappe_metric_value(store->commits) - before;
}

static void test_workers_that_wait_share_one_commit(void **state)
{
        struct pair pair = { .place = *state, .status = -1 };
        int first;

        assert_int_equal(commits_of_pair(&pair, &first), 1);
        assert_int_equal(first, 0);
        assert_int_equal(pair.status, 0);
        assert_int_equal(place_number(*state, "SELECT count(*) FROM effects"), 2);
}

static void test_a_shared_commit_that_fails_fails_for_all(void **state)
{
        struct pair pair = { .place = *state, .refuse = true };
        int first;

        assert_int_equal(commits_of_pair(&pair, &first), 0);
        assert_true(first < 0);
        assert_true(pair.status < 0);
        assert_int_equal(place_number(*state, "SELECT count(*) FROM effects"), 0);
}

static void test_an_open_transaction_that_is_old_is_committed(void **state)
{
        struct place *place = *state;
        struct pair pair = { .place = place, .status = -1 };
        int64_t before = chappe_metric_value(place->runtime.store->commits);

        place->runtime.store->wait_us = 60000000;
        place->runtime.store->group_age_us = 0;
        assert_int_equal(run_pair(&pair), 0);
        assert_int_equal(pair.status, 0);
        assert_int_equal(chappe_metric_value(place->runtime.store->commits) - before, 2);
}

static void test_one_that_rolls_back_does_not_take_the_others_with_it(void **state)
{
        struct place *place = *state;
        struct work work;

        work_begin(&work, &place->runtime, &test_consumes, "good");
        assert_int_equal(effect(&work.ctx, 1), 0);
        assert_int_equal(commit(&work), 0);
        work_end(&work);
        work_begin(&work, &place->runtime, &test_consumes, "bad");
        assert_int_equal(effect(&work.ctx, 2), 0);
        work_end(&work);
        assert_int_equal(place_number(place, "SELECT sum(n) FROM effects"), 1);
}

static void test_database_locked_by_another_process_is_waited_for_and_then_told(void **state)
{
        struct place *place = *state;
        struct work work;
        sqlite3 *other;

        assert_int_equal(sqlite3_open(place->path, &other), SQLITE_OK);
        assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
        work_begin(&work, &place->runtime, &test_consumes, "e1");
        assert_null(chappe_store(&work.ctx));
        assert_int_equal(chappe_context_error(&work.ctx)->code, CHAPPE_E_STORE_BUSY);
        assert_int_equal(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
        assert_int_equal(effect(&work.ctx, 1), 0);
        assert_int_equal(commit(&work), 0);
        work_end(&work);
        sqlite3_close(other);
}

static void test_full_disk_is_told_and_nothing_is_lost(void **state)
{
        struct place *place = *state;
        char *large = malloc(400001);
        struct work work;
        int status;

        memset(large, 'x', 400000);
        large[400000] = '\0';
        work_begin(&work, &place->runtime, &test_consumes, "e1");
        sqlite3 *connection = chappe_store(&work.ctx);
        assert_int_equal(sqlite3_exec(connection, "PRAGMA max_page_count = 40", NULL, NULL, NULL), SQLITE_OK);
        assert_int_equal(effect(&work.ctx, 1), 0);
        status = publish(&work.ctx, "out", "k", large);
        assert_int_equal(status, -CHAPPE_E_STORE_FULL);
        assert_int_equal(chappe_context_error(&work.ctx)->code, CHAPPE_E_STORE_FULL);
        work_end(&work);
        work_begin(&work, &place->runtime, &test_consumes, "e1");
        assert_int_equal(sqlite3_exec(chappe_store(&work.ctx), "PRAGMA max_page_count = 100000", NULL, NULL, NULL),
                         SQLITE_OK);
        assert_int_equal(effect(&work.ctx, 1), 0);
        assert_int_equal(publish(&work.ctx, "out", "k", large), 0);
        assert_int_equal(commit(&work), 0);
        work_end(&work);
        assert_int_equal(place_number(place, "SELECT count(*) FROM effects"), 1);
        free(large);
}

/* A handler tells only that it failed; the runtime must know that the record is not to blame. */
static void test_full_disk_that_a_handlers_statement_meets_is_the_reason_of_its_failure(void **state)
{
        struct place *place = *state;
        struct work work;

        work_begin(&work, &place->runtime, &test_consumes, "e1");
        sqlite3 *connection = chappe_store(&work.ctx);
        assert_int_equal(sqlite3_exec(connection, "PRAGMA max_page_count = 40", NULL, NULL, NULL), SQLITE_OK);
        assert_int_equal(
                sqlite3_exec(connection, "INSERT INTO effects VALUES (1, hex(zeroblob(400000)))", NULL, NULL, NULL),
                SQLITE_FULL);
        assert_int_equal(chappe_context_error(&work.ctx)->code, 0);
        place->runtime.work->rollback(&work.ctx);
        assert_int_equal(chappe_context_error(&work.ctx)->code, CHAPPE_E_STORE_FULL);
        work_end(&work);
        assert_int_equal(place_number(place, "SELECT count(*) FROM effects"), 0);
}

static void test_context_without_a_record_may_commit_twice_under_one_id(void **state)
{
        struct place *place = *state;
        struct work work;

        work_begin(&work, &place->runtime, NULL, "opened");
        work.ctx.record = NULL;
        for (int n = 0; n < 2; n++) {
                assert_int_equal(effect(&work.ctx, n), 0);
                assert_int_equal(commit(&work), 0);
        }
        work_end(&work);
        assert_int_equal(place_number(place, "SELECT count(*) FROM effects"), 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        const struct CMUnitTest tests[] = {
                TEST(test_inbox_state_and_outbox_are_committed_together),
                TEST(test_rollback_leaves_nothing),
                TEST(test_an_event_takes_effect_once_in_an_operation),
                TEST(test_a_request_is_given_the_same_reply_again),
                TEST(test_a_handler_cannot_end_the_transaction),
                TEST(test_statements_are_kept_and_reset),
                TEST(test_more_statements_than_are_kept_are_refused_in_one_transaction_only),
                TEST(test_workers_that_wait_share_one_commit),
                TEST(test_a_shared_commit_that_fails_fails_for_all),
                TEST(test_an_open_transaction_that_is_old_is_committed),
                TEST(test_one_that_rolls_back_does_not_take_the_others_with_it),
                TEST(test_database_locked_by_another_process_is_waited_for_and_then_told),
                TEST(test_full_disk_is_told_and_nothing_is_lost),
                TEST(test_full_disk_that_a_handlers_statement_meets_is_the_reason_of_its_failure),
                TEST(test_context_without_a_record_may_commit_twice_under_one_id),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
