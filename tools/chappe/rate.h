/* SPDX-License-Identifier: Apache-2.0 */
/* --rate: so many a second. */
#pragma once

#include "commands.h"

struct rate {
        double a_second; /* 0: as fast as they go */
        int64_t started_us;
        int64_t passed;
};

/* "200/s", plain 200, or 0.1: one in ten seconds. False: said what is wrong. */
bool rate_parse(const struct command_line *line, double *ret_a_second);
/* Waits until the next one is due, or an interrupt. */
void rate_keep(struct rate *rate);
