/* SPDX-License-Identifier: Apache-2.0 */
/* A record header. */
#pragma once

#include <stddef.h>

/* A name may occur more than once in a record; the last one counts. */
struct chappe_header {
        const char *name; /* terminated */
        const void *value;
        size_t length;
};
