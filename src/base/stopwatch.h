/* SPDX-License-Identifier: Apache-2.0 */
/* How late it is, for who does many things in a row: while they are quick, the clock is looked at after several. */
#pragma once

#include "base/clock.h"

#define CHAPPE_STOPWATCH_LAPS 8 /* so many at a time */

struct chappe_stopwatch {
        int64_t now_us;   /* at the last look */
        int64_t quick_us; /* for so little time nobody minds that now_us is behind */
        int32_t left;     /* things until the next look */
};

/* It is so late. */
static inline int64_t chappe_stopwatch_look(struct chappe_stopwatch *watch, const struct chappe_clock *clock)
{
        watch->left = 0;
        return watch->now_us = chappe_clock_monotonic_us(clock);
}

/* One thing has been done: as late as at the last look, while things take so little that all until the next one are
 * likely to take less than quick_us. */
static inline int64_t chappe_stopwatch_lap(struct chappe_stopwatch *watch, const struct chappe_clock *clock)
{
        if (watch->left > 0) {
                watch->left--;
                return watch->now_us;
        }
        int64_t began_us = watch->now_us;
        int64_t now_us = chappe_stopwatch_look(watch, clock);
        if (now_us - began_us <= watch->quick_us)
                watch->left = CHAPPE_STOPWATCH_LAPS - 1;
        return now_us;
}
