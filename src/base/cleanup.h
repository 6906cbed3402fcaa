/* SPDX-License-Identifier: Apache-2.0 */
/* Locals that free themselves at the end of their scope. */
#pragma once

#include <stdlib.h>

#include <chappe/arena.h>
#include <chappe/buffer.h>

/* CHAPPE_CLEANUP(arena) struct chappe_arena *arena = …; for every name declared with CHAPPE_CLEANUP_DEFINE. */
#define CHAPPE_CLEANUP(name) __attribute__((cleanup(chappe_cleanup_##name)))

/* What is written for a type once, beside its free function, which must take NULL. */
#define CHAPPE_CLEANUP_DEFINE(name, type, free_function)                                                               \
        static inline void chappe_cleanup_##name(type *local)                                                          \
        {                                                                                                              \
                free_function(*local);                                                                                 \
        }

CHAPPE_CLEANUP_DEFINE(arena, struct chappe_arena *, (void)chappe_arena_free)
CHAPPE_CLEANUP_DEFINE(string, char *, free)
CHAPPE_CLEANUP_DEFINE(memory, void *, free)

static inline void chappe_cleanup_buffer(struct chappe_buffer *local)
{
        chappe_buffer_deinit(local);
}

/* The owned pointer is handed on: the local forgets it. */
#define CHAPPE_TAKE(pointer)                                                                                           \
        ({                                                                                                             \
                __typeof__(pointer) chappe_taken = (pointer);                                                          \
                (pointer) = NULL;                                                                                      \
                chappe_taken;                                                                                          \
        })
