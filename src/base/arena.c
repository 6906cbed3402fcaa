/* SPDX-License-Identifier: Apache-2.0 */
/* The arena: a chain of blocks, filled from the front, given back together. */
#include <chappe/arena.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena_inline.h"

#define BLOCK_SIZE_FIRST   ((size_t)4 << 10)
#define BLOCK_SIZE_MAXIMUM ((size_t)64 << 10)

struct chappe_arena *chappe_arena_new(size_t limit)
{
        struct chappe_arena *arena = calloc(1, sizeof(*arena));

        if (!arena)
                return NULL;
        arena->limit = limit && limit < SIZE_MAX / 2 ? limit : SIZE_MAX / 2;
        arena->block_size = BLOCK_SIZE_FIRST;
        return arena;
}

static void block_free(struct chappe_arena_block *block)
{
        CHAPPE_UNPOISON(block->bytes, block->size);
        free(block);
}

/* The newest ones, down to this one. */
static void free_newer(struct chappe_arena_block **blocks, const struct chappe_arena_block *kept)
{
        while (*blocks != kept) {
                struct chappe_arena_block *block = *blocks;

                *blocks = block->next;
                block_free(block);
        }
}

struct chappe_arena *chappe_arena_free(struct chappe_arena *arena)
{
        if (arena) {
                free_newer(&arena->blocks, NULL);
                free_newer(&arena->large, NULL);
                free(arena);
        }
        return NULL;
}

size_t chappe_arena_used(const struct chappe_arena *arena)
{
        return arena->elsewhere + (arena->blocks ? (size_t)(arena->at - arena->blocks->bytes) : 0);
}

/* What the limit leaves to the first block. at: in it. */
static void fill_first(struct chappe_arena *arena, uint8_t *at)
{
        size_t size = arena->blocks ? arena->blocks->size : 0, left = arena->limit - arena->elsewhere;

        arena->at = at;
        arena->stop =
                size > 0 ? arena->blocks->bytes + (size < left ? size : left & ~(CHAPPE_ARENA_ALIGNMENT - 1)) : NULL;
}

/* The kept block is the largest: a few small ones on the way to it are not worth having. */
void chappe_arena_reset_to_one(struct chappe_arena *arena)
{
        free_newer(&arena->large, NULL);
        while (arena->blocks && arena->blocks->next) {
                struct chappe_arena_block **smaller = &arena->blocks, *block = arena->blocks;

                if (block->size >= block->next->size)
                        smaller = &block->next;
                block = *smaller;
                *smaller = block->next;
                block_free(block);
        }
        arena->elsewhere = 0;
        fill_first(arena, arena->blocks ? arena->blocks->bytes : NULL);
        if (arena->blocks)
                CHAPPE_POISON(arena->blocks->bytes, arena->blocks->size);
}

void chappe_arena_reset(struct chappe_arena *arena)
{
        chappe_arena_clear(arena);
}

static struct chappe_arena_block *block_new(size_t size)
{
        struct chappe_arena_block *block = malloc(sizeof(*block) + size);

        if (block) {
                block->size = size;
                block->used = 0;
                CHAPPE_POISON(block->bytes, size);
        }
        return block;
}

/* A piece larger than any ordinary block is by itself, and the block that is being filled goes on. */
static void *take_large(struct chappe_arena *arena, size_t size, size_t rounded)
{
        struct chappe_arena_block *block = block_new(rounded);

        if (!block)
                return NULL;
        block->next = arena->large;
        arena->large = block;
        arena->elsewhere += rounded;
        fill_first(arena, arena->at);
        CHAPPE_UNPOISON(block->bytes, size);
        return block->bytes;
}

void *chappe_arena_take_more(struct chappe_arena *arena, size_t size, size_t rounded)
{
        struct chappe_arena_block *block;

        if (rounded < size || rounded > arena->limit - chappe_arena_used(arena))
                return NULL;
        if (rounded > BLOCK_SIZE_MAXIMUM)
                return take_large(arena, size, rounded);
        block = block_new(rounded > arena->block_size ? rounded : arena->block_size);
        if (!block)
                return NULL;
        if (arena->blocks)
                arena->blocks->used = (size_t)(arena->at - arena->blocks->bytes);
        arena->elsewhere = chappe_arena_used(arena);
        block->next = arena->blocks;
        arena->blocks = block;
        if (arena->block_size < BLOCK_SIZE_MAXIMUM)
                arena->block_size *= 2;
        fill_first(arena, block->bytes + rounded);
        CHAPPE_UNPOISON(block->bytes, size);
        return block->bytes;
}

void *chappe_arena_alloc(struct chappe_arena *arena, size_t size)
{
        return chappe_arena_take(arena, size);
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

static bool is_within(const struct chappe_arena_block *block, const uint8_t *at)
{
        return at >= block->bytes && at <= block->bytes + block->size;
}

void chappe_arena_rewind(struct chappe_arena *arena, struct chappe_arena_mark mark)
{
        for (const struct chappe_arena_block *block = arena->large; block != mark.large; block = block->next)
                arena->elsewhere -= block->size;
        free_newer(&arena->large, mark.large);
        while (arena->blocks && !is_within(arena->blocks, mark.at)) {
                struct chappe_arena_block *older = arena->blocks->next;

                arena->elsewhere -= older ? older->used : 0;
                free_newer(&arena->blocks, older);
        }
        fill_first(arena, mark.at);
        if (arena->blocks)
                CHAPPE_POISON(mark.at, (size_t)(arena->blocks->bytes + arena->blocks->size - mark.at));
}
