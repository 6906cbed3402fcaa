/* SPDX-License-Identifier: Apache-2.0 */
/* An Avro container file to read from. */
#pragma once

#include <chappe/container.h>

#include "schemas.h"

CHAPPE_CLEANUP_DEFINE(container, struct chappe_container *, (void)chappe_container_close)
CHAPPE_CLEANUP_DEFINE(plan, struct chappe_plan *, (void)chappe_plan_free)

struct avro_input {
        struct chappe_buffer piped; /* what came through a pipe */
        void *mapped;               /* or the file itself */
        size_t length;
        struct chappe_container *container;
};

/* "-" is standard input. The schema, and each value, are held to the line's limits. EXIT_DONE, or the exit code with
 * the reason said; avro_input_close in any case. */
int avro_input_open(const struct command_line *line, const char *path, struct avro_input *ret_input);
void avro_input_close(struct avro_input *input);
