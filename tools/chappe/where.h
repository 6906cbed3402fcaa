/* SPDX-License-Identifier: Apache-2.0 */
/* --where field=value: which values are meant. */
#pragma once

#include <chappe/buffer.h>

#include "commands.h"

#define WHERE_LIMIT 16

struct where {
        struct {
                const char *path; /* "customer", "lines.0.sku" */
                int path_length;
                const char *value;
                bool met; /* some value has the field */
        } conditions[WHERE_LIMIT];
        size_t count;
};

/* False: said what is wrong. */
bool where_parse(const struct command_line *line, struct where *ret_where);
/* Does the value, as plain JSON, fit all conditions? Without a value only when there are none. */
bool where_matches(struct where *where, const struct chappe_buffer *json);
/* The first condition whose field none of these values had; NULL: all were met. Ends at its '='. */
const char *where_unmet(const struct where *where, int *ret_length);
