/* SPDX-License-Identifier: Apache-2.0 */
/* Simulated producers: a queue a partition, whose records reach the log after a while and are reported after another.
 */
#include <assert.h>
#include <stdlib.h>
#include <utlist.h>

#include "broker/sim/sim_private.h"

#define QUEUE_MAXIMUM      100000
#define RECORD_MAXIMUM     1000000
#define MESSAGE_TIMEOUT_MS 300000

/* One record on its way: to the log, then back as a report. */
struct outgoing {
        struct sim_record *record; /* until it is in the log */
        struct chappe_delivery_report report;
        int64_t deadline_us;
        struct outgoing *previous, *next;
};

/* One partition, as this producer sends to it. */
struct lane {
        struct chappe_topic *topic;
        int32_t partition;
        struct outgoing *queue;
        struct outgoing *answered; /* by the broker; the answer is on its way */
        struct chappe_timer arrival;
        struct chappe_timer answer;
};

struct chappe_topic {
        struct chappe_producer *producer;
        struct sim_topic *topic;
        struct lane *lanes;
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
        struct outgoing *reports;
        struct chappe_timer ready;
        struct chappe_producer *previous, *next;
};

static void report(struct chappe_producer *producer, struct outgoing *outgoing)
{
        DL_APPEND2(producer->reports, outgoing, previous, next);
}

static void tell_ready(struct chappe_timer *timer)
{
        struct chappe_producer *producer = CHAPPE_CONTAINER(timer, struct chappe_producer, ready);

        if (chappe_process_stopped(producer->broker->process))
                return;
        if (producer->config.ready)
                producer->config.ready(producer->config.context);
        chappe_sim_changed(producer->broker);
}

static void fail_outgoing(struct outgoing *outgoing, enum chappe_delivery result, const char *why)
{
        outgoing->report.result = result;
        outgoing->report.offset = CHAPPE_OFFSET_NONE;
        chappe_fail(&outgoing->report.error,
                    result == CHAPPE_DELIVERY_UNKNOWN ? CHAPPE_E_TIMEOUT : CHAPPE_E_BROKER_REFUSED, "simulated: %s",
                    why);
}

static int64_t append(struct lane *lane, struct outgoing *outgoing)
{
        struct sim_record *record = outgoing->record;

        outgoing->record = NULL;
        return chappe_sim_log_append(lane->topic->producer->broker->sim, lane->topic->topic, lane->partition, record);
}

/* The record has reached the broker: what becomes of it, and of the answer. */
static void decide(struct lane *lane, struct outgoing *outgoing)
{
        struct chappe_producer *producer = lane->topic->producer;
        struct chappe_sim *sim = producer->broker->sim;

        if (chappe_random_chance(sim->random, sim->faults.delivery_failed_ppm)) {
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
static void expire(struct lane *lane)
{
        struct chappe_producer *producer = lane->topic->producer;
        int64_t now_us = chappe_fibers_now_us(producer->broker->sim->fibers);
        bool any = false;

        while (lane->queue && lane->queue->deadline_us <= now_us) {
                struct outgoing *outgoing = lane->queue;

                DL_DELETE2(lane->queue, outgoing, previous, next);
                fail_outgoing(outgoing, CHAPPE_DELIVERY_FAILED, "not sent within message.timeout.ms");
                report(producer, outgoing);
                any = true;
        }
        if (any)
                chappe_timer_set(producer->broker->sim->fibers, &producer->ready, now_us);
}

static void arrive_later(struct lane *lane)
{
        struct chappe_sim *sim = lane->topic->producer->broker->sim;
        int64_t at_us = chappe_fibers_now_us(sim->fibers);

        if (!chappe_sim_available(sim)) {
                at_us = sim->unavailable_until_us;
                if (lane->queue->deadline_us < at_us)
                        at_us = lane->queue->deadline_us;
        }
        chappe_timer_set(sim->fibers, &lane->arrival, at_us + chappe_sim_latency_us(sim));
}

static void answer_later(struct lane *lane)
{
        struct chappe_sim *sim = lane->topic->producer->broker->sim;

        if (!lane->answer.node.index)
                chappe_timer_set(sim->fibers, &lane->answer,
                                 chappe_fibers_now_us(sim->fibers) + chappe_sim_latency_us(sim));
}

/* One request takes some of the queue's head; a killed process's last request may or may not have left. */
static void lane_arrived(struct chappe_timer *timer)
{
        struct lane *lane = CHAPPE_CONTAINER(timer, struct lane, arrival);
        struct sim_broker *broker = lane->topic->producer->broker;
        size_t count = 1 + chappe_random_below(broker->sim->random, 16);

        if (chappe_process_stopped(broker->process) && chappe_random_chance(broker->sim->random, 500000))
                return;
        if (!chappe_sim_available(broker->sim)) {
                expire(lane);
        } else {
                while (lane->queue && count-- > 0) {
                        struct outgoing *outgoing = lane->queue;

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
        struct lane *lane = CHAPPE_CONTAINER(timer, struct lane, answer);
        struct chappe_producer *producer = lane->topic->producer;
        struct chappe_sim *sim = producer->broker->sim;

        if (!chappe_sim_available(sim)) {
                chappe_timer_set(sim->fibers, &lane->answer, sim->unavailable_until_us + chappe_sim_latency_us(sim));
                return;
        }
        while (lane->answered) {
                struct outgoing *outgoing = lane->answered;

                DL_DELETE2(lane->answered, outgoing, previous, next);
                report(producer, outgoing);
        }
        tell_ready(&producer->ready);
}

int chappe_sim_producer_open(struct chappe_broker *handle, const struct chappe_producer_config *config,
                             struct chappe_producer **ret_producer, struct chappe_error *error)
{
        struct sim_broker *broker = (struct sim_broker *)handle;
        struct chappe_producer *producer;
        const char *idempotent;

        if (!chappe_process_step(broker->process, "broker.producer_open"))
                return chappe_fail(error, CHAPPE_E_STOPPED, "the process was killed");
        producer = calloc(1, sizeof(*producer));
        if (!producer)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a producer");
        producer->broker = broker;
        producer->config = *config;
        producer->ready.fire = tell_ready;
        idempotent = chappe_sim_property(broker, config->properties, config->property_count, "enable.idempotence");
        producer->idempotent = idempotent && strcmp(idempotent, "true") == 0;
        producer->message_timeout_us =
                1000 * chappe_sim_property_integer(broker, config->properties, config->property_count,
                                                   "message.timeout.ms", MESSAGE_TIMEOUT_MS);
        producer->queue_maximum = (size_t)chappe_sim_property_integer(
                broker, config->properties, config->property_count, "queue.buffering.max.messages", QUEUE_MAXIMUM);
        producer->record_maximum = (size_t)chappe_sim_property_integer(
                broker, config->properties, config->property_count, "message.max.bytes", RECORD_MAXIMUM);
        DL_APPEND2(broker->producers, producer, previous, next);
        *ret_producer = producer;
        return 0;
}

static struct chappe_topic *handle_new(struct chappe_producer *producer, struct sim_topic *topic)
{
        struct chappe_topic *handle = calloc(1, sizeof(*handle));

        if (!handle)
                return NULL;
        handle->lanes = calloc((size_t)topic->partition_count, sizeof(*handle->lanes));
        if (!handle->lanes) {
                free(handle);
                return NULL;
        }
        handle->producer = producer;
        handle->topic = topic;
        for (int32_t i = 0; i < topic->partition_count; i++)
                handle->lanes[i] = (struct lane){
                        .topic = handle, .partition = i, .arrival.fire = lane_arrived, .answer.fire = lane_answered
                };
        DL_APPEND2(producer->topics, handle, previous, next);
        return handle;
}

static struct chappe_topic *handle_find(struct chappe_producer *producer, const char *name)
{
        struct chappe_topic *handle = producer->topics;

        while (handle && strcmp(handle->topic->name, name) != 0)
                handle = handle->next;
        return handle;
}

int chappe_sim_producer_topic(struct chappe_producer *producer, const char *name, int64_t timeout_ms,
                              struct chappe_topic **ret_topic, struct chappe_error *error)
{
        struct chappe_topic *handle = handle_find(producer, name);
        struct sim_topic *topic;
        int status;

        if (!handle) {
                status = chappe_sim_round_trip(producer->broker, "broker.metadata", timeout_ms, error);
                if (status < 0)
                        return status;
                topic = chappe_sim_topic_find(producer->broker->sim, name);
                if (!topic)
                        return chappe_fail(error, CHAPPE_E_TOPIC_MISSING, "topic %s does not exist", name);
                handle = handle_find(producer, name); /* another strand may have asked meanwhile */
                if (!handle)
                        handle = handle_new(producer, topic);
                if (!handle)
                        return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for topic %s", name);
        }
        *ret_topic = handle;
        return 0;
}

int32_t chappe_sim_topic_partition_count(struct chappe_topic *topic)
{
        return topic->topic->partition_count;
}

static int check(struct chappe_producer *producer, const struct chappe_topic *topic, int32_t partition, size_t size,
                 struct chappe_error *error)
{
        struct chappe_sim *sim = producer->broker->sim;

        if (!chappe_process_step(producer->broker->process, "broker.send"))
                return chappe_fail(error, CHAPPE_E_STOPPED, "the process was killed");
        if (partition >= topic->topic->partition_count)
                return chappe_fail(error, CHAPPE_E_TOPIC_MISSING, "%s[%d]: no such partition", topic->topic->name,
                                   partition);
        if (size > producer->record_maximum)
                return chappe_fail(error, CHAPPE_E_RECORD_TOO_LARGE, "%s: %zu bytes", topic->topic->name, size);
        if (producer->in_flight >= producer->queue_maximum ||
            chappe_random_chance(sim->random, sim->faults.queue_full_ppm))
                return chappe_fail(error, CHAPPE_E_AGAIN, "%s: the producer's queue is full", topic->topic->name);
        return 0;
}

static int32_t partition_for(const struct chappe_topic *topic, int32_t partition, struct chappe_bytes key)
{
        if (partition >= 0)
                return partition;
        if (key.at)
                return chappe_sim_partition_of(key, topic->topic->partition_count);
        return (int32_t)chappe_random_below(topic->producer->broker->sim->random,
                                            (uint64_t)topic->topic->partition_count);
}

int chappe_sim_producer_send(struct chappe_producer *producer, struct chappe_topic *topic, int32_t partition,
                             struct chappe_bytes key, struct chappe_bytes value, const struct chappe_header *headers,
                             size_t header_count, int64_t timestamp_ms, void *opaque, struct chappe_error *error)
{
        struct sim_broker *broker = producer->broker;
        int status = check(producer, topic, partition, key.length + value.length, error);
        struct outgoing *outgoing;
        struct lane *lane;

        if (status < 0)
                return status;
        outgoing = calloc(1, sizeof(*outgoing));
        if (outgoing)
                outgoing->record = chappe_sim_record_new(
                        key, value, headers, header_count,
                        timestamp_ms ? timestamp_ms : chappe_clock_wall_ms(chappe_process_clock(broker->process)));
        if (!outgoing || !outgoing->record) {
                free(outgoing);
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a record");
        }
        lane = &topic->lanes[partition_for(topic, partition, key)];
        outgoing->deadline_us = chappe_fibers_now_us(broker->sim->fibers) + producer->message_timeout_us;
        outgoing->report = (struct chappe_delivery_report){ .partition = lane->partition, .opaque = opaque };
        DL_APPEND2(lane->queue, outgoing, previous, next);
        producer->in_flight++;
        if (!lane->arrival.node.index)
                arrive_later(lane);
        return 0;
}

static void deliver(struct chappe_producer *producer, struct outgoing *outgoing)
{
        struct chappe_delivery_report told = outgoing->report;

        free(outgoing->record);
        free(outgoing);
        producer->in_flight--;
        if (producer->config.delivered)
                producer->config.delivered(producer->config.context, &told);
}

static size_t deliver_reports(struct chappe_producer *producer)
{
        size_t count = 0;

        for (; producer->reports; count++) {
                struct outgoing *outgoing = producer->reports;

                DL_DELETE2(producer->reports, outgoing, previous, next);
                deliver(producer, outgoing);
        }
        return count;
}

size_t chappe_sim_producer_poll(struct chappe_producer *producer)
{
        if (producer->reports && !chappe_process_step(producer->broker->process, "broker.delivered"))
                return 0;
        return chappe_process_stopped(producer->broker->process) ? 0 : deliver_reports(producer);
}

size_t chappe_sim_producer_in_flight(struct chappe_producer *producer)
{
        return producer->in_flight;
}

int chappe_sim_producer_flush(struct chappe_producer *producer, int64_t timeout_ms, struct chappe_error *error)
{
        struct sim_broker *broker = producer->broker;
        int64_t deadline_us = chappe_fibers_now_us(broker->sim->fibers) + timeout_ms * 1000;

        while (chappe_process_step(broker->process, "broker.flush")) {
                deliver_reports(producer);
                if (producer->in_flight == 0)
                        return 0;
                if (chappe_fibers_now_us(broker->sim->fibers) >= deadline_us)
                        return chappe_fail(error, CHAPPE_E_TIMEOUT, "%zu records are not acknowledged after %lld ms",
                                           producer->in_flight, (long long)timeout_ms);
                chappe_sim_wait(broker, deadline_us);
        }
        return chappe_fail(error, CHAPPE_E_STOPPED, "the process was killed");
}

/* What has not reached the log may do so yet, or not: nobody will be told. */
static void lane_close(struct chappe_producer *producer, struct lane *lane)
{
        struct chappe_sim *sim = producer->broker->sim;
        bool leaves = chappe_sim_available(sim) && chappe_random_chance(sim->random, 500000);

        chappe_timer_cancel(sim->fibers, &lane->arrival);
        chappe_timer_cancel(sim->fibers, &lane->answer);
        while (lane->answered) {
                struct outgoing *outgoing = lane->answered;

                DL_DELETE2(lane->answered, outgoing, previous, next);
                fail_outgoing(outgoing, CHAPPE_DELIVERY_UNKNOWN, "the producer was closed");
                report(producer, outgoing);
        }
        while (lane->queue) {
                struct outgoing *outgoing = lane->queue;

                DL_DELETE2(lane->queue, outgoing, previous, next);
                if (leaves)
                        append(lane, outgoing);
                fail_outgoing(outgoing, CHAPPE_DELIVERY_UNKNOWN, "the producer was closed");
                report(producer, outgoing);
        }
}

void chappe_sim_producer_close(struct chappe_producer *producer)
{
        struct sim_broker *broker = producer->broker;

        for (struct chappe_topic *topic = producer->topics; topic; topic = topic->next)
                for (int32_t i = 0; i < topic->topic->partition_count; i++)
                        lane_close(producer, &topic->lanes[i]);
        deliver_reports(producer);
        assert(producer->in_flight == 0);
        chappe_timer_cancel(broker->sim->fibers, &producer->ready);
        while (producer->topics) {
                struct chappe_topic *topic = producer->topics;

                DL_DELETE2(producer->topics, topic, previous, next);
                free(topic->lanes);
                free(topic);
        }
        DL_DELETE2(broker->producers, producer, previous, next);
        free(producer);
}

int64_t chappe_sim_producers_unsent(const struct sim_broker *broker)
{
        int64_t count = 0;

        for (const struct chappe_producer *producer = broker->producers; producer; producer = producer->next)
                count += (int64_t)producer->in_flight;
        return count;
}
