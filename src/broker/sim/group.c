/* SPDX-License-Identifier: Apache-2.0 */
/* The group coordinator: members, generations, sessions, eager assembly. (Kafka's classic protocol, as its broker sees
 * it) */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

#include "broker/sim/sim_private.h"

#define INITIAL_DELAY_US 50000 /* group.initial.rebalance.delay.ms */

static int64_t now_us(const struct sim_group *group)
{
        return chappe_fibers_now_us(group->sim->fibers);
}

static bool all_joined(const struct sim_group *group)
{
        for (const struct sim_member *member = group->members; member; member = member->next)
                if (!member->joined)
                        return false;
        return true;
}

static void positions_free(struct sim_member *member)
{
        free(member->assigned);
        member->assigned = NULL;
        member->assigned_count = 0;
}

static void member_free(struct sim_member *member)
{
        chappe_timer_cancel(member->group->sim->fibers, &member->expiry);
        DL_DELETE2(member->group->members, member, previous, next);
        for (size_t i = 0; i < member->topic_count; i++)
                free(member->topics[i]);
        free(member->topics);
        positions_free(member);
        free(member->instance);
        free(member->id);
        free(member);
}

static void session_renew(struct sim_member *member)
{
        chappe_timer_set(member->group->sim->fibers, &member->expiry, now_us(member->group) + member->session_us);
}

/* Who did not come is put out, but for static members: their partitions wait for them until their session is over. */
static void complete(struct sim_group *group)
{
        struct sim_member *member, *next;

        chappe_timer_cancel(group->sim->fibers, &group->completion);
        DL_FOREACH_SAFE2(group->members, member, next, next)
        {
                if (member->joined || member->instance)
                        continue;
                if (member->consumer)
                        chappe_sim_consumer_expelled(member->consumer);
                member_free(member);
        }
        group->generation++;
        group->state = group->members ? SIM_GROUP_STABLE : SIM_GROUP_EMPTY;
        chappe_fibers_note(group->sim->fibers, "generation", group->name, group->generation, 0);
        chappe_sim_assign(group->sim, group);
        DL_FOREACH2(group->members, member, next)
        {
                member->joined = false;
                session_renew(member);
                if (member->consumer)
                        chappe_sim_consumer_assigned(member->consumer);
        }
}

static void completion_due(struct chappe_timer *timer)
{
        struct sim_group *group = CHAPPE_CONTAINER(timer, struct sim_group, completion);

        if (group->state == SIM_GROUP_PREPARING)
                complete(group);
}

/* Complete as soon as all are there, but never within the call that brought the last one. */
static void look_whether_complete(struct sim_group *group)
{
        int64_t at_us = now_us(group) + 1;

        if (group->state != SIM_GROUP_PREPARING || !all_joined(group))
                return;
        if (at_us < group->assembled_not_before_us)
                at_us = group->assembled_not_before_us;
        chappe_timer_set(group->sim->fibers, &group->completion, at_us);
}

void chappe_sim_group_assemble(struct sim_group *group)
{
        int64_t patience_us = 0;

        if (group->state == SIM_GROUP_PREPARING) {
                look_whether_complete(group);
                return;
        }
        if (!group->members) {
                group->state = SIM_GROUP_EMPTY;
                return;
        }
        chappe_fibers_note(group->sim->fibers, "assembling", group->name, group->generation, 0);
        for (const struct sim_member *member = group->members; member; member = member->next)
                if (member->rebalance_us > patience_us)
                        patience_us = member->rebalance_us;
        group->assembled_not_before_us = group->state == SIM_GROUP_EMPTY ? now_us(group) + INITIAL_DELAY_US : 0;
        group->state = SIM_GROUP_PREPARING;
        chappe_timer_set(group->sim->fibers, &group->completion, now_us(group) + patience_us);
        look_whether_complete(group);
}

/* No session ends while the coordinator is away, nor while the member waits for the group to assemble. */
static void session_over(struct chappe_timer *timer)
{
        struct sim_member *member = CHAPPE_CONTAINER(timer, struct sim_member, expiry);
        struct sim_group *group = member->group;

        if (!chappe_sim_reachable(group->sim, group->number) ||
            (member->consumer && member->joined && group->state == SIM_GROUP_PREPARING)) {
                session_renew(member);
                return;
        }
        chappe_fibers_note(group->sim->fibers, "session over", member->id, group->generation, 0);
        if (member->consumer)
                chappe_sim_consumer_expelled(member->consumer);
        member_free(member);
        chappe_sim_group_assemble(group);
}

static int by_id(const struct sim_member *a, const struct sim_member *b)
{
        return strcmp(a->id, b->id);
}

static struct sim_member *member_new(struct sim_group *group, const struct sim_subscription *subscription)
{
        struct sim_member *member = calloc(1, sizeof(*member));

        if (!member || asprintf(&member->id, "%s-%06llu", subscription->instance ? subscription->instance : "member",
                                (unsigned long long)++group->sim->member_number) < 0)
                abort();
        member->number = group->sim->member_number;
        member->group = group;
        member->expiry.fire = session_over;
        member->instance = subscription->instance ? strdup(subscription->instance) : NULL;
        member->strategy = subscription->strategy;
        member->session_us = subscription->session_us;
        member->rebalance_us = subscription->rebalance_us;
        member->topics = calloc(subscription->topic_count + 1, sizeof(char *));
        for (size_t i = 0; member->topics && i < subscription->topic_count; i++)
                member->topics[member->topic_count++] = strdup(subscription->topics[i]);
        DL_INSERT_INORDER2(group->members, member, by_id, previous, next);
        return member;
}

/* A static member that comes back finds its place and its partitions as they were. */
static struct sim_member *take_place(struct sim_member *member, struct chappe_consumer *consumer)
{
        struct sim_group *group = member->group;

        if (member->consumer && member->consumer != consumer)
                chappe_sim_consumer_fenced(member->consumer);
        member->consumer = consumer;
        session_renew(member);
        if (group->state == SIM_GROUP_STABLE)
                chappe_sim_consumer_assigned(consumer);
        else
                chappe_sim_group_rejoin(member);
        return member;
}

struct sim_member *chappe_sim_group_join(struct sim_group *group, struct chappe_consumer *consumer,
                                         const struct sim_subscription *subscription)
{
        struct sim_member *member = group->members;

        while (member &&
               !(subscription->instance && member->instance && strcmp(member->instance, subscription->instance) == 0))
                member = member->next;
        if (member)
                return take_place(member, consumer);
        member = member_new(group, subscription);
        member->consumer = consumer;
        chappe_sim_group_rejoin(member);
        return member;
}

void chappe_sim_group_rejoin(struct sim_member *member)
{
        member->joined = true;
        session_renew(member);
        chappe_sim_group_assemble(member->group);
}

void chappe_sim_group_leave(struct sim_member *member)
{
        struct sim_group *group = member->group;

        member_free(member);
        chappe_sim_group_assemble(group);
}

void chappe_sim_group_abandon(struct sim_member *member)
{
        member->consumer = NULL;
}

enum sim_standing chappe_sim_group_heartbeat(struct sim_member *member, int32_t generation)
{
        struct sim_group *group = member->group;

        session_renew(member);
        return group->state == SIM_GROUP_PREPARING || generation != group->generation ? SIM_MEMBER_REBALANCING
                                                                                      : SIM_MEMBER_FINE;
}

void chappe_sim_group_topic_added(struct sim_group *group, const char *topic)
{
        for (const struct sim_member *member = group->members; member; member = member->next)
                for (size_t i = 0; i < member->topic_count; i++)
                        if (strcmp(member->topics[i], topic) == 0) {
                                chappe_sim_group_assemble(group);
                                return;
                        }
}

struct sim_group *chappe_sim_group_get(struct chappe_sim *sim, const char *name)
{
        struct sim_group *group;

        HASH_FIND_STR(sim->groups, name, group);
        if (group) {
                group->forgotten = false;
                return group;
        }
        group = calloc(1, sizeof(*group));
        if (!group || !(group->name = strdup(name)))
                abort();
        group->sim = sim;
        group->number = HASH_COUNT(sim->groups);
        group->completion.fire = completion_due;
        HASH_ADD_KEYPTR(hh, sim->groups, group->name, strlen(group->name), group);
        return group;
}

void chappe_sim_groups_free(struct chappe_sim *sim)
{
        struct sim_group *group, *next;

        HASH_ITER(hh, sim->groups, group, next)
        {
                while (group->members)
                        member_free(group->members);
                chappe_sim_group_forget(group);
                chappe_timer_cancel(sim->fibers, &group->completion);
                HASH_DEL(sim->groups, group);
                free(group->name);
                free(group);
        }
}
