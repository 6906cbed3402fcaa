/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The arena's inside: what happens once an event and more, in line; and giving back what was handed out since a moment,
 * for an attempt that failed.
 */
#pragma once

#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>

#include <chappe/arena.h>

#include "base/sanitizer.h"

#define CHAPPE_ARENA_ALIGNMENT alignof(max_align_t)

struct chappe_arena_block {
        struct chappe_arena_block *next;
        size_t size;
        size_t used; /* when the next one was begun */
        alignas(max_align_t) uint8_t bytes[];
};

struct chappe_arena {
        uint8_t *at;                       /* where the next piece begins, in the first block */
        uint8_t *stop;                     /* where it must have ended: with the block, or by the limit */
        struct chappe_arena_block *blocks; /* newest first */
        struct chappe_arena_block *large;  /* of one piece each, newest first */
        size_t elsewhere;                  /* bytes handed out in all blocks but the first */
        size_t block_size;                 /* of the next block */
        size_t limit;
};

/* From another block; size: as wanted, rounded: with what is behind it. NULL past the limit or without memory. */
void *chappe_arena_take_more(struct chappe_arena *arena, size_t size, size_t rounded);
/* More than one block goes back to one. */
void chappe_arena_reset_to_one(struct chappe_arena *arena);

/* chappe_arena_alloc. */
static inline void *chappe_arena_take(struct chappe_arena *arena, size_t size)
{
        size_t rounded = (size + !size + CHAPPE_REDZONE + CHAPPE_ARENA_ALIGNMENT - 1) & ~(CHAPPE_ARENA_ALIGNMENT - 1);
        size_t left = (size_t)(arena->stop - arena->at);
        void *at = arena->at;

        if (__builtin_expect(size > left || (CHAPPE_REDZONE > 0 && rounded > left) || left == 0, 0))
                return chappe_arena_take_more(arena, size, rounded);
        arena->at += rounded;
        CHAPPE_UNPOISON(at, size);
        return at;
}

/* chappe_arena_reset. */
static inline void chappe_arena_clear(struct chappe_arena *arena)
{
        struct chappe_arena_block *only = arena->blocks;

        if (__builtin_expect(arena->large != NULL || (only && only->next), 0)) {
                chappe_arena_reset_to_one(arena);
        } else if (only) {
                arena->at = only->bytes;
                CHAPPE_POISON(only->bytes, only->size);
        }
}

struct chappe_arena_mark {
        uint8_t *at;
        struct chappe_arena_block *large;
};

static inline struct chappe_arena_mark chappe_arena_mark(const struct chappe_arena *arena)
{
        return (struct chappe_arena_mark){ arena->at, arena->large };
}

/* Everything handed out since the mark is gone; nothing may have been reset in between. */
void chappe_arena_rewind(struct chappe_arena *arena, struct chappe_arena_mark mark);
