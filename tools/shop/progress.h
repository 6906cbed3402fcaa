/* SPDX-License-Identifier: Apache-2.0 */
/* A bar on standard error, where that is a terminal; nothing elsewhere. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct progress {
        const char *what; /* "placing orders" */
        size_t total;
        int64_t started_ms, shown_ms;
};

void progress_show(struct progress *progress, size_t done);
/* Takes the bar away. */
void progress_end(struct progress *progress);
