/* SPDX-License-Identifier: Apache-2.0 */
/* What the watchdog finds wrong: each trouble is named in health and measured while it lasts, and gone when it is over.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "flow/poll_strand.h"
#include "stage.h"

#define SECOND INT64_C(1000000)
#define KEYS   26

static struct stage stage;
static FILE *log_file;

/* What happened, seen from outside. */
static struct {
        bool fails;       /* every record */
        int64_t hopeless; /* this one is given up at once; -1: none */
        int done;
} book;

static enum chappe_decision on_event(struct chappe_context *ctx, const void *decoded)
{
        const struct event *event = decoded;
        if (event->n == book.hopeless)
                return chappe_dead_letter(ctx, "there is no hope");
        if (book.fails)
                return chappe_retry(ctx, "not now");
        book.done++;
        return CHAPPE_DONE;
}

static const struct chappe_retry_policy patient = { .backoff_ms = 500, .backoff_maximum_ms = 1000, .attempts = -1 };
static const struct chappe_operation operations[] = {
        { .kind = CHAPPE_CONSUMES,
          .topic = "in",
          .type = &event_type,
          .on_event = on_event,
          .retry = &patient,
          .partitions = 2 },
        { 0 },
};

static void append(int first, int count)
{
        for (int n = first; n < first + count; n++) {
                char key[2] = { (char)('a' + n % KEYS), 0 };
                stage_append(&stage, "in", n % 2, key, n);
        }
}

static void begin(const char *setting, const char *another)
{
        memset(&stage, 0, sizeof(stage));
        memset(&book, 0, sizeof(book));
        book.hopeless = -1;
        log_file = tmpfile();
        assert_non_null(log_file);
        stage.log = fileno(log_file);
        stage.operations = operations;
        stage.settings[0] = "workers=2";
        stage.settings[1] = "commit_interval_ms=200";
        stage.settings[2] = setting;
        stage.settings[3] = another;
        stage_open(&stage, 1, NULL);
        chappe_sim_topic_create(stage.sim, "in", 2);
        chappe_sim_topic_create(stage.sim, "_chappe-schemas", 1);
        stage_start(&stage, 0);
        stage_run(&stage, 5 * SECOND, NULL, NULL);
}

static void end(void)
{
        stage_end(&stage);
        stage_close(&stage);
        fclose(log_file);
}

/* Lines of the log with both in them. */
static int count_lines(const char *id, const char *text)
{
        char line[2000];
        int count = 0;
        rewind(log_file);
        while (fgets(line, sizeof(line), log_file))
                count += strstr(line, id) && strstr(line, text);
        return count;
}

static void assert_trouble_of(int code, const char *kind, const char *begins)
{
        struct chappe_error error = { 0 };
        char line[100];
        bool trouble = chappe_flow_trouble(stage.instances[0].runtime.flow, &error);
        assert_int_equal(trouble ? error.code : 0, code);
        assert_true(strncmp(error.text, begins, strlen(begins)) == 0);
        assert_true(chappe_flow_healthy(stage.instances[0].runtime.flow, &error)); /* a new start would not help */
        snprintf(line, sizeof(line), "chappe_stuck{kind=\"%s\"} %d", kind, code != 0);
        assert_true(stage_measures(&stage, 0, line));
}

static void assert_trouble(int code, const char *kind)
{
        assert_trouble_of(code, kind, "");
}

static void test_a_record_that_gets_old_is_told(void **state)
{
        (void)state;
        begin("unfinished_age_ms=20000", "breaker_percent=0");
        book.fails = true;
        append(0, 1);
        stage_run(&stage, 15 * SECOND, NULL, NULL);
        assert_trouble(0, "age");
        stage_run(&stage, 10 * SECOND, NULL, NULL);
        assert_trouble_of(CHAPPE_E_RECORD_OLD, "age", "in[0]@0 has been unfinished for ");
        book.fails = false;
        stage_run(&stage, 5 * SECOND, NULL, NULL);
        assert_trouble(0, "age");
        assert_int_equal(count_lines("L4033", "in[0]@0"), 1);
        /* Some thirty attempts, of which 1, 2, 4, 8 and 16 are told. */
        assert_int_equal(count_lines("L4001", "in[0]@0 failed in attempt "), 5);
        assert_int_equal(count_lines("L4001", "in[0]@0 failed in attempt 16 and is tried again in "), 1);
        end();
}

static void test_commits_that_fail_for_long_are_told(void **state)
{
        (void)state;
        begin(NULL, NULL);
        chappe_sim_set_faults(stage.sim, &(struct chappe_sim_faults){ .commit_failed_ppm = 1000000 });
        append(0, KEYS);
        stage_run(&stage, 20 * SECOND, NULL, NULL);
        assert_trouble(0, "commit");
        stage_run(&stage, 20 * SECOND, NULL, NULL);
        assert_trouble(CHAPPE_E_COMMIT_REFUSED, "commit");
        chappe_sim_set_faults(stage.sim, &(struct chappe_sim_faults){ 0 });
        stage_run(&stage, 5 * SECOND, NULL, NULL);
        assert_trouble(0, "commit");
        end();
}

static void test_a_full_park_is_told(void **state)
{
        (void)state;
        begin("parked_keys=10", "breaker_percent=0");
        book.fails = true;
        append(0, KEYS);
        stage_run(&stage, 10 * SECOND, NULL, NULL);
        assert_trouble(CHAPPE_E_PARK_FULL, "park");
        book.fails = false;
        stage_run(&stage, 10 * SECOND, NULL, NULL);
        assert_trouble(0, "park");
        assert_int_equal(book.done, KEYS);
        end();
}

static void test_an_outage_is_told(void **state)
{
        (void)state;
        begin(NULL, NULL);
        book.fails = true;
        append(0, KEYS);
        stage_run(&stage, 10 * SECOND, NULL, NULL);
        assert_trouble_of(CHAPPE_E_OUTAGE, "outage", "in: held, because so many keys fail");
        assert_true(stage_measures(&stage, 0, "chappe_breaker_open{topic=\"in\"} 1"));
        book.fails = false;
        stage_run(&stage, 10 * SECOND, NULL, NULL);
        assert_trouble(0, "outage");
        assert_true(stage_measures(&stage, 0, "chappe_breaker_open{topic=\"in\"} 0"));
        assert_int_equal(book.done, KEYS);
        end();
}

/* Nothing of its topic goes on before the letter is written, and then everything does. */
static void test_an_operation_halts_while_its_dead_letter_cannot_be_written(void **state)
{
        (void)state;
        begin("topics_create=no", "dead_letter_topic=dead.*");
        append(0, 4);
        stage_run(&stage, 5 * SECOND, NULL, NULL);
        book.hopeless = 5;
        append(4, 2);
        stage_run(&stage, 10 * SECOND, NULL, NULL);
        assert_trouble_of(CHAPPE_E_DEAD_LETTER_HALTED, "dead_letter", "in: held, because a dead letter");
        int done = book.done;
        append(6, 20);
        stage_run(&stage, 60 * SECOND, NULL, NULL);
        assert_int_equal(book.done, done);
        assert_int_equal(chappe_sim_committed(stage.sim, "test", "in", 1), 2);
        /* Tried twice a second, and told once a minute by each worker. */
        assert_int_equal(count_lines("L4003", "in[1]@2"), count_lines("L4003", ""));
        assert_in_range(count_lines("L4003", ""), 1, 4);
        chappe_sim_topic_create(stage.sim, "dead.in", 2);
        stage_run(&stage, 30 * SECOND, NULL, NULL);
        assert_int_equal(chappe_sim_end(stage.sim, "dead.in", 1), 1);
        assert_int_equal(book.done, 25);
        assert_trouble(0, "dead_letter");
        end();
}

/* A clock that stands where it is put. */
static int64_t now_us;
static int64_t read_monotonic_us(const struct chappe_clock *clock)
{
        (void)clock;
        return now_us;
}

static bool all_done(void *context)
{
        (void)context;
        return book.done == 10;
}

/* Until it is back that is all there is to tell: what nobody can commit any more is none of the commits that fail. */
static void test_a_topic_that_is_gone_is_told(void **state)
{
        (void)state;
        begin(NULL, NULL);
        append(0, 10);
        stage_run(&stage, SECOND, all_done, NULL);
        assert_trouble(0, "topic");
        assert_int_equal(chappe_sim_topic_delete(stage.sim, "in"), 0); /* before the commit */
        stage_run(&stage, 30 * SECOND, NULL, NULL);
        assert_trouble_of(CHAPPE_E_TOPIC_MISSING, "topic", "topic in does not exist any more");
        stage_run(&stage, 600 * SECOND, NULL, NULL);
        assert_int_equal(count_lines("L4021", "topic in does not exist any more"), 1);
        assert_int_equal(count_lines("L4032", ""), 0);

        chappe_sim_topic_create(stage.sim, "in", 2);
        append(10, 10);
        stage_run(&stage, 30 * SECOND, NULL, NULL);
        assert_trouble(0, "topic");
        assert_int_equal(book.done, 20);
        end();
}

static void test_a_poll_strand_that_does_not_come_round_is_late(void **state)
{
        static const struct chappe_clock_operations clock_operations = { .monotonic_us = read_monotonic_us };
        static const struct chappe_clock clock = { &clock_operations };
        struct chappe_world world = { .clock = &clock };
        struct chappe_runtime runtime = { .world = &world };
        struct chappe_poll_strand poll = { .runtime = &runtime, .due_us = 100 * SECOND };
        (void)state;
        now_us = 109 * SECOND;
        assert_false(chappe_poll_strand_is_late(&poll));
        now_us = 111 * SECOND;
        assert_true(chappe_poll_strand_is_late(&poll));
        assert_true(atomic_load(&poll.missed));
        poll.due_us = CHAPPE_FOREVER; /* it waits for its bell */
        assert_false(chappe_poll_strand_is_late(&poll));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_record_that_gets_old_is_told),
                cmocka_unit_test(test_commits_that_fail_for_long_are_told),
                cmocka_unit_test(test_a_full_park_is_told),
                cmocka_unit_test(test_an_outage_is_told),
                cmocka_unit_test(test_an_operation_halts_while_its_dead_letter_cannot_be_written),
                cmocka_unit_test(test_a_topic_that_is_gone_is_told),
                cmocka_unit_test(test_a_poll_strand_that_does_not_come_round_is_late),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
