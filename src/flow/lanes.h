/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A lane: the records that must take effect one after another, in log order. Pure.
 *
 * A task leaves its lane only from the front, when its handler is done and its deliveries are confirmed. So when a
 * delivery fails, the failed task and every later one are still there, and run again in order.
 */
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/heap.h"

struct chappe_lane;
struct chappe_share;

enum chappe_task_state {
        CHAPPE_TASK_QUEUED,
        CHAPPE_TASK_RUNNING,
        CHAPPE_TASK_RETURNED, /* handed back; deliveries outstanding */
        CHAPPE_TASK_SETTLED,  /* done and delivered; waits for those in front of it */
        CHAPPE_TASK_FAILED,   /* runs again, once nothing of its lane is outstanding */
};

/* One record on its way through the runtime; embedded in what the shell knows of it. */
struct chappe_task {
        struct chappe_task *next; /* in its lane, then in the list of released ones */
        struct chappe_lane *lane;
        struct chappe_share *share;
        int64_t offset;
        size_t bytes;
        int64_t due_us;  /* when a failed one runs again */
        int64_t ripe_us; /* until then it may wait for others to run together with it; 0: it does not */
        int32_t attempt; /* 1: the first */
        enum chappe_task_state state;
        bool again; /* returned: must run again whatever the deliveries say */
        bool must;  /* runs even while its share is halted */
        bool dead;  /* given up: its dead letter ends it */
        bool probe; /* running although its share is held; cleared by whoever looks at it */
        bool alone; /* runs by itself: it failed, alone or with others, or is suspected */
        bool loose; /* stands in no order with any other */
};

enum chappe_lane_state {
        CHAPPE_LANE_IDLE,    /* nothing to run now: empty, or everything handed back */
        CHAPPE_LANE_BEHIND,  /* the common one of its share: waits for the others to end */
        CHAPPE_LANE_GATHERS, /* its tasks wait for more of them, to run together */
        CHAPPE_LANE_READY,   /* has tasks that may run */
        CHAPPE_LANE_RUNNING, /* a worker has some of its tasks */
        CHAPPE_LANE_PARKED,  /* its first task waits for its next attempt */
        CHAPPE_LANE_BLOCKED, /* a task failed, and others of the lane are still outstanding */
};

struct chappe_lane {
        struct chappe_task *head; /* first unfinished */
        struct chappe_task *tail;
        struct chappe_task *next; /* first queued; every task behind it is queued */
        struct chappe_share *share;
        uint64_t identity;
        size_t bytes; /* of all its tasks */
        uint32_t queued;
        uint32_t running;
        uint32_t returned;
        uint32_t failed; /* have to run again */
        enum chappe_lane_state state;
        bool troubled;                       /* its first record has failed */
        struct chappe_lane *troubled_before; /* this and the next: in its share's list of such lanes */
        struct chappe_lane *troubled_behind;
        bool listed;                 /* in its share's ready list, though it may have ceased to be ready */
        struct chappe_lane *chain;   /* in the dispatcher's table, or among the spare ones */
        struct chappe_lane *ready;   /* the next one in the ready list */
        struct chappe_heap_node due; /* while parked, gathering or behind */
        struct chappe_lane *before;  /* this and the next: in its share's list, while it gathers; NULL: in none */
        struct chappe_lane *behind;
        bool loose; /* it gathers, and holds a loose task */
};

/* So many queued tasks of it, linked from first to last, come to its end. */
static inline void chappe_lane_extend(struct chappe_lane *lane, struct chappe_task *first, struct chappe_task *last,
                                      size_t count)
{
        assert(!lane->tail || lane->tail->offset < first->offset);
        if (lane->tail)
                lane->tail->next = first;
        else
                lane->head = first;
        last->next = NULL;
        lane->tail = last;
        lane->queued += (uint32_t)count;
        if (!lane->next)
                lane->next = first;
}
static inline void chappe_lane_append(struct chappe_lane *lane, struct chappe_task *task)
{
        task->lane = lane;
        task->state = CHAPPE_TASK_QUEUED;
        chappe_lane_extend(lane, task, task, 1);
}
/* Up to maximum queued tasks, in order, are now running. */
static inline size_t chappe_lane_take(struct chappe_lane *lane, struct chappe_task **ret_tasks, size_t maximum)
{
        assert(lane->running == 0 && lane->failed == 0);
        size_t taken = 0;
        for (; taken < maximum && lane->next; lane->next = lane->next->next) {
                lane->next->state = CHAPPE_TASK_RUNNING;
                lane->next->again = false;
                ret_tasks[taken++] = lane->next;
        }
        lane->running = (uint32_t)taken;
        lane->queued -= (uint32_t)taken;
        return taken;
}
/* The same of a lane whose tasks run together: up to so many that do, or up to maximum that run by themselves. */
size_t chappe_lane_take_alike(struct chappe_lane *lane, struct chappe_task **ret_tasks, size_t together,
                              size_t maximum);
/* A running task is handed back unrun. */
void chappe_lane_unrun(struct chappe_lane *lane, struct chappe_task *task);
/* A running task is handed back: to run again (at due_us) or not, with deliveries outstanding or not. */
void chappe_lane_return(struct chappe_lane *lane, struct chappe_task *task, bool again, bool outstanding,
                        int64_t due_us);
/* The deliveries of a returned task are all reported; again: one of them failed. */
void chappe_lane_settle(struct chappe_lane *lane, struct chappe_task *task, bool again, int64_t due_us);
/* This one must run, whatever is held; and so must those that it waits for. */
void chappe_lane_must(struct chappe_lane *lane, const struct chappe_task *task);
/* A queued or running task of another lane comes to the end of this one. */
void chappe_lane_adopt(struct chappe_lane *lane, struct chappe_task *task);
/* Its first tasks, up to this one, which run, are done and delivered: they leave. */
static inline void chappe_lane_pop(struct chappe_lane *lane, struct chappe_task *head, size_t count, size_t bytes)
{
        assert(lane->running >= count);
        lane->head = head;
        if (!head)
                lane->tail = NULL;
        lane->running -= (uint32_t)count;
        lane->bytes -= bytes;
}
/* The front task, if it is finished, leaves the lane; else NULL. */
struct chappe_task *chappe_lane_finish(struct chappe_lane *lane);
/* After any of these: what the lane is to do next. A failed lane with nothing outstanding is wound back to its first
 * failed task; *ret_due_us says when that is due (parked). */
enum chappe_lane_state chappe_lane_next(struct chappe_lane *lane, int64_t *ret_due_us);
/* Takes away what nobody is working on any more: the queued ones and, with nothing outstanding, the failed one and all
 * behind it. Everything not outstanding when all is set. Returns their list. */
struct chappe_task *chappe_lane_cut(struct chappe_lane *lane, bool all);
