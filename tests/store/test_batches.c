/* SPDX-License-Identifier: Apache-2.0 */
/* A handler of several records in a service with a store: one transaction for all of them, each of them once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include <chappe/testkit.h>

#include "shop/stock_moved.h"

#define SEEDS 20

static struct {
        char story[400]; /* "1 2|3|": what the handler was shown, batch by batch */
        int bad;         /* this one fails; 0: none */
} book;

static bool keep(struct chappe_context *ctx, int n)
{
        sqlite3_stmt *insert = chappe_store_statement(ctx, "INSERT INTO kept VALUES (?)");

        if (!insert)
                return false;
        sqlite3_bind_int(insert, 1, n);
        return sqlite3_step(insert) == SQLITE_DONE;
}

static enum chappe_decision on_moved(struct chappe_context *ctx, const struct shop_stock_moved *events, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                int n = (int)events[i].quantity;
                size_t used = strlen(book.story);

                chappe_context_select(ctx, i);
                snprintf(book.story + used, sizeof(book.story) - used, "%d%s", n, i + 1 < count ? " " : "|");
                if (!keep(ctx, n) || n == book.bad)
                        return chappe_retry(ctx, "%d is bad", n);
        }
        return CHAPPE_DONE;
}

static const struct chappe_retry_policy policy = { .backoff_ms = 10, .attempts = 3, .breaker_percent = -1 };
static const struct chappe_operation operations[] = {
        SHOP_STOCK_MOVED_CONSUMES_BATCH("moves", on_moved, .retry = &policy, .batch_records = 4, .batch_wait_ms = 200),
        { 0 },
};
static const struct chappe_migration migrations[] = {
        { 1, "kept", "CREATE TABLE kept (n INTEGER NOT NULL)" },
        { 0 },
};
static const struct chappe_service_config keeper = {
        .name = "keeper", .version = "1", .operations = operations, .migrations = migrations
};

static void feed(struct chappe_testkit *kit, int n)
{
        char id[24];

        snprintf(id, sizeof(id), "move-%d", n);
        assert_int_equal(chappe_testkit_feed_as(kit, id, "moves", &shop_stock_moved_type,
                                                &(struct shop_stock_moved){ .sku = chappe_text("a"), .quantity = n }),
                         0);
}

static int number(struct chappe_testkit *kit, const char *sql)
{
        sqlite3_stmt *statement;

        assert_int_equal(sqlite3_prepare_v2(chappe_testkit_database(kit, "keeper"), sql, -1, &statement, NULL), 0);
        assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
        int found = sqlite3_column_int(statement, 0);
        sqlite3_finalize(statement);
        return found;
}

static struct chappe_testkit *open_kit(uint64_t seed)
{
        memset(&book, 0, sizeof(book));
        return chappe_testkit_new(seed, &keeper, NULL);
}

static void test_each_record_of_a_batch_is_in_the_inbox(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= SEEDS; seed++) {
                struct chappe_testkit *kit = open_kit(seed);

                for (int n = 1; n <= 4; n++)
                        feed(kit, n);
                assert_int_equal(chappe_testkit_run_until_idle(kit), 0);
                assert_string_equal(book.story, "1 2 3 4|");
                assert_int_equal(number(kit, "SELECT count(*) FROM kept"), 4);
                assert_int_equal(number(kit, "SELECT count(DISTINCT event_id) FROM chappe_inbox"), 4);
                chappe_testkit_free(kit);
        }
}

static void test_what_took_effect_before_is_left_out_of_a_batch(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= SEEDS; seed++) {
                struct chappe_testkit *kit = open_kit(seed);

                feed(kit, 1);
                feed(kit, 2);
                assert_int_equal(chappe_testkit_run_until_idle(kit), 0);
                for (int n = 1; n <= 4; n++)
                        feed(kit, n);
                assert_int_equal(chappe_testkit_run_until_idle(kit), 0);
                assert_string_equal(book.story, "1 2|3 4|");
                assert_int_equal(number(kit, "SELECT count(*) FROM kept"), 4);
                chappe_testkit_free(kit);
        }
}

static void test_of_a_batch_that_fails_nothing_is_kept_but_what_runs_again(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= SEEDS; seed++) {
                struct chappe_testkit *kit = open_kit(seed);

                book.bad = 3;
                for (int n = 1; n <= 4; n++)
                        feed(kit, n);
                assert_int_equal(chappe_testkit_run_until_idle(kit), 0);
                assert_string_equal(book.story, "1 2 3 1|2|3|3|3|4|");
                assert_int_equal(number(kit, "SELECT count(*) FROM kept"), 3);
                assert_int_equal(number(kit, "SELECT count(*) FROM kept WHERE n = 3"), 0);
                assert_int_equal(number(kit, "SELECT count(*) FROM chappe_inbox"), 3);
                assert_int_equal(chappe_testkit_published(kit, "moves-dlt"), 1);
                chappe_testkit_free(kit);
        }
}

/* Twice the same event at hand: the second of them is seen only when the batch commits. */
static void test_a_batch_that_holds_an_event_twice_lets_it_take_effect_once(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= SEEDS; seed++) {
                struct chappe_testkit *kit = open_kit(seed);

                feed(kit, 1);
                feed(kit, 2);
                feed(kit, 1);
                assert_int_equal(chappe_testkit_run_until_idle(kit), 0);
                assert_string_equal(book.story, "1 2 1|1|2|");
                assert_int_equal(number(kit, "SELECT count(*) FROM kept"), 2);
                assert_int_equal(chappe_testkit_published(kit, "moves-dlt"), 0);
                chappe_testkit_free(kit);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_each_record_of_a_batch_is_in_the_inbox),
                cmocka_unit_test(test_what_took_effect_before_is_left_out_of_a_batch),
                cmocka_unit_test(test_of_a_batch_that_fails_nothing_is_kept_but_what_runs_again),
                cmocka_unit_test(test_a_batch_that_holds_an_event_twice_lets_it_take_effect_once),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
