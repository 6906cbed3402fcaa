/* SPDX-License-Identifier: Apache-2.0 */
/* The dispatcher: lanes by identity, their turns, those that wait in a heap. */
#include "flow/dispatcher_private.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <utlist.h>

#include <chappe/error.h>

#include "flow/gathering.h"

#define PUBLISHES 1000 /* times the usual number of records that have lanes by key */

struct chappe_dispatcher *chappe_dispatcher_new(const struct chappe_dispatcher_limits *limits,
                                                uint64_t (*identify)(const struct chappe_task *task))
{
        assert(limits->records > 0 && limits->bytes > 0 && limits->lane_run > 0 && limits->share_width > 0 &&
               limits->troubled > 0 && limits->troubled_bytes > 0);
        struct chappe_dispatcher *dispatcher = calloc(1, sizeof(*dispatcher));
        if (!dispatcher)
                return NULL;
        dispatcher->limits = *limits;
        dispatcher->identify = identify;
        return dispatcher;
}

struct chappe_dispatcher *chappe_dispatcher_free(struct chappe_dispatcher *dispatcher)
{
        if (!dispatcher)
                return NULL;
        chappe_lane_table_deinit(&dispatcher->lanes);
        chappe_heap_deinit(&dispatcher->waiting);
        free(dispatcher);
        return NULL;
}

void chappe_dispatcher_change_state(struct chappe_dispatcher *dispatcher, struct chappe_lane *lane,
                                    enum chappe_lane_state state)
{
        if (lane->state == CHAPPE_LANE_PARKED || lane->state == CHAPPE_LANE_BEHIND)
                chappe_heap_remove(&dispatcher->waiting, &lane->due);
        if (lane->state == CHAPPE_LANE_GATHERS)
                chappe_gathering_leave(&dispatcher->waiting, lane);
        chappe_turns_change(&dispatcher->turns, lane, state);
}

/* Lanes of the share that gather wait no longer: all of them, or those that hold loose tasks. */
static bool ripen(struct chappe_dispatcher *dispatcher, struct chappe_share *share, bool loose)
{
        struct chappe_lane *lane, *following;
        bool ripened = false;
        DL_FOREACH_SAFE2(share->gathering, lane, following, behind)
        {
                if (loose && !lane->loose)
                        continue;
                chappe_dispatcher_change_state(dispatcher, lane, CHAPPE_LANE_READY);
                ripened = true;
        }
        return ripened;
}

/* It has tasks that may run: at once, or when there are more of them. */
static void let_run(struct chappe_dispatcher *dispatcher, struct chappe_lane *lane)
{
        if (lane->state == CHAPPE_LANE_READY)
                return;
        bool waits = chappe_gathering_wants(lane, dispatcher->now_us);
        if (waits && lane->state == CHAPPE_LANE_GATHERS)
                return;
        chappe_dispatcher_change_state(dispatcher, lane, waits ? CHAPPE_LANE_IDLE : CHAPPE_LANE_READY);
        if (!waits)
                return;
        /* Without memory for the heap it runs with what there is. */
        chappe_dispatcher_change_state(dispatcher, lane,
                                       chappe_gathering_join(&dispatcher->waiting, lane) ? CHAPPE_LANE_GATHERS
                                                                                         : CHAPPE_LANE_READY);
        if (chappe_gathering_enough(lane->share))
                (void)ripen(dispatcher, lane->share, true);
}

static void mark_troubled(struct chappe_dispatcher *dispatcher, struct chappe_lane *lane, bool troubled)
{
        if (lane->troubled == troubled)
                return;
        dispatcher->troubled += troubled ? 1 : (size_t)-1;
        lane->share->troubled += troubled ? 1 : (size_t)-1;
        dispatcher->troubled_bytes += troubled ? lane->bytes : -lane->bytes;
        lane->troubled = troubled;
        if (troubled)
                DL_PREPEND2(lane->share->troubled_lanes, lane, troubled_before, troubled_behind);
        else
                DL_DELETE2(lane->share->troubled_lanes, lane, troubled_before, troubled_behind);
}

static void park(struct chappe_dispatcher *dispatcher, struct chappe_lane *lane, int64_t due_us)
{
        mark_troubled(dispatcher, lane, true);
        chappe_dispatcher_change_state(dispatcher, lane, CHAPPE_LANE_PARKED);
        lane->share->changes++;
        /* Without memory for the heap the lane runs again at once, which is right, if not polite. */
        if (chappe_heap_insert(&dispatcher->waiting, &lane->due, due_us) < 0)
                chappe_dispatcher_change_state(dispatcher, lane, CHAPPE_LANE_READY);
}

static void count_out(struct chappe_dispatcher *dispatcher, struct chappe_share *share, size_t count, size_t bytes)
{
        dispatcher->records -= count;
        dispatcher->bytes -= bytes;
        share->tasks -= count;
        share->bytes -= bytes;
}

static inline void put_in_front(struct chappe_released *released, struct chappe_task *first, struct chappe_task *last,
                                size_t count)
{
        if (!released->tasks)
                released->last = last;
        last->next = released->tasks;
        released->tasks = first;
        released->count += count;
}

static inline void let_go(struct chappe_dispatcher *dispatcher, struct chappe_task *task,
                          struct chappe_released *released)
{
        struct chappe_lane *lane = task->lane;
        size_t bytes = task->bytes;
        lane->bytes -= bytes;
        if (lane->troubled)
                dispatcher->troubled_bytes -= bytes;
        count_out(dispatcher, task->share, 1, bytes);
        task->lane = NULL;
        put_in_front(released, task, task, 1);
}

/* It took effect. */
static inline void finish(struct chappe_dispatcher *dispatcher, struct chappe_task *task,
                          struct chappe_released *released)
{
        struct chappe_share *share = task->share;
        chappe_offset_ledger_finish(&share->ledger, task->offset);
        share->changes++;
        share->window.finished++;
        share->window.failed += task->dead;
        released->finished++;
        let_go(dispatcher, task, released);
}

static void let_go_all(struct chappe_dispatcher *dispatcher, struct chappe_task *tasks,
                       struct chappe_released *released)
{
        while (tasks) {
                struct chappe_task *following = tasks->next;
                let_go(dispatcher, tasks, released);
                tasks = following;
        }
}

static void finish_front(struct chappe_dispatcher *dispatcher, struct chappe_lane *lane,
                         struct chappe_released *released)
{
        struct chappe_task *task;
        while ((task = chappe_lane_finish(lane))) {
                mark_troubled(dispatcher, lane, false);
                finish(dispatcher, task, released);
        }
}

void chappe_dispatcher_end_lane(struct chappe_dispatcher *dispatcher, struct chappe_lane *lane)
{
        struct chappe_share *share = lane->share;
        if (share->common == lane) {
                share->common = NULL;
                dispatcher->commons--;
        }
        chappe_lane_table_remove(&dispatcher->lanes, lane);
        chappe_dispatcher_come_forward(dispatcher, share);
}

/* Offsets of unfinished tasks, ascending. If the ledger begins with the first of them, and has the last one where the
 * last of so many would be, it begins with all of them. */
static void finish_offsets(struct chappe_offset_ledger *ledger, const struct chappe_task *first,
                           const struct chappe_task *last, size_t count)
{
        if (chappe_offset_ledger_is_open(ledger, 0, first->offset) &&
            chappe_offset_ledger_is_open(ledger, count - 1, last->offset)) {
                chappe_offset_ledger_finish_first(ledger, count);
                return;
        }
        for (; count > 0; count--, first = first->next)
                chappe_offset_ledger_finish(ledger, first->offset);
}

void chappe_dispatcher_finish(struct chappe_dispatcher *dispatcher, struct chappe_lane *lane, size_t count,
                              struct chappe_released *released)
{
        struct chappe_share *share = lane->share;
        struct chappe_task *first = lane->head, *last = NULL, *task = first;
        size_t bytes = 0;
        assert(count > 0 && !lane->troubled && share->state == CHAPPE_SHARE_ACTIVE);
        for (size_t i = 0; i < count; i++, task = task->next) {
                bytes += task->bytes;
                task->lane = NULL;
                last = task;
        }
        finish_offsets(&share->ledger, first, last, count);
        chappe_lane_pop(lane, task, count, bytes);
        count_out(dispatcher, share, count, bytes);
        share->changes += count;
        share->window.finished += (int64_t)count;
        released->finished += count;
        put_in_front(released, first, last, count);
        if (!lane->head) {
                lane->state = CHAPPE_LANE_IDLE;
                chappe_dispatcher_end_lane(dispatcher, lane);
        } else if (lane->running == 0 || lane->head->state == CHAPPE_TASK_SETTLED) {
                chappe_dispatcher_update(dispatcher, lane, released);
        }
}

void chappe_dispatcher_update(struct chappe_dispatcher *dispatcher, struct chappe_lane *lane,
                              struct chappe_released *released)
{
        enum chappe_share_state share = lane->share->state;
        released->gone |= share == CHAPPE_SHARE_GONE;
        if (share != CHAPPE_SHARE_GONE)
                finish_front(dispatcher, lane, released);
        if (share != CHAPPE_SHARE_ACTIVE)
                let_go_all(dispatcher, chappe_lane_cut(lane, share == CHAPPE_SHARE_GONE), released);

        if (lane->state != CHAPPE_LANE_PARKED || share != CHAPPE_SHARE_ACTIVE) {
                int64_t due_us;
                enum chappe_lane_state state = chappe_lane_next(lane, &due_us);
                if (state == CHAPPE_LANE_PARKED)
                        park(dispatcher, lane, due_us);
                else if (state == CHAPPE_LANE_READY)
                        let_run(dispatcher, lane);
                else
                        chappe_dispatcher_change_state(dispatcher, lane, state);
        }
        if (lane->head)
                return;
        mark_troubled(dispatcher, lane, false);
        chappe_dispatcher_end_lane(dispatcher, lane);
}

int chappe_dispatcher_add(struct chappe_dispatcher *dispatcher, struct chappe_task *task, uint64_t identity)
{
        struct chappe_share *share = task->share;
        assert(share->state == CHAPPE_SHARE_ACTIVE && !chappe_share_is_merged(share));
        assert(identity != CHAPPE_COMMON_IDENTITY);
        struct chappe_lane *lane = chappe_lane_table_get(&dispatcher->lanes, share, identity);
        if (!lane)
                return -CHAPPE_E_NO_MEMORY;
        int status = chappe_offset_ledger_begin(&share->ledger, task->offset);
        if (status < 0) {
                if (!lane->head)
                        chappe_dispatcher_end_lane(dispatcher, lane);
                return status;
        }
        share->apart--;
        chappe_lane_append(lane, task);
        if (lane->state == CHAPPE_LANE_IDLE && share->together <= 1)
                chappe_turns_change(&dispatcher->turns, lane, CHAPPE_LANE_READY);
        else if (lane->state == CHAPPE_LANE_IDLE || lane->state == CHAPPE_LANE_GATHERS)
                let_run(dispatcher, lane);
        chappe_dispatcher_count_in(dispatcher, lane, 1, task->bytes);
        return 0;
}

int chappe_dispatcher_skip(struct chappe_dispatcher *dispatcher, struct chappe_share *share, int64_t offset)
{
        (void)dispatcher;
        int status = chappe_offset_ledger_begin(&share->ledger, offset);
        if (status < 0)
                return status;
        chappe_offset_ledger_finish(&share->ledger, offset);
        share->changes++;
        return 0;
}

size_t chappe_dispatcher_take(struct chappe_dispatcher *dispatcher, struct chappe_task **ret_tasks, size_t maximum)
{
        return chappe_turns_take(&dispatcher->turns, ret_tasks, maximum, dispatcher->limits.lane_run);
}

void chappe_dispatcher_hold(struct chappe_dispatcher *dispatcher, struct chappe_share *share, bool held)
{
        chappe_turns_hold(&dispatcher->turns, share, held);
}

bool chappe_dispatcher_probe(struct chappe_dispatcher *dispatcher, struct chappe_share *share)
{
        return chappe_turns_probe(&dispatcher->turns, share);
}

void chappe_dispatcher_halt(struct chappe_dispatcher *dispatcher, struct chappe_share *share)
{
        chappe_turns_halt(&dispatcher->turns, share);
}

static void count_late(struct chappe_dispatcher *dispatcher, const struct chappe_task *task)
{
        if (task->share->state == CHAPPE_SHARE_GONE)
                dispatcher->late++;
}

/* One record is in the way of others: it failed, or waits for deliveries, as others of its topic are likely to. */
static void spread_for(struct chappe_dispatcher *dispatcher, struct chappe_share *share, bool outstanding,
                       struct chappe_released *released)
{
        chappe_dispatcher_spread(dispatcher, share, released);
        if (outstanding)
                share->apart = dispatcher->limits.apart * PUBLISHES;
}

void chappe_dispatcher_return(struct chappe_dispatcher *dispatcher, struct chappe_task *task, bool again,
                              bool outstanding, int64_t due_us, struct chappe_released *released)
{
        if ((again || outstanding) && chappe_share_is_merged(task->share) && task->share->state != CHAPPE_SHARE_GONE)
                spread_for(dispatcher, task->share, outstanding, released);
        struct chappe_lane *lane = task->lane;
        if (!outstanding)
                count_late(dispatcher, task);
        chappe_lane_return(lane, task, again, outstanding, due_us);
        chappe_dispatcher_update(dispatcher, lane, released);
}

void chappe_dispatcher_unrun(struct chappe_dispatcher *dispatcher, struct chappe_task *task,
                             struct chappe_released *released)
{
        struct chappe_lane *lane = task->lane;
        chappe_lane_unrun(lane, task);
        chappe_dispatcher_update(dispatcher, lane, released);
}

void chappe_dispatcher_settle(struct chappe_dispatcher *dispatcher, struct chappe_task *task, bool again,
                              int64_t due_us, struct chappe_released *released)
{
        count_late(dispatcher, task);
        struct chappe_lane *lane = task->lane;
        chappe_lane_settle(lane, task, again, due_us);
        chappe_dispatcher_update(dispatcher, lane, released);
}

/* Nothing of it has begun, and nothing of the others changes: nothing is let go of. */
static void spread_waiting(struct chappe_dispatcher *dispatcher, struct chappe_share *share)
{
        struct chappe_released none = { 0 };
        chappe_heap_remove(&dispatcher->waiting, &share->common->due);
        chappe_dispatcher_spread(dispatcher, share, &none);
        assert(!none.tasks);
}

void chappe_dispatcher_promote(struct chappe_dispatcher *dispatcher, int64_t now_us)
{
        struct chappe_heap_node *node;
        dispatcher->now_us = now_us;
        while ((node = chappe_heap_first(&dispatcher->waiting)) && node->due <= now_us) {
                struct chappe_lane *lane = CHAPPE_CONTAINER(node, struct chappe_lane, due);
                if (lane->state == CHAPPE_LANE_BEHIND)
                        spread_waiting(dispatcher, lane->share);
                else if (lane->loose)
                        (void)ripen(dispatcher, lane->share, true);
                else
                        chappe_dispatcher_change_state(dispatcher, lane, CHAPPE_LANE_READY);
        }
}

bool chappe_dispatcher_ripen(struct chappe_dispatcher *dispatcher, struct chappe_share *share)
{
        return ripen(dispatcher, share, false);
}

int64_t chappe_dispatcher_due_us(const struct chappe_dispatcher *dispatcher)
{
        const struct chappe_heap_node *node = chappe_heap_first(&dispatcher->waiting);
        return node ? node->due : INT64_MAX;
}

void chappe_dispatcher_recall(struct chappe_dispatcher *dispatcher, struct chappe_task *task)
{
        assert(task->lane != task->share->common);
        if (task->lane->head == task)
                mark_troubled(dispatcher, task->lane, true);
}

void chappe_dispatcher_each_troubled(const struct chappe_share *share,
                                     void (*visit)(const struct chappe_task *task, void *context), void *context)
{
        const struct chappe_lane *lane;
        DL_FOREACH2(share->troubled_lanes, lane, troubled_behind)
        {
                visit(lane->head, context);
        }
}

struct sweep {
        struct chappe_dispatcher *dispatcher;
        struct chappe_released *released;
};

static void sweep_lane(struct chappe_lane *lane, void *context)
{
        struct sweep *sweep = context;
        lane->listed = false;
        chappe_dispatcher_update(sweep->dispatcher, lane, sweep->released);
}

static void sweep_share(struct chappe_dispatcher *dispatcher, struct chappe_share *share,
                        struct chappe_released *released)
{
        chappe_turns_forget(&dispatcher->turns, share);
        struct sweep sweep = { dispatcher, released };
        chappe_lane_table_each(&dispatcher->lanes, share, sweep_lane, &sweep);
}

void chappe_dispatcher_drain(struct chappe_dispatcher *dispatcher, struct chappe_share *share,
                             struct chappe_released *released)
{
        share->state = CHAPPE_SHARE_DRAINING;
        atomic_store_explicit(&share->closing, true, memory_order_relaxed);
        sweep_share(dispatcher, share, released);
}

void chappe_dispatcher_drop(struct chappe_dispatcher *dispatcher, struct chappe_share *share,
                            struct chappe_released *released)
{
        share->state = CHAPPE_SHARE_GONE;
        atomic_store_explicit(&share->closing, true, memory_order_relaxed);
        sweep_share(dispatcher, share, released);
}

void chappe_dispatcher_rest(struct chappe_dispatcher *dispatcher)
{
        chappe_lane_table_rest(&dispatcher->lanes);
}
