/* SPDX-License-Identifier: Apache-2.0 */
/* Which known name was meant. */
#pragma once

#include <stddef.h>

/* Keeps the candidate that is nearest to what was written; zero-initialise but for written. */
struct chappe_nearest {
        const char *written;
        const char *name; /* borrowed from a candidate; NULL while none is near enough to be meant */
        size_t distance;
};

void chappe_nearest_offer(struct chappe_nearest *nearest, const char *candidate);
