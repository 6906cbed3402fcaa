/* SPDX-License-Identifier: Apache-2.0 */
/* The clients of a producer. Before librdkafka 2.3 an idempotent one may turn fatal after an uncertain send; later ones
 * still do when the broker has lost what it acknowledged. */
#include "broker/kafka/producer.h"

#include <stdlib.h>

static void on_queue(rd_kafka_t *client, void *opaque)
{
        struct chappe_producer *producer = opaque;

        (void)client;
        producer->config.ready(producer->config.context);
}

static void lock(struct chappe_producer *producer)
{
        chappe_mutex_lock(chappe_executor_threads(), producer->mutex);
}

static void unlock(struct chappe_producer *producer)
{
        chappe_mutex_unlock(chappe_executor_threads(), producer->mutex);
}

int chappe_kafka_generation_open(struct chappe_producer *producer, struct chappe_error *error)
{
        struct chappe_kafka_generation generation = { 0 };
        int status = chappe_kafka_client_new(
                producer->kafka,
                &(struct chappe_kafka_client){ .role = CHAPPE_KAFKA_PRODUCER,
                                               .properties = producer->config.properties,
                                               .property_count = producer->config.property_count,
                                               .opaque = producer,
                                               .delivered = chappe_kafka_on_delivered },
                &generation.client, error);

        if (status < 0)
                return status;
        generation.queue = rd_kafka_queue_get_main(generation.client);
        if (producer->config.ready)
                rd_kafka_queue_cb_event_enable(generation.queue, on_queue, producer);
        lock(producer);
        producer->generations[producer->generation_count++] = generation;
        unlock(producer);
        return 0;
}

rd_kafka_t *chappe_kafka_generation_client(struct chappe_producer *producer)
{
        rd_kafka_t *client;

        lock(producer);
        client = producer->generations[producer->generation_count - 1].client;
        unlock(producer);
        return client;
}

/* Without memory for one the topic stays with its former client, and its sends are refused until it is renewed again.
 */
static void move_topics(struct chappe_producer *producer, rd_kafka_t *client)
{
        lock(producer);
        for (struct chappe_topic *topic = producer->topics; topic; topic = topic->next) {
                struct chappe_kafka_sink *former = atomic_load(&topic->sink);
                struct chappe_kafka_sink *sink =
                        chappe_kafka_sink_new(client, rd_kafka_topic_name(former->handle), former);

                if (sink)
                        atomic_store(&topic->sink, sink);
        }
        unlock(producer);
}

void chappe_kafka_generations_renew(struct chappe_producer *producer)
{
        rd_kafka_t *former = chappe_kafka_generation_client(producer);

        if (!rd_kafka_fatal_error(former, NULL, 0) || producer->generation_count == CHAPPE_KAFKA_GENERATIONS ||
            chappe_kafka_generation_open(producer, NULL) < 0)
                return;
        move_topics(producer, chappe_kafka_generation_client(producer));
        rd_kafka_purge(former, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
}

void chappe_kafka_generations_poll(struct chappe_producer *producer, int timeout_ms)
{
        size_t present = producer->generation_count - 1;

        for (size_t i = 0; i < present; i++)
                rd_kafka_poll(producer->generations[i].client, 0);
        rd_kafka_poll(producer->generations[present].client, timeout_ms);
}

void chappe_kafka_generations_purge(struct chappe_producer *producer)
{
        for (size_t i = 0; i < producer->generation_count; i++) {
                rd_kafka_queue_cb_event_enable(producer->generations[i].queue, NULL, NULL);
                rd_kafka_purge(producer->generations[i].client, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
        }
}

void chappe_kafka_generations_close(struct chappe_producer *producer)
{
        for (size_t i = 0; i < producer->generation_count; i++) {
                rd_kafka_queue_destroy(producer->generations[i].queue);
                (void)chappe_kafka_destroy(producer->kafka, producer->generations[i].client, NULL);
        }
}

struct chappe_kafka_sink *chappe_kafka_sink_new(rd_kafka_t *client, const char *name, struct chappe_kafka_sink *former)
{
        struct chappe_kafka_sink *sink = calloc(1, sizeof(*sink));

        if (!sink)
                return NULL;
        *sink = (struct chappe_kafka_sink){ client, rd_kafka_topic_new(client, name, NULL), former };
        if (sink->handle)
                return sink;
        free(sink);
        return NULL;
}

void chappe_kafka_sink_free(struct chappe_kafka_sink *sink)
{
        while (sink) {
                struct chappe_kafka_sink *former = sink->former;

                rd_kafka_topic_destroy(sink->handle);
                free(sink);
                sink = former;
        }
}
