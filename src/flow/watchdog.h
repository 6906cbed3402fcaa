/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Consumption that stands still is told: a handler that does not come back, a partition with records in hand none of
 * which finishes or is put off, a record that gets too old, commits that fail, so many keys in trouble that intake
 * waits, a topic that is held for an outage or for a dead letter, or that is not there any more. In the log when it
 * begins and when it ends, as a gauge, in health. Of the poll strand, but for chappe_watchdog_alarm and
 * chappe_watchdog_trouble. (The poll strand itself is watched by whoever asks for health: poll_strand.h.)
 */
#pragma once

#include "flow/alarm.h"
#include "flow/handover.h"

enum chappe_watch {
        CHAPPE_WATCH_HANDLER,
        CHAPPE_WATCH_PARTITION, /* up to here, a new start may help */
        CHAPPE_WATCH_COMMIT,
        CHAPPE_WATCH_PARK,
        CHAPPE_WATCH_OUTAGE,
        CHAPPE_WATCH_DEAD_LETTER,
        CHAPPE_WATCH_TOPIC, /* up to here, consumption stands still or is about to */
        CHAPPE_WATCH_AGE,
        CHAPPE_WATCHES,
};

#define CHAPPE_WATCH_TEXT 400

/* Zero-initialise; chappe_watchdog_init before use. */
struct chappe_watchdog {
        const struct chappe_runtime *runtime;
        struct chappe_handover *handover;
        const struct chappe_assignment *assignment;
        int64_t stuck_us; /* 0: handlers and partitions may take as long as they like */
        int64_t age_us;   /* 0: records may get as old as they like */
        struct chappe_alarm alarms[CHAPPE_WATCHES];
        char said[CHAPPE_WATCHES][CHAPPE_WATCH_TEXT]; /* as it was seen last */
        struct chappe_metric *gauges[CHAPPE_WATCHES];
        struct chappe_metric *parked;
        struct chappe_metric *parked_bytes;
        struct chappe_metric *longest;
        struct chappe_mutex *told; /* over the next two, which are for any strand; code 0: all is well */
        struct chappe_error alarm;
        struct chappe_error trouble; /* the same for all that is watched */
};

int chappe_watchdog_init(struct chappe_watchdog *watchdog, const struct chappe_runtime *runtime,
                         struct chappe_handover *handover, const struct chappe_assignment *assignment,
                         struct chappe_error *error);
void chappe_watchdog_deinit(struct chappe_watchdog *watchdog);
/* The first unfinished record of the partition that is furthest behind; share NULL: there is none. */
struct chappe_oldest {
        const struct chappe_share *share;
        int64_t offset;
        int64_t age_us;
};

/* What others know of, as it is now. */
struct chappe_watched {
        bool commits_fail; /* the latest commit was refused, or never answered */
        struct chappe_oldest oldest;
        const struct chappe_channel *missing; /* its topic is not there; NULL: all are */
};

/* Looks at everything; every second or so. */
void chappe_watchdog_look(struct chappe_watchdog *watchdog, const struct chappe_watched *watched, int64_t now_us);
/* Is anything wrong with handlers or partitions? Commits may fail for the brokers' reasons, which a new start would not
 * mend. error may be NULL. Any strand. */
bool chappe_watchdog_alarm(struct chappe_watchdog *watchdog, struct chappe_error *error);
/* Is anything wrong with what is watched? error may be NULL. Any strand. */
bool chappe_watchdog_trouble(struct chappe_watchdog *watchdog, struct chappe_error *error);
