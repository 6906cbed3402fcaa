/* SPDX-License-Identifier: Apache-2.0 */
/* How late it is, for who does many things in a row: while they are quick, the clock is looked at after several. */
#pragma once

#include <stdbool.h>

#include "base/clock.h"

#define CHAPPE_STOPWATCH_LAPS 8 /* so many at a time */

struct chappe_stopwatch {
        int64_t now_us;   /* at the last look */
        int64_t quick_us; /* what took so little by itself, or eight together, may go without a look the next time */
        int32_t left;     /* things until the next look */
        bool behind;      /* something has been done since the last one */
};

/* It is so late. */
static inline int64_t chappe_stopwatch_look(struct chappe_stopwatch *watch, const struct chappe_clock *clock)
{
        watch->left = 0;
        watch->behind = false;
        return watch->now_us = chappe_clock_monotonic_us(clock);
}

/* One thing has been done. As late as at the last look, if that was not long after the one before: behind by the things
 * since then, seven at most. */
static inline int64_t chappe_stopwatch_lap(struct chappe_stopwatch *watch, const struct chappe_clock *clock)
{
        if (watch->left > 0) {
                watch->left--;
                watch->behind = true;
                return watch->now_us;
        }
        int64_t began_us = watch->now_us;
        int64_t now_us = chappe_stopwatch_look(watch, clock);
        if (now_us - began_us <= watch->quick_us)
                watch->left = CHAPPE_STOPWATCH_LAPS - 1;
        return now_us;
}
