/* SPDX-License-Identifier: Apache-2.0 */
/* A producer, and the librdkafka clients behind it: one after the other, because one that turned fatal is of no use. */
#pragma once

#include "broker/kafka/kafka.h"

#define CHAPPE_KAFKA_GENERATIONS 16 /* clients of one producer; then its process has to be started anew */

/* A client and its queue. A former one stays until the producer closes, for a sender may be at it. */
struct chappe_kafka_generation {
        rd_kafka_t *client;
        rd_kafka_queue_t *queue;
};

/* A topic as one generation knows it. */
struct chappe_kafka_sink {
        rd_kafka_t *client;
        rd_kafka_topic_t *handle;
        struct chappe_kafka_sink *former;
};

struct chappe_topic {
        struct chappe_producer *producer;
        struct chappe_kafka_sink *_Atomic sink; /* of the present generation, once the polling strand has renewed it */
        int32_t partition_count;
        struct chappe_topic *next;
};

struct chappe_producer {
        /* constant after opening */
        struct chappe_kafka *kafka;
        struct chappe_producer_config config; /* with properties of its own */
        struct chappe_mutex *mutex;
        /* of the polling strand */
        size_t delivered;
        bool closing;
        /* under mutex */
        struct chappe_topic *topics;
        struct chappe_kafka_generation generations[CHAPPE_KAFKA_GENERATIONS]; /* the last is the present one */
        size_t generation_count;
        /* shared */
        _Atomic size_t in_flight;
};

/* producer.c */
void chappe_kafka_on_delivered(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque);

/* generations.c */
/* One more client; the caller moves the topics over. */
int chappe_kafka_generation_open(struct chappe_producer *producer, struct chappe_error *error);
/* The present client. */
rd_kafka_t *chappe_kafka_generation_client(struct chappe_producer *producer);
/* On the polling strand: when the present client has turned fatal, another takes its place, and what the former one had
 * not sent is reported. */
void chappe_kafka_generations_renew(struct chappe_producer *producer);
/* Runs the callbacks that are due in all of them. */
void chappe_kafka_generations_poll(struct chappe_producer *producer, int timeout_ms);
/* Everything not yet sent is reported; nothing is told as ready any more. */
void chappe_kafka_generations_purge(struct chappe_producer *producer);
void chappe_kafka_generations_close(struct chappe_producer *producer);

/* The topic in this client; NULL with librdkafka's last error. */
struct chappe_kafka_sink *chappe_kafka_sink_new(rd_kafka_t *client, const char *name, struct chappe_kafka_sink *former);
/* With all former ones. */
void chappe_kafka_sink_free(struct chappe_kafka_sink *sink);
