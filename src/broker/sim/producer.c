/* SPDX-License-Identifier: Apache-2.0 */
/* Simulated producers: opening, sending, hearing of deliveries, closing. */
#include <assert.h>
#include <stdlib.h>
#include <utlist.h>

#include "broker/sim/producer.h"

#define QUEUE_MAXIMUM      100000
#define RECORD_MAXIMUM     1000000
#define MESSAGE_TIMEOUT_MS 300000

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
        producer->ready.fire = chappe_sim_producer_ready;
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

/* As many as the topic has partitions by now. */
static bool lanes_grow(struct chappe_topic *handle)
{
        struct sim_lane **grown;

        if (handle->lane_count >= handle->topic->partition_count)
                return true;
        grown = reallocarray(handle->lanes, (size_t)handle->topic->partition_count, sizeof(struct sim_lane *));
        if (!grown)
                return false;
        handle->lanes = grown;
        for (; handle->lane_count < handle->topic->partition_count; handle->lane_count++) {
                struct sim_lane *lane = malloc(sizeof(*lane));

                if (!lane)
                        return false;
                chappe_sim_lane_init(lane, handle, handle->lane_count);
                grown[handle->lane_count] = lane;
        }
        return true;
}

static struct chappe_topic *handle_new(struct chappe_producer *producer, struct sim_topic *topic)
{
        struct chappe_topic *handle = calloc(1, sizeof(*handle));

        if (!handle)
                return NULL;
        handle->producer = producer;
        handle->topic = topic;
        if (!lanes_grow(handle)) {
                free(handle);
                return NULL;
        }
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
        struct sim_outgoing *outgoing;
        struct sim_lane *lane;

        if (status < 0)
                return status;
        outgoing = calloc(1, sizeof(*outgoing));
        if (outgoing)
                outgoing->record = chappe_sim_record_new(
                        key, value, headers, header_count,
                        timestamp_ms ? timestamp_ms : chappe_clock_wall_ms(chappe_process_clock(broker->process)));
        if (!outgoing || !outgoing->record || !lanes_grow(topic)) {
                free(outgoing ? outgoing->record : NULL);
                free(outgoing);
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a record");
        }
        lane = topic->lanes[partition_for(topic, partition, key)];
        outgoing->deadline_us = chappe_fibers_now_us(broker->sim->fibers) + producer->message_timeout_us;
        outgoing->report = (struct chappe_delivery_report){ .partition = lane->partition, .opaque = opaque };
        producer->in_flight++;
        chappe_sim_lane_send(lane, outgoing);
        return 0;
}

static void deliver(struct chappe_producer *producer, struct sim_outgoing *outgoing)
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
                struct sim_outgoing *outgoing = producer->reports;

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

void chappe_sim_producer_close(struct chappe_producer *producer)
{
        struct sim_broker *broker = producer->broker;

        for (struct chappe_topic *topic = producer->topics; topic; topic = topic->next)
                for (int32_t i = 0; i < topic->lane_count; i++)
                        chappe_sim_lane_close(topic->lanes[i]);
        deliver_reports(producer);
        assert(producer->in_flight == 0);
        chappe_timer_cancel(broker->sim->fibers, &producer->ready);
        while (producer->topics) {
                struct chappe_topic *topic = producer->topics;

                DL_DELETE2(producer->topics, topic, previous, next);
                for (int32_t i = 0; i < topic->lane_count; i++)
                        free(topic->lanes[i]);
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
