/* SPDX-License-Identifier: Apache-2.0 */
/* What is measured of one partition. Looked up once each, kept until the end: a partition that comes back goes on. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "observe/metrics.h"

struct chappe_channel;

struct chappe_meters {
        const struct chappe_channel *channel;
        int32_t partition;
        /* set once a second, by the poll strand */
        struct chappe_metric *highest;
        struct chappe_metric *finished;
        struct chappe_metric *committed;
        struct chappe_metric *in_flight;
        struct chappe_metric *parked;
        struct chappe_metric *oldest;
        /* counted by workers */
        struct chappe_metric *handled;
        struct chappe_metric *retried;
        struct chappe_metric *dead;
        struct chappe_metric *batches;
        struct chappe_metric *split;
        struct chappe_metric *handler_time;
        struct chappe_meters *next;
};

/* Zero-initialise; chappe_meters_deinit once nobody counts any more. Of the poll strand. */
struct chappe_meters_table {
        struct chappe_meters *first;
};

/* Those of a partition, made on first use; NULL when memory is short. */
const struct chappe_meters *chappe_meters_get(struct chappe_meters_table *table, struct chappe_metrics *metrics,
                                              const struct chappe_channel *channel, int32_t partition);
/* The partition is ours no longer: nothing is fetched, in flight, parked or unfinished here. */
void chappe_meters_rest(const struct chappe_meters *meters);
void chappe_meters_deinit(struct chappe_meters_table *table);

/* What a worker has counted of one partition and not told yet: a shared counter costs more than all other counting.
 * Zero-initialise. */
struct chappe_tally {
        const struct chappe_meters *meters; /* NULL: there is nothing to tell */
        int64_t handled;
        int64_t runs; /* short ones, and how long all of them took */
        int64_t runs_us;
};

/* Tells what there is, and goes on with these meters; NULL: with none. */
void chappe_tally_turn(struct chappe_tally *tally, const struct chappe_meters *meters);
/* A handler has run. */
static inline void chappe_tally_run(struct chappe_tally *tally, const struct chappe_meters *meters, int64_t us)
{
        if (tally->meters != meters)
                chappe_tally_turn(tally, meters);
        if (us > CHAPPE_METRIC_SHORT_US || us < 0) {
                chappe_metric_observe_us(meters->handler_time, us);
                return;
        }
        tally->runs++;
        tally->runs_us += us;
}
/* Those that have run took so much longer, in all. */
static inline void chappe_tally_lengthen(struct chappe_tally *tally, int64_t us)
{
        if (tally->runs > 0 && us > CHAPPE_METRIC_SHORT_US) { /* one of them was no short one */
                tally->runs--;
                chappe_metric_observe_us(tally->meters->handler_time, us);
        } else if (tally->runs > 0) {
                tally->runs_us += us;
        }
}
/* It was done. */
static inline void chappe_tally_handled(struct chappe_tally *tally, const struct chappe_meters *meters)
{
        if (tally->meters != meters)
                chappe_tally_turn(tally, meters);
        tally->handled++;
}
