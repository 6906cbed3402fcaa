/* SPDX-License-Identifier: Apache-2.0 */
/* An intrusive binary heap: what is due first comes first. For timers, retries and deadlines. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Embed one in what waits; container_of (CHAPPE_CONTAINER) leads back. */
struct chappe_heap_node {
        int64_t due;
        uint64_t order; /* among equal due: as inserted */
        size_t index;   /* position + 1 in the heap; 0: in none */
};

/* Zero-initialise; chappe_heap_deinit when done. */
struct chappe_heap {
        struct chappe_heap_node **nodes;
        size_t count;
        size_t capacity;
        uint64_t inserted;
};

/* Borrows the node until it is removed. -CHAPPE_E_NO_MEMORY when memory is short. */
int chappe_heap_insert(struct chappe_heap *heap, struct chappe_heap_node *node, int64_t due);
/* Does nothing for a node in no heap. */
void chappe_heap_remove(struct chappe_heap *heap, struct chappe_heap_node *node);
/* The node due first, or NULL. */
struct chappe_heap_node *chappe_heap_first(const struct chappe_heap *heap);
/* Frees the heap's own memory; nodes still in it are forgotten. */
void chappe_heap_deinit(struct chappe_heap *heap);

#define CHAPPE_CONTAINER(pointer, type, member) ((type *)((char *)(pointer)-offsetof(type, member)))
