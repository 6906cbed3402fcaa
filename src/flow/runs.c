/* SPDX-License-Identifier: Apache-2.0 */
/* What each worker is at: one cache line a worker. */
#include "flow/runs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOLD_MAXIMUM 8 /* handlers by name; more would say little more */

int chappe_runs_init(struct chappe_runs *runs, int workers, struct chappe_error *error)
{
        size_t size = (size_t)workers * sizeof(struct chappe_at_work);
        runs->workers = aligned_alloc(sizeof(struct chappe_at_work), size);
        if (!runs->workers)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for the consumer runtime");
        memset(runs->workers, 0, size);
        runs->count = workers;
        return 0;
}

void chappe_runs_deinit(struct chappe_runs *runs)
{
        free(runs->workers);
        *runs = (struct chappe_runs){ 0 };
}

size_t chappe_runs_list(const struct chappe_runs *runs, struct chappe_run *ret_runs, size_t maximum)
{
        size_t count = 0;
        for (int i = 0; i < runs->count; i++) {
                const struct chappe_at_work *at_work = &runs->workers[i];
                int64_t began_us = atomic_load_explicit(&at_work->began_us, memory_order_acquire);
                if (began_us == 0)
                        continue;
                size_t at = count;
                while (at > 0 && ret_runs[at - 1].began_us > began_us)
                        at--;
                if (at == maximum)
                        continue;
                count += count < maximum;
                memmove(&ret_runs[at + 1], &ret_runs[at], (count - at - 1) * sizeof(*ret_runs));
                ret_runs[at] = (struct chappe_run){ began_us, atomic_load(&at_work->channel),
                                                    atomic_load(&at_work->partition), atomic_load(&at_work->offset) };
        }
        return count;
}

void chappe_runs_print(const struct chappe_runs *runs, int64_t now_us, char *ret_text, size_t size)
{
        struct chappe_run told[TOLD_MAXIMUM + 1];
        size_t count = chappe_runs_list(runs, told, TOLD_MAXIMUM + 1);
        size_t used = (size_t)snprintf(ret_text, size, "%s", count > 0 ? "" : "no handler");
        for (size_t i = 0; i < count && i < TOLD_MAXIMUM && used < size; i++)
                used += (size_t)snprintf(ret_text + used, size - used,
                                         "%s%s[%" PRId32 "]@%" PRId64 " for %" PRId64 " s", i > 0 ? ", " : "",
                                         told[i].channel->name, told[i].partition, told[i].offset,
                                         (now_us - told[i].began_us) / 1000000);
        if (count > TOLD_MAXIMUM && used < size)
                snprintf(ret_text + used, size - used, " and more");
}
