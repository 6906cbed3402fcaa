/* SPDX-License-Identifier: Apache-2.0 */
/* The intrusive binary heap. */
#include "base/heap.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>

#include <chappe/error.h>

#define CAPACITY_FIRST 16

static bool before(const struct chappe_heap_node *a, const struct chappe_heap_node *b)
{
        return a->due != b->due ? a->due < b->due : a->order < b->order;
}

static void place(struct chappe_heap *heap, size_t at, struct chappe_heap_node *node)
{
        heap->nodes[at] = node;
        node->index = at + 1;
}

static void sift_up(struct chappe_heap *heap, size_t at)
{
        struct chappe_heap_node *node = heap->nodes[at];

        while (at > 0 && before(node, heap->nodes[(at - 1) / 2])) {
                place(heap, at, heap->nodes[(at - 1) / 2]);
                at = (at - 1) / 2;
        }
        place(heap, at, node);
}

static void sift_down(struct chappe_heap *heap, size_t at)
{
        struct chappe_heap_node *node = heap->nodes[at];

        for (;;) {
                size_t child = 2 * at + 1;

                if (child + 1 < heap->count && before(heap->nodes[child + 1], heap->nodes[child]))
                        child++;
                if (child >= heap->count || !before(heap->nodes[child], node))
                        break;
                place(heap, at, heap->nodes[child]);
                at = child;
        }
        place(heap, at, node);
}

int chappe_heap_insert(struct chappe_heap *heap, struct chappe_heap_node *node, int64_t due)
{
        assert(node->index == 0);
        if (heap->count == heap->capacity) {
                size_t capacity = heap->capacity ? 2 * heap->capacity : CAPACITY_FIRST;
                struct chappe_heap_node **nodes =
                        reallocarray(heap->nodes, capacity, sizeof(struct chappe_heap_node *));

                if (!nodes)
                        return -CHAPPE_E_NO_MEMORY;
                heap->nodes = nodes;
                heap->capacity = capacity;
        }
        node->due = due;
        node->order = heap->inserted++;
        place(heap, heap->count++, node);
        sift_up(heap, heap->count - 1);
        return 0;
}

void chappe_heap_remove(struct chappe_heap *heap, struct chappe_heap_node *node)
{
        struct chappe_heap_node *last;
        size_t at;

        if (node->index == 0)
                return;
        at = node->index - 1;
        assert(at < heap->count && heap->nodes[at] == node);
        last = heap->nodes[--heap->count];
        node->index = 0;
        if (last == node)
                return;
        place(heap, at, last);
        sift_up(heap, at);
        sift_down(heap, last->index - 1);
}

struct chappe_heap_node *chappe_heap_first(const struct chappe_heap *heap)
{
        return heap->count ? heap->nodes[0] : NULL;
}

void chappe_heap_deinit(struct chappe_heap *heap)
{
        free(heap->nodes);
        *heap = (struct chappe_heap){ 0 };
}
