/* SPDX-License-Identifier: Apache-2.0 */
/* The dispatcher: a round of shares, each with a list of ready lanes; parked lanes in a heap. */
#include "flow/dispatcher.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <chappe/error.h>

#include "flow/lane_table.h"

struct chappe_dispatcher {
        struct chappe_dispatcher_limits limits;
        struct chappe_lane_table lanes;
        struct chappe_heap parked;
        struct chappe_share *round; /* shares that have listed lanes, first to last */
        struct chappe_share *round_last;
        size_t ready;
        size_t troubled; /* lanes */
        size_t troubled_bytes;
        size_t records;
        size_t bytes;
        uint64_t late;
};

struct chappe_dispatcher *chappe_dispatcher_new(const struct chappe_dispatcher_limits *limits)
{
        assert(limits->records > 0 && limits->bytes > 0 && limits->lane_run > 0 && limits->share_width > 0 &&
               limits->troubled > 0 && limits->troubled_bytes > 0);
        struct chappe_dispatcher *dispatcher = calloc(1, sizeof(*dispatcher));
        if (dispatcher)
                dispatcher->limits = *limits;
        return dispatcher;
}

struct chappe_dispatcher *chappe_dispatcher_free(struct chappe_dispatcher *dispatcher)
{
        if (!dispatcher)
                return NULL;
        chappe_lane_table_deinit(&dispatcher->lanes);
        chappe_heap_deinit(&dispatcher->parked);
        free(dispatcher);
        return NULL;
}

static bool may_run(const struct chappe_share *share)
{
        return !share->held || share->probe;
}

bool chappe_dispatcher_park_full(const struct chappe_dispatcher *dispatcher)
{
        return dispatcher->troubled >= dispatcher->limits.troubled ||
               dispatcher->troubled_bytes >= dispatcher->limits.troubled_bytes;
}

bool chappe_dispatcher_full(const struct chappe_dispatcher *dispatcher)
{
        return dispatcher->records >= dispatcher->limits.records || dispatcher->bytes >= dispatcher->limits.bytes ||
               chappe_dispatcher_park_full(dispatcher);
}

bool chappe_dispatcher_low(const struct chappe_dispatcher *dispatcher)
{
        return dispatcher->records <= dispatcher->limits.records / 2 &&
               dispatcher->bytes <= dispatcher->limits.bytes / 2 &&
               dispatcher->troubled <= dispatcher->limits.troubled / 2 &&
               dispatcher->troubled_bytes <= dispatcher->limits.troubled_bytes / 2;
}

size_t chappe_dispatcher_room_bytes(const struct chappe_dispatcher *dispatcher)
{
        size_t limit = dispatcher->limits.bytes;
        return dispatcher->bytes < limit ? limit - dispatcher->bytes : 0;
}

size_t chappe_dispatcher_room(const struct chappe_dispatcher *dispatcher, const struct chappe_share *share)
{
        const struct chappe_dispatcher_limits *limits = &dispatcher->limits;
        size_t width = chappe_offset_ledger_width(&share->ledger);
        if (!may_run(share))
                return 0;
        if (share->state != CHAPPE_SHARE_ACTIVE || chappe_dispatcher_full(dispatcher) || width >= limits->share_width)
                return 0;
        size_t room = share->held ? 1 : limits->records - dispatcher->records;
        if (room > limits->share_width - width)
                room = limits->share_width - width;
        size_t telling = chappe_share_room(share);
        return room < telling ? room : telling;
}

/* Lanes of a share that workers could take now: of a held one that probes, one. */
static size_t takeable(const struct chappe_share *share)
{
        if (!may_run(share))
                return 0;
        return share->held && share->ready_lanes > 1 ? 1 : share->ready_lanes;
}

/* A share joins the end of the round. */
static void join_round(struct chappe_dispatcher *dispatcher, struct chappe_share *share)
{
        share->in_round = true;
        share->turn = NULL;
        if (dispatcher->round)
                dispatcher->round_last->turn = share;
        else
                dispatcher->round = share;
        dispatcher->round_last = share;
}

static struct chappe_share *leave_round(struct chappe_dispatcher *dispatcher)
{
        struct chappe_share *share = dispatcher->round;
        dispatcher->round = share->turn;
        share->in_round = false;
        return share;
}

static void list_ready(struct chappe_lane *lane)
{
        struct chappe_share *share = lane->share;
        lane->listed = true;
        lane->ready = NULL;
        if (share->ready)
                share->ready_last->ready = lane;
        else
                share->ready = lane;
        share->ready_last = lane;
}

/* A share that may run again has its turn again. */
static void set_held(struct chappe_dispatcher *dispatcher, struct chappe_share *share, bool held, bool probe)
{
        dispatcher->ready -= takeable(share);
        share->held = held;
        share->probe = probe;
        dispatcher->ready += takeable(share);
        if (share->ready && !share->in_round && may_run(share))
                join_round(dispatcher, share);
}

static struct chappe_lane *unlist_first(struct chappe_share *share)
{
        struct chappe_lane *lane = share->ready;
        share->ready = lane->ready;
        lane->listed = false;
        return lane;
}

/* One lane more, or one less. */
static inline void count_ready(struct chappe_dispatcher *dispatcher, struct chappe_share *share, size_t change)
{
        if (!share->held) {
                share->ready_lanes += change;
                dispatcher->ready += change;
                return;
        }
        dispatcher->ready -= takeable(share);
        share->ready_lanes += change;
        dispatcher->ready += takeable(share);
}

/* A lane that stops being ready stays listed until its turn comes: taking it out of the middle would cost a walk. */
static void change_state(struct chappe_dispatcher *dispatcher, struct chappe_lane *lane, enum chappe_lane_state state)
{
        struct chappe_share *share = lane->share;
        if (lane->state == CHAPPE_LANE_READY)
                count_ready(dispatcher, share, (size_t)-1);
        if (state == CHAPPE_LANE_READY)
                count_ready(dispatcher, share, 1);
        if (lane->state == CHAPPE_LANE_PARKED)
                chappe_heap_remove(&dispatcher->parked, &lane->due);
        lane->state = state;
        if (state != CHAPPE_LANE_READY)
                return;
        if (!lane->listed)
                list_ready(lane);
        if (!share->in_round && may_run(share))
                join_round(dispatcher, share);
}

static void mark_troubled(struct chappe_dispatcher *dispatcher, struct chappe_lane *lane, bool troubled)
{
        if (lane->troubled == troubled)
                return;
        dispatcher->troubled += troubled ? 1 : (size_t)-1;
        lane->share->troubled += troubled ? 1 : (size_t)-1;
        dispatcher->troubled_bytes += troubled ? lane->bytes : -lane->bytes;
        lane->troubled = troubled;
}

static void park(struct chappe_dispatcher *dispatcher, struct chappe_lane *lane, int64_t due_us)
{
        mark_troubled(dispatcher, lane, true);
        change_state(dispatcher, lane, CHAPPE_LANE_PARKED);
        lane->share->changes++;
        /* Without memory for the heap the lane runs again at once, which is right, if not polite. */
        if (chappe_heap_insert(&dispatcher->parked, &lane->due, due_us) < 0)
                change_state(dispatcher, lane, CHAPPE_LANE_READY);
}

static void let_go(struct chappe_dispatcher *dispatcher, struct chappe_task *task, struct chappe_released *released)
{
        task->lane->bytes -= task->bytes;
        dispatcher->troubled_bytes -= task->lane->troubled ? task->bytes : 0;
        dispatcher->records--;
        dispatcher->bytes -= task->bytes;
        task->share->tasks--;
        task->lane = NULL;
        task->next = released->tasks;
        released->tasks = task;
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
                chappe_offset_ledger_finish(&lane->share->ledger, task->offset);
                lane->share->changes++;
                mark_troubled(dispatcher, lane, false);
                released->finished++;
                let_go(dispatcher, task, released);
        }
}

/* After anything happened to a lane: finish what is finished, drop what may not run, find its next state, remove it
 * when empty. */
static void update(struct chappe_dispatcher *dispatcher, struct chappe_lane *lane, struct chappe_released *released)
{
        enum chappe_share_state share = lane->share->state;
        if (share != CHAPPE_SHARE_GONE)
                finish_front(dispatcher, lane, released);
        if (share != CHAPPE_SHARE_ACTIVE)
                let_go_all(dispatcher, chappe_lane_cut(lane, share == CHAPPE_SHARE_GONE), released);

        if (lane->state != CHAPPE_LANE_PARKED || share != CHAPPE_SHARE_ACTIVE) {
                int64_t due_us;
                enum chappe_lane_state state = chappe_lane_next(lane, &due_us);
                if (state == CHAPPE_LANE_PARKED)
                        park(dispatcher, lane, due_us);
                else
                        change_state(dispatcher, lane, state);
        }
        if (lane->head)
                return;
        mark_troubled(dispatcher, lane, false);
        chappe_lane_table_remove(&dispatcher->lanes, lane);
}

int chappe_dispatcher_add(struct chappe_dispatcher *dispatcher, struct chappe_task *task, uint64_t identity)
{
        struct chappe_share *share = task->share;
        assert(share->state == CHAPPE_SHARE_ACTIVE);
        struct chappe_lane *lane = chappe_lane_table_get(&dispatcher->lanes, share, identity);
        if (!lane)
                return -CHAPPE_E_NO_MEMORY;
        int status = chappe_offset_ledger_begin(&share->ledger, task->offset);
        if (status < 0) {
                if (!lane->head)
                        chappe_lane_table_remove(&dispatcher->lanes, lane);
                return status;
        }
        chappe_lane_append(lane, task);
        if (lane->state == CHAPPE_LANE_IDLE)
                change_state(dispatcher, lane, CHAPPE_LANE_READY);
        dispatcher->records++;
        dispatcher->bytes += task->bytes;
        lane->bytes += task->bytes;
        dispatcher->troubled_bytes += lane->troubled ? task->bytes : 0;
        share->tasks++;
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

/* From one share, at most as much as is fair. */
static size_t take_turn(struct chappe_dispatcher *dispatcher, struct chappe_share *share,
                        struct chappe_task **ret_tasks, size_t maximum)
{
        size_t run = maximum < dispatcher->limits.lane_run ? maximum : dispatcher->limits.lane_run;
        while (share->ready) {
                struct chappe_lane *lane = unlist_first(share);
                if (lane->state != CHAPPE_LANE_READY)
                        continue;
                size_t taken = chappe_lane_take(lane, ret_tasks, run);
                change_state(dispatcher, lane, CHAPPE_LANE_RUNNING);
                return taken;
        }
        return 0;
}

static bool must_run(const struct chappe_lane *lane)
{
        return lane->state == CHAPPE_LANE_READY && lane->next->must;
}

/* One that must run; else one that has not failed yet, if there is such a one: what fails without end must not be all
 * that ever probes. Leaves the list. */
static struct chappe_lane *unlist_probe(struct chappe_share *share)
{
        struct chappe_lane *chosen = NULL, *before_chosen = NULL, *before = NULL;
        for (struct chappe_lane *lane = share->ready; lane; before = lane, lane = lane->ready) {
                if (lane->state != CHAPPE_LANE_READY || (chosen && lane->troubled && !must_run(lane)))
                        continue;
                if (chosen && !chosen->troubled && !must_run(lane))
                        continue;
                chosen = lane;
                before_chosen = before;
                if (must_run(lane))
                        break;
        }
        if (!chosen)
                return NULL;
        if (before_chosen)
                before_chosen->ready = chosen->ready;
        else
                share->ready = chosen->ready;
        if (share->ready_last == chosen)
                share->ready_last = before_chosen;
        chosen->listed = false;
        return chosen;
}

static size_t take_probe(struct chappe_dispatcher *dispatcher, struct chappe_share *share,
                         struct chappe_task **ret_tasks)
{
        struct chappe_lane *lane = unlist_probe(share);
        if (!lane)
                return 0;
        (void)chappe_lane_take(lane, ret_tasks, 1);
        change_state(dispatcher, lane, CHAPPE_LANE_RUNNING);
        set_held(dispatcher, share, true, false);
        ret_tasks[0]->probe = true;
        return 1;
}

void chappe_dispatcher_halt(struct chappe_dispatcher *dispatcher, struct chappe_share *share)
{
        const struct chappe_lane *lane = share->ready;
        while (lane && !must_run(lane))
                lane = lane->ready;
        set_held(dispatcher, share, true, lane && share->state == CHAPPE_SHARE_ACTIVE);
}

size_t chappe_dispatcher_take(struct chappe_dispatcher *dispatcher, struct chappe_task **ret_tasks, size_t maximum)
{
        size_t taken = 0;
        while (taken < maximum && dispatcher->round) {
                struct chappe_share *share = leave_round(dispatcher);
                if (share->held && share->probe)
                        taken += take_probe(dispatcher, share, ret_tasks + taken);
                else if (!share->held)
                        taken += take_turn(dispatcher, share, ret_tasks + taken, maximum - taken);
                if (share->ready && !share->held)
                        join_round(dispatcher, share);
        }
        return taken;
}

void chappe_dispatcher_hold(struct chappe_dispatcher *dispatcher, struct chappe_share *share, bool held)
{
        set_held(dispatcher, share, held, false);
}

bool chappe_dispatcher_probe(struct chappe_dispatcher *dispatcher, struct chappe_share *share)
{
        bool possible = share->state == CHAPPE_SHARE_ACTIVE && share->ready_lanes > 0;
        set_held(dispatcher, share, true, share->state == CHAPPE_SHARE_ACTIVE);
        return possible;
}

static void count_late(struct chappe_dispatcher *dispatcher, const struct chappe_task *task)
{
        if (task->share->state == CHAPPE_SHARE_GONE)
                dispatcher->late++;
}

void chappe_dispatcher_return(struct chappe_dispatcher *dispatcher, struct chappe_task *task, bool again,
                              bool outstanding, int64_t due_us, struct chappe_released *released)
{
        if (!outstanding)
                count_late(dispatcher, task);
        struct chappe_lane *lane = task->lane;
        chappe_lane_return(lane, task, again, outstanding, due_us);
        update(dispatcher, lane, released);
}

void chappe_dispatcher_unrun(struct chappe_dispatcher *dispatcher, struct chappe_task *task,
                             struct chappe_released *released)
{
        struct chappe_lane *lane = task->lane;
        chappe_lane_unrun(lane, task);
        update(dispatcher, lane, released);
}

void chappe_dispatcher_settle(struct chappe_dispatcher *dispatcher, struct chappe_task *task, bool again,
                              int64_t due_us, struct chappe_released *released)
{
        count_late(dispatcher, task);
        struct chappe_lane *lane = task->lane;
        chappe_lane_settle(lane, task, again, due_us);
        update(dispatcher, lane, released);
}

void chappe_dispatcher_promote(struct chappe_dispatcher *dispatcher, int64_t now_us)
{
        struct chappe_heap_node *node;
        while ((node = chappe_heap_first(&dispatcher->parked)) && node->due <= now_us)
                change_state(dispatcher, CHAPPE_CONTAINER(node, struct chappe_lane, due), CHAPPE_LANE_READY);
}

int64_t chappe_dispatcher_due_us(const struct chappe_dispatcher *dispatcher)
{
        const struct chappe_heap_node *node = chappe_heap_first(&dispatcher->parked);
        return node ? node->due : INT64_MAX;
}

void chappe_dispatcher_each_parked(const struct chappe_dispatcher *dispatcher, const struct chappe_share *share,
                                   void (*visit)(const struct chappe_task *task, void *context), void *context)
{
        for (size_t i = 0; i < dispatcher->parked.count; i++) {
                const struct chappe_lane *lane = CHAPPE_CONTAINER(dispatcher->parked.nodes[i], struct chappe_lane, due);
                if (lane->share == share)
                        visit(lane->next, context);
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
        update(sweep->dispatcher, lane, sweep->released);
}

static void forget_turn(struct chappe_dispatcher *dispatcher, struct chappe_share *share)
{
        share->ready = NULL;
        if (!share->in_round)
                return;
        struct chappe_share *previous = NULL;
        struct chappe_share **link = &dispatcher->round;
        for (; *link != share; link = &(*link)->turn)
                previous = *link;
        *link = share->turn;
        if (dispatcher->round_last == share)
                dispatcher->round_last = previous;
        share->in_round = false;
}

static void sweep_share(struct chappe_dispatcher *dispatcher, struct chappe_share *share,
                        struct chappe_released *released)
{
        forget_turn(dispatcher, share);
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

size_t chappe_dispatcher_ready(const struct chappe_dispatcher *dispatcher)
{
        return dispatcher->ready;
}

size_t chappe_dispatcher_troubled(const struct chappe_dispatcher *dispatcher)
{
        return dispatcher->troubled;
}

size_t chappe_dispatcher_troubled_bytes(const struct chappe_dispatcher *dispatcher)
{
        return dispatcher->troubled_bytes;
}

size_t chappe_dispatcher_records(const struct chappe_dispatcher *dispatcher)
{
        return dispatcher->records;
}

size_t chappe_dispatcher_bytes(const struct chappe_dispatcher *dispatcher)
{
        return dispatcher->bytes;
}

uint64_t chappe_dispatcher_late(const struct chappe_dispatcher *dispatcher)
{
        return dispatcher->late;
}
