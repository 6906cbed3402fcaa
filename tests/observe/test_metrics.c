/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics: series, Prometheus text, bounds, concurrent use. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/executor.h"
#include "observe/metrics.h"

static const char *printed(struct chappe_metrics *metrics, struct chappe_buffer *buffer)
{
        buffer->length = 0;
        assert_int_equal(chappe_metrics_print(metrics, buffer), 0);
        assert_int_equal(chappe_buffer_append(buffer, "", 1), 0);
        return (const char *)buffer->at;
}

static void test_the_same_name_and_labels_are_one_series(void **state)
{
        (void)state;
        struct chappe_metrics *metrics = chappe_metrics_new();
        struct chappe_metric *one =
                chappe_metrics_get(metrics, CHAPPE_COUNTER, "records_total", "Records.", "topic=\"a\"");

        chappe_metric_add(one, 3);
        assert_ptr_equal(chappe_metrics_get(metrics, CHAPPE_COUNTER, "records_total", "Records.", "topic=\"a\""), one);
        assert_ptr_not_equal(chappe_metrics_get(metrics, CHAPPE_COUNTER, "records_total", "Records.", "topic=\"b\""),
                             one);
        assert_int_equal(chappe_metric_value(one), 3);
        assert_null(chappe_metrics_get(NULL, CHAPPE_COUNTER, "records_total", "", NULL));
        chappe_metric_add(NULL, 1);
        chappe_metrics_free(metrics);
}

static void test_text_groups_the_series_of_one_name_under_one_head(void **state)
{
        (void)state;
        CHAPPE_CLEANUP(buffer) struct chappe_buffer buffer = {0};
        struct chappe_metrics *metrics = chappe_metrics_new();

        chappe_metric_add(chappe_metrics_get(metrics, CHAPPE_COUNTER, "b_total", "Bees.", "x=\"2\""), 2);
        chappe_metric_set(chappe_metrics_get(metrics, CHAPPE_GAUGE, "c", "Seas.", NULL), -7);
        chappe_metric_add(chappe_metrics_get(metrics, CHAPPE_COUNTER, "b_total", "Bees.", "x=\"1\""), 1);
        assert_non_null(strstr(printed(metrics, &buffer),
                               "# HELP chappe_b_total Bees.\n# TYPE chappe_b_total counter\n"
                               "chappe_b_total{x=\"1\"} 1\nchappe_b_total{x=\"2\"} 2\n"
                               "# HELP chappe_c Seas.\n# TYPE chappe_c gauge\nchappe_c -7\n"));
        chappe_metrics_free(metrics);
}

static void test_histogram_buckets_are_cumulative_and_in_seconds(void **state)
{
        (void)state;
        CHAPPE_CLEANUP(buffer) struct chappe_buffer buffer = {0};
        struct chappe_metrics *metrics = chappe_metrics_new();
        struct chappe_metric *metric =
                chappe_metrics_get(metrics, CHAPPE_HISTOGRAM, "handler_seconds", "Time.", "t=\"a\"");

        chappe_metric_observe_us(metric, 100); /* on a bound: inside */
        chappe_metric_observe_us(metric, 101);
        chappe_metric_observe_us(metric, 61000000); /* past the last */
        const char *text = printed(metrics, &buffer);
        assert_non_null(strstr(text, "chappe_handler_seconds_bucket{t=\"a\",le=\"0.000100\"} 1\n"));
        assert_non_null(strstr(text, "chappe_handler_seconds_bucket{t=\"a\",le=\"0.000250\"} 2\n"));
        assert_non_null(strstr(text, "chappe_handler_seconds_bucket{t=\"a\",le=\"60.000000\"} 2\n"));
        assert_non_null(strstr(text, "chappe_handler_seconds_bucket{t=\"a\",le=\"+Inf\"} 3\n"
                                     "chappe_handler_seconds_sum{t=\"a\"} 61.000201\n"
                                     "chappe_handler_seconds_count{t=\"a\"} 3\n"));
        assert_int_equal(chappe_metric_count(metric), 3);
        chappe_metrics_free(metrics);
}

static void test_series_beyond_the_limit_share_the_overflow_series(void **state)
{
        (void)state;
        struct chappe_metrics *metrics = chappe_metrics_new();
        CHAPPE_CLEANUP(buffer) struct chappe_buffer buffer = {0};
        struct chappe_metric *last = NULL;
        char labels[32];

        for (int i = 0; i < 10003; i++) {
                snprintf(labels, sizeof(labels), "n=\"%d\"", i);
                last = chappe_metrics_get(metrics, CHAPPE_GAUGE, "many", "Many.", labels);
                chappe_metric_set(last, 5);
        }
        assert_ptr_equal(chappe_metrics_get(metrics, CHAPPE_HISTOGRAM, "other_seconds", "Other.", NULL), last);
        assert_int_equal(chappe_metric_value(last), 3);
        assert_non_null(strstr(printed(metrics, &buffer), "chappe_metrics_overflow_total 3\n"));
        chappe_metrics_free(metrics);
}

static void test_labels_are_escaped(void **state)
{
        (void)state;
        CHAPPE_CLEANUP(buffer) struct chappe_buffer buffer = {0};

        assert_int_equal(chappe_metrics_label(&buffer, "topic", "a\"b\\c\nd"), 0);
        chappe_buffer_append(&buffer, "", 1);
        assert_string_equal((char *)buffer.at, "topic=\"a\\\"b\\\\c\\nd\"");
}

#define ADDERS 4
#define NAMES  64
#define ROUNDS 2000

static void add_to_all(void *argument)
{
        struct chappe_metrics *metrics = argument;
        char labels[32];

        for (int i = 0; i < ROUNDS; i++) {
                snprintf(labels, sizeof(labels), "n=\"%d\"", i % NAMES);
                chappe_metric_add(chappe_metrics_get(metrics, CHAPPE_COUNTER, "shared_total", "Shared.", labels), 1);
        }
}

static void test_no_addition_is_lost_between_strands(void **state)
{
        (void)state;
        struct chappe_executor *executor = chappe_executor_threads();
        struct chappe_metrics *metrics = chappe_metrics_new();
        struct chappe_strand *strands[ADDERS];
        int64_t sum = 0;
        char labels[32];

        for (int i = 0; i < ADDERS; i++)
                assert_int_equal(chappe_strand_start(executor, "adder", add_to_all, metrics, &strands[i], NULL), 0);
        for (int i = 0; i < ADDERS; i++)
                chappe_strand_join(executor, strands[i]);
        for (int i = 0; i < NAMES; i++) {
                snprintf(labels, sizeof(labels), "n=\"%d\"", i);
                sum += chappe_metric_value(
                        chappe_metrics_get(metrics, CHAPPE_COUNTER, "shared_total", "Shared.", labels));
        }
        assert_int_equal(sum, ADDERS * ROUNDS);
        chappe_metrics_free(metrics);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_same_name_and_labels_are_one_series),
                cmocka_unit_test(test_text_groups_the_series_of_one_name_under_one_head),
                cmocka_unit_test(test_histogram_buckets_are_cumulative_and_in_seconds),
                cmocka_unit_test(test_series_beyond_the_limit_share_the_overflow_series),
                cmocka_unit_test(test_labels_are_escaped),
                cmocka_unit_test(test_no_addition_is_lost_between_strands),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
