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

static char *put_hex(char *at, uint64_t number)
{
        static const char digits[] = "0123456789abcdef";
        for (int shift = 60; shift >= 0; shift -= 4)
                *at++ = digits[number >> shift & 15];
        return at;
}

/* Splitmix64: every record has its own id and span. */
static uint64_t next_random(void)
{
        static uint64_t state;
        uint64_t z = state += 0x9e3779b97f4a7c15;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
}

static void make_headers(char id[36], char trace[55])
{
        char digits[32];
        put_hex(put_hex(digits, next_random()), next_random());
        memcpy(id, digits, 8);
        memcpy(id + 9, digits + 8, 4);
        memcpy(id + 14, digits + 12, 4);
        memcpy(id + 19, digits + 16, 4);
        memcpy(id + 24, digits + 20, 12);
        id[8] = id[13] = id[18] = id[23] = '-';
        memcpy(trace, "00-4bf92f3577b34da6a3ce929d0e0e4736-", 36);
        put_hex(trace + 36, next_random());
        memcpy(trace + 52, "-01", 3);
}

static void publish_one(rd_kafka_t *producer, rd_kafka_topic_t *topic, long n)
{
        char id[36], trace[55];
        make_headers(id, trace);
        char key[17], value[VALUE_SIZE];
        snprintf(key, sizeof(key), "order-%010ld", n % 100000000);
        memset(value, 'v', sizeof(value));
        memcpy(value, key, sizeof(key));
        rd_kafka_headers_t *headers = rd_kafka_headers_new(2);
        rd_kafka_header_add(headers, "ce_id", -1, id, sizeof(id));
        rd_kafka_header_add(headers, "traceparent", -1, trace, sizeof(trace));
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

void raw_publish(const char *brokers, const char *to, const char *linger_ms, long count)
{
        rd_kafka_t *producer = raw_producer(brokers, linger_ms, on_report);
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
