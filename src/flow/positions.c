/* SPDX-License-Identifier: Apache-2.0 */
/* Partitions as people read them. */
#include "flow/positions.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ROOM_FOR_MORE 40 /* " … and 18446744073709551615 more" and the bracket before it */

static bool same_topic(const struct chappe_position *a, const struct chappe_position *b)
{
        return strcmp(a->topic, b->topic) == 0;
}

/* How many of them are one topic's partitions, each the next number. */
static size_t run_length(const struct chappe_position *positions, size_t count)
{
        size_t length = 1;
        while (length < count && same_topic(&positions[0], &positions[length]) &&
               positions[length].partition == positions[length - 1].partition + 1)
                length++;
        return length;
}

static int format_run(const struct chappe_position *run, size_t length, bool continues, char *text, size_t size)
{
        char numbers[32];
        if (length == 1)
                snprintf(numbers, sizeof(numbers), "%" PRId32, run[0].partition);
        else
                snprintf(numbers, sizeof(numbers), "%" PRId32 "-%" PRId32, run[0].partition, run[length - 1].partition);
        return continues ? snprintf(text, size, ",%s", numbers) : snprintf(text, size, "%s[%s", run[0].topic, numbers);
}

void chappe_positions_format(const struct chappe_position *positions, size_t count, char *text, size_t size)
{
        size_t used = 0, done = 0;

        assert(size >= 64);
        snprintf(text, size, "none");
        while (done < count) {
                size_t length = run_length(&positions[done], count - done);
                bool continues = done > 0 && same_topic(&positions[done - 1], &positions[done]);
                const char *between = done > 0 && !continues ? "] " : "";
                size_t gap = strlen(between);
                int written = used + gap + ROOM_FOR_MORE < size
                                      ? format_run(&positions[done], length, continues, text + used + gap,
                                                   size - used - gap - ROOM_FOR_MORE)
                                      : -1;
                if (written < 0 || used + gap + (size_t)written + ROOM_FOR_MORE >= size) {
                        snprintf(text + used, size - used, "%s… and %zu more", done > 0 ? "] " : "", count - done);
                        return;
                }
                memcpy(text + used, between, gap);
                used += gap + (size_t)written;
                done += length;
        }
        if (done > 0)
                snprintf(text + used, size - used, "]");
}
