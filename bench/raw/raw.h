/* SPDX-License-Identifier: Apache-2.0 */
/* The reference: what a careful C programmer writes on bare librdkafka, without a codec. One function a work. */
#pragma once

#include <librdkafka/rdkafka.h>

#include <stdbool.h>
#include <stdint.h>

/* A client with the settings that Chappe uses too, so that only the code around librdkafka differs. Ends the program on
 * error. */
rd_kafka_t *raw_consumer(const char *brokers, const char *group);
/* on_report may be NULL. */
rd_kafka_t *raw_producer(const char *brokers, const char *linger_ms,
                         void (*on_report)(rd_kafka_t *, const rd_kafka_message_t *, void *));
rd_kafka_topic_t *raw_topic(rd_kafka_t *client, const char *name);
void raw_close_consumer(rd_kafka_t *consumer);
void raw_close_producer(rd_kafka_t *producer);
void raw_fail(const char *what, const char *why) __attribute__((noreturn));
int64_t raw_now_us(void);

/* Copies count records with key, value and two headers from one topic to another: consumer group, acks=all,
 * at-least-once. */
void raw_pipeline(const char *brokers, const char *from, const char *to, const char *group, long count);
/* Answers every request with its own bytes, until SIGTERM. */
void raw_pong(const char *brokers, const char *requests);
/* Sends count requests, one after the other, and prints the latencies' percentiles. */
void raw_ping(const char *brokers, const char *requests, const char *replies, long count);
/* Sends count records with key, value and two headers. */
void raw_publish(const char *brokers, const char *to, const char *linger_ms, long count);
/* Drains count records and prints the time from the first to the last. how: batch, poll, or avro (poll and decode). */
void raw_consume(const char *brokers, const char *from, const char *group, const char *how, long count);
/* Sleeps count times on so many threads. */
void raw_pool(long workers, long microseconds, long count);
