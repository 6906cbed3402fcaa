/* SPDX-License-Identifier: Apache-2.0 */
/* The assignors: range a topic, round-robin over all, or cooperative. (org.apache.kafka.clients.consumer.RangeAssignor,
 * RoundRobinAssignor) */
#include <stdlib.h>

#include "broker/sim/consumer.h"

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

/* A partition, who has it and who is to have it. */
struct piece {
        const struct sim_topic *topic;
        int32_t partition;
        struct sim_member *owner; /* NULL: nobody */
        struct sim_member *target;
};

struct pieces {
        struct piece *at;
        size_t count;
};

static bool was_assigned(const struct sim_member *member, const struct sim_topic *topic, int32_t partition)
{
        for (size_t i = 0; i < member->assigned_count; i++)
                if (member->assigned[i].partition == partition && strcmp(member->assigned[i].topic, topic->name) == 0)
                        return true;
        return false;
}

/* Who joins says what it has: not all that was assigned to it last may have come to it. */
static struct sim_member *owner_of(struct sim_group *group, const struct sim_topic *topic, int32_t partition)
{
        for (struct sim_member *member = group->members; member; member = member->next)
                if (subscribes(member, topic) &&
                    (member->consumer ? chappe_sim_reading_find(member->consumer, topic->name, partition) != NULL
                                      : was_assigned(member, topic, partition)))
                        return member;
        return NULL;
}

static struct pieces gather(struct chappe_sim *sim, struct sim_group *group)
{
        struct pieces pieces = { 0 };
        size_t most = 0;

        for (const struct sim_topic *topic = sim->topics; topic; topic = topic->hh.next)
                most += (size_t)topic->partition_count;
        pieces.at = calloc(most + 1, sizeof(*pieces.at));
        if (!pieces.at)
                abort();
        for (const struct sim_topic *topic = sim->topics; topic; topic = topic->hh.next)
                for (int32_t i = 0; subscribers(group, topic) > 0 && i < topic->partition_count; i++) {
                        struct sim_member *owner = owner_of(group, topic, i);

                        pieces.at[pieces.count++] = (struct piece){ topic, i, owner, owner };
                }
        return pieces;
}

static size_t load(const struct pieces *pieces, const struct sim_member *member)
{
        size_t count = 0;

        for (size_t i = 0; i < pieces->count; i++)
                count += pieces->at[i].target == member;
        return count;
}

static struct sim_member *least_loaded(struct sim_group *group, const struct pieces *pieces,
                                       const struct sim_topic *topic)
{
        struct sim_member *least = NULL;

        for (struct sim_member *member = group->members; member; member = member->next)
                if (subscribes(member, topic) && (!least || load(pieces, member) < load(pieces, least)))
                        least = member;
        return least;
}

/* Everybody keeps what he has, as far as that is fair. What has to move is given to nobody yet: its owner gives it up
 * first, and joins again. (org.apache.kafka.clients.consumer.CooperativeStickyAssignor) */
static void assign_cooperatively(struct chappe_sim *sim, struct sim_group *group)
{
        struct pieces pieces = gather(sim, group);

        for (size_t i = 0; i < pieces.count; i++)
                if (!pieces.at[i].target)
                        pieces.at[i].target = least_loaded(group, &pieces, pieces.at[i].topic);
        for (size_t i = 0; i < pieces.count; i++) {
                struct sim_member *least = least_loaded(group, &pieces, pieces.at[i].topic);

                if (load(&pieces, least) + 1 < load(&pieces, pieces.at[i].target))
                        pieces.at[i].target = least;
        }
        for (struct sim_member *member = group->members; member; member = member->next)
                member->assigned_count = 0;
        for (size_t i = 0; i < pieces.count; i++)
                if (!pieces.at[i].owner || pieces.at[i].owner == pieces.at[i].target)
                        give(pieces.at[i].target, pieces.at[i].topic, pieces.at[i].partition);
        free(pieces.at);
}

void chappe_sim_assign(struct chappe_sim *sim, struct sim_group *group)
{
        struct sim_member *last = NULL;
        bool round_robin = group->members && group->members->strategy == SIM_ROUND_ROBIN;

        if (group->members && group->members->strategy == SIM_COOPERATIVE) {
                assign_cooperatively(sim, group);
                return;
        }
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
