/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters, gauges and histograms. Series are found in a hash table of lists that only ever grow at their heads, so
 * that neither looking up nor adding takes a lock.
 */
#include "observe/metrics.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define SERIES_MAXIMUM 10000
#define LISTS          1024

/* Upper bounds of the buckets in microseconds; one more bucket takes the rest. */
static const int64_t bounds_us[] = {CHAPPE_METRIC_SHORT_US,    250,    500,    1000,    2500,    5000,    10000,    25000,    50000,
                                    100000, 250000, 500000, 1000000, 2500000, 5000000, 10000000, 30000000, 60000000};
#define BOUNDS (sizeof(bounds_us) / sizeof(*bounds_us))

struct chappe_metric {
        struct chappe_metric *next; /* constant once in its list */
        enum chappe_metric_kind kind;
        bool overflow; /* stands for all that found no room */
        const char *name;
        const char *labels;
        const char *help;
        _Atomic int64_t value;      /* of a histogram: sum in µs */
        _Atomic uint64_t buckets[]; /* of a histogram: BOUNDS + 1, not cumulative */
};

struct chappe_metrics {
        _Atomic(struct chappe_metric *) lists[LISTS];
        atomic_uint count;
        struct chappe_metric *overflow;
};

/* One allocation: the series, its buckets, its strings. */
static struct chappe_metric *series_new(enum chappe_metric_kind kind, const char *name, const char *help,
                                        const char *labels)
{
        size_t buckets = kind == CHAPPE_HISTOGRAM ? (BOUNDS + 1) * sizeof(uint64_t) : 0;
        size_t name_size = strlen(name) + 1, labels_size = strlen(labels) + 1, help_size = strlen(help) + 1;
        struct chappe_metric *metric = calloc(1, sizeof(*metric) + buckets + name_size + labels_size + help_size);
        if (!metric)
                return NULL;

        char *strings = (char *)metric + sizeof(*metric) + buckets;
        metric->kind = kind;
        metric->name = memcpy(strings, name, name_size);
        metric->labels = memcpy(strings + name_size, labels, labels_size);
        metric->help = memcpy(strings + name_size + labels_size, help, help_size);
        return metric;
}

struct chappe_metrics *chappe_metrics_new(void)
{
        struct chappe_metrics *metrics = calloc(1, sizeof(*metrics));
        if (!metrics)
                return NULL;
        metrics->overflow = series_new(CHAPPE_COUNTER, "metrics_overflow_total",
                                       "Changes to series beyond the limit of series.", "");
        if (!metrics->overflow)
                return chappe_metrics_free(metrics);
        metrics->overflow->overflow = true;
        return metrics;
}

struct chappe_metrics *chappe_metrics_free(struct chappe_metrics *metrics)
{
        if (!metrics)
                return NULL;
        for (size_t i = 0; i < LISTS; i++) {
                struct chappe_metric *metric = atomic_load(&metrics->lists[i]);
                while (metric) {
                        struct chappe_metric *next = metric->next;
                        free(metric);
                        metric = next;
                }
        }
        free(metrics->overflow);
        free(metrics);
        return NULL;
}

/* FNV-1a: short strings, a table of our own names. */
static uint32_t hash(const char *name, const char *labels)
{
        uint32_t value = 2166136261U;

        for (; *name; name++)
                value = (value ^ (unsigned char)*name) * 16777619U;
        for (; *labels; labels++)
                value = (value ^ (unsigned char)*labels) * 16777619U;
        return value;
}

/* Searches from a list's head down to, but without, the end. */
static struct chappe_metric *find(struct chappe_metric *head, const struct chappe_metric *end, const char *name,
                                  const char *labels)
{
        for (struct chappe_metric *metric = head; metric != end; metric = metric->next) {
                if (strcmp(metric->name, name) == 0 && strcmp(metric->labels, labels) == 0)
                        return metric;
        }
        return NULL;
}

struct chappe_metric *chappe_metrics_get(struct chappe_metrics *metrics, enum chappe_metric_kind kind, const char *name,
                                         const char *help, const char *labels)
{
        if (!metrics)
                return NULL;
        if (!labels)
                labels = "";

        _Atomic(struct chappe_metric *) *list = &metrics->lists[hash(name, labels) % LISTS];
        struct chappe_metric *head = atomic_load(list);
        struct chappe_metric *found = find(head, NULL, name, labels);
        if (found)
                return found;

        struct chappe_metric *metric = NULL;
        if (atomic_fetch_add(&metrics->count, 1) < SERIES_MAXIMUM)
                metric = series_new(kind, name, help ? help : "", labels);
        if (!metric) {
                atomic_fetch_sub(&metrics->count, 1);
                return metrics->overflow;
        }

        do {
                /* After a lost race, only what came in front since the last look can be the same series. */
                found = find(head, metric->next, name, labels);
                if (found) {
                        atomic_fetch_sub(&metrics->count, 1);
                        free(metric);
                        return found;
                }
                metric->next = head;
        } while (!atomic_compare_exchange_weak(list, &head, metric));
        return metric;
}

void chappe_metric_add(struct chappe_metric *metric, int64_t amount)
{
        if (metric)
                atomic_fetch_add_explicit(&metric->value, metric->overflow ? 1 : amount, memory_order_relaxed);
}

void chappe_metric_set(struct chappe_metric *metric, int64_t value)
{
        if (!metric)
                return;
        if (metric->overflow)
                chappe_metric_add(metric, 1);
        else
                atomic_store_explicit(&metric->value, value, memory_order_relaxed);
}

void chappe_metric_observe_us(struct chappe_metric *metric, int64_t duration_us)
{
        if (!metric)
                return;
        if (metric->kind == CHAPPE_HISTOGRAM) {
                size_t bucket = 0;
                while (bucket < BOUNDS && duration_us > bounds_us[bucket])
                        bucket++;
                atomic_fetch_add_explicit(&metric->buckets[bucket], 1, memory_order_relaxed);
        }
        chappe_metric_add(metric, duration_us > 0 ? duration_us : 0);
}

void chappe_metric_observe_short(struct chappe_metric *metric, int64_t count, int64_t sum_us)
{
        if (!metric)
                return;
        if (metric->kind == CHAPPE_HISTOGRAM)
                atomic_fetch_add_explicit(&metric->buckets[0], (uint64_t)count, memory_order_relaxed);
        chappe_metric_add(metric, sum_us);
}

int64_t chappe_metric_value(const struct chappe_metric *metric)
{
        return metric ? atomic_load_explicit(&metric->value, memory_order_relaxed) : 0;
}

uint64_t chappe_metric_count(const struct chappe_metric *metric)
{
        uint64_t count = 0;

        for (size_t i = 0; metric && metric->kind == CHAPPE_HISTOGRAM && i <= BOUNDS; i++)
                count += atomic_load_explicit(&metric->buckets[i], memory_order_relaxed);
        return count;
}

static int by_name(const void *a, const void *b)
{
        const struct chappe_metric *one = *(struct chappe_metric *const *)a, *other = *(struct chappe_metric *const *)b;
        int order = strcmp(one->name, other->name);

        return order ? order : strcmp(one->labels, other->labels);
}

static int print_head(const struct chappe_metric *metric, struct chappe_buffer *buffer)
{
        static const char *const kinds[] = {"counter", "gauge", "histogram"};

        return chappe_buffer_printf(buffer, "# HELP chappe_%s %s\n# TYPE chappe_%s %s\n", metric->name, metric->help,
                                    metric->name, kinds[metric->kind]);
}

static int print_histogram(const struct chappe_metric *metric, struct chappe_buffer *buffer)
{
        const char *comma = *metric->labels ? "," : "";
        uint64_t count = 0;
        int r = 0;

        for (size_t i = 0; i < BOUNDS && r >= 0; i++) {
                count += atomic_load_explicit(&metric->buckets[i], memory_order_relaxed);
                r = chappe_buffer_printf(buffer, "chappe_%s_bucket{%s%sle=\"%lld.%06lld\"} %llu\n", metric->name,
                                         metric->labels, comma, (long long)(bounds_us[i] / 1000000),
                                         (long long)(bounds_us[i] % 1000000), (unsigned long long)count);
        }
        if (r < 0)
                return r;
        count += atomic_load_explicit(&metric->buckets[BOUNDS], memory_order_relaxed);

        const char *open = *metric->labels ? "{" : "", *close = *metric->labels ? "}" : "";
        int64_t sum_us = chappe_metric_value(metric);
        return chappe_buffer_printf(buffer,
                                    "chappe_%s_bucket{%s%sle=\"+Inf\"} %llu\n"
                                    "chappe_%s_sum%s%s%s %lld.%06lld\n"
                                    "chappe_%s_count%s%s%s %llu\n",
                                    metric->name, metric->labels, comma, (unsigned long long)count, metric->name, open,
                                    metric->labels, close, (long long)(sum_us / 1000000), (long long)(sum_us % 1000000),
                                    metric->name, open, metric->labels, close, (unsigned long long)count);
}

static int print_series(const struct chappe_metric *metric, struct chappe_buffer *buffer)
{
        if (metric->kind == CHAPPE_HISTOGRAM)
                return print_histogram(metric, buffer);

        const char *open = *metric->labels ? "{" : "", *close = *metric->labels ? "}" : "";
        return chappe_buffer_printf(buffer, "chappe_%s%s%s%s %lld\n", metric->name, open, metric->labels, close,
                                    (long long)chappe_metric_value(metric));
}

/* All series at this moment, those of one name together; the array is the caller's. */
static size_t collect(struct chappe_metrics *metrics, struct chappe_metric **all, size_t size)
{
        size_t count = 0;

        all[count++] = metrics->overflow;
        for (size_t i = 0; i < LISTS; i++) {
                for (struct chappe_metric *metric = atomic_load(&metrics->lists[i]); metric && count < size;
                     metric = metric->next)
                        all[count++] = metric;
        }
        qsort(all, count, sizeof(*all), by_name);
        return count;
}

int chappe_metrics_print(struct chappe_metrics *metrics, struct chappe_buffer *buffer)
{
        size_t size = atomic_load(&metrics->count) + 1;
        struct chappe_metric **all = malloc(size * sizeof(*all));
        if (!all)
                return -CHAPPE_E_NO_MEMORY;

        size_t count = collect(metrics, all, size);
        int r = 0;
        for (size_t i = 0; i < count && r >= 0; i++) {
                if (i == 0 || strcmp(all[i]->name, all[i - 1]->name) != 0)
                        r = print_head(all[i], buffer);
                if (r >= 0)
                        r = print_series(all[i], buffer);
        }
        free(all);
        return r < 0 ? r : 0;
}

int chappe_metrics_label(struct chappe_buffer *buffer, const char *name, const char *value)
{
        int r = chappe_buffer_printf(buffer, "%s=\"", name);

        for (; *value && r >= 0; value++) {
                if (*value == '\n')
                        r = chappe_buffer_append(buffer, "\\n", 2);
                else if (*value == '"' || *value == '\\')
                        r = chappe_buffer_append(buffer, (char[]){'\\', *value}, 2);
                else
                        r = chappe_buffer_append(buffer, value, 1);
        }
        return r < 0 ? r : chappe_buffer_append(buffer, "\"", 1);
}
