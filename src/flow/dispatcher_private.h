/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the dispatcher share: what becomes of tasks (dispatcher.c), those of several keys in one lane
 * (dispatcher_common.c), and how many more there may be (dispatcher_room.c). */
#pragma once

#include "flow/dispatcher.h"
#include "flow/lane_table.h"
#include "flow/turns.h"

struct chappe_dispatcher {
        struct chappe_dispatcher_limits limits;
        uint64_t (*identify)(const struct chappe_task *task);
        struct chappe_lane_table lanes;
        struct chappe_heap waiting; /* lanes: parked, gathering or behind */
        struct chappe_turns turns;
        size_t commons;  /* lanes */
        size_t troubled; /* lanes */
        size_t troubled_bytes;
        size_t records;
        size_t bytes;
        size_t shares; /* that the budget is for; 0: that is not known */
        uint64_t late;
        int64_t now_us; /* as far as it was told */
};

void chappe_dispatcher_change_state(struct chappe_dispatcher *dispatcher, struct chappe_lane *lane,
                                    enum chappe_lane_state state);
/* After anything happened to a lane: finish what is finished, drop what may not run, find its next state, remove it
 * when empty. */
void chappe_dispatcher_update(struct chappe_dispatcher *dispatcher, struct chappe_lane *lane,
                              struct chappe_released *released);
/* So many tasks more, of so many bytes, in a lane. */
static inline void chappe_dispatcher_count_in(struct chappe_dispatcher *dispatcher, struct chappe_lane *lane,
                                              size_t count, size_t bytes)
{
        struct chappe_share *share = lane->share;
        dispatcher->records += count;
        dispatcher->bytes += bytes;
        share->tasks += count;
        share->bytes += bytes;
        lane->bytes += bytes;
        if (lane->troubled)
                dispatcher->troubled_bytes += bytes;
}
/* Removes a lane without tasks. */
void chappe_dispatcher_end_lane(struct chappe_dispatcher *dispatcher, struct chappe_lane *lane);
/* Another lane of the share has ended. */
static inline void chappe_dispatcher_come_forward(struct chappe_dispatcher *dispatcher, struct chappe_share *share)
{
        struct chappe_lane *common = share->common;
        if (common && common->state == CHAPPE_LANE_BEHIND && share->lanes == 1 && share->state == CHAPPE_SHARE_ACTIVE)
                chappe_dispatcher_change_state(dispatcher, common, CHAPPE_LANE_READY);
}
