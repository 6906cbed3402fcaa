/* SPDX-License-Identifier: Apache-2.0 */
/* The way of a simulated producer's records: to the log after a while, back as reports after another. */
#include <stdlib.h>
#include <utlist.h>

#include "broker/sim/producer.h"

static uint32_t place_of(const struct sim_lane *lane)
{
        return chappe_sim_place(lane->topic->topic, lane->partition);
}

static void report(struct chappe_producer *producer, struct sim_outgoing *outgoing)
{
        DL_APPEND2(producer->reports, outgoing, previous, next);
}

void chappe_sim_producer_ready(struct chappe_timer *timer)
{
        struct chappe_producer *producer = CHAPPE_CONTAINER(timer, struct chappe_producer, ready);

        if (chappe_process_stopped(producer->broker->process))
                return;
        if (producer->config.ready)
                producer->config.ready(producer->config.context);
        chappe_sim_changed(producer->broker);
}

static void fail_outgoing(struct sim_outgoing *outgoing, enum chappe_delivery result, const char *why)
{
        outgoing->report.result = result;
        outgoing->report.offset = CHAPPE_OFFSET_NONE;
        chappe_fail(&outgoing->report.error,
                    result == CHAPPE_DELIVERY_UNKNOWN ? CHAPPE_E_TIMEOUT : CHAPPE_E_BROKER_REFUSED, "simulated: %s",
                    why);
}

/* Deleted, and perhaps made anew. */
static bool topic_is_there(struct sim_lane *lane)
{
        struct sim_topic *found = lane->topic->topic;

        if (found->deleted)
                found = chappe_sim_topic_find(lane->topic->producer->broker->sim, found->name);
        if (found)
                lane->topic->topic = found;
        return found && lane->partition < found->partition_count;
}

static int64_t append(struct sim_lane *lane, struct sim_outgoing *outgoing)
{
        struct sim_record *record = outgoing->record;

        outgoing->record = NULL;
        return chappe_sim_log_append(lane->topic->producer->broker->sim, lane->topic->topic, lane->partition, record);
}

/* The record has reached the broker: what becomes of it, and of the answer. */
static void decide(struct sim_lane *lane, struct sim_outgoing *outgoing)
{
        struct chappe_producer *producer = lane->topic->producer;
        struct chappe_sim *sim = producer->broker->sim;

        if (!topic_is_there(lane)) {
                fail_outgoing(outgoing, CHAPPE_DELIVERY_FAILED, "there is no such topic");
        } else if (chappe_random_chance(sim->random, sim->faults.delivery_failed_ppm)) {
                fail_outgoing(outgoing, CHAPPE_DELIVERY_FAILED, "the broker refused the record");
        } else if (chappe_random_chance(sim->random, sim->faults.acknowledgement_lost_ppm)) {
                if (chappe_random_chance(sim->random, 500000))
                        append(lane, outgoing);
                fail_outgoing(outgoing, CHAPPE_DELIVERY_UNKNOWN, "the acknowledgement was lost");
        } else {
                struct sim_record *again = NULL;

                if (!producer->idempotent && chappe_random_chance(sim->random, sim->faults.duplicate_ppm))
                        again = chappe_sim_record_copy(outgoing->record);
                outgoing->report.result = CHAPPE_DELIVERED;
                outgoing->report.offset = append(lane, outgoing);
                if (again)
                        chappe_sim_log_append(sim, lane->topic->topic, lane->partition, again);
        }
}

/* The cluster is away: what is past its time is given up, the rest waits. */
static void expire(struct sim_lane *lane)
{
        struct chappe_producer *producer = lane->topic->producer;
        int64_t now_us = chappe_fibers_now_us(producer->broker->sim->fibers);
        bool any = false;

        while (lane->queue && lane->queue->deadline_us <= now_us) {
                struct sim_outgoing *outgoing = lane->queue;

                DL_DELETE2(lane->queue, outgoing, previous, next);
                fail_outgoing(outgoing, CHAPPE_DELIVERY_FAILED, "not sent within message.timeout.ms");
                report(producer, outgoing);
                any = true;
        }
        if (any)
                chappe_timer_set(producer->broker->sim->fibers, &producer->ready, now_us);
}

static void arrive_later(struct sim_lane *lane)
{
        struct chappe_sim *sim = lane->topic->producer->broker->sim;
        int64_t at_us = chappe_fibers_now_us(sim->fibers);

        if (!chappe_sim_reachable(sim, place_of(lane))) {
                at_us = chappe_sim_leader_us(sim, place_of(lane));
                if (lane->queue->deadline_us < at_us)
                        at_us = lane->queue->deadline_us;
        }
        chappe_timer_set(sim->fibers, &lane->arrival, at_us + chappe_sim_latency_us(sim));
}

static void answer_later(struct sim_lane *lane)
{
        struct chappe_sim *sim = lane->topic->producer->broker->sim;

        if (!lane->answer.node.index)
                chappe_timer_set(sim->fibers, &lane->answer,
                                 chappe_fibers_now_us(sim->fibers) + chappe_sim_latency_us(sim));
}

/* One request takes some of the queue's head; a killed process's last request may or may not have left. */
static void lane_arrived(struct chappe_timer *timer)
{
        struct sim_lane *lane = CHAPPE_CONTAINER(timer, struct sim_lane, arrival);
        struct sim_broker *broker = lane->topic->producer->broker;
        size_t count = 1 + chappe_random_below(broker->sim->random, 16);

        if (chappe_process_stopped(broker->process) && chappe_random_chance(broker->sim->random, 500000))
                return;
        if (!chappe_sim_reachable(broker->sim, place_of(lane))) {
                expire(lane);
        } else {
                while (lane->queue && count-- > 0) {
                        struct sim_outgoing *outgoing = lane->queue;

                        DL_DELETE2(lane->queue, outgoing, previous, next);
                        decide(lane, outgoing);
                        DL_APPEND2(lane->answered, outgoing, previous, next);
                }
                answer_later(lane);
        }
        if (lane->queue && !chappe_process_stopped(broker->process))
                arrive_later(lane);
}

static void lane_answered(struct chappe_timer *timer)
{
        struct sim_lane *lane = CHAPPE_CONTAINER(timer, struct sim_lane, answer);
        struct chappe_producer *producer = lane->topic->producer;
        struct chappe_sim *sim = producer->broker->sim;

        if (!chappe_sim_reachable(sim, place_of(lane))) {
                chappe_timer_set(sim->fibers, &lane->answer,
                                 chappe_sim_leader_us(sim, place_of(lane)) + chappe_sim_latency_us(sim));
                return;
        }
        while (lane->answered) {
                struct sim_outgoing *outgoing = lane->answered;

                DL_DELETE2(lane->answered, outgoing, previous, next);
                report(producer, outgoing);
        }
        chappe_sim_producer_ready(&producer->ready);
}

void chappe_sim_lane_init(struct sim_lane *lane, struct chappe_topic *topic, int32_t partition)
{
        *lane = (struct sim_lane){
                .topic = topic, .partition = partition, .arrival.fire = lane_arrived, .answer.fire = lane_answered
        };
}

void chappe_sim_lane_send(struct sim_lane *lane, struct sim_outgoing *outgoing)
{
        DL_APPEND2(lane->queue, outgoing, previous, next);
        if (!lane->arrival.node.index)
                arrive_later(lane);
}

void chappe_sim_lane_close(struct sim_lane *lane)
{
        struct chappe_producer *producer = lane->topic->producer;
        struct chappe_sim *sim = producer->broker->sim;
        bool leaves = chappe_sim_reachable(sim, place_of(lane)) && chappe_random_chance(sim->random, 500000);

        chappe_timer_cancel(sim->fibers, &lane->arrival);
        chappe_timer_cancel(sim->fibers, &lane->answer);
        while (lane->answered) {
                struct sim_outgoing *outgoing = lane->answered;

                DL_DELETE2(lane->answered, outgoing, previous, next);
                fail_outgoing(outgoing, CHAPPE_DELIVERY_UNKNOWN, "the producer was closed");
                report(producer, outgoing);
        }
        while (lane->queue) {
                struct sim_outgoing *outgoing = lane->queue;

                DL_DELETE2(lane->queue, outgoing, previous, next);
                if (leaves && topic_is_there(lane))
                        append(lane, outgoing);
                fail_outgoing(outgoing, CHAPPE_DELIVERY_UNKNOWN, "the producer was closed");
                report(producer, outgoing);
        }
}
