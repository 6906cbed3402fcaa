/* SPDX-License-Identifier: Apache-2.0 */
/* A bar on standard error. */
#include "shop/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "shop/clock.h"

#define EVERY_MS 100
#define WIDTH    32

void progress_show(struct progress *progress, size_t done)
{
        int64_t now = clock_ms();

        if (!isatty(STDERR_FILENO) || progress->total == 0)
                return;
        if (!progress->started_ms)
                progress->started_ms = now;
        if (now - progress->shown_ms < EVERY_MS && done < progress->total)
                return;
        progress->shown_ms = now;

        int filled = (int)(WIDTH * done / progress->total);
        int64_t took = now - progress->started_ms;
        fprintf(stderr, "\r%s [%.*s%*s] %zu of %zu, %zu/s\033[K", progress->what, filled,
                "################################", WIDTH - filled, "", done, progress->total,
                took > 0 ? (size_t)((int64_t)done * 1000 / took) : 0);
}

void progress_end(struct progress *progress)
{
        if (isatty(STDERR_FILENO) && progress->started_ms)
                fputs("\r\033[K", stderr);
}
