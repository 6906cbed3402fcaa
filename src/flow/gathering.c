/* SPDX-License-Identifier: Apache-2.0 */
/* Lanes that wait for more: in a list by share, and in the heap of all that waits. */
#include "flow/gathering.h"

#include <utlist.h>

bool chappe_gathering_join(struct chappe_heap *waiting, struct chappe_lane *lane)
{
        if (chappe_heap_insert(waiting, &lane->due, lane->next->ripe_us) < 0)
                return false;
        DL_APPEND2(lane->share->gathering, lane, before, behind);
        lane->loose = lane->next->loose;
        lane->share->gathering_loose += lane->loose;
        return true;
}

void chappe_gathering_leave(struct chappe_heap *waiting, struct chappe_lane *lane)
{
        chappe_heap_remove(waiting, &lane->due);
        DL_DELETE2(lane->share->gathering, lane, before, behind);
        lane->before = lane->behind = NULL;
        lane->share->gathering_loose -= lane->loose;
        lane->loose = false;
}
