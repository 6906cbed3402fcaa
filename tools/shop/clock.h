/* SPDX-License-Identifier: Apache-2.0 */
/* Time, for programs that stand outside the runtime. */
#pragma once

#include <stdint.h>
#include <time.h>

/* Milliseconds that never go back. */
static inline int64_t clock_ms(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
