/* SPDX-License-Identifier: Apache-2.0 */
/* Settled offsets: a watermark and the runs behind it. */
#include "service/settled.h"

#include <stdlib.h>
#include <string.h>

#include <chappe/error.h>

static int make_room(struct chappe_settled *settled)
{
        if (settled->count < settled->capacity)
                return 0;
        size_t capacity = settled->capacity ? 2 * settled->capacity : 16;
        struct chappe_offset_run *runs = realloc(settled->runs, capacity * sizeof(*runs));
        if (!runs)
                return -CHAPPE_E_NO_MEMORY;
        settled->runs = runs;
        settled->capacity = capacity;
        return 0;
}

/* The first run that ends at or behind this offset. */
static size_t find(const struct chappe_settled *settled, int64_t offset)
{
        size_t low = 0, high = settled->count;
        while (low < high) {
                size_t middle = low + (high - low) / 2;
                if (settled->runs[middle].to < offset)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

static void take_out(struct chappe_settled *settled, size_t at, size_t count)
{
        settled->count -= count;
        memmove(&settled->runs[at], &settled->runs[at + count], (settled->count - at) * sizeof(settled->runs[0]));
}

/* A run that has come to touch the watermark carries it on. */
static void advance(struct chappe_settled *settled)
{
        size_t behind = 0;
        for (; behind < settled->count && settled->runs[behind].from <= settled->watermark; behind++)
                if (settled->runs[behind].to >= settled->watermark)
                        settled->watermark = settled->runs[behind].to + 1;
        take_out(settled, 0, behind);
}

int chappe_settled_add(struct chappe_settled *settled, struct chappe_offset_run run)
{
        /* Those that it touches become one with it. */
        size_t first = find(settled, run.from - 1), last = first;
        for (; last < settled->count && settled->runs[last].from <= run.to + 1; last++) {
                if (settled->runs[last].from < run.from)
                        run.from = settled->runs[last].from;
                if (settled->runs[last].to > run.to)
                        run.to = settled->runs[last].to;
        }
        if (last > first) {
                take_out(settled, first + 1, last - first - 1);
        } else {
                int status = make_room(settled);
                if (status < 0)
                        return status;
                memmove(&settled->runs[first + 1], &settled->runs[first],
                        (settled->count - first) * sizeof(settled->runs[0]));
                settled->count++;
        }
        settled->runs[first] = run;
        advance(settled);
        return 0;
}

int chappe_settled_load(struct chappe_settled *settled, int64_t committed, const char *metadata, int64_t low)
{
        struct chappe_progress progress = { 0 };
        int status = 0;
        settled->watermark = committed > low ? committed : low;
        (void)chappe_progress_parse(&progress, metadata, committed);
        for (size_t i = 0; status == 0 && i < progress.run_count; i++)
                status = chappe_settled_add(settled, progress.runs[i]);
        chappe_progress_deinit(&progress);
        return status;
}

bool chappe_settled_has(const struct chappe_settled *settled, int64_t offset)
{
        size_t at = find(settled, offset);
        return offset < settled->watermark || (at < settled->count && settled->runs[at].from <= offset);
}

/* Runs for which there is no room are left out by the printing: nothing may be left out here. */
static bool fits(const struct chappe_progress *progress, const char *text)
{
        struct chappe_progress told = { 0 };
        bool whole = progress->run_count == 0 ||
                     (chappe_progress_parse(&told, text, progress->watermark) && told.run_count == progress->run_count);
        chappe_progress_deinit(&told);
        return whole;
}

int chappe_settled_print(const struct chappe_settled *settled, char ret_text[CHAPPE_PROGRESS_SIZE])
{
        struct chappe_progress progress = { 0 };
        int status = 0;
        chappe_progress_reset(&progress, settled->watermark);
        for (size_t i = 0; status == 0 && i < settled->count; i++)
                status = chappe_progress_add(&progress, settled->runs[i]);
        ret_text[0] = '\0';
        if (status == 0 && chappe_progress_print(&progress, ret_text) == 0)
                ret_text[0] = '\0';
        if (status == 0 && !fits(&progress, ret_text))
                status = -CHAPPE_E_LIMIT;
        chappe_progress_deinit(&progress);
        return status;
}

void chappe_settled_deinit(struct chappe_settled *settled)
{
        free(settled->runs);
        *settled = (struct chappe_settled){ 0 };
}
