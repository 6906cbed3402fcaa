/* SPDX-License-Identifier: Apache-2.0 */
/* The common lane of a share, as short stories: when it is taken apart, and what it waits for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "flow/dispatcher_private.h"

static const struct chappe_dispatcher_limits plenty = { 1000, 100000, 16, 1000, 1000, 100000, 1 };

static uint64_t identify_by_offset(const struct chappe_task *task)
{
        return (uint64_t)task->offset;
}

static struct chappe_dispatcher *open_one(struct chappe_assignment *assignment, struct chappe_share **ret_share)
{
        *ret_share = chappe_assignment_gain(assignment, "t", 0, 0);
        return chappe_dispatcher_new(&plenty, identify_by_offset);
}

static void close_one(struct chappe_dispatcher *dispatcher, struct chappe_assignment *assignment,
                      struct chappe_share *share)
{
        struct chappe_released released = { 0 };
        chappe_dispatcher_drop(dispatcher, share, &released);
        assert_int_equal(chappe_dispatcher_records(dispatcher), 0);
        chappe_dispatcher_free(dispatcher);
        chappe_assignment_deinit(assignment);
}

/* Records of the keys 0, 1, 2 and so on, from this offset on, in a share that is merged. */
static void add_merged(struct chappe_dispatcher *dispatcher, struct chappe_share *share, struct chappe_task *tasks,
                       int first, int count)
{
        for (int i = first; i < first + count; i++) {
                tasks[i] = (struct chappe_task){ .share = share, .offset = i, .attempt = 1 };
                tasks[i].next = &tasks[i + 1];
        }
        assert_int_equal(
                chappe_dispatcher_add_merged(dispatcher, &tasks[first], &tasks[first + count - 1], (size_t)count), 0);
}

static void test_of_a_merged_share_a_failure_concerns_its_key_only(void **state)
{
        (void)state;
        struct chappe_assignment assignment = { 0 };
        struct chappe_share *share;
        struct chappe_dispatcher *dispatcher = open_one(&assignment, &share);
        struct chappe_task tasks[7], *taken[6];
        struct chappe_released released = { 0 };
        chappe_dispatcher_merge(dispatcher, share, 0);
        add_merged(dispatcher, share, tasks, 0, 6);
        assert_int_equal(chappe_dispatcher_ready(dispatcher), 1);
        assert_int_equal(chappe_dispatcher_take(dispatcher, taken, 3), 3);
        assert_int_equal(chappe_dispatcher_take(dispatcher, taken + 3, 3), 0); /* in the order of the log */
        chappe_dispatcher_finish(dispatcher, taken[0]->lane, 1, &released);
        chappe_dispatcher_return(dispatcher, taken[1], true, false, 100, &released);
        chappe_dispatcher_unrun(dispatcher, taken[2], &released);
        assert_false(chappe_share_is_merged(share));
        assert_int_equal(chappe_dispatcher_troubled(dispatcher), 1);
        assert_int_equal(chappe_dispatcher_ready(dispatcher), 4);
        assert_int_equal(chappe_dispatcher_take(dispatcher, taken, 6), 4);
        for (int i = 0; i < 4; i++) {
                assert_int_equal(taken[i]->offset, i < 3 ? 3 + i : 2); /* which came back last */
                chappe_dispatcher_finish(dispatcher, taken[i]->lane, 1, &released);
        }
        assert_int_equal(chappe_offset_ledger_watermark(&share->ledger), 1);
        assert_int_equal(released.finished, 5);
        close_one(dispatcher, &assignment, share);
}

/* Until then, or until that takes too long. */
static void test_what_is_merged_waits_for_lanes_of_before(void **state)
{
        (void)state;
        struct chappe_assignment assignment = { 0 };
        struct chappe_share *share;
        struct chappe_dispatcher *dispatcher = open_one(&assignment, &share);
        struct chappe_task tasks[10] = { 0 }, *taken[6];
        struct chappe_released released = { 0 };
        for (int round = 0, offset = 0; round < 2; round++, offset += 3) {
                tasks[offset] = (struct chappe_task){ .share = share, .offset = offset, .attempt = 1 };
                assert_int_equal(chappe_dispatcher_add(dispatcher, &tasks[offset], (uint64_t)offset + 1), 0);
                assert_int_equal(chappe_dispatcher_take(dispatcher, taken, 1), 1);
                chappe_dispatcher_merge(dispatcher, share, 100);
                add_merged(dispatcher, share, tasks, offset + 1, 2); /* the first is of the key that runs */
                assert_int_equal(chappe_dispatcher_ready(dispatcher), 0);
                assert_int_equal(chappe_dispatcher_due_us(dispatcher), 100);
                if (round == 0)
                        chappe_dispatcher_finish(dispatcher, taken[0]->lane, 1, &released);
                else
                        chappe_dispatcher_promote(dispatcher, 100);
                assert_int_equal(chappe_dispatcher_due_us(dispatcher), INT64_MAX);
                assert_int_equal(chappe_share_is_merged(share), round == 0);
                assert_int_equal(chappe_dispatcher_take(dispatcher, taken + 1, 5), round == 0 ? 2 : 1);
                assert_ptr_equal(taken[1], &tasks[round == 0 ? offset + 1 : offset + 2]);
                if (round == 0)
                        chappe_dispatcher_finish(dispatcher, share->common, 2, &released);
                chappe_dispatcher_spread(dispatcher, share, &released);
        }
        chappe_dispatcher_finish(dispatcher, tasks[3].lane, 1, &released);
        chappe_dispatcher_finish(dispatcher, tasks[5].lane, 1, &released);
        assert_int_equal(chappe_offset_ledger_watermark(&share->ledger), 4);
        close_one(dispatcher, &assignment, share);
}

static void test_what_is_merged_does_not_wait_for_one_that_fails(void **state)
{
        (void)state;
        struct chappe_assignment assignment = { 0 };
        struct chappe_share *share;
        struct chappe_dispatcher *dispatcher = open_one(&assignment, &share);
        struct chappe_task tasks[4] = { { .share = share, .attempt = 1 } }, *taken[3];
        struct chappe_released released = { 0 };
        assert_int_equal(chappe_dispatcher_add(dispatcher, &tasks[0], 1), 0);
        assert_int_equal(chappe_dispatcher_take(dispatcher, taken, 1), 1);
        chappe_dispatcher_merge(dispatcher, share, 1000);
        add_merged(dispatcher, share, tasks, 1, 2); /* the first is of the key that runs */
        chappe_dispatcher_return(dispatcher, taken[0], true, false, 500, &released);
        assert_false(chappe_share_is_merged(share));
        assert_int_equal(chappe_dispatcher_take(dispatcher, taken, 3), 1);
        assert_ptr_equal(taken[0], &tasks[2]);
        assert_ptr_equal(tasks[1].lane, tasks[0].lane);
        chappe_dispatcher_finish(dispatcher, taken[0]->lane, 1, &released);
        close_one(dispatcher, &assignment, share);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_of_a_merged_share_a_failure_concerns_its_key_only),
                cmocka_unit_test(test_what_is_merged_waits_for_lanes_of_before),
                cmocka_unit_test(test_what_is_merged_does_not_wait_for_one_that_fails),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
