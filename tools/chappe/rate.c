/* SPDX-License-Identifier: Apache-2.0 */
/* --rate: so many a second. */
#include "rate.h"

#include <stdlib.h>
#include <string.h>

#include "cluster.h"
#include "instant.h"

bool rate_parse(const struct command_line *line, double *ret_a_second)
{
        const char *text = command_value(line, "rate");
        char *end;

        if (!text)
                return true;
        *ret_a_second = strtod(text, &end);
        if (end == text || (*end && strcmp(end, "/s") != 0) || !(*ret_a_second >= 0.001 && *ret_a_second <= 1e7)) {
                command_misuse("--rate is a number a second (0.001 to 10,000,000), such as 200/s, not '%s'", text);
                return false;
        }
        return true;
}

void rate_keep(struct rate *rate)
{
        if (rate->a_second == 0)
                return;
        if (rate->started_us == 0)
                rate->started_us = instant_monotonic_us();
        int64_t due_us = rate->started_us + (int64_t)((double)rate->passed++ * 1e6 / rate->a_second);

        while (!cluster_interrupted() && instant_monotonic_us() < due_us)
                instant_wait_until_us(due_us);
}
