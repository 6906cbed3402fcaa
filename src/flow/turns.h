/* SPDX-License-Identifier: Apache-2.0 */
/* Whose turn it is: shares that have ready lanes stand in a round, the ready lanes of each in a list. A held share
 * stands aside, or has one task run. Pure; the dispatcher's. */
#pragma once

#include "flow/assignment.h"
#include "flow/lanes.h"

/* Zero-initialise. */
struct chappe_turns {
        struct chappe_share *round; /* first to last */
        struct chappe_share *round_last;
        struct chappe_share *probers; /* held, but one task may run */
        size_t ready;                 /* lanes that a worker could take now */
};

static inline bool chappe_share_may_run(const struct chappe_share *share)
{
        return !share->held || share->probe;
}

/* The lane's state changes, from ready or to it. */
void chappe_turns_change_ready(struct chappe_turns *turns, struct chappe_lane *lane, enum chappe_lane_state state);
/* The lane's state changes. */
static inline void chappe_turns_change(struct chappe_turns *turns, struct chappe_lane *lane,
                                       enum chappe_lane_state state)
{
        if (lane->state == CHAPPE_LANE_READY || state == CHAPPE_LANE_READY)
                chappe_turns_change_ready(turns, lane, state);
        else
                lane->state = state;
}
/* The only lane of its share is ready no more, and in no list. */
void chappe_turns_unlist(struct chappe_turns *turns, struct chappe_lane *lane);
/* Up to maximum tasks of those whose turn it is, up to run of each turn: of one lane, or of several of a share; but
 * whole where they run together, and not bounded of a common lane. They are running. */
size_t chappe_turns_take(struct chappe_turns *turns, struct chappe_task **ret_tasks, size_t maximum, size_t run);
/* As the dispatcher's functions of these names. */
void chappe_turns_hold(struct chappe_turns *turns, struct chappe_share *share, bool held);
bool chappe_turns_probe(struct chappe_turns *turns, struct chappe_share *share);
void chappe_turns_halt(struct chappe_turns *turns, struct chappe_share *share);
/* The share leaves the round, and its list is empty; its lanes have to be told so. */
void chappe_turns_forget(struct chappe_turns *turns, struct chappe_share *share);
