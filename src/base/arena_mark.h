/* SPDX-License-Identifier: Apache-2.0 */
/* Giving back what an arena handed out since a moment: for an attempt that failed. */
#pragma once

#include <chappe/arena.h>

struct chappe_arena_mark {
        const void *block, *next; /* the block being filled, and the one behind it */
        size_t block_used, used;
};

void chappe_arena_mark(const struct chappe_arena *arena, struct chappe_arena_mark *ret_mark);
/* Everything handed out since the mark is gone; nothing may have been reset in between. */
void chappe_arena_rewind(struct chappe_arena *arena, const struct chappe_arena_mark *mark);
