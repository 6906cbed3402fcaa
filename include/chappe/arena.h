/* SPDX-License-Identifier: Apache-2.0 */
/* An arena: memory handed out in pieces and given back all at once. Not thread-safe. */
#pragma once

#include <stddef.h>

#include <chappe/text.h>

#ifdef __cplusplus
extern "C" {
#endif

struct chappe_arena;

/* limit: most bytes that may be handed out between two resets, counted like chappe_arena_used; 0 for no limit. NULL when
 * memory is short. */
struct chappe_arena *chappe_arena_new(size_t limit);
/* Frees the arena and all that it handed out; takes NULL; returns NULL. */
struct chappe_arena *chappe_arena_free(struct chappe_arena *arena);
/* Forgets all that was handed out; keeps up to one block for the next round, so that a warm loop does not allocate. */
void chappe_arena_reset(struct chappe_arena *arena);
/* size bytes aligned for any type, not cleared; NULL past the limit or when memory is short. */
void *chappe_arena_alloc(struct chappe_arena *arena, size_t size);
/* The same, cleared. */
void *chappe_arena_zalloc(struct chappe_arena *arena, size_t size);
/* A copy, terminated behind its length for convenience; at is NULL when there was no memory. */
struct chappe_text chappe_arena_text(struct chappe_arena *arena, struct chappe_text text);
struct chappe_text chappe_arena_printf(struct chappe_arena *arena, const char *format, ...)
        __attribute__((format(printf, 2, 3)));
/* Bytes handed out since the last reset, each piece with what aligns the next. */
size_t chappe_arena_used(const struct chappe_arena *arena);

#ifdef __cplusplus
}
#endif
