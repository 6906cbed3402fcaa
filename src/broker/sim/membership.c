/* SPDX-License-Identifier: Apache-2.0 */
/* A simulated consumer as a member of its group: joining, heartbeats, assignments gained, revoked and lost. */
#include <stdlib.h>

#include "broker/sim/consumer.h"

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
        consumer->lost = false;
        chappe_timer_set(fibers_of(consumer), &consumer->join,
                         chappe_fibers_now_us(fibers_of(consumer)) + chappe_sim_latency_us(consumer->broker->sim));
}

/* Positions with what the group has committed. */
static void tell_gained(struct chappe_consumer *consumer)
{
        const struct sim_member *member = consumer->member;
        struct chappe_position *positions = calloc(member->assigned_count + 1, sizeof(*positions));

        if (!positions)
                abort();
        for (size_t i = 0; i < member->assigned_count; i++) {
                const struct sim_committed *committed = chappe_sim_group_committed(
                        consumer->group, member->assigned[i].topic, member->assigned[i].partition);

                positions[i] = member->assigned[i];
                positions[i].offset = committed ? committed->offset : CHAPPE_OFFSET_NONE;
                positions[i].metadata = committed ? committed->metadata : NULL;
        }
        chappe_sim_event_add(consumer, CHAPPE_CONSUMER_GAINED, positions, member->assigned_count);
        free(positions);
}

/* A request to join that arrives, or an assignment that comes back. */
void chappe_sim_membership_arrived(struct chappe_timer *timer)
{
        struct chappe_consumer *consumer = CHAPPE_CONTAINER(timer, struct chappe_consumer, join);
        struct chappe_sim *sim = consumer->broker->sim;

        if (chappe_process_stopped(consumer->broker->process))
                return;
        if (!chappe_sim_available(sim)) {
                chappe_timer_set(sim->fibers, timer, sim->unavailable_until_us + chappe_sim_latency_us(sim));
        } else if (consumer->membership == SIM_GAINED) {
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
        consumer->generation = consumer->group->generation;
        chappe_timer_set(sim->fibers, &consumer->join, chappe_fibers_now_us(sim->fibers) + chappe_sim_latency_us(sim));
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

/* Has the gain that is awaited been told? Then its partitions are the caller's until it has released them. */
static bool gain_untold(struct chappe_consumer *consumer)
{
        if (consumer->join.node.index)
                return true;
        for (const struct sim_event *event = consumer->events; event; event = event->next)
                if (event->event.kind == CHAPPE_CONSUMER_GAINED)
                        return true;
        return false;
}

static void begin_anew(struct chappe_consumer *consumer)
{
        chappe_sim_event_drop(consumer, CHAPPE_CONSUMER_GAINED);
        chappe_sim_membership_join(consumer);
}

static void give_up(struct chappe_consumer *consumer, enum chappe_consumer_event_kind kind)
{
        if (consumer->membership == SIM_GAINED && gain_untold(consumer))
                begin_anew(consumer);
        else if (consumer->membership == SIM_OWNING && consumer->reading_count == 0)
                begin_anew(consumer);
        else if (consumer->membership == SIM_OWNING)
                tell_given_up(consumer, kind);
}

void chappe_sim_consumer_expelled(struct chappe_consumer *consumer)
{
        if (consumer->membership == SIM_DEAD)
                return;
        consumer->member = NULL;
        consumer->generation = -1;
        consumer->lost = true;
        if (chappe_process_stopped(consumer->broker->process))
                return;
        if (consumer->membership == SIM_JOINING)
                begin_anew(consumer);
        else
                give_up(consumer, CHAPPE_CONSUMER_LOST);
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
        chappe_sim_consumer_expelled(consumer);
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
        if (chappe_process_paused(process) || !consumer->member || !chappe_sim_available(sim) || put_out(consumer))
                return;
        if (chappe_random_chance(sim->random, sim->faults.rebalance_ppm))
                chappe_sim_group_assemble(consumer->group);
        if (chappe_sim_group_heartbeat(consumer->member, consumer->generation) == SIM_MEMBER_REBALANCING)
                give_up(consumer, CHAPPE_CONSUMER_REVOKED);
}

int chappe_sim_consumer_accept(struct chappe_consumer *consumer, const struct chappe_position *positions, size_t count,
                               struct chappe_error *error)
{
        if (!chappe_process_step(consumer->broker->process, "broker.accept"))
                return chappe_fail(error, CHAPPE_E_STOPPED, "the process was killed");
        if (consumer->membership == SIM_DEAD)
                return chappe_fail(error, CHAPPE_E_BROKER_FATAL, "this consumer was fenced");
        if (consumer->membership != SIM_GAINED || gain_untold(consumer))
                return chappe_fail(error, CHAPPE_E_ASSIGNMENT_STATE, "nothing was gained that could be accepted");
        consumer->membership = SIM_OWNING;
        if (chappe_sim_readings_add(consumer, positions, count, error) < 0)
                return -error->code;
        if (consumer->lost)
                give_up(consumer, CHAPPE_CONSUMER_LOST); /* meanwhile */
        return 0;
}

int chappe_sim_consumer_release(struct chappe_consumer *consumer, struct chappe_error *error)
{
        if (!chappe_process_step(consumer->broker->process, "broker.release"))
                return chappe_fail(error, CHAPPE_E_STOPPED, "the process was killed");
        if (consumer->membership != SIM_GIVING_UP)
                return chappe_fail(error, CHAPPE_E_ASSIGNMENT_STATE, "nothing was revoked that could be released");
        chappe_sim_readings_clear(consumer);
        chappe_sim_membership_join(consumer);
        return 0;
}
