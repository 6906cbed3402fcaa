/* SPDX-License-Identifier: Apache-2.0 */
/* The budget of memory: its parts never exceed it, however it is divided. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "flow/budget.h"

#define MIB 1048576

/* What may wait in a queue: values to the bound, or records; for each partition, for the shared one, and sorted. And
 * three answers of small records on top. */
static size_t ahead_of(const struct chappe_budget *budget, size_t partitions)
{
        size_t queue = budget->ahead.bytes + budget->ahead.records * CHAPPE_BUDGET_WAITING;
        return queue * (partitions + 2) + partitions * 3 * budget->ahead.answer_bytes * 5 / 2;
}

static size_t in_hand(const struct chappe_budget *budget)
{
        return budget->bytes + budget->records * CHAPPE_BUDGET_KEEPING;
}

static size_t least(size_t a, size_t b)
{
        return a < b ? a : b;
}

/* The same of records of one size, key and value, as they come without headers: what the client keeps of each is many
 * times a small one. Two answers of a partition may be there: one that went through the shared queue, and one in its
 * own. */
static size_t of_size(const struct chappe_budget *budget, size_t partitions, size_t size)
{
        size_t read = size + 12, kept = read + 350;
        size_t queue = least(budget->ahead.records, budget->ahead.bytes / size + 1) * kept;
        size_t held = least(budget->records, budget->bytes / size + 1);
        return held * (size + CHAPPE_BUDGET_KEEPING) + queue * (partitions + 2) +
               partitions * 2 * (budget->ahead.answer_bytes / read * kept);
}

static void test_all_parts_together_stay_within_the_budget(void **state)
{
        static const size_t records[] = { 1, 20, 10000, 10000000 };
        struct chappe_budget budget;

        (void)state;
        for (size_t bytes = MIB; bytes <= (size_t)4096 * MIB; bytes *= 2)
                for (size_t partitions = 1; partitions <= 1024; partitions *= 2)
                        for (size_t i = 0; i < 4; i++) {
                                chappe_budget_divide(records[i], bytes, partitions, &budget);
                                assert_in_range(in_hand(&budget) + ahead_of(&budget, partitions), 1,
                                                bytes + budget.beyond);
                                for (size_t size = 16; budget.beyond == 0 && size <= budget.ahead.answer_bytes / 2;
                                     size += size / 8 + 1)
                                        assert_in_range(of_size(&budget, partitions, size), 1, bytes + size);
                                assert_in_range(budget.records, 1, records[i]);
                                if (bytes / 4 / (partitions + 2) >= MIB / 4)
                                        assert_int_equal(budget.beyond, 0);
                        }
}

static void test_the_default_keeps_all_its_records(void **state)
{
        struct chappe_budget budget;

        (void)state;
        chappe_budget_divide(10000, 64 * MIB, 8, &budget);
        assert_int_equal(budget.records, 10000);
        assert_int_equal(budget.bytes, 32 * MIB);
        assert_int_equal(budget.beyond, 0);
        assert_in_range(budget.ahead.records, 500, 1250);
}

static void test_records_that_cannot_be_kept_are_not_taken(void **state)
{
        struct chappe_budget budget;

        (void)state;
        chappe_budget_divide(10000000, 64 * MIB, 8, &budget);
        assert_int_equal(budget.records, 16384);
}

static void test_partitions_beyond_the_budget_have_the_least_part_and_are_told(void **state)
{
        struct chappe_budget few, many;

        (void)state;
        chappe_budget_divide(10000, 4 * MIB, 2, &few);
        chappe_budget_divide(10000, 4 * MIB, 400, &many);
        assert_int_equal(few.beyond, 0);
        assert_in_range(many.beyond, 96 * MIB, 100 * MIB);
        assert_int_equal(many.ahead.answer_bytes, 16384);
        assert_true(many.ahead.records >= 32);
}

/* One record of any size gets through: it is taken while there is any room at all. */
static void test_there_is_room_for_a_record_in_the_smallest_budget(void **state)
{
        struct chappe_budget budget;

        (void)state;
        chappe_budget_divide(1, 65536, 10000, &budget);
        assert_int_equal(budget.records, 1);
        assert_true(budget.bytes > 0 && budget.ahead.records > 0 && budget.ahead.bytes >= 1000);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_all_parts_together_stay_within_the_budget),
                cmocka_unit_test(test_the_default_keeps_all_its_records),
                cmocka_unit_test(test_records_that_cannot_be_kept_are_not_taken),
                cmocka_unit_test(test_partitions_beyond_the_budget_have_the_least_part_and_are_told),
                cmocka_unit_test(test_there_is_room_for_a_record_in_the_smallest_budget),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
