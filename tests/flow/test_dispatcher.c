/* SPDX-License-Identifier: Apache-2.0 */
/* The dispatcher, lanes and assignment against a plain model: order, finishing, rewinding, rebalance. */
#include "sequences.h"

#include <string.h>

#include <chappe/arena.h>
#include <chappe/error.h>

#include "flow/dispatcher_private.h"

#define SEQUENCES  100000
#define STEPS      80
#define PARTITIONS 3
#define KEYS       3
#define MOST       24 /* records of one partition */

/* What a plain reader of the log knows of one record. */
struct record {
        struct chappe_task task;
        uint64_t key;
        bool in_hand; /* added and not let go */
        bool running;
        bool pending;  /* handed back, deliveries outstanding */
        bool failed;   /* its last run or a delivery of it failed, and it has not begun to run again */
        bool ran_well; /* in its last run, not failed since */
        bool finished;
        int64_t due_us;
};

struct partition {
        struct chappe_share *share;
        struct record records[MOST];
        size_t count;
        bool held;
        int grants; /* tasks that may begin all the same */
};

struct world {
        struct chappe_random random;
        struct chappe_assignment assignment;
        struct chappe_dispatcher *dispatcher;
        struct partition partitions[PARTITIONS];
        int64_t now_us;
        uint64_t late;
        bool short_of_memory; /* there is some for a few lanes only */
};

static struct record *record_of(struct chappe_task *task)
{
        return CHAPPE_CONTAINER(task, struct record, task);
}

static uint64_t identify(const struct chappe_task *task)
{
        return CHAPPE_CONTAINER(task, const struct record, task)->key;
}

static void take_released(struct chappe_released *released)
{
        size_t finished = 0;
        struct chappe_share *share = released->tasks ? released->tasks->share : NULL;
        for (struct chappe_task *task = released->tasks; task; task = task->next) {
                struct record *record = record_of(task);
                assert_true(record->in_hand && !record->running && !record->pending);
                record->in_hand = false;
                if (task->share->state == CHAPPE_SHARE_GONE || !record->ran_well)
                        continue;
                bool counted = chappe_offset_ledger_watermark(&task->share->ledger) > task->offset;
                size_t position = 0;
                struct chappe_offset_run run;
                while (!counted && chappe_offset_ledger_beyond(&task->share->ledger, &position, &run))
                        counted = run.from <= task->offset && task->offset <= run.to;
                record->finished = counted;
                finished += counted;
        }
        assert_int_equal(released->finished, finished);
        if (share && share->state == CHAPPE_SHARE_GONE && share->tasks == 0)
                chappe_share_free(share);
}

/* Nothing passes the first unfinished record; whoever finished has no unfinished predecessor of its key. */
static void check(struct world *world)
{
        for (int p = 0; p < PARTITIONS; p++) {
                struct partition *partition = &world->partitions[p];
                if (!partition->share)
                        continue;
                int64_t first_unfinished = (int64_t)partition->count;
                bool open[KEYS] = { false };
                for (size_t i = 0; i < partition->count; i++) {
                        struct record *record = &partition->records[i];
                        if (!record->finished && first_unfinished == (int64_t)partition->count)
                                first_unfinished = (int64_t)i;
                        assert_false(record->finished && open[record->key]);
                        open[record->key] |= !record->finished;
                }
                assert_int_equal(chappe_offset_ledger_watermark(&partition->share->ledger), first_unfinished);
        }
        assert_int_equal(chappe_dispatcher_late(world->dispatcher), world->late);
        assert_true(chappe_dispatcher_troubled_bytes(world->dispatcher) <= chappe_dispatcher_bytes(world->dispatcher));
        assert_true((chappe_dispatcher_troubled(world->dispatcher) > 0) ==
                    (chappe_dispatcher_troubled_bytes(world->dispatcher) > 0));
}

static void gain(struct world *world, int p)
{
        struct partition *partition = &world->partitions[p];
        for (size_t i = 0; i < partition->count; i++) {
                if (partition->records[i].in_hand)
                        return; /* the test keeps one generation of records at a time */
        }
        static const char *const topics[PARTITIONS] = { "a", "a", "b" };
        memset(partition->records, 0, sizeof(partition->records));
        partition->count = 0;
        partition->held = false;
        partition->share = chappe_assignment_gain(&world->assignment, topics[p], p, 0);
        assert_non_null(partition->share);
}

static void add(struct world *world, struct partition *partition)
{
        if (partition->share->state != CHAPPE_SHARE_ACTIVE || partition->count == MOST)
                return;
        struct record *record = &partition->records[partition->count];
        record->key = chappe_random_below(&world->random, KEYS);
        record->task = (struct chappe_task){
                .share = partition->share, .offset = (int64_t)partition->count, .bytes = 10, .attempt = 1
        };
        int status = chappe_share_is_merged(partition->share)
                             ? chappe_dispatcher_add_merged(world->dispatcher, &record->task, &record->task, 1)
                             : chappe_dispatcher_add(world->dispatcher, &record->task, record->key);
        assert_true(status == 0 || (world->short_of_memory && status == -CHAPPE_E_NO_MEMORY));
        record->in_hand = status == 0;
        partition->count += status == 0;
}

/* A record may begin only when each earlier one of its key ran well, and is not running. */
static void check_may_run(struct partition *partition, struct record *record, int64_t now_us)
{
        assert_true(record->in_hand && !record->running && !record->pending && !record->finished);
        assert_true(!record->failed || record->due_us <= now_us);
        for (struct record *earlier = partition->records; earlier < record; earlier++) {
                if (earlier->key == record->key)
                        assert_true(earlier->finished || earlier->ran_well || (earlier->running && !earlier->failed));
        }
}

static struct partition *partition_of(struct world *world, const struct record *record)
{
        int p = 0;
        while (record < world->partitions[p].records || record >= world->partitions[p].records + MOST)
                p++;
        return &world->partitions[p];
}

/* Of a held partition nothing begins, but what was granted: one for all partitions of its topic. */
static void check_hold(struct world *world, struct partition *partition, struct record *record)
{
        assert_int_equal(record->task.probe, partition->held);
        record->task.probe = false;
        if (!partition->held)
                return;
        assert_int_equal(partition->grants, 1);
        for (int p = 0; p < PARTITIONS; p++) {
                struct partition *other = &world->partitions[p];
                if (other->share && strcmp(other->share->topic, record->task.share->topic) == 0)
                        other->grants = 0;
        }
}

/* Everything of its key behind a failed record has to run again. */
static void mark_failed(struct world *world, struct record *record)
{
        struct partition *partition = partition_of(world, record);
        record->failed = true;
        for (struct record *later = record; later < partition->records + partition->count; later++) {
                if (later->key == record->key && !later->running && !later->pending)
                        later->ran_well = false;
        }
}

/* Did an earlier record of the key fail, so that this good run counts for nothing? */
static bool overtaken(struct world *world, struct record *record)
{
        struct partition *partition = partition_of(world, record);
        for (struct record *earlier = partition->records; earlier < record; earlier++) {
                if (earlier->key == record->key && earlier->in_hand && earlier->failed)
                        return true;
        }
        return false;
}

static void settle(struct world *world, struct record *record, bool again)
{
        struct chappe_released released = { 0 };
        record->pending = false;
        if (!record->task.again)
                record->due_us = world->now_us + 50;
        if (record->task.share->state == CHAPPE_SHARE_GONE)
                world->late++;
        if (again || record->task.again)
                mark_failed(world, record);
        else if (overtaken(world, record))
                record->ran_well = false;
        chappe_dispatcher_settle(world->dispatcher, &record->task, again, record->due_us, &released);
        take_released(&released);
}

static void hand_back(struct world *world, struct record *record, bool *ret_failed)
{
        struct chappe_released released = { 0 };
        bool again = chappe_random_below(&world->random, 4) == 0;
        bool outstanding = chappe_random_below(&world->random, 3) == 0;
        record->running = false;
        record->pending = outstanding;
        record->due_us = world->now_us + 50;
        record->ran_well = !again && !overtaken(world, record);
        if (!outstanding && record->task.share->state == CHAPPE_SHARE_GONE)
                world->late++;
        if (again && !outstanding)
                mark_failed(world, record);
        *ret_failed = again;
        chappe_dispatcher_return(world->dispatcher, &record->task, again, outstanding, record->due_us, &released);
        take_released(&released);
}

static void unrun(struct world *world, struct record *record)
{
        struct chappe_released released = { 0 };
        record->running = false;
        chappe_dispatcher_unrun(world->dispatcher, &record->task, &released);
        take_released(&released);
}

/* One worker's turn, with other things happening between its tasks. */
struct worker {
        struct chappe_task *tasks[6];
        size_t count;
        size_t at;
        struct chappe_task *failed[6];
        size_t failed_count;
};

static void begin_turn(struct world *world, struct worker *worker)
{
        *worker = (struct worker){ 0 };
        worker->count =
                chappe_dispatcher_take(world->dispatcher, worker->tasks, 1 + chappe_random_below(&world->random, 6));
        for (size_t i = 0; i < worker->count; i++) {
                struct record *record = record_of(worker->tasks[i]);
                check_may_run(partition_of(world, record), record, world->now_us);
                check_hold(world, partition_of(world, record), record);
                record->running = true;
                record->failed = false;
                record->ran_well = false;
        }
}

static bool is_behind_failed(const struct worker *worker, const struct chappe_task *task)
{
        for (size_t i = 0; i < worker->failed_count; i++) {
                if (worker->failed[i]->share == task->share && identify(worker->failed[i]) == identify(task))
                        return true;
        }
        return false;
}

/* Of what it has not handed back yet, those that are the first ones of a lane. */
static size_t in_front(const struct worker *worker)
{
        size_t count = 0;
        struct chappe_task *const *tasks = worker->tasks + worker->at;
        const struct chappe_lane *lane = tasks[0]->lane;
        if (!lane || lane->troubled || lane->share->state != CHAPPE_SHARE_ACTIVE)
                return 0;
        for (const struct chappe_task *task = lane->head; worker->at + count < worker->count && task == tasks[count];
             task = task->next)
                count++;
        return count;
}

/* Some of those went well, and come back together. */
static bool finish_together(struct world *world, struct worker *worker)
{
        struct chappe_released released = { 0 };
        size_t count = in_front(worker);
        if (count == 0 || chappe_random_below(&world->random, 2))
                return false;
        struct chappe_lane *lane = worker->tasks[worker->at]->lane;
        count = 1 + chappe_random_below(&world->random, count);
        for (size_t i = 0; i < count; i++) {
                struct record *record = record_of(worker->tasks[worker->at++]);
                record->running = false;
                record->ran_well = !overtaken(world, record);
        }
        chappe_dispatcher_finish(world->dispatcher, lane, count, &released);
        take_released(&released);
        return true;
}

static void go_on(struct world *world, struct worker *worker)
{
        if (worker->at == worker->count) {
                begin_turn(world, worker);
                return;
        }
        if (finish_together(world, worker))
                return;
        struct chappe_task *task = worker->tasks[worker->at++];
        if (is_behind_failed(worker, task)) {
                unrun(world, record_of(task));
                return;
        }
        bool failed;
        worker->failed[worker->failed_count] = task;
        hand_back(world, record_of(task), &failed);
        worker->failed_count += failed;
}

static void settle_some(struct world *world, struct partition *partition)
{
        for (size_t i = 0; i < partition->count; i++) {
                struct record *record = &partition->records[i];
                if (record->pending && chappe_random_below(&world->random, 2)) {
                        settle(world, record, chappe_random_below(&world->random, 4) == 0);
                        return;
                }
        }
}

static void give_up(struct world *world, struct partition *partition, bool drain)
{
        struct chappe_share *share = partition->share;
        struct chappe_released released = { 0 };
        if (drain && share->state == CHAPPE_SHARE_ACTIVE) {
                chappe_dispatcher_drain(world->dispatcher, share, &released);
                take_released(&released);
                return;
        }
        chappe_assignment_remove(&world->assignment, share);
        chappe_dispatcher_drop(world->dispatcher, share, &released);
        take_released(&released);
        partition->share = NULL;
        if (!released.tasks && share->tasks == 0)
                chappe_share_free(share);
}

static void hold(struct world *world, struct partition *partition)
{
        uint64_t what = chappe_random_below(&world->random, 3);
        partition->held = what > 0;
        partition->grants = what == 2 && partition->share->state == CHAPPE_SHARE_ACTIVE;
        if (what == 2)
                (void)chappe_dispatcher_probe(world->dispatcher, partition->share);
        else
                chappe_dispatcher_hold(world->dispatcher, partition->share, what == 1);
        assert_true(chappe_dispatcher_room(world->dispatcher, partition->share) <=
                    (partition->held ? (size_t)partition->grants : SIZE_MAX));
}

/* Of what nobody holds nothing is left ready when a worker has had enough turns. */
static void let_all_run(struct world *world)
{
        for (int p = 0; p < PARTITIONS; p++) {
                struct partition *partition = &world->partitions[p];
                partition->held = false;
                if (partition->share)
                        chappe_dispatcher_hold(world->dispatcher, partition->share, false);
        }
}

/* One lane for all keys, or one for each: nobody may notice. */
static void choose_lanes(struct world *world, struct partition *partition, bool merged)
{
        struct chappe_released released = { 0 };
        if (merged)
                chappe_dispatcher_merge(world->dispatcher, partition->share, world->now_us + 100);
        else
                chappe_dispatcher_spread(world->dispatcher, partition->share, &released);
        take_released(&released);
}

static void step(struct world *world, struct worker *workers)
{
        int p = (int)chappe_random_below(&world->random, PARTITIONS);
        struct partition *partition = &world->partitions[p];
        uint64_t what = chappe_random_below(&world->random, 48);
        if (what < 16)
                go_on(world, &workers[what % 2]);
        else if (what < 22)
                settle_some(world, partition);
        else if (what < 26)
                world->now_us += 30;
        else if (!partition->share)
                gain(world, p);
        else if (what < 38)
                add(world, partition);
        else if (what < 40)
                give_up(world, partition, what == 38);
        else if (what < 43)
                hold(world, partition);
        else
                choose_lanes(world, partition, what < 46);
        chappe_dispatcher_promote(world->dispatcher, world->now_us);
}

/* Without further failures everything in hand comes to its end. */
static void run_out(struct world *world, struct worker *workers)
{
        let_all_run(world);
        for (int round = 0; round < 5000 && chappe_dispatcher_records(world->dispatcher) > 0; round++) {
                world->now_us += 100;
                chappe_dispatcher_promote(world->dispatcher, world->now_us);
                go_on(world, &workers[round % 2]);
                for (int p = 0; p < PARTITIONS; p++) {
                        for (size_t i = 0; i < world->partitions[p].count; i++) {
                                if (world->partitions[p].records[i].pending)
                                        settle(world, &world->partitions[p].records[i], false);
                        }
                }
        }
        assert_int_equal(chappe_dispatcher_records(world->dispatcher), 0);
        check(world);
}

static void close_world(struct world *world)
{
        for (int p = 0; p < PARTITIONS; p++) {
                if (world->partitions[p].share)
                        give_up(world, &world->partitions[p], false);
        }
        assert_int_equal(chappe_dispatcher_bytes(world->dispatcher), 0);
        assert_int_equal(chappe_dispatcher_ready(world->dispatcher), 0);
        chappe_dispatcher_free(world->dispatcher);
        chappe_assignment_deinit(&world->assignment);
}

static void random_sequence(uint64_t seed)
{
        static const struct chappe_dispatcher_limits limits = { 1000, 100000, 3, 1000, 1000, 100000, 4 };
        struct world world = { .dispatcher = chappe_dispatcher_new(&limits, identify) };
        struct worker workers[2] = { 0 };
        chappe_random_init(&world.random, seed);
        world.short_of_memory = chappe_random_below(&world.random, 4) == 0;
        if (world.short_of_memory)
                world.dispatcher->lanes.memory =
                        chappe_arena_new((1 + chappe_random_below(&world.random, 6)) * sizeof(struct chappe_lane));
        for (int i = 0; i < STEPS; i++) {
                step(&world, workers);
                if (i % 4 == 0)
                        check(&world);
        }
        run_out(&world, workers);
        close_world(&world);
}

static void test_dispatcher_agrees_with_a_plain_reader_of_the_log(void **state)
{
        (void)state;
        uint64_t seed = sequences_seed(), count = sequences_wanted(SEQUENCES);
        for (uint64_t i = 0; i < count; i++)
                random_sequence(seed + i);
}

static void test_partitions_take_turns(void **state)
{
        (void)state;
        static const struct chappe_dispatcher_limits limits = { 1000, 100000, 1, 1000, 1000, 100000 };
        struct chappe_dispatcher *dispatcher = chappe_dispatcher_new(&limits, NULL);
        struct chappe_assignment assignment = { 0 };
        struct chappe_task tasks[12] = { 0 };
        for (int i = 0; i < 12; i++) {
                int partition = i < 10 ? 0 : i - 9;
                struct chappe_share *share = chappe_assignment_find(&assignment, "t", partition);
                if (!share)
                        share = chappe_assignment_gain(&assignment, "t", partition, 0);
                tasks[i] = (struct chappe_task){ .share = share, .offset = i, .attempt = 1 };
                assert_int_equal(chappe_dispatcher_add(dispatcher, &tasks[i], (uint64_t)i), 0);
        }
        struct chappe_task *taken[4];
        assert_int_equal(chappe_dispatcher_take(dispatcher, taken, 4), 4);
        assert_ptr_equal(taken[0], &tasks[0]);
        assert_ptr_equal(taken[1], &tasks[10]);
        assert_ptr_equal(taken[2], &tasks[11]);
        assert_ptr_equal(taken[3], &tasks[1]);
        chappe_dispatcher_free(dispatcher);
        chappe_assignment_deinit(&assignment);
}

static void test_intake_is_bounded_by_records_and_bytes(void **state)
{
        (void)state;
        static const struct chappe_dispatcher_limits limits = { 10, 1000, 1, 1000, 1000, 100000 };
        struct chappe_dispatcher *dispatcher = chappe_dispatcher_new(&limits, NULL);
        struct chappe_assignment assignment = { 0 };
        struct chappe_share *share = chappe_assignment_gain(&assignment, "t", 0, 0);
        assert_int_equal(chappe_dispatcher_room(dispatcher, share), 10);
        assert_int_equal(chappe_dispatcher_room_bytes(dispatcher, share), 1000);
        struct chappe_task tasks[2] = { { .share = share, .offset = 0, .bytes = 400, .attempt = 1 },
                                        { .share = share, .offset = 1, .bytes = 600, .attempt = 1 } };
        assert_int_equal(chappe_dispatcher_add(dispatcher, &tasks[0], 0), 0);
        assert_int_equal(chappe_dispatcher_room(dispatcher, share), 9);
        assert_int_equal(chappe_dispatcher_room_bytes(dispatcher, share), 600);
        assert_int_equal(chappe_dispatcher_add(dispatcher, &tasks[1], 0), 0);
        assert_int_equal(chappe_dispatcher_room(dispatcher, share), 0);
        assert_int_equal(chappe_dispatcher_room_bytes(dispatcher, share), 0);

        struct chappe_released released = { 0 };
        struct chappe_task *taken;
        assert_int_equal(chappe_dispatcher_take(dispatcher, &taken, 1), 1);
        chappe_dispatcher_return(dispatcher, taken, false, false, 0, &released);
        assert_int_equal(released.finished, 1);
        assert_true(chappe_dispatcher_room(dispatcher, share) > 0);
        chappe_dispatcher_free(dispatcher);
        chappe_assignment_deinit(&assignment);
}

/* However often the failing records are tried meanwhile. */
static void test_intake_is_bounded_by_keys_in_trouble(void **state)
{
        (void)state;
        static const struct chappe_dispatcher_limits limits = { 1000, 100000, 1, 1000, 2, 100000 };
        struct chappe_dispatcher *dispatcher = chappe_dispatcher_new(&limits, NULL);
        struct chappe_assignment assignment = { 0 };
        struct chappe_share *share = chappe_assignment_gain(&assignment, "t", 0, 0);
        struct chappe_task tasks[3] = { 0 }, *taken[3];
        struct chappe_released released = { 0 };
        for (int i = 0; i < 3; i++) {
                tasks[i] = (struct chappe_task){ .share = share, .offset = i, .attempt = 1 };
                assert_int_equal(chappe_dispatcher_add(dispatcher, &tasks[i], (uint64_t)i), 0);
        }
        assert_int_equal(chappe_dispatcher_take(dispatcher, taken, 3), 3);
        chappe_dispatcher_return(dispatcher, taken[0], true, false, 10, &released);
        assert_true(chappe_dispatcher_room(dispatcher, share) > 0);
        chappe_dispatcher_return(dispatcher, taken[1], true, false, 10, &released);
        assert_int_equal(chappe_dispatcher_room(dispatcher, share), 0);
        chappe_dispatcher_promote(dispatcher, 10);
        assert_int_equal(chappe_dispatcher_take(dispatcher, taken, 1), 1);
        assert_int_equal(chappe_dispatcher_troubled(dispatcher), 2);
        assert_int_equal(chappe_dispatcher_room(dispatcher, share), 0); /* one of them is being tried */
        chappe_dispatcher_return(dispatcher, taken[0], false, false, 0, &released);
        assert_true(chappe_dispatcher_room(dispatcher, share) > 0);
        chappe_dispatcher_drop(dispatcher, share, &released);
        assert_int_equal(chappe_dispatcher_troubled(dispatcher), 0);
        chappe_dispatcher_free(dispatcher);
        chappe_assignment_deinit(&assignment);
}

/* What fails without end is not all that probes. */
static void test_of_a_held_partition_one_task_probes_that_has_not_failed(void **state)
{
        (void)state;
        static const struct chappe_dispatcher_limits limits = { 1000, 100000, 16, 1000, 1000, 100000 };
        struct chappe_dispatcher *dispatcher = chappe_dispatcher_new(&limits, NULL);
        struct chappe_assignment assignment = { 0 };
        struct chappe_share *share = chappe_assignment_gain(&assignment, "t", 0, 0);
        struct chappe_task tasks[4] = { 0 }, *taken[4];
        struct chappe_released released = { 0 };
        for (int i = 0; i < 4; i++) {
                tasks[i] = (struct chappe_task){ .share = share, .offset = i, .attempt = 1 };
                assert_int_equal(chappe_dispatcher_add(dispatcher, &tasks[i], i < 3 ? (uint64_t)i : 2), 0);
        }
        assert_int_equal(chappe_dispatcher_take(dispatcher, taken, 1), 1);
        chappe_dispatcher_return(dispatcher, taken[0], true, false, 10, &released);
        chappe_dispatcher_promote(dispatcher, 10);
        chappe_dispatcher_hold(dispatcher, share, true);
        assert_int_equal(chappe_dispatcher_ready(dispatcher), 0);
        assert_int_equal(chappe_dispatcher_take(dispatcher, taken, 4), 0);
        assert_int_equal(chappe_dispatcher_room(dispatcher, share), 0);
        for (int i = 1; i < 3; i++) {
                assert_true(chappe_dispatcher_probe(dispatcher, share));
                assert_int_equal(chappe_dispatcher_ready(dispatcher), 1);
                assert_int_equal(chappe_dispatcher_room(dispatcher, share), 1);
                assert_int_equal(chappe_dispatcher_take(dispatcher, taken, 4), 1);
                assert_ptr_equal(taken[0], &tasks[i]);
                assert_int_equal(chappe_dispatcher_take(dispatcher, taken + 1, 3), 0);
        }
        chappe_dispatcher_hold(dispatcher, share, false);
        assert_int_equal(chappe_dispatcher_take(dispatcher, taken, 4), 1);
        assert_ptr_equal(taken[0], &tasks[0]);
        chappe_dispatcher_free(dispatcher);
        chappe_assignment_deinit(&assignment);
}

/* Whichever is first to have a record ready: then there is no other. */
static void test_one_task_probes_for_all_partitions_of_its_topic(void **state)
{
        (void)state;
        static const struct chappe_dispatcher_limits limits = { 1000, 100000, 16, 1000, 1000, 100000 };
        static const char *const topics[4] = { "a", "b", "a", "a" };
        struct chappe_dispatcher *dispatcher = chappe_dispatcher_new(&limits, NULL);
        struct chappe_assignment assignment = { 0 };
        struct chappe_share *shares[4];
        struct chappe_task tasks[4] = { 0 }, *taken[4];
        for (int i = 0; i < 4; i++) {
                shares[i] = chappe_assignment_gain(&assignment, topics[i], i, 0);
                shares[i]->topic = i == 1 ? topics[1] : topics[0];
                assert_false(chappe_dispatcher_probe(dispatcher, shares[i]));
                tasks[i] = (struct chappe_task){ .share = shares[i], .attempt = 1 };
        }
        for (int i = 0; i < 3; i++)
                assert_int_equal(chappe_dispatcher_add(dispatcher, &tasks[i], 7), 0);
        assert_int_equal(chappe_dispatcher_take(dispatcher, taken, 4), 2);
        assert_ptr_equal(taken[0], &tasks[0]);
        assert_ptr_equal(taken[1], &tasks[1]);
        assert_int_equal(chappe_dispatcher_add(dispatcher, &tasks[3], 7), 0);
        assert_int_equal(chappe_dispatcher_ready(dispatcher), 0);
        assert_int_equal(chappe_dispatcher_take(dispatcher, taken, 4), 0);
        for (int i = 2; i < 4; i++) {
                (void)chappe_dispatcher_probe(dispatcher, shares[2]);
                assert_true(chappe_dispatcher_probe(dispatcher, shares[3]));
                assert_int_equal(chappe_dispatcher_take(dispatcher, taken, 4), 1);
                assert_ptr_equal(taken[0], &tasks[i]);
        }
        chappe_dispatcher_free(dispatcher);
        chappe_assignment_deinit(&assignment);
}

/* What queues behind a record in trouble counts with it. */
static void test_intake_is_bounded_by_bytes_in_trouble(void **state)
{
        (void)state;
        static const struct chappe_dispatcher_limits limits = { 1000, 100000, 1, 1000, 1000, 250 };
        struct chappe_dispatcher *dispatcher = chappe_dispatcher_new(&limits, NULL);
        struct chappe_assignment assignment = { 0 };
        struct chappe_share *share = chappe_assignment_gain(&assignment, "t", 0, 0);
        struct chappe_task tasks[3] = { 0 }, *taken;
        struct chappe_released released = { 0 };
        for (int i = 0; i < 3; i++) {
                tasks[i] = (struct chappe_task){ .share = share, .offset = i, .bytes = 100, .attempt = 1 };
                if (i < 2)
                        assert_int_equal(chappe_dispatcher_add(dispatcher, &tasks[i], 7), 0);
        }
        assert_int_equal(chappe_dispatcher_take(dispatcher, &taken, 1), 1);
        assert_int_equal(chappe_dispatcher_troubled_bytes(dispatcher), 0);
        chappe_dispatcher_return(dispatcher, taken, true, false, 10, &released);
        assert_int_equal(chappe_dispatcher_troubled_bytes(dispatcher), 200);
        assert_false(chappe_dispatcher_park_full(dispatcher));
        assert_int_equal(chappe_dispatcher_add(dispatcher, &tasks[2], 7), 0);
        assert_true(chappe_dispatcher_park_full(dispatcher));
        assert_int_equal(chappe_dispatcher_room(dispatcher, share), 0);
        chappe_dispatcher_drop(dispatcher, share, &released);
        assert_int_equal(chappe_dispatcher_troubled_bytes(dispatcher), 0);
        chappe_dispatcher_free(dispatcher);
        chappe_assignment_deinit(&assignment);
}

/* A dead letter that could not be written waits behind a record of its key that has to run again. */
static void test_of_a_halted_partition_what_the_halt_waits_for_runs(void **state)
{
        (void)state;
        static const struct chappe_dispatcher_limits limits = { 1000, 100000, 16, 1000, 1000, 100000 };
        struct chappe_dispatcher *dispatcher = chappe_dispatcher_new(&limits, NULL);
        struct chappe_assignment assignment = { 0 };
        struct chappe_share *share = chappe_assignment_gain(&assignment, "t", 0, 0);
        struct chappe_task tasks[3] = { 0 }, *taken[3];
        struct chappe_released released = { 0 };
        for (int i = 0; i < 3; i++) {
                tasks[i] = (struct chappe_task){ .share = share, .offset = i, .attempt = 1 };
                assert_int_equal(chappe_dispatcher_add(dispatcher, &tasks[i], i < 2 ? 7 : 8), 0);
        }
        assert_int_equal(chappe_dispatcher_take(dispatcher, taken, 2), 2);
        chappe_lane_must(tasks[1].lane, &tasks[1]);
        chappe_dispatcher_return(dispatcher, &tasks[0], true, false, 10, &released);
        chappe_dispatcher_return(dispatcher, &tasks[1], true, false, 10, &released);
        chappe_dispatcher_promote(dispatcher, 10);
        for (int i = 0; i < 2; i++) {
                chappe_dispatcher_halt(dispatcher, share);
                assert_int_equal(chappe_dispatcher_take(dispatcher, taken, 3), 1);
                assert_ptr_equal(taken[0], &tasks[i]);
                chappe_dispatcher_return(dispatcher, taken[0], false, false, 0, &released);
        }
        assert_int_equal(released.finished, 2);
        chappe_dispatcher_halt(dispatcher, share);
        assert_int_equal(chappe_dispatcher_take(dispatcher, taken, 3), 0);
        chappe_dispatcher_drop(dispatcher, share, &released);
        chappe_dispatcher_free(dispatcher);
        chappe_assignment_deinit(&assignment);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_partitions_take_turns),
                cmocka_unit_test(test_intake_is_bounded_by_records_and_bytes),
                cmocka_unit_test(test_intake_is_bounded_by_keys_in_trouble),
                cmocka_unit_test(test_intake_is_bounded_by_bytes_in_trouble),
                cmocka_unit_test(test_of_a_held_partition_one_task_probes_that_has_not_failed),
                cmocka_unit_test(test_one_task_probes_for_all_partitions_of_its_topic),
                cmocka_unit_test(test_of_a_halted_partition_what_the_halt_waits_for_runs),
                cmocka_unit_test(test_dispatcher_agrees_with_a_plain_reader_of_the_log),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
