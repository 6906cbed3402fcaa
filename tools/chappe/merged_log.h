/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of many processes on one stream, each behind the name of who wrote it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define MERGED_LINE_LIMIT 8192

/* What one process has written and not yet ended with a line break. */
struct merged_source {
        const char *name;
        unsigned int colour; /* any number: names of the same one look the same */
        char line[MERGED_LINE_LIMIT];
        size_t length;
};

struct merged_log {
        int descriptor;
        bool colour;
        int name_width;
};

/* Takes bytes as they come; writes whole lines. JSON lines name their service already and are handed on as they are. A
 * line over the limit is written in pieces. */
void merged_log_take(const struct merged_log *log, struct merged_source *source, const char *bytes, size_t length);
/* What was left without a line break. */
void merged_log_end(const struct merged_log *log, struct merged_source *source);
