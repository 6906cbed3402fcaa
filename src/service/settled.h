/* SPDX-License-Identifier: Apache-2.0 */
/* Which offsets of a partition are settled, in any order. Pure. */
#pragma once

#include <stdbool.h>

#include "flow/progress.h"

/* Zero-initialise; chappe_settled_deinit when done. Everything before the watermark is settled. */
struct chappe_settled {
        int64_t watermark;
        struct chappe_offset_run *runs; /* behind it, ascending, none touching another or the watermark */
        size_t count;
        size_t capacity;
};

/* As a commit tells it, and no further back than the first offset that there is. */
int chappe_settled_load(struct chappe_settled *settled, int64_t committed, const char *metadata, int64_t low);
/* -CHAPPE_E_NO_MEMORY. */
int chappe_settled_add(struct chappe_settled *settled, struct chappe_offset_run run);
bool chappe_settled_has(const struct chappe_settled *settled, int64_t offset);
/* What to commit beside the watermark; "" when there is nothing to say. -CHAPPE_E_LIMIT when it does not fit,
 * -CHAPPE_E_NO_MEMORY. */
int chappe_settled_print(const struct chappe_settled *settled, char ret_text[CHAPPE_PROGRESS_SIZE]);
void chappe_settled_deinit(struct chappe_settled *settled);
