/* SPDX-License-Identifier: Apache-2.0 */
/* A bar on standard error, where that is a terminal. */
#include "progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "instant.h"

#define WIDTH       40
#define INTERVAL_US 100000

void progress_start(struct progress *progress, int64_t total)
{
        *progress = (struct progress){ .total = total,
                                       .started_us = instant_monotonic_us(),
                                       .shown = isatty(STDERR_FILENO) };
}

void progress_step(struct progress *progress, int64_t done)
{
        int64_t now_us = progress->shown ? instant_monotonic_us() : 0;
        int64_t spent_us = now_us - progress->started_us;

        if (!progress->shown || (now_us - progress->drawn_us < INTERVAL_US && done != progress->total))
                return;
        progress->drawn_us = now_us;
        fputs("\r", stderr);
        if (progress->total > 0) {
                int filled = (int)(done * WIDTH / progress->total);

                fputc('[', stderr);
                for (int i = 0; i < WIDTH; i++)
                        fputc(i < filled ? '#' : '.', stderr);
                fprintf(stderr, "] %" PRId64 "/%" PRId64, done, progress->total);
        } else {
                fprintf(stderr, "%" PRId64, done);
        }
        fprintf(stderr, "  %.0f/s\033[K", spent_us > 0 ? (double)done * 1e6 / (double)spent_us : 0.0);
        fflush(stderr);
}

void progress_end(struct progress *progress)
{
        if (progress->shown)
                fputs("\r\033[K", stderr);
        progress->shown = false;
}
