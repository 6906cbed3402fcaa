/* SPDX-License-Identifier: Apache-2.0 */
/* Reference publisher: records with key, value and two headers, acks=all, idempotent. */
#include "raw.h"

#include <stdio.h>
#include <string.h>

/* As long as an OrderPlaced of chappe-bench with its frame. */
#define VALUE_SIZE 122

static long unreported;

static void on_report(rd_kafka_t *producer, const rd_kafka_message_t *report, void *opaque)
{
        (void)producer;
        (void)opaque;
        if (report->err)
                raw_fail("delivery", rd_kafka_err2str(report->err));
        unreported--;
}

/* The headers' values are as long as real ones; making them up is left out here. */
static void publish_one(rd_kafka_t *producer, rd_kafka_topic_t *topic, long n)
{
        static const char id[] = "5c1b4a52-9d6f-8d0a-b3f1-6f2f0c6f9a11";
        static const char trace[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        char key[17], value[VALUE_SIZE];
        snprintf(key, sizeof(key), "order-%010ld", n % 100000000);
        memset(value, 'v', sizeof(value));
        memcpy(value, key, sizeof(key));
        rd_kafka_headers_t *headers = rd_kafka_headers_new(2);
        rd_kafka_header_add(headers, "ce_id", -1, id, sizeof(id) - 1);
        rd_kafka_header_add(headers, "traceparent", -1, trace, sizeof(trace) - 1);
        rd_kafka_resp_err_t error;
        while ((error = rd_kafka_producev(producer, RD_KAFKA_V_RKT(topic), RD_KAFKA_V_KEY(key, 16),
                                          RD_KAFKA_V_VALUE(value, sizeof(value)), RD_KAFKA_V_HEADERS(headers),
                                          RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END)) ==
               RD_KAFKA_RESP_ERR__QUEUE_FULL)
                rd_kafka_poll(producer, 10);
        if (error)
                raw_fail("produce", rd_kafka_err2str(error));
        unreported++;
}

void raw_publish(const char *brokers, const char *to, long count)
{
        rd_kafka_t *producer = raw_producer(brokers, "5", on_report);
        rd_kafka_topic_t *topic = raw_topic(producer, to);
        for (long n = 0; n < count; n++) {
                publish_one(producer, topic, n);
                if (n % 100 == 0)
                        rd_kafka_poll(producer, 0);
        }
        rd_kafka_topic_destroy(topic);
        raw_close_producer(producer);
        if (unreported)
                raw_fail("publish", "records without a delivery report");
}
