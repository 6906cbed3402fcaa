/* SPDX-License-Identifier: Apache-2.0 */
/* Commits of a simulated consumer: they travel in their order, are fenced by generation, and are answered by an event.
 */
#include <stdlib.h>
#include <utlist.h>

#include "broker/sim/consumer.h"

static void commit_free(struct sim_commit *commit)
{
        chappe_timer_cancel(commit->consumer->broker->sim->fibers, &commit->arrival);
        DL_DELETE2(commit->consumer->commits, commit, previous, next);
        free(commit->positions);
        free(commit);
}

/* The member that sent it, if its consumer still is that member. */
static const struct sim_member *member_still(const struct sim_commit *commit)
{
        const struct sim_member *member = commit->consumer->member;

        return member && member->number == commit->member ? member : NULL;
}

static int decide(struct sim_commit *commit, struct chappe_error *error)
{
        struct chappe_consumer *consumer = commit->consumer;
        struct chappe_sim *sim = consumer->broker->sim;
        struct sim_positions told = { commit->positions, commit->count, commit->deletions != sim->deletions };
        int status;

        if (chappe_random_chance(sim->random, sim->faults.commit_failed_ppm))
                return chappe_fail(error, CHAPPE_E_COMMIT_REFUSED, "simulated: the coordinator is loading");
        status = chappe_sim_group_commit(consumer->group, member_still(commit), commit->generation, &told, error);
        if (status == 0 && chappe_random_chance(sim->random, sim->faults.commit_unknown_ppm))
                return chappe_fail(error, CHAPPE_E_COMMIT_REFUSED, "simulated: the answer was lost");
        return status;
}

static void commit_arrived(struct chappe_timer *timer)
{
        struct sim_commit *commit = CHAPPE_CONTAINER(timer, struct sim_commit, arrival);
        struct chappe_consumer *consumer = commit->consumer;
        struct chappe_sim *sim = consumer->broker->sim;
        struct chappe_error error = { 0 };
        struct sim_event *event;
        int status;

        /* A killed process's last request may have left. */
        if (chappe_process_stopped(consumer->broker->process) && chappe_random_chance(sim->random, 500000))
                return;
        if (!chappe_sim_reachable(sim, consumer->group->number)) {
                chappe_timer_set(sim->fibers, timer, chappe_sim_leader_us(sim, consumer->group->number) + 1);
                return;
        }
        status = decide(commit, &error);
        event = chappe_sim_event_add(consumer, CHAPPE_CONSUMER_COMMITTED, commit->positions, commit->count);
        event->event.token = commit->token;
        if (status < 0)
                event->event.error = error;
        commit_free(commit);
}

static void look_at(struct sim_commit *commit)
{
        struct chappe_consumer *consumer = commit->consumer;
        const struct chappe_sim_watch *watch = &consumer->broker->sim->watch;

        for (size_t i = 0; watch->committing && i < commit->count; i++)
                watch->committing(watch->context, consumer->broker->process, consumer->group_name,
                                  &commit->positions[i],
                                  !consumer->told_lost && chappe_sim_reading_find(consumer, commit->positions[i].topic,
                                                                                  commit->positions[i].partition));
}

int chappe_sim_consumer_commit(struct chappe_consumer *consumer, const struct chappe_position *positions, size_t count,
                               void *token, struct chappe_error *error)
{
        struct chappe_sim *sim = consumer->broker->sim;
        struct sim_commit *commit;
        int64_t at_us;

        if (!chappe_process_step(consumer->broker->process, "broker.commit"))
                return chappe_fail(error, CHAPPE_E_STOPPED, "the process was killed");
        if (!consumer->group)
                return chappe_fail(error, CHAPPE_E_USAGE, "a consumer without a group commits nothing");
        commit = calloc(1, sizeof(*commit));
        if (!commit)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a commit");
        commit->consumer = consumer;
        commit->positions = chappe_sim_positions_copy(positions, count);
        commit->count = count;
        look_at(commit);
        commit->token = token;
        commit->deletions = sim->deletions;
        commit->generation = consumer->generation;
        commit->member = consumer->member ? consumer->member->number : 0;
        commit->arrival.fire = commit_arrived;
        DL_APPEND2(consumer->commits, commit, previous, next);
        at_us = chappe_fibers_now_us(sim->fibers) + chappe_sim_latency_us(sim);
        if (at_us < consumer->last_commit_us)
                at_us = consumer->last_commit_us;
        consumer->last_commit_us = at_us;
        chappe_timer_set(sim->fibers, &commit->arrival, at_us);
        return 0;
}

void chappe_sim_commits_free(struct chappe_consumer *consumer)
{
        while (consumer->commits)
                commit_free(consumer->commits);
}
