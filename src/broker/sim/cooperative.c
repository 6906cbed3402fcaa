/* SPDX-License-Identifier: Apache-2.0 */
/* Cooperative rebalances: a member keeps what it has while the group assembles, gives up only what moves, and then
 * joins once more. (As librdkafka does it: rd_kafka_cgrp_handle_assignment_cooperative) */
#include <stdlib.h>

#include "broker/sim/consumer.h"

bool chappe_sim_cooperates(const struct chappe_consumer *consumer)
{
        return consumer->subscription.strategy == SIM_COOPERATIVE;
}

static bool assigned(const struct sim_member *member, const struct sim_reading *reading)
{
        for (size_t i = 0; i < member->assigned_count; i++)
                if (member->assigned[i].partition == reading->partition &&
                    strcmp(member->assigned[i].topic, reading->topic->name) == 0)
                        return true;
        return false;
}

bool chappe_sim_cooperative_revoke(struct chappe_consumer *consumer)
{
        struct chappe_position *positions = calloc(consumer->reading_count + 1, sizeof(*positions));
        size_t count = 0;

        if (!positions)
                abort();
        for (size_t i = 0; i < consumer->reading_count; i++)
                if (!assigned(consumer->member, consumer->readings[i]))
                        positions[count++] = (struct chappe_position){ .topic = consumer->readings[i]->topic->name,
                                                                       .partition = consumer->readings[i]->partition,
                                                                       .offset = CHAPPE_OFFSET_NONE };
        if (count == 0) {
                free(positions);
                return false;
        }
        consumer->membership = SIM_GIVING_UP;
        consumer->rejoins = true;
        consumer->revoked = positions;
        consumer->revoked_count = count;
        chappe_sim_event_add(consumer, CHAPPE_CONSUMER_REVOKED, positions, count);
        return true;
}

void chappe_sim_cooperative_released(struct chappe_consumer *consumer)
{
        for (size_t i = 0; i < consumer->revoked_count; i++)
                chappe_sim_reading_remove(consumer, consumer->revoked[i].topic, consumer->revoked[i].partition);
        free(consumer->revoked);
        consumer->revoked = NULL;
        consumer->revoked_count = 0;
}
