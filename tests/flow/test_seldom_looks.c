/* SPDX-License-Identifier: Apache-2.0 */
/* What is looked at seldom while all goes well: the clock beside quick handlers, and who got through. Neither hides
 * anything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "stage.h"

#include "observe/metrics.h"

#define SECOND INT64_C(1000000)
#define ROOM   600

static struct stage stage;
static struct {
        int slow; /* this one takes two seconds when it first runs; -1: none */
        bool slow_fails;
        int bad_from; /* these fail, always */
        int bad_to;
        int runs[ROOM];
} book;

static enum chappe_decision on_event(struct chappe_context *ctx, const void *decoded)
{
        const struct event *event = decoded;
        bool first = book.runs[event->n]++ == 0;
        if (event->n == book.slow && first) {
                stage_nap(ctx, 2 * SECOND);
                if (book.slow_fails)
                        return chappe_retry(ctx, "slow");
        }
        if (event->n >= book.bad_from && event->n < book.bad_to)
                return chappe_retry(ctx, "bad");
        return CHAPPE_DONE;
}

/* Two seconds together, in vain; then each by itself for a twentieth of one. */
static enum chappe_decision on_batch(struct chappe_context *ctx, const void *decoded, size_t count)
{
        const struct event *events = decoded;
        if (book.slow < 0 || events[0].n / 4 != book.slow / 4)
                return CHAPPE_DONE;
        stage_nap(ctx, count > 1 ? 2 * SECOND : SECOND / 20);
        return count > 1 ? chappe_retry(ctx, "not together") : CHAPPE_DONE;
}

static const struct chappe_retry_policy policy = { .backoff_ms = 100, .backoff_maximum_ms = 100, .attempts = 3 };
static const struct chappe_operation singly[] = {
        { .kind = CHAPPE_CONSUMES,
          .topic = "in",
          .type = &event_type,
          .on_event = on_event,
          .retry = &policy,
          .partitions = 1 },
        { 0 },
};
static const struct chappe_operation together[] = {
        { .kind = CHAPPE_CONSUMES,
          .topic = "in",
          .type = &event_type,
          .on_batch = on_batch,
          .batch_records = 4,
          .retry = &policy,
          .partitions = 1 },
        { 0 },
};

static void open_with(const struct chappe_operation *operations, const char *setting)
{
        memset(&stage, 0, sizeof(stage));
        memset(&book, 0, sizeof(book));
        book.slow = book.bad_from = -1;
        stage.operations = operations;
        stage.settings[0] = "workers=1";
        stage.settings[1] = "commit_interval_ms=200";
        stage.settings[2] = setting;
        stage_open(&stage, 7, NULL);
        chappe_sim_topic_create(stage.sim, "in", 1);
        stage_start(&stage, 0);
}

/* Each has a key of its own; in batches, four share one. */
static void append(int from, int to)
{
        for (int n = from; n < to; n++) {
                char key[12];
                snprintf(key, sizeof(key), "k%d", stage.operations == together ? n / 4 : n);
                stage_append(&stage, "in", 0, key, n);
        }
}

/* What the metric's line says behind this; -1: there is none. */
static double metric(const char *line)
{
        struct chappe_buffer text = { 0 };
        double value = -1;
        chappe_metrics_print(stage.instances[0].runtime.metrics, &text);
        assert_int_equal(chappe_buffer_append(&text, "", 1), 0);
        const char *found = strstr((const char *)text.at, line);
        if (found)
                assert_int_equal(sscanf(found + strlen(line), " %lf", &value), 1);
        chappe_buffer_deinit(&text);
        return value;
}

static double handled_within(const char *seconds)
{
        char line[120];
        snprintf(line, sizeof(line), "chappe_handler_seconds_bucket{topic=\"in\",partition=\"0\",le=\"%s\"}", seconds);
        return metric(line);
}

static double handled_in_all(void)
{
        return metric("chappe_handler_seconds_sum{topic=\"in\",partition=\"0\"}");
}

/* Among quick ones, wherever it stands, whether it fails or not. */
static void test_a_slow_handler_is_in_its_own_bucket(void **state)
{
        (void)state;
        for (int place = 0; place < 8; place++) {
                for (int fails = 0; fails < 2; fails++) {
                        open_with(singly, "breaker_percent=0");
                        append(0, 200);
                        stage_run(&stage, 5 * SECOND, NULL, NULL);
                        book.slow = 200 + place;
                        book.slow_fails = fails;
                        append(200, 208);
                        stage_run(&stage, 20 * SECOND, NULL, NULL);
                        double runs = 208 + fails;
                        assert_true(handled_within("+Inf") == runs);
                        assert_true(handled_within("1.000000") == runs - 1);
                        assert_true(handled_within("2.500000") == runs);
                        assert_true(handled_in_all() >= 2 && handled_in_all() < 2.1);
                        stage_end(&stage);
                        stage_close(&stage);
                }
        }
}

static void test_a_batch_that_fails_slowly_is_in_its_own_bucket(void **state)
{
        (void)state;
        for (int place = 0; place < 8; place++) {
                open_with(together, "breaker_percent=0");
                append(0, 200);
                stage_run(&stage, 5 * SECOND, NULL, NULL);
                book.slow = 200 + 4 * place;
                append(200, 232);
                stage_run(&stage, 20 * SECOND, NULL, NULL);
                double runs = handled_within("+Inf");
                assert_true(handled_within("1.000000") == runs - 1);
                assert_true(handled_within("0.010000") == runs - 5);
                assert_true(handled_in_all() >= 2.2 && handled_in_all() < 2.3);
                stage_end(&stage);
                stage_close(&stage);
        }
}

/* Of forty that got through, after a time without any, enough are known to say that five that fail are no outage. */
static void test_a_few_bad_records_after_a_quiet_time_are_no_outage(void **state)
{
        (void)state;
        open_with(singly, NULL);
        append(0, 400);
        stage_run(&stage, 100 * SECOND, NULL, NULL);
        book.bad_from = 440;
        book.bad_to = 445;
        append(400, 445);
        stage_run(&stage, 5 * SECOND, NULL, NULL);
        assert_true(metric("chappe_breaker_open{topic=\"in\"}") == 0);
        assert_true(metric("chappe_dead_letters_total{topic=\"in\",partition=\"0\"}") == 5);
        stage_end(&stage);
        stage_close(&stage);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_slow_handler_is_in_its_own_bucket),
                cmocka_unit_test(test_a_batch_that_fails_slowly_is_in_its_own_bucket),
                cmocka_unit_test(test_a_few_bad_records_after_a_quiet_time_are_no_outage),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
