/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the dispatcher share: what becomes of tasks (dispatcher.c), and how many more there may be
 * (dispatcher_room.c). */
#pragma once

#include "flow/dispatcher.h"
#include "flow/lane_table.h"
#include "flow/turns.h"

struct chappe_dispatcher {
        struct chappe_dispatcher_limits limits;
        struct chappe_lane_table lanes;
        struct chappe_heap waiting; /* lanes: parked, or gathering */
        struct chappe_turns turns;
        size_t troubled; /* lanes */
        size_t troubled_bytes;
        size_t records;
        size_t bytes;
        size_t shares; /* that the budget is for; 0: that is not known */
        uint64_t late;
        int64_t now_us; /* as far as it was told */
};
