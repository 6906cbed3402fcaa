/* SPDX-License-Identifier: Apache-2.0 */
/* The operating system's clock. */
#include "base/clock.h"

#include <time.h>

static int64_t system_monotonic_us(const struct chappe_clock *clock)
{
        struct timespec now;

        (void)clock;
        clock_gettime(CLOCK_MONOTONIC, &now);
        return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t system_wall_ms(const struct chappe_clock *clock)
{
        struct timespec now;

        (void)clock;
        clock_gettime(CLOCK_REALTIME, &now);
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static const struct chappe_clock_operations system_operations = {
        .monotonic_us = system_monotonic_us,
        .wall_ms = system_wall_ms,
};

static const struct chappe_clock system_clock = { .operations = &system_operations };

const struct chappe_clock *chappe_clock_system(void)
{
        return &system_clock;
}
