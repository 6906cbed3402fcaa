/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which lane runs next on a free worker: in turn among partitions, and among the lanes of each. Bounded by records and
 * bytes in hand. Pure; its owner guards it with one lock, taken once a batch.
 */
#pragma once

#include "base/heap.h"
#include "flow/assignment.h"
#include "flow/lanes.h"

struct chappe_dispatcher_limits {
        size_t records; /* in hand: taken from the broker and not finished */
        size_t bytes;
        size_t lane_run;       /* tasks that a worker takes in one turn: of a lane, or of several of a share */
        size_t share_width;    /* offsets that one share's ledger may remember */
        size_t troubled;       /* lanes whose first record has failed and not yet finished */
        size_t troubled_bytes; /* of all records in such lanes */
        int64_t apart;         /* records that have lanes of their own, after a spread */
};

/* Tasks that the dispatcher has let go of, finished or dropped, through their next member; the shell frees them. */
struct chappe_released {
        struct chappe_task *tasks;
        struct chappe_task *last; /* of the list */
        bool gone;                /* there may be tasks of shares that are GONE */
        size_t count;
        size_t finished; /* how many of them took effect */
};

struct chappe_dispatcher;

/* identify: of a record that was added to a merged share, when each key is to have its lane. */
struct chappe_dispatcher *chappe_dispatcher_new(const struct chappe_dispatcher_limits *limits,
                                                uint64_t (*identify)(const struct chappe_task *task));
/* Takes NULL; returns NULL. Lets go of no tasks: drop every share first. */
struct chappe_dispatcher *chappe_dispatcher_free(struct chappe_dispatcher *dispatcher);

/* How many more records may be taken for this share; 0 unless it is active, and while it is held, unless
 * it scouts. */
size_t chappe_dispatcher_room(const struct chappe_dispatcher *dispatcher, const struct chappe_share *share);
/* How many more bytes may be in hand. */
size_t chappe_dispatcher_room_bytes(const struct chappe_dispatcher *dispatcher, const struct chappe_share *share);
/* So many shares are ours: of half the budget each has a part that no other takes. */
void chappe_dispatcher_share_out(struct chappe_dispatcher *dispatcher, size_t shares);
/* Lanes in trouble: parked, or trying again; and all their bytes. */
size_t chappe_dispatcher_troubled(const struct chappe_dispatcher *dispatcher);
size_t chappe_dispatcher_troubled_bytes(const struct chappe_dispatcher *dispatcher);
/* Are they as many, or as much, as may be? */
bool chappe_dispatcher_park_full(const struct chappe_dispatcher *dispatcher);
/* Is what is in hand, or in trouble, as much as may be, whatever the share? */
bool chappe_dispatcher_full(const struct chappe_dispatcher *dispatcher);
/* Is it at most half of that? A full intake goes on from here, so that it does not go on record by record. */
bool chappe_dispatcher_low(const struct chappe_dispatcher *dispatcher);
#define CHAPPE_COMMON_IDENTITY UINT64_C(0x636f6d6d6f6e6c6e) /* no record's: that of a lane for all of a share */

/* A record (offset, bytes, share set) of a share that is not merged joins the lane of this identity: equal identities
 * run one after another. -CHAPPE_E_NO_MEMORY. */
int chappe_dispatcher_add(struct chappe_dispatcher *dispatcher, struct chappe_task *task, uint64_t identity);
/* Are its records added so? */
static inline bool chappe_share_is_merged(const struct chappe_share *share)
{
        return share->merged || share->common;
}
/* Records of a merged share, one after another through their next member (offset, bytes and share set).
 * -CHAPPE_E_NO_MEMORY: none was added. */
int chappe_dispatcher_add_merged(struct chappe_dispatcher *dispatcher, struct chappe_task *first,
                                 struct chappe_task *last, size_t count);
/* Is there a lane in which a record may wait for one of another key? */
bool chappe_dispatcher_has_commons(const struct chappe_dispatcher *dispatcher);
/* From now on records that are added run in the order of the log, without lanes of their own, which is cheaper, while
 * none fails, and none has to wait for a delivery. Those that are in hand come first; should that take until due_us,
 * there are lanes after all. Nothing is changed soon after a spread, nor in trouble. */
void chappe_dispatcher_merge(struct chappe_dispatcher *dispatcher, struct chappe_share *share, int64_t due_us);
/* Each key has its lane again. Not when memory is short: then they go on in the order of the log. */
void chappe_dispatcher_spread(struct chappe_dispatcher *dispatcher, struct chappe_share *share,
                              struct chappe_released *released);
/* A record that an earlier owner finished: it is counted, and does not run. -CHAPPE_E_NO_MEMORY. */
int chappe_dispatcher_skip(struct chappe_dispatcher *dispatcher, struct chappe_share *share, int64_t offset);
/* Up to maximum tasks to run in this order; those of one lane stand together. Each is handed back by return or unrun.
 * Those of a share that run together are not divided: ret_tasks has room for as many more. */
size_t chappe_dispatcher_take(struct chappe_dispatcher *dispatcher, struct chappe_task **ret_tasks, size_t maximum);
/* Hands back the first tasks of a lane, all of which ran, are done and wait for no delivery. */
void chappe_dispatcher_finish(struct chappe_dispatcher *dispatcher, struct chappe_lane *lane, size_t count,
                              struct chappe_released *released);
/* Hands back a task that ran. again: it failed, and is due again at due_us. outstanding: chappe_dispatcher_settle will
 * follow. */
void chappe_dispatcher_return(struct chappe_dispatcher *dispatcher, struct chappe_task *task, bool again,
                              bool outstanding, int64_t due_us, struct chappe_released *released);
/* Hands back a task that did not run, because an earlier one of its lane failed or its share is no longer active. */
void chappe_dispatcher_unrun(struct chappe_dispatcher *dispatcher, struct chappe_task *task,
                             struct chappe_released *released);
/* The deliveries of a returned task are reported; again: one failed, run it and the later ones of its lane again from
 * due_us on. */
void chappe_dispatcher_settle(struct chappe_dispatcher *dispatcher, struct chappe_task *task, bool again,
                              int64_t due_us, struct chappe_released *released);
/* A held share keeps what it has, and nothing of it begins; one that is no longer held goes on. */
void chappe_dispatcher_hold(struct chappe_dispatcher *dispatcher, struct chappe_share *share, bool held);
/* One task of a share, held from now on, may run (task->probe), and one record may be taken for it. Is there one that
 * is ready? */
bool chappe_dispatcher_probe(struct chappe_dispatcher *dispatcher, struct chappe_share *share);
/* A held share of which nothing runs, one at a time, but a task that must. */
void chappe_dispatcher_halt(struct chappe_dispatcher *dispatcher, struct chappe_share *share);
/* Parked lanes that are due, and those that have gathered for long enough, become ready. */
void chappe_dispatcher_promote(struct chappe_dispatcher *dispatcher, int64_t now_us);
/* Nothing more comes for now: what waits for more in this share runs with what there is. Was there such a thing? */
bool chappe_dispatcher_ripen(struct chappe_dispatcher *dispatcher, struct chappe_share *share);
/* When the next parked or gathering lane is due; INT64_MAX without one. */
int64_t chappe_dispatcher_due_us(const struct chappe_dispatcher *dispatcher);
/* A task that was just added has failed before, at an earlier owner: its lane is in trouble. */
void chappe_dispatcher_recall(struct chappe_dispatcher *dispatcher, struct chappe_task *task);
/* The task in front of each lane of a share that is in trouble, whatever the lane is at. */
void chappe_dispatcher_each_troubled(const struct chappe_share *share,
                                     void (*visit)(const struct chappe_task *task, void *context), void *context);
/* Revoked: no intake, nothing new runs; queued tasks are let go. The share is drained when share->tasks is 0. */
void chappe_dispatcher_drain(struct chappe_dispatcher *dispatcher, struct chappe_share *share,
                             struct chappe_released *released);
/* Lost, or out of budget (the share is GONE): lets go of all that no worker and no delivery holds; the rest is late
 * when it comes. */
void chappe_dispatcher_drop(struct chappe_dispatcher *dispatcher, struct chappe_share *share,
                            struct chappe_released *released);

/* With nothing in hand, what is kept for reuse goes back to the heap. */
void chappe_dispatcher_rest(struct chappe_dispatcher *dispatcher);

/* Lanes that a worker could take now. */
size_t chappe_dispatcher_ready(const struct chappe_dispatcher *dispatcher);
/* Records and bytes in hand; completions that came too late to count. */
size_t chappe_dispatcher_records(const struct chappe_dispatcher *dispatcher);
size_t chappe_dispatcher_bytes(const struct chappe_dispatcher *dispatcher);
uint64_t chappe_dispatcher_late(const struct chappe_dispatcher *dispatcher);
