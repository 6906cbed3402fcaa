/* SPDX-License-Identifier: Apache-2.0 */
/* What one running service says of itself: its /metrics, and what the kernel says of its memory. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BUCKETS_LIMIT 64

struct histogram {
        double bounds[BUCKETS_LIMIT]; /* upper, ascending; the last is infinite */
        double counts[BUCKETS_LIMIT]; /* cumulative */
        size_t count;
};

struct figures {
        char instance[100];
        double handled, retried, dead_letters, sent;
        struct histogram calls;
        int64_t rss_kb, anonymous_kb; /* -1: unknown */
};

/* Fetches and adds up every series of the instance. False when it does not answer. */
bool figures_fetch(struct figures *figures, int pid, int admin_port);
/* The duration in seconds below which this share of the calls lies, interpolated within its bucket; 0 without calls. */
double histogram_quantile(const struct histogram *histogram, double share);
/* Adds the counts of one to another. */
void histogram_add(struct histogram *to, const struct histogram *from);
