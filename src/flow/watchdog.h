/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Consumption that stands still is told: a handler that does not come back, a partition with records in hand none of
 * which finishes or is put off, commits that fail, so many keys in trouble that intake waits. In the log when it begins
 * and when it ends, as a gauge, in health. Of the poll strand, but for chappe_watchdog_alarm.
 */
#pragma once

#include <stdatomic.h>

#include "flow/alarm.h"
#include "flow/handover.h"

enum chappe_watch {
        CHAPPE_WATCH_HANDLER,
        CHAPPE_WATCH_PARTITION,
        CHAPPE_WATCH_COMMIT,
        CHAPPE_WATCH_PARK,
        CHAPPE_WATCHES,
};

/* Zero-initialise; chappe_watchdog_init before use. */
struct chappe_watchdog {
        const struct chappe_runtime *runtime;
        struct chappe_handover *handover;
        const struct chappe_assignment *assignment;
        int64_t stuck_us; /* 0: handlers and partitions may take as long as they like */
        struct chappe_alarm alarms[CHAPPE_WATCHES];
        struct chappe_metric *gauges[CHAPPE_WATCHES];
        struct chappe_metric *parked;
        struct chappe_metric *parked_bytes;
        _Atomic int alarm; /* code; 0: all is well */
};

void chappe_watchdog_init(struct chappe_watchdog *watchdog, const struct chappe_runtime *runtime,
                          struct chappe_handover *handover, const struct chappe_assignment *assignment);
/* Looks at everything; every second or so. commits_fail: the latest commit was refused, or never answered. */
void chappe_watchdog_look(struct chappe_watchdog *watchdog, bool commits_fail, int64_t now_us);
/* What is wrong with handlers or partitions, as an error code; 0: nothing. Commits may fail for the brokers' reasons,
 * which a new start would not mend. Any strand. */
int chappe_watchdog_alarm(struct chappe_watchdog *watchdog);
