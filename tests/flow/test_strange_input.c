/* SPDX-License-Identifier: Apache-2.0 */
/* What others leave in a group or a topic: metadata that is not ours, headers by the thousand, keys of a mebibyte, and
 * a topic that is deleted while it is read. Each has its defined answer (docs/consuming.md). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/sim/sim_private.h"
#include "stage.h"

#define SECOND    INT64_C(1000000)
#define RECORDS   20
#define HEADERS   1000
#define KEY_BYTES (1024 * 1024)
#define VALUE     "\xc3\x01........\x02k\x0a" /* the fingerprint goes where the dots are; key "k", n 5 */

static struct stage stage;
static FILE *log_file;
static struct {
        int runs[RECORDS];
        int order[4 * RECORDS];
        int total;
        int failures; /* of the first record, still to come */
        size_t key_bytes;
        char event_id[64];
} book;

static enum chappe_decision on_event(struct chappe_context *ctx, const void *decoded)
{
        const struct event *event = decoded;
        struct chappe_text id = chappe_context_event_id(ctx);

        snprintf(book.event_id, sizeof(book.event_id), "%.*s", (int)id.length, id.at);
        book.key_bytes = chappe_context_key(ctx).length;
        book.order[book.total] = (int)chappe_context_offset(ctx);
        book.runs[event->n]++;
        book.total++;
        return chappe_context_offset(ctx) == 0 && book.failures-- > 0 ? chappe_retry(ctx, "not yet") : CHAPPE_DONE;
}

static const struct chappe_operation operations[] = {
        { .kind = CHAPPE_CONSUMES, .topic = "in", .type = &event_type, .on_event = on_event, .partitions = 1 },
        { .kind = CHAPPE_CONSUMES, .topic = "other", .type = &event_type, .on_event = on_event, .partitions = 1 },
        { 0 },
};

static void open_stage(void)
{
        memset(&stage, 0, sizeof(stage));
        memset(&book, 0, sizeof(book));
        log_file = tmpfile();
        assert_non_null(log_file);
        stage.log = fileno(log_file);
        stage.operations = operations;
        stage.settings[0] = "start_from=earliest";
        stage.settings[1] = "commit_interval_ms=100";
        stage_open(&stage, 7, NULL);
        chappe_sim_topic_create(stage.sim, "in", 1);
        chappe_sim_topic_create(stage.sim, "other", 1);
}

static void close_stage(void)
{
        stage_stop(&stage, 0);
        stage_end(&stage);
        stage_close(&stage);
        fclose(log_file);
}

static bool enough(void *context)
{
        return book.total >= *(const int *)context;
}

static void run_until(int total)
{
        stage_run(&stage, 60 * SECOND, enough, &total);
        stage_run(&stage, SECOND, NULL, NULL); /* what should not come, would */
        assert_int_equal(book.total, total);
}

static bool log_tells(const char *words)
{
        char line[4000];
        bool found = false;

        rewind(log_file);
        while (!found && fgets(line, sizeof(line), log_file))
                found = strstr(line, words) != NULL;
        return found;
}

/* A value for n = 5 under any key. */
static void append_five(struct chappe_bytes key, const struct chappe_header *headers, size_t count)
{
        char value[] = VALUE;

        for (int i = 0; i < 8; i++)
                value[2 + i] = (char)(event_type.fingerprint >> (8 * i));
        assert_true(chappe_sim_append(stage.sim, "in", 0, key,
                                      (struct chappe_bytes){ (const uint8_t *)value, sizeof(value) - 1 }, headers,
                                      count) >= 0);
}

static void test_metadata_of_another_tool_says_nothing_and_is_told(void **state)
{
        static const char *const foreign[] = { "AgAAAZNf0yQ=", "chappe2:AAAA", "chappe1:not base64 !",
                                               "{\"owner\":\"x\"}" };

        (void)state;
        for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
                open_stage();
                for (int n = 0; n < 10; n++)
                        stage_append(&stage, "in", 0, "k", n);
                assert_int_equal(chappe_sim_group_alter(chappe_sim_group_get(stage.sim, "test"),
                                                        &(struct chappe_position){ "in", 0, 3, foreign[i] }, 1, NULL),
                                 0);
                stage_start(&stage, 0);
                run_until(7);
                assert_int_equal(book.order[0], 3);
                assert_true(log_tells("L4017"));
                assert_int_equal(chappe_sim_committed(stage.sim, "test", "in", 0), 10);
                close_stage();
        }
}

static void test_an_event_with_a_thousand_headers_is_handled_as_if_it_had_none(void **state)
{
        static struct chappe_header headers[HEADERS];

        (void)state;
        for (size_t i = 0; i < HEADERS; i++)
                headers[i] = (struct chappe_header){ i == 10 ? "ce_id" : "x", "id-of-its-sender", 16 };
        open_stage();
        append_five((struct chappe_bytes){ (const uint8_t *)"k", 1 }, headers, HEADERS);
        stage_start(&stage, 0);
        run_until(1);
        assert_string_equal(book.event_id, "in/0/0");
        assert_int_equal(chappe_sim_committed(stage.sim, "test", "in", 0), 1);
        close_stage();
}

/* It is parked, copied out of what was fetched, with all that comes behind it. */
static void test_records_with_a_key_of_a_mebibyte_keep_their_order_while_the_first_is_tried_again(void **state)
{
        uint8_t *key = malloc(KEY_BYTES);

        (void)state;
        assert_non_null(key);
        memset(key, 'k', KEY_BYTES);
        open_stage();
        book.failures = 2;
        append_five((struct chappe_bytes){ key, KEY_BYTES }, NULL, 0);
        append_five((struct chappe_bytes){ key, KEY_BYTES }, NULL, 0);
        key[KEY_BYTES - 1] = 'l'; /* another one, by its last byte */
        append_five((struct chappe_bytes){ key, KEY_BYTES }, NULL, 0);
        stage_start(&stage, 0);
        run_until(5);
        assert_int_equal(book.key_bytes, KEY_BYTES);
        assert_int_equal(book.order[4], 1); /* behind the third attempt of the one before; the other key did not wait */
        assert_int_equal(book.order[3], 0);
        assert_int_equal(chappe_sim_committed(stage.sim, "test", "in", 0), 3);
        close_stage();
        free(key);
}

static void test_a_topic_that_is_deleted_under_its_reader_is_told_and_read_anew_when_it_is_back(void **state)
{
        (void)state;
        open_stage();
        for (int n = 0; n < 5; n++)
                stage_append(&stage, "in", 0, "k", n);
        stage_start(&stage, 0);
        run_until(5);
        assert_int_equal(chappe_sim_topic_delete(stage.sim, "in"), 0);
        stage_run(&stage, 10 * SECOND, NULL, NULL);
        assert_true(log_tells("E3003"));
        assert_true(stage_running(&stage, 0));
        stage_append(&stage, "other", 0, "k", 5);
        run_until(6);
        chappe_sim_topic_create(stage.sim, "in", 1);
        for (int n = 6; n < 9; n++)
                stage_append(&stage, "in", 0, "k", n);
        run_until(9);
        assert_int_equal(chappe_sim_committed(stage.sim, "test", "in", 0), 3);
        close_stage();
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_metadata_of_another_tool_says_nothing_and_is_told),
                cmocka_unit_test(test_an_event_with_a_thousand_headers_is_handled_as_if_it_had_none),
                cmocka_unit_test(test_records_with_a_key_of_a_mebibyte_keep_their_order_while_the_first_is_tried_again),
                cmocka_unit_test(test_a_topic_that_is_deleted_under_its_reader_is_told_and_read_anew_when_it_is_back),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
