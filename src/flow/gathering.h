/* SPDX-License-Identifier: Apache-2.0 */
/* Lanes whose tasks run together, and wait for more of them: until there are enough, or one has waited for long enough.
 * Pure; the dispatcher's. */
#pragma once

#include "flow/assignment.h"
#include "flow/lanes.h"

/* Does a lane that may run wait for more? Loose tasks count all together, whatever their lanes. */
static inline bool chappe_gathering_wants(const struct chappe_lane *lane, int64_t now_us)
{
        return lane->share->together > 1 && !lane->next->alone && lane->queued < lane->share->together &&
               lane->next->ripe_us > now_us;
}
/* It begins to, until its first task is ripe (in this heap); false without memory: then it does not. */
bool chappe_gathering_join(struct chappe_heap *waiting, struct chappe_lane *lane);
void chappe_gathering_leave(struct chappe_heap *waiting, struct chappe_lane *lane);
/* Are there enough loose tasks in the share's lanes? */
static inline bool chappe_gathering_enough(const struct chappe_share *share)
{
        return share->gathering_loose >= share->together;
}
