/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The common lane of a share. While handlers are quick and all goes well, a lane for each key costs more than it
 * gains: records run in the order of the log, in one lane, and only when one fails, or has to wait for what it
 * published, or handlers are slow, are they taken apart by key. A share has a common lane or lanes of keys; while it
 * changes from these to that, the common one waits behind them.
 */
#include "flow/dispatcher_private.h"

#include <assert.h>
#include <utlist.h>

#include <chappe/error.h>

void chappe_dispatcher_merge(struct chappe_dispatcher *dispatcher, struct chappe_share *share, int64_t due_us)
{
        (void)dispatcher;
        share->merge_us = due_us;
        if (share->state == CHAPPE_SHARE_ACTIVE && share->together <= 1 && share->troubled == 0 && share->apart <= 0)
                share->merged = true;
}

/* Behind the others of its share, if there are any; without memory for the heap, for as long as those take. */
static void begin(struct chappe_dispatcher *dispatcher, struct chappe_lane *lane)
{
        bool behind = lane->share->lanes > 1;
        chappe_dispatcher_change_state(dispatcher, lane, behind ? CHAPPE_LANE_BEHIND : CHAPPE_LANE_READY);
        if (behind)
                (void)chappe_heap_insert(&dispatcher->waiting, &lane->due, lane->share->merge_us);
}

int chappe_dispatcher_add_merged(struct chappe_dispatcher *dispatcher, struct chappe_task *first,
                                 struct chappe_task *last, size_t count)
{
        struct chappe_share *share = first->share;
        size_t bytes = 0;
        assert(share->state == CHAPPE_SHARE_ACTIVE && chappe_share_is_merged(share));
        if (chappe_offset_ledger_reserve(&share->ledger, count) < 0)
                return -CHAPPE_E_NO_MEMORY;
        struct chappe_lane *lane = share->common;
        if (!lane)
                lane = chappe_lane_table_get(&dispatcher->lanes, share, CHAPPE_COMMON_IDENTITY);
        if (!lane)
                return -CHAPPE_E_NO_MEMORY;
        dispatcher->commons += !share->common;
        share->common = lane;
        struct chappe_task *task = first;
        for (size_t i = 0; i < count; i++, task = task->next) {
                chappe_offset_ledger_note(&share->ledger, i, task->offset);
                task->lane = lane;
                task->state = CHAPPE_TASK_QUEUED;
                bytes += task->bytes;
        }
        chappe_offset_ledger_noted(&share->ledger, count, last->offset);
        chappe_lane_extend(lane, first, last, count);
        chappe_dispatcher_count_in(dispatcher, lane, count, bytes);
        if (lane->state == CHAPPE_LANE_IDLE)
                begin(dispatcher, lane);
        return 0;
}

bool chappe_dispatcher_has_commons(const struct chappe_dispatcher *dispatcher)
{
        return dispatcher->commons > 0;
}

static void remove_empty(struct chappe_lane *lane, void *context)
{
        if (!lane->head)
                chappe_lane_table_remove(context, lane);
}

/* For each task of the common one; all or none. */
static bool make_lanes(struct chappe_dispatcher *dispatcher, const struct chappe_lane *common)
{
        struct chappe_share *share = common->share;
        for (const struct chappe_task *task = common->head; task; task = task->next) {
                if (chappe_lane_table_get(&dispatcher->lanes, share, dispatcher->identify(task)))
                        continue;
                chappe_lane_table_each(&dispatcher->lanes, share, remove_empty, &dispatcher->lanes);
                return false;
        }
        return true;
}

/* Returns the lanes that got something, oldest first, in the list for those that gather, where none of these stands. */
static struct chappe_lane *take_apart(struct chappe_dispatcher *dispatcher, struct chappe_lane *common)
{
        struct chappe_task *following;
        struct chappe_lane *lanes = NULL;
        for (struct chappe_task *task = common->head; task; task = following) {
                struct chappe_lane *lane =
                        chappe_lane_table_get(&dispatcher->lanes, common->share, dispatcher->identify(task));
                following = task->next;
                chappe_lane_adopt(lane, task);
                if (lane->troubled)
                        dispatcher->troubled_bytes += task->bytes;
                if (!lane->before)
                        DL_APPEND2(lanes, lane, before, behind);
        }
        common->head = common->tail = common->next = NULL;
        common->queued = common->running = 0;
        common->bytes = 0;
        return lanes;
}

/* One in which something has failed all the same, for want of memory, goes on as it is until it is empty. */
void chappe_dispatcher_spread(struct chappe_dispatcher *dispatcher, struct chappe_share *share,
                              struct chappe_released *released)
{
        struct chappe_lane *common = share->common, *lanes, *lane, *following;
        if (share->merged)
                share->apart = dispatcher->limits.apart;
        share->merged = false;
        if (!common || common->troubled || common->failed > 0 || common->returned > 0 ||
            !make_lanes(dispatcher, common))
                return;
        lanes = take_apart(dispatcher, common);
        if (common->state == CHAPPE_LANE_READY)
                chappe_turns_unlist(&dispatcher->turns, common);
        else
                chappe_dispatcher_change_state(dispatcher, common, CHAPPE_LANE_IDLE);
        share->common = NULL;
        dispatcher->commons--;
        chappe_lane_table_remove(&dispatcher->lanes, common);
        DL_FOREACH_SAFE2(lanes, lane, following, behind)
        {
                DL_DELETE2(lanes, lane, before, behind);
                lane->before = lane->behind = NULL;
                chappe_dispatcher_update(dispatcher, lane, released);
        }
}
