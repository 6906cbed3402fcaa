/* SPDX-License-Identifier: Apache-2.0 */
/* The eager assignors: range a topic, or round-robin over all. (org.apache.kafka.clients.consumer.RangeAssignor,
 * RoundRobinAssignor) */
#include <stdlib.h>

#include "broker/sim/sim_private.h"

static bool subscribes(const struct sim_member *member, const struct sim_topic *topic)
{
        for (size_t i = 0; i < member->topic_count; i++)
                if (strcmp(member->topics[i], topic->name) == 0)
                        return true;
        return false;
}

static void give(struct sim_member *member, const struct sim_topic *topic, int32_t partition)
{
        struct chappe_position *grown = reallocarray(member->assigned, member->assigned_count + 1, sizeof(*grown));

        if (!grown)
                abort();
        member->assigned = grown;
        grown[member->assigned_count++] =
                (struct chappe_position){ .topic = topic->name, .partition = partition, .offset = CHAPPE_OFFSET_NONE };
}

static int32_t subscribers(const struct sim_group *group, const struct sim_topic *topic)
{
        int32_t count = 0;

        for (const struct sim_member *member = group->members; member; member = member->next)
                count += subscribes(member, topic);
        return count;
}

/* Consecutive partitions each, the first members one more where it does not divide. */
static void assign_range(struct sim_group *group, const struct sim_topic *topic)
{
        int32_t count = subscribers(group, topic), given = 0, n = 0;

        for (struct sim_member *member = group->members; member; member = member->next) {
                int32_t share;

                if (!subscribes(member, topic))
                        continue;
                share = topic->partition_count / count + (n++ < topic->partition_count % count);
                while (share-- > 0)
                        give(member, topic, given++);
        }
}

static struct sim_member *after(struct sim_group *group, struct sim_member *member)
{
        return member && member->next ? member->next : group->members;
}

static void assign_round_robin(struct sim_group *group, const struct sim_topic *topic, struct sim_member **last)
{
        if (subscribers(group, topic) == 0)
                return;
        for (int32_t i = 0; i < topic->partition_count; i++) {
                struct sim_member *member = after(group, *last);

                while (!subscribes(member, topic))
                        member = after(group, member);
                give(member, topic, i);
                *last = member;
        }
}

void chappe_sim_assign(struct chappe_sim *sim, struct sim_group *group)
{
        struct sim_member *last = NULL;
        bool round_robin = group->members && group->members->round_robin;

        for (struct sim_member *member = group->members; member; member = member->next) {
                free(member->assigned);
                member->assigned = NULL;
                member->assigned_count = 0;
        }
        for (const struct sim_topic *topic = sim->topics; topic; topic = topic->hh.next) {
                if (round_robin)
                        assign_round_robin(group, topic, &last);
                else
                        assign_range(group, topic);
        }
}
