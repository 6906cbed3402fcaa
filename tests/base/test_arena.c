/* SPDX-License-Identifier: Apache-2.0 */
/* The arena: alignment, limit, reset. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdint.h>
#include <string.h>

#include <chappe/arena.h>

#include "base/arena_inline.h"

#include "base/cleanup.h"
#include "base/random.h"

static void test_pieces_are_aligned_and_do_not_overlap(void **state)
{
        CHAPPE_CLEANUP(arena) struct chappe_arena *arena = chappe_arena_new(0);
        struct chappe_random random;
        uint8_t *pieces[500];
        size_t sizes[500];

        (void)state;
        chappe_random_init(&random, 1);
        for (size_t i = 0; i < 500; i++) {
                sizes[i] = chappe_random_below(&random, i % 50 == 0 ? 200000 : 300);
                pieces[i] = chappe_arena_alloc(arena, sizes[i]);
                assert_non_null(pieces[i]);
                assert_int_equal((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
                memset(pieces[i], (int)(i % 251), sizes[i]);
        }
        for (size_t i = 0; i < 500; i++)
                for (size_t k = 0; k < sizes[i]; k++)
                        assert_int_equal(pieces[i][k], i % 251);
}

static void test_limit_is_kept_until_the_reset(void **state)
{
        CHAPPE_CLEANUP(arena) struct chappe_arena *arena = chappe_arena_new(1000);
        size_t first, left;

        (void)state;
        assert_non_null(chappe_arena_alloc(arena, 600));
        first = chappe_arena_used(arena);
        assert_in_range(first, 600, 600 + CHAPPE_REDZONE + CHAPPE_ARENA_ALIGNMENT);
        left = (1000 - first - CHAPPE_REDZONE) & ~(CHAPPE_ARENA_ALIGNMENT - 1);
        assert_null(chappe_arena_alloc(arena, left + 1));
        assert_null(chappe_arena_alloc(arena, SIZE_MAX));
        assert_null(chappe_arena_text(arena, (struct chappe_text){ "x", SIZE_MAX }).at);
        assert_non_null(chappe_arena_alloc(arena, left));
        assert_int_equal(chappe_arena_used(arena), first + left + CHAPPE_REDZONE);
        assert_null(chappe_arena_alloc(arena, 1));
        assert_null(chappe_arena_alloc(arena, 0));
        chappe_arena_reset(arena);
        assert_int_equal(chappe_arena_used(arena), 0);
        assert_non_null(chappe_arena_alloc(arena, 900));
}

/* Counted wherever they are: in the block that is being filled, in those before it, or by themselves. */
static void test_limit_counts_pieces_of_all_blocks(void **state)
{
        static const size_t sizes[] = { 16, 4096, 100000, 16, 5008, 70000, 32 };

        (void)state;
        for (size_t limit = 1000; limit < 200000; limit += 1008) {
                CHAPPE_CLEANUP(arena) struct chappe_arena *arena = chappe_arena_new(limit);

                for (int round = 0; round < 3; round++) {
                        size_t sum = 0;

                        for (size_t i = 0; i < 7; i++) {
                                size_t size = sizes[i] + CHAPPE_REDZONE;
                                bool fits = sum + size <= limit;

                                assert_int_equal(chappe_arena_alloc(arena, sizes[i]) != NULL, fits);
                                sum += fits ? size : 0;
                                assert_int_equal(chappe_arena_used(arena), sum);
                        }
                        chappe_arena_reset(arena);
                }
        }
}

static void test_warm_arena_hands_out_the_same_block_again(void **state)
{
        CHAPPE_CLEANUP(arena) struct chappe_arena *arena = chappe_arena_new(0);
        void *first, *again;

        (void)state;
        first = chappe_arena_alloc(arena, 100);
        chappe_arena_reset(arena);
        again = chappe_arena_alloc(arena, 100);
        assert_ptr_equal(first, again);
}

/* Small and large pieces: of the same block, of new ones, and of blocks of their own. */
static void test_rewinding_forgets_what_came_after_the_mark(void **state)
{
        static const size_t sizes[] = { 8, 3000, 100000, 5000, 200000, 64 };

        (void)state;
        for (size_t before = 0; before <= 6; before++) {
                CHAPPE_CLEANUP(arena) struct chappe_arena *arena = chappe_arena_new(0);
                uint8_t *kept[6], *next, *again;
                size_t used;

                for (size_t i = 0; i < before; i++) {
                        kept[i] = chappe_arena_alloc(arena, sizes[i]);
                        memset(kept[i], (int)i, sizes[i]);
                }
                used = chappe_arena_used(arena);
                struct chappe_arena_mark mark = chappe_arena_mark(arena);
                next = chappe_arena_alloc(arena, 8);
                for (size_t i = 0; i < 6; i++)
                        memset(chappe_arena_alloc(arena, sizes[i]), 0xFF, sizes[i]);
                chappe_arena_rewind(arena, mark);
                assert_int_equal(chappe_arena_used(arena), used);
                again = chappe_arena_alloc(arena, 8);
                if (before > 0 && before != 3)
                        assert_ptr_equal(again, next);
                memset(again, 0xFF, 8);
                for (size_t i = 0; i < before; i++) {
                        assert_int_equal(kept[i][0], i);
                        assert_int_equal(kept[i][sizes[i] - 1], i);
                }
        }
}

static void test_text_and_printf_are_terminated_copies(void **state)
{
        CHAPPE_CLEANUP(arena) struct chappe_arena *arena = chappe_arena_new(0);
        struct chappe_text text = chappe_arena_text(arena, (struct chappe_text){ "orders", 5 });
        struct chappe_text printed = chappe_arena_printf(arena, "%s/%d", "orders", 3);
        struct chappe_text empty = chappe_arena_text(arena, (struct chappe_text){ 0 });

        (void)state;
        assert_string_equal(text.at, "order");
        assert_int_equal(text.length, 5);
        assert_string_equal(printed.at, "orders/3");
        assert_int_equal(printed.length, 8);
        assert_string_equal(empty.at, "");
        assert_int_equal(*(char *)chappe_arena_zalloc(arena, 1), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_pieces_are_aligned_and_do_not_overlap),
                cmocka_unit_test(test_limit_is_kept_until_the_reset),
                cmocka_unit_test(test_limit_counts_pieces_of_all_blocks),
                cmocka_unit_test(test_warm_arena_hands_out_the_same_block_again),
                cmocka_unit_test(test_rewinding_forgets_what_came_after_the_mark),
                cmocka_unit_test(test_text_and_printf_are_terminated_copies),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
