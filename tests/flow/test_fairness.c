/* SPDX-License-Identifier: Apache-2.0 */
/* Fairness in virtual time: workers, a hot key and a hot partition beside cool ones. Nobody waits for a backlog of
 * somebody else's. */
#include "sequences.h"

#include <stdlib.h>
#include <string.h>

#include "flow/dispatcher.h"

#define SEQUENCES 5000
#define HOT       400
#define COOL      40
#define SHARES    4
#define WORKERS   16

struct record {
        struct chappe_task task;
        bool cool;
        size_t allowed; /* lanes that may have their turn before it */
};

struct worker {
        struct chappe_task *task; /* NULL: idle */
        int64_t until_us;
};

struct world {
        struct chappe_random random;
        struct chappe_assignment assignment;
        struct chappe_dispatcher *dispatcher;
        struct record records[HOT + COOL];
        struct worker workers[WORKERS];
        size_t worker_count;
        size_t turns; /* lanes taken so far */
        size_t left;
        int64_t now_us;
};

static void add(struct world *world, struct record *record, int32_t partition, uint64_t key, int64_t offset, bool cool)
{
        struct chappe_share *share = chappe_assignment_find(&world->assignment, "t", partition);
        *record =
                (struct record){ .task = { .share = share, .offset = offset, .bytes = 1, .attempt = 1 }, .cool = cool };
        /* Every lane of its partition that is ready may come first, and for each of them one of every other one. */
        record->allowed = world->turns + SHARES * (share->ready_lanes + 1);
        assert_int_equal(chappe_dispatcher_add(world->dispatcher, &record->task, key), 0);
        world->left++;
}

static void give_work(struct world *world)
{
        for (size_t i = 0; i < world->worker_count; i++) {
                struct worker *worker = &world->workers[i];
                if (worker->task || chappe_dispatcher_take(world->dispatcher, &worker->task, 1) == 0)
                        continue;
                struct record *record = CHAPPE_CONTAINER(worker->task, struct record, task);
                world->turns++;
                if (record->cool)
                        assert_true(world->turns <= record->allowed);
                worker->until_us = world->now_us + 1 + (int64_t)chappe_random_below(&world->random, 2000);
        }
}

/* Time goes on to the next worker that is done. */
static void work(struct world *world)
{
        struct worker *first = NULL;
        for (size_t i = 0; i < world->worker_count; i++) {
                struct worker *worker = &world->workers[i];
                if (worker->task && (!first || worker->until_us < first->until_us))
                        first = worker;
        }
        assert_non_null(first);
        struct chappe_released released = { 0 };
        world->now_us = first->until_us;
        chappe_dispatcher_return(world->dispatcher, first->task, false, false, 0, &released);
        first->task = NULL;
        for (struct chappe_task *task = released.tasks; task; task = task->next)
                world->left--;
}

/* A backlog of one key and one of one partition; then records of other keys come, each the only one of its own. */
static void random_sequence(uint64_t seed)
{
        static const struct chappe_dispatcher_limits limits = { 100000, 100000, 1, 100000, 1000, 100000 };
        struct world *world = calloc(1, sizeof(*world));
        int64_t offsets[SHARES] = { 0 };
        chappe_random_init(&world->random, seed);
        world->dispatcher = chappe_dispatcher_new(&limits, NULL);
        world->worker_count = 1 + chappe_random_below(&world->random, WORKERS);
        for (int32_t i = 0; i < SHARES; i++)
                (void)chappe_assignment_gain(&world->assignment, "t", i, 0);
        for (size_t i = 0; i < HOT; i++) {
                int32_t partition = i % 2 ? 0 : 1;
                uint64_t key = partition == 0 ? 7 : 1000 + chappe_random_below(&world->random, 100);
                add(world, &world->records[i], partition, key, offsets[partition]++, false);
        }
        for (size_t i = 0; i < COOL || world->left > 0;) {
                give_work(world);
                if (i < COOL && chappe_random_below(&world->random, 3) == 0) {
                        int32_t partition = (int32_t)chappe_random_below(&world->random, SHARES);
                        add(world, &world->records[HOT + i], partition, 5000 + i, offsets[partition]++, true);
                        i++;
                } else if (world->left > 0) {
                        work(world);
                }
        }
        chappe_dispatcher_free(world->dispatcher);
        chappe_assignment_deinit(&world->assignment);
        free(world);
}

static void test_no_backlog_of_another_is_waited_for(void **state)
{
        (void)state;
        uint64_t seed = sequences_seed(), count = sequences_wanted(SEQUENCES);
        for (uint64_t i = 0; i < count; i++)
                random_sequence(seed + i);
}

/* Whoever comes first, and however much it has. */
static void test_no_partition_takes_the_whole_budget(void **state)
{
        static const struct chappe_dispatcher_limits limits = { 800, 80000, 1, 100000, 1000, 80000 };
        struct chappe_dispatcher *dispatcher = chappe_dispatcher_new(&limits, NULL);
        struct chappe_assignment assignment = { 0 };
        static struct chappe_task tasks[800];
        struct chappe_share *shares[SHARES];
        size_t used = 0;
        (void)state;
        for (int32_t i = 0; i < SHARES; i++)
                shares[i] = chappe_assignment_gain(&assignment, "t", i, 0);
        chappe_dispatcher_share_out(dispatcher, SHARES);
        for (int32_t i = 0; i < SHARES; i++) {
                size_t before = used;
                for (int64_t offset = 0; chappe_dispatcher_room(dispatcher, shares[i]) > 0; offset++) {
                        tasks[used] =
                                (struct chappe_task){ .share = shares[i], .offset = offset, .bytes = 1, .attempt = 1 };
                        assert_int_equal(chappe_dispatcher_add(dispatcher, &tasks[used++], 7), 0);
                }
                assert_true(used - before >= 800 / 2 / SHARES);
        }
        assert_true(used <= 800);
        for (int32_t i = 0; i < SHARES; i++)
                chappe_dispatcher_drop(dispatcher, shares[i], &(struct chappe_released){ 0 });
        chappe_dispatcher_free(dispatcher);
        chappe_assignment_deinit(&assignment);
}

static void test_a_partition_alone_has_all_of_it(void **state)
{
        static const struct chappe_dispatcher_limits limits = { 800, 80000, 1, 100000, 1000, 80000 };
        struct chappe_dispatcher *dispatcher = chappe_dispatcher_new(&limits, NULL);
        struct chappe_assignment assignment = { 0 };
        struct chappe_share *share = chappe_assignment_gain(&assignment, "t", 0, 0);
        (void)state;
        chappe_dispatcher_share_out(dispatcher, 1);
        assert_int_equal(chappe_dispatcher_room(dispatcher, share), 800);
        chappe_dispatcher_free(dispatcher);
        chappe_assignment_deinit(&assignment);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_no_backlog_of_another_is_waited_for),
                cmocka_unit_test(test_no_partition_takes_the_whole_budget),
                cmocka_unit_test(test_a_partition_alone_has_all_of_it),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
