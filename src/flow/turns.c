/* SPDX-License-Identifier: Apache-2.0 */
/* Turns: a round of shares, each with a list of ready lanes. */
#include "flow/turns.h"

#include <assert.h>
#include <utlist.h>

/* Lanes of a share that workers could take now: of a held one that probes, one. */
static size_t takeable(const struct chappe_share *share)
{
        if (!chappe_share_may_run(share))
                return 0;
        return share->held && share->ready_lanes > 1 ? 1 : share->ready_lanes;
}

/* A share joins the end of the round. */
static void join_round(struct chappe_turns *turns, struct chappe_share *share)
{
        share->in_round = true;
        share->turn = NULL;
        if (turns->round)
                turns->round_last->turn = share;
        else
                turns->round = share;
        turns->round_last = share;
}

static struct chappe_share *leave_round(struct chappe_turns *turns)
{
        struct chappe_share *share = turns->round;
        turns->round = share->turn;
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
static void set_held(struct chappe_turns *turns, struct chappe_share *share, bool held, bool probe)
{
        turns->ready -= takeable(share);
        if (share->probe)
                DL_DELETE2(turns->probers, share, probe_before, probe_behind);
        share->held = held;
        share->probe = probe;
        if (probe)
                DL_APPEND2(turns->probers, share, probe_before, probe_behind);
        turns->ready += takeable(share);
        if (share->ready && !share->in_round && chappe_share_may_run(share))
                join_round(turns, share);
}

static struct chappe_lane *unlist_first(struct chappe_share *share)
{
        struct chappe_lane *lane = share->ready;
        share->ready = lane->ready;
        lane->listed = false;
        return lane;
}

/* One lane more, or one less. */
static inline void count_ready(struct chappe_turns *turns, struct chappe_share *share, size_t change)
{
        if (!share->held) {
                share->ready_lanes += change;
                turns->ready += change;
                return;
        }
        turns->ready -= takeable(share);
        share->ready_lanes += change;
        turns->ready += takeable(share);
}

/* A lane that stops being ready stays listed until its turn comes: taking it out of the middle would cost a walk. */
void chappe_turns_change_ready(struct chappe_turns *turns, struct chappe_lane *lane, enum chappe_lane_state state)
{
        struct chappe_share *share = lane->share;
        if (lane->state == CHAPPE_LANE_READY)
                count_ready(turns, share, (size_t)-1);
        lane->state = state;
        if (state != CHAPPE_LANE_READY)
                return;
        count_ready(turns, share, 1);
        if (!lane->listed)
                list_ready(lane);
        if (!share->in_round && chappe_share_may_run(share))
                join_round(turns, share);
}

void chappe_turns_unlist(struct chappe_turns *turns, struct chappe_lane *lane)
{
        chappe_turns_change(turns, lane, CHAPPE_LANE_IDLE);
        if (!lane->listed)
                return;
        assert(lane->share->ready == lane && !lane->ready);
        unlist_first(lane->share);
}

/* From one share that is not held, at most as much as is fair. */
static size_t take_turn(struct chappe_turns *turns, struct chappe_share *share, struct chappe_task **ret_tasks,
                        size_t maximum)
{
        size_t taken = 0, lanes = 0;
        while (share->ready && taken < maximum) {
                struct chappe_lane *lane = unlist_first(share);
                if (lane->state != CHAPPE_LANE_READY)
                        continue;
                taken += chappe_lane_take(lane, ret_tasks + taken, maximum - taken);
                lane->state = CHAPPE_LANE_RUNNING;
                lanes++;
        }
        share->ready_lanes -= lanes;
        turns->ready -= lanes;
        return taken;
}

/* Tasks that run together: of one lane, or loose ones of as many lanes as it takes. */
static size_t take_together(struct chappe_turns *turns, struct chappe_share *share, struct chappe_task **ret_tasks,
                            size_t lane_run)
{
        size_t taken = 0;
        bool loose = true;
        while (loose && share->ready && taken < share->together) {
                struct chappe_lane *lane = share->ready;
                bool ready = lane->state == CHAPPE_LANE_READY;
                loose = !ready || (lane->next->loose && !lane->next->alone);
                if (taken > 0 && !loose)
                        break;
                unlist_first(share);
                if (!ready)
                        continue;
                taken += chappe_lane_take_alike(lane, ret_tasks + taken, share->together - taken, lane_run);
                chappe_turns_change(turns, lane, CHAPPE_LANE_RUNNING);
        }
        return taken;
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

/* One probes for all of its topic. A record that must run is no probe: each share has its own. */
static void withdraw_probes(struct chappe_turns *turns, const char *topic)
{
        struct chappe_share *share, *next;
        DL_FOREACH_SAFE2(turns->probers, share, next, probe_behind)
        {
                if (share->topic == topic)
                        set_held(turns, share, true, false);
        }
}

static size_t take_probe(struct chappe_turns *turns, struct chappe_share *share, struct chappe_task **ret_tasks)
{
        struct chappe_lane *lane = unlist_probe(share);
        if (!lane)
                return 0;
        (void)chappe_lane_take(lane, ret_tasks, 1);
        chappe_turns_change(turns, lane, CHAPPE_LANE_RUNNING);
        if (ret_tasks[0]->must)
                set_held(turns, share, true, false);
        else
                withdraw_probes(turns, share->topic);
        ret_tasks[0]->probe = true;
        return 1;
}

void chappe_turns_halt(struct chappe_turns *turns, struct chappe_share *share)
{
        const struct chappe_lane *lane = share->ready;
        while (lane && !must_run(lane))
                lane = lane->ready;
        set_held(turns, share, true, lane && share->state == CHAPPE_SHARE_ACTIVE);
}

size_t chappe_turns_take(struct chappe_turns *turns, struct chappe_task **ret_tasks, size_t maximum, size_t run)
{
        size_t taken = 0;
        while (taken < maximum && turns->round) {
                struct chappe_share *share = leave_round(turns);
                if (share->held && share->probe) {
                        taken += take_probe(turns, share, ret_tasks + taken);
                } else if (!share->held) {
                        size_t most = maximum - taken < run || share->common ? maximum - taken : run;
                        taken += share->together > 1 ? take_together(turns, share, ret_tasks + taken, most)
                                                     : take_turn(turns, share, ret_tasks + taken, most);
                }
                if (share->ready && !share->held)
                        join_round(turns, share);
        }
        return taken;
}

void chappe_turns_hold(struct chappe_turns *turns, struct chappe_share *share, bool held)
{
        set_held(turns, share, held, false);
}

bool chappe_turns_probe(struct chappe_turns *turns, struct chappe_share *share)
{
        bool possible = share->state == CHAPPE_SHARE_ACTIVE && share->ready_lanes > 0;
        set_held(turns, share, true, share->state == CHAPPE_SHARE_ACTIVE);
        return possible;
}

void chappe_turns_forget(struct chappe_turns *turns, struct chappe_share *share)
{
        if (share->probe)
                set_held(turns, share, share->held, false);
        share->ready = NULL;
        if (!share->in_round)
                return;
        struct chappe_share *previous = NULL;
        struct chappe_share **link = &turns->round;
        for (; *link != share; link = &(*link)->turn)
                previous = *link;
        *link = share->turn;
        if (turns->round_last == share)
                turns->round_last = previous;
        share->in_round = false;
}
