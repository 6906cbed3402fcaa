/* SPDX-License-Identifier: Apache-2.0 */
/* The clock seam: nothing else reads time. */
#pragma once

#include <stdint.h>

struct chappe_clock;

struct chappe_clock_operations {
        int64_t (*monotonic_us)(const struct chappe_clock *clock);
        int64_t (*wall_ms)(const struct chappe_clock *clock);
};

struct chappe_clock {
        const struct chappe_clock_operations *operations;
};

#define CHAPPE_FOREVER INT64_MAX

/* Microseconds that never go back; for deadlines and durations. */
static inline int64_t chappe_clock_monotonic_us(const struct chappe_clock *clock)
{
        return clock->operations->monotonic_us(clock);
}

/* Milliseconds since the epoch; may jump. For what is written into records. */
static inline int64_t chappe_clock_wall_ms(const struct chappe_clock *clock)
{
        return clock->operations->wall_ms(clock);
}

/* The operating system's clock. */
const struct chappe_clock *chappe_clock_system(void);
