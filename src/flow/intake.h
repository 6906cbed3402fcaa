/* SPDX-License-Identifier: Apache-2.0 */
/* From the partition queues into the handover, as far as there is room; and what is measured of each partition. Of the
 * poll strand. */
#pragma once

#include "flow/handover.h"
#include "flow/meters.h"
#include "flow/watchdog.h"

struct chappe_intake {
        struct chappe_runtime *runtime;
        struct chappe_handover *handover;
        struct chappe_assignment *assignment;
        struct chappe_consumer *consumer;
        const char *group;
        struct chappe_meters_table meters;
        struct chappe_trial_policy trial_policy;
        const struct chappe_share *alone; /* its record runs, or is about to run, on trial; NULL: none does */
        bool commit_wanted;               /* at once: something waits for it */
        size_t turn;                      /* the share that comes first in the next pass */
        struct chappe_metric *late;
        struct chappe_metric *fetched;
        uint64_t late_told; /* completions, in the metric */
};

/* Fills in what the configuration says. */
void chappe_intake_init(struct chappe_intake *intake);
/* A partition is ours. Where reading starts goes into *ret_start: the committed offset, or the end of the log that
 * start_from names. */
void chappe_intake_gain(struct chappe_intake *intake, const struct chappe_channel *channel,
                        const struct chappe_position *committed, int64_t now_us, struct chappe_position *ret_start);
/* A share goes, with what is measured of it. */
void chappe_intake_drop(struct chappe_intake *intake, struct chappe_share *share);
/* Every share of the channel begins at the target of its partition, once its running handlers have come back. */
void chappe_intake_move(struct chappe_intake *intake, const struct chappe_channel *channel, const int64_t *targets,
                        int32_t target_count);
/* Is any of them still to begin there? */
bool chappe_intake_moving(const struct chappe_intake *intake, const struct chappe_channel *channel);
/* A partition was read to its present end: so far a replay's window may reach. */
void chappe_intake_reach_end(struct chappe_intake *intake, const struct chappe_position *end);
/* Of a replay: has everything that is ours been committed to its window's end? */
bool chappe_intake_over(const struct chappe_intake *intake);
/* One pass over all shares; true when there may be more to take. */
bool chappe_intake_take(struct chappe_intake *intake, int64_t now_us);
/* Brings the gauges of all shares up to date; finds the record that has been unfinished longest. */
void chappe_intake_measure(struct chappe_intake *intake, int64_t now_us, struct chappe_oldest *ret_oldest);
