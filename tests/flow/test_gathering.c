/* SPDX-License-Identifier: Apache-2.0 */
/* Which records run together, against a plain reader of the log: of one lane or of none, in order, never more than so
 * many, never before they are enough or one has waited for long enough, and never later. */
#include "sequences.h"

#include <string.h>

#include "flow/batch.h"

#define SEQUENCES 20000
#define STEPS     60
#define SHARES    3 /* by key, by partition, in no order */
#define KEYS      3
#define MOST      40 /* records of one share */
#define TOGETHER  4
#define WAIT_US   100

struct record {
        struct chappe_job job;
        int64_t key; /* of its lane; -1: it is loose */
        bool running;
        bool finished;
        bool let; /* need not wait: there were enough, or nothing more was to come */
        int64_t due_us;
};

struct log {
        struct chappe_share *share;
        struct record records[MOST];
        size_t count;
};

struct world {
        struct chappe_random random;
        struct chappe_assignment assignment;
        struct chappe_dispatcher *dispatcher;
        struct log logs[SHARES];
        struct record *taken[SHARES * MOST]; /* in the order in which they were handed out */
        size_t taken_count;
        int64_t now_us;
};

static struct record *record_of(struct chappe_task *task)
{
        return CHAPPE_CONTAINER(task, struct record, job.task);
}

static struct log *log_of(struct world *world, const struct record *record)
{
        int n = 0;
        while (record < world->logs[n].records || record >= world->logs[n].records + MOST)
                n++;
        return &world->logs[n];
}

static bool waits(const struct record *record)
{
        return !record->running && !record->finished;
}

static bool is_free(const struct log *log, const struct record *record)
{
        if (record->due_us > 0 && record->job.task.attempt > 1)
                return false; /* parked: of no interest here */
        for (const struct record *other = log->records; record->key >= 0 && other < record; other++) {
                if (other->key == record->key && !other->finished)
                        return false;
        }
        return true;
}

/* How many wait with it: in its lane, or like it in none. */
static size_t company(const struct log *log, const struct record *record)
{
        size_t count = 0;
        for (size_t i = 0; i < log->count; i++) {
                const struct record *other = &log->records[i];
                count += waits(other) && other->key == record->key && (record->key >= 0 || !other->job.task.alone);
        }
        return count;
}

/* Those that are enough wait no longer, whatever becomes of the others. */
static void let_enough(struct log *log)
{
        for (size_t i = 0; i < log->count; i++) {
                struct record *record = &log->records[i];
                record->let |= waits(record) && company(log, record) >= TOGETHER;
        }
}

static void add(struct world *world, struct log *log, int n)
{
        if (log->count == MOST)
                return;
        struct record *record = &log->records[log->count];
        bool keyless = chappe_random_chance(&world->random, 300000);
        record->key = n == 1 ? 0 : n == 2 || keyless ? -1 : (int64_t)chappe_random_below(&world->random, KEYS);
        record->job.task = (struct chappe_task){ .share = log->share,
                                                 .offset = (int64_t)log->count++,
                                                 .bytes = 1,
                                                 .attempt = 1,
                                                 .ripe_us = world->now_us + WAIT_US,
                                                 .loose = record->key < 0,
                                                 .alone = chappe_random_chance(&world->random, 50000) };
        uint64_t lane = record->key < 0 ? 1000 + (uint64_t)record->job.task.offset : (uint64_t)record->key;
        assert_int_equal(chappe_dispatcher_add(world->dispatcher, &record->job.task, lane), 0);
        let_enough(log);
}

/* One batch that was handed out. */
static void check_batch(struct world *world, struct record **batch, size_t count)
{
        const struct log *log = log_of(world, batch[0]);
        bool may = batch[0]->job.task.alone || count == TOGETHER;
        assert_true(count <= TOGETHER);
        for (size_t i = 0; i < count; i++) {
                const struct record *record = batch[i];
                assert_ptr_equal(log_of(world, record), log);
                assert_int_equal(record->key, batch[0]->key);
                assert_true(count == 1 || !record->job.task.alone);
                assert_true(i == 0 || record->key < 0 || record > batch[i - 1]);
                may |= record->let || record->job.task.ripe_us <= world->now_us;
        }
        /* Loose ones that wait for one another are let go of together. */
        for (size_t i = 0; batch[0]->key < 0 && i < log->count; i++)
                may |= log->records[i].job.task.ripe_us <= world->now_us;
        assert_true(may);
}

static void check_order(struct world *world, const struct record *record)
{
        const struct log *log = log_of(world, record);
        for (const struct record *earlier = log->records; earlier < record; earlier++)
                assert_true(record->key < 0 || earlier->key != record->key || earlier->finished || earlier->running);
}

static void take(struct world *world)
{
        struct chappe_task *tasks[SHARES * MOST];
        struct chappe_job *jobs[SHARES * MOST];
        size_t most = 1 + chappe_random_below(&world->random, 8);
        size_t count = chappe_dispatcher_take(world->dispatcher, tasks, most);
        assert_true(count < most + TOGETHER);
        for (size_t i = 0; i < count; i++) {
                struct record *record = record_of(tasks[i]);
                jobs[i] = &record->job;
                assert_true(waits(record));
                assert_true(record->due_us <= world->now_us);
                check_order(world, record);
                record->running = true;
                world->taken[world->taken_count++] = record;
        }
        size_t length;
        for (size_t i = 0; i < count; i += length) {
                length = chappe_batch_length(jobs + i, count - i);
                check_batch(world, &world->taken[world->taken_count - count + i], length);
        }
}

static void take_released(struct chappe_released *released)
{
        for (struct chappe_task *task = released->tasks; task; task = task->next)
                record_of(task)->finished = true;
        *released = (struct chappe_released){ 0 };
}

/* All that was taken comes back: done; unrun; or the first of it failed with the others, or by itself. */
static void bring_back(struct world *world)
{
        struct chappe_released released = { 0 };
        uint64_t how = chappe_random_below(&world->random, 4);
        for (size_t i = 0; i < world->taken_count; i++) {
                struct record *record = world->taken[i];
                record->running = false;
                if (how == 3)
                        record->job.task.alone = true;
                if (how >= 2 && i == 0)
                        record->due_us = world->now_us + 70;
                if (how == 0 || (how >= 2 && i > 0))
                        chappe_dispatcher_unrun(world->dispatcher, &record->job.task, &released);
                else
                        chappe_dispatcher_return(world->dispatcher, &record->job.task, how >= 2, false, record->due_us,
                                                 &released);
        }
        take_released(&released);
        world->taken_count = 0;
        for (int n = 0; n < SHARES; n++)
                let_enough(&world->logs[n]);
}

/* What is ripe, and whose lane is free, is handed out. */
static void check_nobody_is_forgotten(struct world *world)
{
        while (chappe_dispatcher_ready(world->dispatcher) > 0)
                take(world);
        for (int n = 0; n < SHARES; n++) {
                const struct log *log = &world->logs[n];
                for (size_t i = 0; i < log->count; i++) {
                        const struct record *record = &log->records[i];
                        if (!waits(record) || !is_free(log, record))
                                continue;
                        assert_false(record->job.task.alone);
                        assert_true(record->job.task.ripe_us > world->now_us);
                        assert_true(company(log, record) < TOGETHER);
                }
        }
}

static void step(struct world *world)
{
        uint64_t what = chappe_random_below(&world->random, 20);
        int n = (int)chappe_random_below(&world->random, SHARES);
        if (what < 10) {
                add(world, &world->logs[n], n);
        } else if (what < 13) {
                world->now_us += (int64_t)chappe_random_below(&world->random, 60);
                chappe_dispatcher_promote(world->dispatcher, world->now_us);
        } else if (what < 14) {
                (void)chappe_dispatcher_ripen(world->dispatcher, world->logs[n].share);
                for (size_t i = 0; i < world->logs[n].count; i++)
                        world->logs[n].records[i].let = true;
        } else if (what < 16) {
                take(world);
        } else if (what < 18) {
                check_nobody_is_forgotten(world);
        } else {
                bring_back(world);
        }
}

static void run_out(struct world *world)
{
        for (int round = 0; round < 2000 && chappe_dispatcher_records(world->dispatcher) > 0; round++) {
                struct chappe_released released = { 0 };
                world->now_us += WAIT_US;
                chappe_dispatcher_promote(world->dispatcher, world->now_us);
                check_nobody_is_forgotten(world);
                for (size_t i = 0; i < world->taken_count; i++) {
                        world->taken[i]->running = false;
                        chappe_dispatcher_return(world->dispatcher, &world->taken[i]->job.task, false, false, 0,
                                                 &released);
                }
                world->taken_count = 0;
                take_released(&released);
        }
        assert_int_equal(chappe_dispatcher_records(world->dispatcher), 0);
}

static void give_up(struct world *world)
{
        struct chappe_released released = { 0 };
        for (int n = 0; n < SHARES; n++) {
                chappe_dispatcher_drain(world->dispatcher, world->logs[n].share, &released);
                assert_null(world->logs[n].share->gathering);
        }
        for (size_t i = 0; i < world->taken_count; i++) {
                world->taken[i]->running = false;
                chappe_dispatcher_unrun(world->dispatcher, &world->taken[i]->job.task, &released);
        }
        assert_int_equal(chappe_dispatcher_due_us(world->dispatcher), INT64_MAX);
        assert_int_equal(chappe_dispatcher_records(world->dispatcher), 0);
}

static void random_sequence(uint64_t seed)
{
        static const struct chappe_dispatcher_limits limits = { 1000, 100000, 3, 1000, 1000, 100000 };
        static struct world world;
        world = (struct world){ .dispatcher = chappe_dispatcher_new(&limits, NULL), .now_us = 1 };
        chappe_random_init(&world.random, seed);
        for (int n = 0; n < SHARES; n++) {
                world.logs[n].share = chappe_assignment_gain(&world.assignment, "t", n, 0);
                world.logs[n].share->together = TOGETHER;
        }
        for (int i = 0; i < STEPS; i++)
                step(&world);
        if (chappe_random_chance(&world.random, 500000))
                run_out(&world);
        give_up(&world);
        chappe_dispatcher_free(world.dispatcher);
        chappe_assignment_deinit(&world.assignment);
}

static void test_gathering_agrees_with_a_plain_reader_of_the_log(void **state)
{
        (void)state;
        uint64_t seed = sequences_seed(), count = sequences_wanted(SEQUENCES);
        for (uint64_t i = 0; i < count; i++)
                random_sequence(seed + i);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_gathering_agrees_with_a_plain_reader_of_the_log),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
