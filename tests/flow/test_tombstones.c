/* SPDX-License-Identifier: Apache-2.0 */
/* Records without a value: to the handler that asks for them, in the order of their key; else passed over and counted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "stage.h"

#define SECOND INT64_C(1000000)

static struct stage stage;

static struct {
        char story[200]; /* "a1 a- ": key and number, or a tombstone */
        int refusals;    /* tombstones that are to fail first */
        bool hopeless;
} book;

static enum chappe_decision on_event(struct chappe_context *ctx, const void *decoded)
{
        const struct event *event = decoded;
        char told[8];
        (void)ctx;
        snprintf(told, sizeof(told), "%.1s%d ", event->key.at, (int)event->n % 100);
        strcat(book.story, told);
        return CHAPPE_DONE;
}

static enum chappe_decision on_tombstone(struct chappe_context *ctx)
{
        struct chappe_text key = chappe_context_key(ctx);
        char told[8];
        if (book.hopeless)
                return chappe_dead_letter(ctx, "hopeless");
        if (book.refusals-- > 0)
                return chappe_retry(ctx, "not yet");
        snprintf(told, sizeof(told), "%.*s- ", CHAPPE_TEXT(key));
        strcat(book.story, told);
        return CHAPPE_DONE;
}

static const struct chappe_operation operations[] = {
        { .kind = CHAPPE_CONSUMES,
          .topic = "in",
          .type = &event_type,
          .on_event = on_event,
          .on_tombstone = on_tombstone,
          .partitions = 1 },
        { .kind = CHAPPE_CONSUMES, .topic = "other", .type = &event_type, .on_event = on_event, .partitions = 1 },
        { 0 },
};

static void open_stage(void)
{
        memset(&book, 0, sizeof(book));
        memset(&stage, 0, sizeof(stage));
        stage.operations = operations;
        stage_open(&stage, 5, NULL);
        stage_start(&stage, 0);
        stage_run(&stage, 5 * SECOND, NULL, NULL);
}

static void bury(const char *topic, const char *key)
{
        struct chappe_bytes named = { (const uint8_t *)key, strlen(key) }, none = { 0 };
        assert_true(chappe_sim_append(stage.sim, topic, 0, named, none, NULL, 0) >= 0);
}

static void run(void)
{
        stage_run(&stage, 30 * SECOND, NULL, NULL);
}

static void close_stage(void)
{
        stage_end(&stage);
        stage_close(&stage);
}

static void test_a_tombstone_comes_in_the_order_of_its_key(void **state)
{
        (void)state;
        open_stage();
        book.refusals = 2;
        stage_append(&stage, "in", 0, "a", 1);
        bury("in", "a");
        stage_append(&stage, "in", 0, "a", 2);
        run();
        assert_string_equal(book.story, "a1 a- a2 ");
        assert_int_equal(chappe_sim_committed(stage.sim, "test", "in", 0), 3);
        close_stage();
}

static void test_nobody_is_given_what_it_did_not_ask_for(void **state)
{
        (void)state;
        open_stage();
        bury("other", "a");
        stage_append(&stage, "other", 0, "a", 7);
        run();
        assert_string_equal(book.story, "a7 ");
        assert_true(stage_measures(&stage, 0, "chappe_records_ignored_total{topic=\"other\"} 1"));
        assert_int_equal(chappe_sim_committed(stage.sim, "test", "other", 0), 2);
        close_stage();
}

static void test_a_tombstone_that_is_given_up_is_a_tombstone_still(void **state)
{
        struct chappe_record record;
        (void)state;
        open_stage();
        book.hopeless = true;
        bury("in", "a");
        run();
        assert_true(chappe_sim_read(stage.sim, "in-dlt", 0, 0, &record));
        assert_null(record.value.at);
        assert_memory_equal(record.key.at, "a", 1);
        chappe_record_release(&record);
        close_stage();
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_tombstone_comes_in_the_order_of_its_key),
                cmocka_unit_test(test_nobody_is_given_what_it_did_not_ask_for),
                cmocka_unit_test(test_a_tombstone_that_is_given_up_is_a_tombstone_still),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
