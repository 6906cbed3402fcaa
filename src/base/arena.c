/* SPDX-License-Identifier: Apache-2.0 */
/* The arena: a chain of blocks, filled from the front, given back together. */
#include <chappe/arena.h>

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena_mark.h"
#include "base/sanitizer.h"

#define BLOCK_SIZE_FIRST   ((size_t)4 << 10)
#define BLOCK_SIZE_MAXIMUM ((size_t)64 << 10)
#define ALIGNMENT          alignof(max_align_t)

struct block {
        struct block *next;
        size_t size;
        size_t used;
        alignas(max_align_t) uint8_t bytes[];
};

struct chappe_arena {
        struct block *blocks; /* the first is being filled */
        size_t block_size;    /* of the next block */
        size_t limit;
        size_t used;
};

struct chappe_arena *chappe_arena_new(size_t limit)
{
        struct chappe_arena *arena = calloc(1, sizeof(*arena));

        if (!arena)
                return NULL;
        arena->limit = limit && limit < SIZE_MAX / 2 ? limit : SIZE_MAX / 2;
        arena->block_size = BLOCK_SIZE_FIRST;
        return arena;
}

static void block_free(struct block *block)
{
        CHAPPE_UNPOISON(block->bytes, block->size);
        free(block);
}

static void blocks_free(struct block *block)
{
        while (block) {
                struct block *next = block->next;

                block_free(block);
                block = next;
        }
}

struct chappe_arena *chappe_arena_free(struct chappe_arena *arena)
{
        if (arena) {
                blocks_free(arena->blocks);
                free(arena);
        }
        return NULL;
}

/* The kept block is the largest of ordinary size: a single huge datum must not pin its memory. */
static __attribute__((noinline)) void reset_to_one(struct chappe_arena *arena)
{
        struct block *kept = NULL;

        while (arena->blocks) {
                struct block *block = arena->blocks;

                arena->blocks = block->next;
                if (block->size <= BLOCK_SIZE_MAXIMUM && (!kept || block->size > kept->size)) {
                        struct block *smaller = kept;

                        kept = block;
                        block = smaller;
                }
                if (block)
                        block_free(block);
        }
        if (kept) {
                kept->next = NULL;
                kept->used = 0;
                CHAPPE_POISON(kept->bytes, kept->size);
        }
        arena->blocks = kept;
        arena->used = 0;
}

void chappe_arena_reset(struct chappe_arena *arena)
{
        struct block *only = arena->blocks;

        if (only && (only->next || only->size > BLOCK_SIZE_MAXIMUM)) {
                reset_to_one(arena);
                return;
        }
        if (only) {
                only->used = 0;
                CHAPPE_POISON(only->bytes, only->size);
        }
        arena->used = 0;
}

static struct block *block_add(struct chappe_arena *arena, size_t needed)
{
        size_t size = needed > arena->block_size ? needed : arena->block_size;
        struct block *block = malloc(sizeof(*block) + size);

        if (!block)
                return NULL;
        block->size = size;
        block->used = 0;
        CHAPPE_POISON(block->bytes, block->size);
        if (needed > BLOCK_SIZE_MAXIMUM && arena->blocks) {
                /* A piece larger than any ordinary block gets its own behind the one being filled, which goes on. */
                block->next = arena->blocks->next;
                arena->blocks->next = block;
                return block;
        }
        block->next = arena->blocks;
        arena->blocks = block;
        if (arena->block_size < BLOCK_SIZE_MAXIMUM)
                arena->block_size *= 2;
        return block;
}

/* Carves size bytes, rounded up, from the front of a block that has room for them. */
static void *block_take(struct chappe_arena *arena, struct block *block, size_t size, size_t rounded)
{
        void *at = block->bytes + block->used;

        block->used += rounded;
        arena->used += size;
        CHAPPE_UNPOISON(at, size);
        return at;
}

/* Apart, so that the usual way needs no stack. */
static __attribute__((noinline)) void *take_from_new(struct chappe_arena *arena, size_t size, size_t rounded)
{
        struct block *block = block_add(arena, rounded);

        return block ? block_take(arena, block, size, rounded) : NULL;
}

void *chappe_arena_alloc(struct chappe_arena *arena, size_t size)
{
        struct block *block = arena->blocks;
        size_t rounded;

        if (size > arena->limit - arena->used)
                return NULL;
        rounded = (size + !size + CHAPPE_REDZONE + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
        if (!block || block->size - block->used < rounded)
                return take_from_new(arena, size, rounded);
        return block_take(arena, block, size, rounded);
}

void *chappe_arena_zalloc(struct chappe_arena *arena, size_t size)
{
        void *at = chappe_arena_alloc(arena, size);

        return at ? memset(at, 0, size) : NULL;
}

struct chappe_text chappe_arena_text(struct chappe_arena *arena, struct chappe_text text)
{
        char *at = text.length < SIZE_MAX ? chappe_arena_alloc(arena, text.length + 1) : NULL;

        if (!at)
                return (struct chappe_text){ 0 };
        if (text.length)
                memcpy(at, text.at, text.length);
        at[text.length] = '\0';
        return (struct chappe_text){ at, text.length };
}

struct chappe_text chappe_arena_printf(struct chappe_arena *arena, const char *format, ...)
{
        va_list arguments, again;
        char *at = NULL;
        int length;

        va_start(arguments, format);
        va_copy(again, arguments);
        length = vsnprintf(NULL, 0, format, arguments);
        if (length >= 0)
                at = chappe_arena_alloc(arena, (size_t)length + 1);
        if (at)
                vsnprintf(at, (size_t)length + 1, format, again);
        va_end(again);
        va_end(arguments);
        return at ? (struct chappe_text){ at, (size_t)length } : (struct chappe_text){ 0 };
}

size_t chappe_arena_used(const struct chappe_arena *arena)
{
        return arena->used;
}

void chappe_arena_mark(const struct chappe_arena *arena, struct chappe_arena_mark *ret_mark)
{
        const struct block *block = arena->blocks;

        ret_mark->block = block;
        ret_mark->next = block ? block->next : NULL;
        ret_mark->block_used = block ? block->used : 0;
        ret_mark->used = arena->used;
}

/* Newer blocks lie in front of the marked one, large pieces between it and the one that was behind it. */
void chappe_arena_rewind(struct chappe_arena *arena, const struct chappe_arena_mark *mark)
{
        struct block **at = &arena->blocks;

        while (*at && *at != mark->next) {
                struct block *block = *at;

                if (block == mark->block) {
                        block->used = mark->block_used;
                        CHAPPE_POISON(block->bytes + block->used, block->size - block->used);
                        at = &block->next;
                } else {
                        *at = block->next;
                        block_free(block);
                }
        }
        arena->used = mark->used;
}
