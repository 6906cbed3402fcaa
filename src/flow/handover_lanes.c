/* SPDX-License-Identifier: Apache-2.0 */
/* One lane for all keys of a share, or one for each: by what handlers need, and what processors could do. */
#include "flow/handover_private.h"

#include <assert.h>

#define QUICK_US      10  /* a record: handlers are so quick that one worker is enough for a share */
#define QUICK_STEPS   350 /* what a usual machine does in a tenth of it; a slow one, or an emulated one, takes longer */
#define MERGE_US      100000   /* for so long records wait for others of their share to end, so that one lane has all */
#define CROWD         128      /* records that wait in one lane, beside a processor with nothing to do */
#define CROWDED_MOST  64       /* so often in a row when more are given: its worker does not keep up */
#define CROWDED_APART 10000000 /* then so many have lanes by key: what they gain is not to be lost in trying again */

int64_t chappe_handover_quick_us(const struct chappe_clock *clock)
{
        int64_t shortest_us = INT64_MAX;
        volatile uint64_t last = 1;
        for (int round = 0; round < 5 && shortest_us > 0; round++) {
                int64_t began_us = chappe_clock_monotonic_us(clock);
                uint64_t word = last;
                for (int step = 0; step < QUICK_STEPS; step++)
                        word = chappe_key_mix(word);
                last = word;
                int64_t took_us = chappe_clock_monotonic_us(clock) - began_us;
                if (took_us < shortest_us)
                        shortest_us = took_us;
        }
        return 10 * shortest_us > QUICK_US ? 10 * shortest_us : QUICK_US;
}

/* Handlers that write to a store wait for a disk; what an earlier owner told of is looked up by key; who is careful has
 * one record at a time. */
static bool allows_one_lane(const struct chappe_handover *handover, const struct chappe_share *share)
{
        return chappe_handover_is_quick(handover, share) && !handover->runtime->work &&
               !chappe_share_remembers(share) && share->trial.careful == 0;
}

/* Tasks of a common lane that goes on are queued or running: none is let go of. */
static void spread(struct chappe_handover *handover, struct chappe_share *share)
{
        struct chappe_released none = { 0 };
        chappe_dispatcher_spread(handover->dispatcher, share, &none);
        assert(!none.tasks);
}

void chappe_handover_merge(struct chappe_handover *handover, struct chappe_share *share, int64_t now_us)
{
        if (allows_one_lane(handover, share))
                chappe_dispatcher_merge(handover->dispatcher, share, now_us + MERGE_US);
        else if (share->merged)
                spread(handover, share);
}

/* Could more workers be at its keys, on processors that have nothing else to do? */
static bool is_crowded(const struct chappe_handover *handover, const struct chappe_share *share)
{
        if (!share->common || share->common->queued < CROWD)
                return false;
        size_t busy = chappe_handover_quick_workers(handover) + chappe_dispatcher_ready(handover->dispatcher);
        return busy < handover->enough;
}

void chappe_handover_spread_crowd(struct chappe_handover *handover, struct chappe_share *share)
{
        share->crowded = is_crowded(handover, share) ? share->crowded + 1 : 0;
        if (share->crowded < CROWDED_MOST)
                return;
        spread(handover, share);
        share->apart = CROWDED_APART;
}
