/* SPDX-License-Identifier: Apache-2.0 */
/* A bar on standard error, where that is a terminal. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct progress {
        int64_t total; /* 0: unknown */
        int64_t started_us, drawn_us;
        bool shown;
};

void progress_start(struct progress *progress, int64_t total);
void progress_step(struct progress *progress, int64_t done);
/* Takes the bar away. */
void progress_end(struct progress *progress);
