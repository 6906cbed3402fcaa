/* SPDX-License-Identifier: Apache-2.0 */
/* Counters, gauges and histograms, printed as Prometheus text (exposition format 0.0.4). */
#pragma once

#include <stdint.h>

#include <chappe/buffer.h>
#include <chappe/error.h>

struct chappe_metrics;
struct chappe_metric; /* one series: name and labels; lives as long as its metrics */

enum chappe_metric_kind { CHAPPE_COUNTER, CHAPPE_GAUGE, CHAPPE_HISTOGRAM };

struct chappe_metrics *chappe_metrics_new(void);
struct chappe_metrics *chappe_metrics_free(struct chappe_metrics *metrics);

/* The series of this name (without the chappe_ prefix; base units, _total on counters) and labels (rendered: topic="a",partition="3";
 * values escaped by the caller with chappe_metrics_label; NULL: none), made on first use. Never NULL: past the limit of 10,000 series
 * everything more is counted in one overflow series. Histograms are in seconds with fixed buckets from 100 µs to 60 s. Any strand;
 * look up once, keep the pointer. metrics may be NULL. */
struct chappe_metric *chappe_metrics_get(struct chappe_metrics *metrics, enum chappe_metric_kind kind, const char *name,
                                         const char *help, const char *labels);

/* Any strand, lock-free; metric may be NULL. */
void chappe_metric_add(struct chappe_metric *metric, int64_t amount);
void chappe_metric_set(struct chappe_metric *metric, int64_t value);
void chappe_metric_observe_us(struct chappe_metric *metric, int64_t duration_us);
/* Several durations at once, none of more than CHAPPE_METRIC_SHORT_US, and their sum. */
void chappe_metric_observe_short(struct chappe_metric *metric, int64_t count, int64_t sum_us);
#define CHAPPE_METRIC_SHORT_US 100 /* the upper bound of the first bucket */
int64_t chappe_metric_value(const struct chappe_metric *metric);
/* Of a histogram: how many were observed. */
uint64_t chappe_metric_count(const struct chappe_metric *metric);

/* Appends all series as text. */
int chappe_metrics_print(struct chappe_metrics *metrics, struct chappe_buffer *buffer);
/* Appends name="value" with the value escaped. */
int chappe_metrics_label(struct chappe_buffer *buffer, const char *name, const char *value);
