/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The brokers of the simulated cluster: each leads some partitions and groups, and may be away. What was acknowledged
 * is on the others too.
 */
#include <assert.h>

#include "broker/sim/sim_private.h"

#define FAILOVER_US 3000000 /* until the others have noticed, and one of them leads */

void chappe_sim_unavailable(struct chappe_sim *sim, int64_t until_us)
{
        if (until_us > chappe_fibers_now_us(sim->fibers))
                chappe_fibers_note(sim->fibers, "cluster away", "", until_us, 0);
        sim->unavailable_until_us = until_us;
}

void chappe_sim_node_away(struct chappe_sim *sim, int node, int64_t until_us)
{
        struct sim_node *away = &sim->nodes[node];

        assert(node >= 0 && node < CHAPPE_SIM_NODES);
        if (until_us > chappe_fibers_now_us(sim->fibers))
                chappe_fibers_note(sim->fibers, "broker away", "", node, until_us);
        if (away->away_until_us <= chappe_fibers_now_us(sim->fibers))
                away->away_from_us = chappe_fibers_now_us(sim->fibers);
        away->away_until_us = until_us;
}

/* The first node, from its own on, that is there or not yet found to be away. */
int64_t chappe_sim_leader_us(const struct chappe_sim *sim, uint32_t place)
{
        int64_t now_us = chappe_fibers_now_us(sim->fibers), earliest_us = INT64_MAX;

        if (now_us < sim->unavailable_until_us)
                return sim->unavailable_until_us;
        for (uint32_t i = 0; i < CHAPPE_SIM_NODES; i++) {
                const struct sim_node *node = &sim->nodes[(place + i) % CHAPPE_SIM_NODES];
                int64_t noticed_us = node->away_from_us + FAILOVER_US;

                if (now_us >= node->away_until_us)
                        return now_us;
                if (now_us < noticed_us)
                        return noticed_us < node->away_until_us ? noticed_us : node->away_until_us;
                if (node->away_until_us < earliest_us)
                        earliest_us = node->away_until_us;
        }
        return earliest_us;
}

bool chappe_sim_reachable(const struct chappe_sim *sim, uint32_t place)
{
        return chappe_sim_leader_us(sim, place) <= chappe_fibers_now_us(sim->fibers);
}

uint32_t chappe_sim_place(const struct sim_topic *topic, int32_t partition)
{
        return topic->number + (uint32_t)partition;
}
