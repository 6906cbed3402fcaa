/* SPDX-License-Identifier: Apache-2.0 */
/* Clients of the reference programs. */
#include "raw.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

void raw_fail(const char *what, const char *why)
{
        fprintf(stderr, "raw: %s: %s\n", what, why);
        exit(1);
}

int64_t raw_now_us(void)
{
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
        char why[256];
        if (rd_kafka_conf_set(conf, name, value, why, sizeof(why)) != RD_KAFKA_CONF_OK)
                raw_fail(name, why);
}

rd_kafka_t *raw_consumer(const char *brokers, const char *group)
{
        rd_kafka_conf_t *conf = rd_kafka_conf_new();
        set(conf, "bootstrap.servers", brokers);
        set(conf, "group.id", group);
        set(conf, "enable.auto.commit", "true");
        set(conf, "auto.commit.interval.ms", "1000");
        set(conf, "enable.auto.offset.store", "false");
        set(conf, "auto.offset.reset", "earliest");
        set(conf, "socket.nagle.disable", "true");
        char why[256];
        rd_kafka_t *consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof(why));
        if (!consumer)
                raw_fail("consumer", why);
        rd_kafka_poll_set_consumer(consumer);
        return consumer;
}

rd_kafka_t *raw_producer(const char *brokers, const char *linger_ms,
                         void (*on_report)(rd_kafka_t *, const rd_kafka_message_t *, void *))
{
        rd_kafka_conf_t *conf = rd_kafka_conf_new();
        set(conf, "bootstrap.servers", brokers);
        set(conf, "acks", "all");
        set(conf, "enable.idempotence", "true");
        set(conf, "linger.ms", linger_ms);
        set(conf, "partitioner", "murmur2_random");
        set(conf, "socket.nagle.disable", "true");
        set(conf, "queue.buffering.max.messages", "1000000");
        if (on_report)
                rd_kafka_conf_set_dr_msg_cb(conf, on_report);
        char why[256];
        rd_kafka_t *producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
        if (!producer)
                raw_fail("producer", why);
        return producer;
}

rd_kafka_topic_t *raw_topic(rd_kafka_t *client, const char *name)
{
        rd_kafka_topic_t *topic = rd_kafka_topic_new(client, name, NULL);
        const struct rd_kafka_metadata *metadata;
        rd_kafka_resp_err_t error = rd_kafka_metadata(client, 0, topic, &metadata, 10000);
        if (!topic || error)
                raw_fail(name, rd_kafka_err2str(error));
        rd_kafka_metadata_destroy(metadata);
        return topic;
}

void raw_close_consumer(rd_kafka_t *consumer)
{
        rd_kafka_consumer_close(consumer);
        rd_kafka_destroy(consumer);
}

void raw_close_producer(rd_kafka_t *producer)
{
        if (rd_kafka_flush(producer, 30000))
                raw_fail("flush", "records without a delivery report after 30 s");
        rd_kafka_destroy(producer);
}
