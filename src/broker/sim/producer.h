/* SPDX-License-Identifier: Apache-2.0 */
/* A simulated producer: its topics, and a lane for each of their partitions. */
#pragma once

#include "broker/sim/sim_private.h"

/* One record on its way: to the log, then back as a report. */
struct sim_outgoing {
        struct sim_record *record; /* until it is in the log */
        struct chappe_delivery_report report;
        int64_t deadline_us;
        struct sim_outgoing *previous, *next;
};

/* One partition, as this producer sends to it. */
struct sim_lane {
        struct chappe_topic *topic;
        int32_t partition;
        struct sim_outgoing *queue;
        struct sim_outgoing *answered; /* by the broker; the answer is on its way */
        struct chappe_timer arrival;
        struct chappe_timer answer;
};

struct chappe_topic {
        struct chappe_producer *producer;
        struct sim_topic *topic;
        struct sim_lane **lanes; /* in one allocation each: the machine's timers point into them */
        int32_t lane_count;
        struct chappe_topic *previous, *next;
};

struct chappe_producer {
        struct sim_broker *broker;
        struct chappe_producer_config config;
        bool idempotent;
        int64_t message_timeout_us;
        size_t queue_maximum;
        size_t record_maximum;
        size_t in_flight;
        struct chappe_topic *topics;
        struct sim_outgoing *reports;
        struct chappe_timer ready;
        struct chappe_producer *previous, *next;
};

/* lane.c */
void chappe_sim_lane_init(struct sim_lane *lane, struct chappe_topic *topic, int32_t partition);
/* Takes the record on its way. */
void chappe_sim_lane_send(struct sim_lane *lane, struct sim_outgoing *outgoing);
/* What has not reached the log may do so yet, or not: nobody will be told. */
void chappe_sim_lane_close(struct sim_lane *lane);
/* Fires producer->ready: reports have come. */
void chappe_sim_producer_ready(struct chappe_timer *timer);
