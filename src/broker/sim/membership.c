/* SPDX-License-Identifier: Apache-2.0 */
/* A simulated consumer as a member of its group: joining, heartbeats, assignments gained, revoked and lost. */
#include <stdlib.h>

#include "broker/sim/consumer.h"

#define PAUSED_US 50000  /* how often a standing process is looked at */
#define RETRY_US  500000 /* how often a coordinator is that is away: it may be back before its time */

static struct chappe_fibers *fibers_of(const struct chappe_consumer *consumer)
{
        return consumer->broker->sim->fibers;
}

static void heartbeat_later(struct chappe_consumer *consumer, int64_t in_us)
{
        chappe_timer_set(fibers_of(consumer), &consumer->heartbeat, chappe_fibers_now_us(fibers_of(consumer)) + in_us);
}

/* The request to join travels; chappe_sim_membership_arrived is at its end. */
void chappe_sim_membership_join(struct chappe_consumer *consumer)
{
        consumer->membership = SIM_JOINING;
        consumer->lost = consumer->told_lost = consumer->rejoins = false;
        chappe_timer_set(fibers_of(consumer), &consumer->join,
                         chappe_fibers_now_us(fibers_of(consumer)) + chappe_sim_latency_us(consumer->broker->sim));
}

/* What has come with the last assignment, with what the group has committed of it. */
static void tell_gained(struct chappe_consumer *consumer)
{
        const struct sim_member *member = consumer->member;
        struct chappe_position *positions = calloc(member->assigned_count + 1, sizeof(*positions));
        size_t count = 0;

        if (!positions)
                abort();
        for (size_t i = 0; i < member->assigned_count; i++) {
                const struct chappe_position *assigned = &member->assigned[i];
                const struct sim_committed *committed =
                        chappe_sim_group_committed(consumer->group, assigned->topic, assigned->partition);

                if (chappe_sim_reading_find(consumer, assigned->topic, assigned->partition))
                        continue;
                positions[count] = *assigned;
                positions[count].offset = committed ? committed->offset : CHAPPE_OFFSET_NONE;
                positions[count++].metadata = committed ? committed->metadata : NULL;
        }
        chappe_sim_event_add(consumer, CHAPPE_CONSUMER_GAINED, positions, count);
        free(positions);
}

static void tell_given_up(struct chappe_consumer *consumer, enum chappe_consumer_event_kind kind)
{
        struct chappe_position *positions = calloc(consumer->reading_count + 1, sizeof(*positions));

        if (!positions)
                abort();
        for (size_t i = 0; i < consumer->reading_count; i++)
                positions[i] = (struct chappe_position){ .topic = consumer->readings[i]->topic->name,
                                                         .partition = consumer->readings[i]->partition,
                                                         .offset = CHAPPE_OFFSET_NONE };
        consumer->membership = SIM_GIVING_UP;
        chappe_sim_event_add(consumer, kind, positions, consumer->reading_count);
        free(positions);
}

static void begin_anew(struct chappe_consumer *consumer)
{
        chappe_sim_event_drop(consumer, CHAPPE_CONSUMER_GAINED);
        chappe_sim_membership_join(consumer);
}

/* A gain that has been told is the caller's until it has been accepted and released. */
static bool gain_untold(const struct chappe_consumer *consumer)
{
        return consumer->membership == SIM_GAINED && !consumer->told_gained;
}

/* The member hears that it is one no more. What it is about to answer it answers first. */
static void hear_of_expulsion(struct chappe_consumer *consumer)
{
        consumer->member = NULL;
        consumer->generation = -1;
        consumer->lost = true;
        consumer->expelled = consumer->rejoins = false;
        if (consumer->membership == SIM_GIVING_UP || (consumer->membership == SIM_GAINED && consumer->told_gained))
                return;
        chappe_timer_cancel(fibers_of(consumer), &consumer->join);
        chappe_sim_event_drop(consumer, CHAPPE_CONSUMER_GAINED);
        if (consumer->reading_count > 0)
                tell_given_up(consumer, CHAPPE_CONSUMER_LOST);
        else
                chappe_sim_membership_join(consumer);
}

/* The group assembles again. The eager give up everything first. */
static void hear_of_rebalance(struct chappe_consumer *consumer)
{
        if (gain_untold(consumer))
                begin_anew(consumer);
        else if (consumer->membership == SIM_OWNING &&
                 (consumer->reading_count == 0 || chappe_sim_cooperates(consumer)))
                begin_anew(consumer);
        else if (consumer->membership == SIM_OWNING)
                tell_given_up(consumer, CHAPPE_CONSUMER_REVOKED);
}

static int64_t next_try_us(struct chappe_sim *sim, uint32_t place)
{
        int64_t leader_us = chappe_sim_leader_us(sim, place), retry_us = chappe_fibers_now_us(sim->fibers) + RETRY_US;

        return leader_us < retry_us ? leader_us : retry_us;
}

/* A request to join that arrives, or an assignment that comes back. A process that stands still does neither. */
void chappe_sim_membership_arrived(struct chappe_timer *timer)
{
        struct chappe_consumer *consumer = CHAPPE_CONTAINER(timer, struct chappe_consumer, join);
        struct chappe_sim *sim = consumer->broker->sim;
        uint32_t place = consumer->group->number;

        if (chappe_process_stopped(consumer->broker->process))
                return;
        if (!chappe_sim_reachable(sim, place)) {
                chappe_timer_set(sim->fibers, timer, next_try_us(sim, place) + chappe_sim_latency_us(sim));
        } else if (chappe_process_paused(consumer->broker->process)) {
                chappe_timer_set(sim->fibers, timer, chappe_fibers_now_us(sim->fibers) + PAUSED_US);
        } else if (consumer->expelled) {
                hear_of_expulsion(consumer);
        } else if (consumer->membership == SIM_GAINED) {
                if (!chappe_sim_cooperative_revoke(consumer))
                        tell_gained(consumer);
        } else if (consumer->membership == SIM_JOINING) {
                if (consumer->member)
                        chappe_sim_group_rejoin(consumer->member);
                else
                        consumer->member = chappe_sim_group_join(consumer->group, consumer, &consumer->subscription);
                heartbeat_later(consumer, consumer->heartbeat_us);
        }
}

void chappe_sim_consumer_assigned(struct chappe_consumer *consumer)
{
        struct chappe_sim *sim = consumer->broker->sim;

        if (consumer->membership != SIM_JOINING)
                return; /* a static member that has not come back: the coordinator keeps its partitions for it */
        consumer->membership = SIM_GAINED;
        consumer->told_gained = false;
        consumer->generation = consumer->group->generation;
        chappe_timer_set(sim->fibers, &consumer->join, chappe_fibers_now_us(sim->fibers) + chappe_sim_latency_us(sim));
}

/* It hears of it with its next heartbeat, or when it asks to join: until then it believes that it is a member. */
void chappe_sim_consumer_expelled(struct chappe_consumer *consumer)
{
        if (consumer->membership == SIM_DEAD)
                return;
        consumer->member = NULL;
        consumer->expelled = true;
}

void chappe_sim_consumer_fenced(struct chappe_consumer *consumer)
{
        struct sim_event *event;

        consumer->member = NULL;
        consumer->generation = -1;
        consumer->lost = true;
        consumer->membership = SIM_DEAD;
        chappe_timer_cancel(fibers_of(consumer), &consumer->heartbeat);
        chappe_timer_cancel(fibers_of(consumer), &consumer->join);
        if (chappe_process_stopped(consumer->broker->process))
                return;
        event = chappe_sim_event_add(consumer, CHAPPE_CONSUMER_ERROR, NULL, 0);
        event->event.fatal = true;
        chappe_fail(&event->event.error, CHAPPE_E_BROKER_FATAL, "group %s: another member uses group.instance.id %s",
                    consumer->group_name, consumer->instance);
}

/* The coordinator puts this member out by a fault, or the member has not polled for too long and leaves. */
static bool put_out(struct chappe_consumer *consumer)
{
        struct chappe_sim *sim = consumer->broker->sim;
        bool silent = chappe_fibers_now_us(sim->fibers) - consumer->polled_us > consumer->poll_maximum_us;
        struct sim_member *member = consumer->member;

        if (consumer->membership != SIM_OWNING && consumer->membership != SIM_GIVING_UP &&
            consumer->membership != SIM_GAINED)
                return false;
        if (!silent && !chappe_random_chance(sim->random, sim->faults.expulsion_ppm))
                return false;
        chappe_fibers_note(sim->fibers, "put out", member->id, silent, 0);
        hear_of_expulsion(consumer);
        chappe_sim_group_leave(member);
        return true;
}

void chappe_sim_membership_heartbeat(struct chappe_timer *timer)
{
        struct chappe_consumer *consumer = CHAPPE_CONTAINER(timer, struct chappe_consumer, heartbeat);
        struct chappe_sim *sim = consumer->broker->sim;
        struct chappe_process *process = consumer->broker->process;

        if (chappe_process_stopped(process) || consumer->membership == SIM_DEAD)
                return;
        heartbeat_later(consumer, consumer->heartbeat_us);
        if (chappe_process_paused(process) || !chappe_sim_reachable(sim, consumer->group->number))
                return;
        if (consumer->expelled)
                hear_of_expulsion(consumer);
        if (!consumer->member || put_out(consumer))
                return;
        if (chappe_random_chance(sim->random, sim->faults.rebalance_ppm))
                chappe_sim_group_assemble(consumer->group);
        if (chappe_sim_group_heartbeat(consumer->member, consumer->generation) == SIM_MEMBER_REBALANCING)
                hear_of_rebalance(consumer);
}

int chappe_sim_consumer_accept(struct chappe_consumer *consumer, const struct chappe_position *positions, size_t count,
                               struct chappe_error *error)
{
        if (!chappe_process_step(consumer->broker->process, "broker.accept"))
                return chappe_fail(error, CHAPPE_E_STOPPED, "the process was killed");
        if (consumer->membership == SIM_DEAD)
                return chappe_fail(error, CHAPPE_E_BROKER_FATAL, "this consumer was fenced");
        if (consumer->membership != SIM_GAINED || !consumer->told_gained)
                return chappe_fail(error, CHAPPE_E_ASSIGNMENT_STATE, "nothing was gained that could be accepted");
        consumer->membership = SIM_OWNING;
        if (chappe_sim_readings_add(consumer, positions, count, error) < 0)
                return -error->code;
        if (consumer->lost)
                hear_of_expulsion(consumer); /* meanwhile */
        else if (consumer->rejoins)
                chappe_sim_membership_join(consumer);
        return 0;
}

int chappe_sim_consumer_release(struct chappe_consumer *consumer, struct chappe_error *error)
{
        if (!chappe_process_step(consumer->broker->process, "broker.release"))
                return chappe_fail(error, CHAPPE_E_STOPPED, "the process was killed");
        if (consumer->membership != SIM_GIVING_UP)
                return chappe_fail(error, CHAPPE_E_ASSIGNMENT_STATE, "nothing was revoked that could be released");
        if (!consumer->revoked) {
                chappe_sim_readings_clear(consumer);
                chappe_sim_membership_join(consumer);
                return 0;
        }
        chappe_sim_cooperative_released(consumer);
        if (consumer->lost && consumer->reading_count > 0) {
                tell_given_up(consumer, CHAPPE_CONSUMER_LOST); /* the rest, meanwhile */
        } else if (consumer->lost || !consumer->member) {
                chappe_sim_membership_join(consumer);
        } else {
                consumer->membership = SIM_GAINED;
                consumer->told_gained = false;
                tell_gained(consumer);
        }
        return 0;
}
