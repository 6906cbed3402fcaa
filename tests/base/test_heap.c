/* SPDX-License-Identifier: Apache-2.0 */
/* The heap against a plain model: a list searched for its minimum. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

#include "base/heap.h"
#include "base/random.h"

#define NODES 64

static struct chappe_heap_node *model_first(struct chappe_heap_node *nodes, const bool *inserted)
{
        struct chappe_heap_node *first = NULL;

        for (int i = 0; i < NODES; i++)
                if (inserted[i] && (!first || nodes[i].due < first->due ||
                                    (nodes[i].due == first->due && nodes[i].order < first->order)))
                        first = &nodes[i];
        return first;
}

static void test_first_is_always_the_one_due_first(void **state)
{
        struct chappe_heap heap = { 0 };
        struct chappe_heap_node nodes[NODES] = { 0 };
        bool inserted[NODES] = { 0 };
        struct chappe_random random;

        (void)state;
        chappe_random_init(&random, 5);
        for (int step = 0; step < 100000; step++) {
                size_t i = chappe_random_below(&random, NODES);

                if (inserted[i])
                        chappe_heap_remove(&heap, &nodes[i]);
                else
                        assert_int_equal(
                                chappe_heap_insert(&heap, &nodes[i], (int64_t)chappe_random_below(&random, 20)), 0);
                inserted[i] = !inserted[i];
                assert_ptr_equal(chappe_heap_first(&heap), model_first(nodes, inserted));
        }
        chappe_heap_deinit(&heap);
}

static void test_removing_a_node_that_is_in_no_heap_does_nothing(void **state)
{
        struct chappe_heap heap = { 0 };
        struct chappe_heap_node node = { 0 };

        (void)state;
        chappe_heap_remove(&heap, &node);
        assert_null(chappe_heap_first(&heap));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_first_is_always_the_one_due_first),
                cmocka_unit_test(test_removing_a_node_that_is_in_no_heap_does_nothing),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
