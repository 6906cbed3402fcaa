/* SPDX-License-Identifier: Apache-2.0 */
/* Reference call: one request, one reply, one after the other. */
#include "raw.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static volatile sig_atomic_t ended;

static void end(int signal)
{
        (void)signal;
        ended = 1;
}

static const char payload[] =
        "a request of about one hundred bytes, as a reserve call of the shop's inventory has: 4711 x 2, 4712 x 1";

static void send_record(rd_kafka_t *producer, rd_kafka_topic_t *topic, int32_t partition, const void *value,
                        size_t length, const void *correlation, size_t correlation_length, const char *reply_topic)
{
        rd_kafka_headers_t *headers = rd_kafka_headers_new(2);
        rd_kafka_header_add(headers, "kafka_correlationId", -1, correlation, (ssize_t)correlation_length);
        if (reply_topic)
                rd_kafka_header_add(headers, "kafka_replyTopic", -1, reply_topic, -1);
        rd_kafka_resp_err_t error =
                rd_kafka_producev(producer, RD_KAFKA_V_RKT(topic), RD_KAFKA_V_PARTITION(partition),
                                  RD_KAFKA_V_VALUE((void *)value, length), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                  RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END);
        if (error)
                raw_fail("produce", rd_kafka_err2str(error));
        rd_kafka_poll(producer, 0);
}

static bool say_when_assigned(rd_kafka_t *consumer)
{
        rd_kafka_topic_partition_list_t *assigned = NULL;
        bool ready = !rd_kafka_assignment(consumer, &assigned) && assigned->cnt > 0;
        if (assigned)
                rd_kafka_topic_partition_list_destroy(assigned);
        if (ready) {
                puts("ready");
                fflush(stdout);
        }
        return ready;
}

void raw_pong(const char *brokers, const char *requests)
{
        signal(SIGTERM, end);
        signal(SIGINT, end);
        char group[64];
        snprintf(group, sizeof(group), "raw-pong-%lld", (long long)raw_now_us());
        rd_kafka_t *consumer = raw_consumer(brokers, group);
        rd_kafka_t *producer = raw_producer(brokers, "0", NULL);
        rd_kafka_topic_t *replies = NULL;
        rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
        rd_kafka_topic_partition_list_add(topics, requests, RD_KAFKA_PARTITION_UA);
        rd_kafka_subscribe(consumer, topics);
        rd_kafka_topic_partition_list_destroy(topics);

        bool ready = false;
        while (!ended) {
                ready = ready || say_when_assigned(consumer);
                rd_kafka_message_t *request = rd_kafka_consumer_poll(consumer, 100);
                if (!request)
                        continue;
                rd_kafka_headers_t *headers;
                const void *correlation, *reply_topic;
                size_t correlation_length, reply_topic_length;
                if (!request->err && !rd_kafka_message_headers(request, &headers) &&
                    !rd_kafka_header_get_last(headers, "kafka_correlationId", &correlation, &correlation_length) &&
                    !rd_kafka_header_get_last(headers, "kafka_replyTopic", &reply_topic, &reply_topic_length)) {
                        if (!replies)
                                replies = raw_topic(producer, reply_topic);
                        send_record(producer, replies, 0, request->payload, request->len, correlation,
                                    correlation_length, NULL);
                        rd_kafka_offset_store(request->rkt, request->partition, request->offset);
                }
                rd_kafka_message_destroy(request);
        }
        if (replies)
                rd_kafka_topic_destroy(replies);
        raw_close_producer(producer);
        raw_close_consumer(consumer);
}

static void assign_end(rd_kafka_t *consumer, const char *topic)
{
        int64_t low, high;
        rd_kafka_resp_err_t error = rd_kafka_query_watermark_offsets(consumer, topic, 0, &low, &high, 10000);
        if (error)
                raw_fail(topic, rd_kafka_err2str(error));
        rd_kafka_topic_partition_list_t *partitions = rd_kafka_topic_partition_list_new(1);
        rd_kafka_topic_partition_list_add(partitions, topic, 0)->offset = high;
        rd_kafka_assign(consumer, partitions);
        rd_kafka_topic_partition_list_destroy(partitions);
}

static int by_value(const void *a, const void *b)
{
        int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
        return (left > right) - (left < right);
}

static int64_t one_call(rd_kafka_t *producer, rd_kafka_topic_t *topic, rd_kafka_t *consumer, const char *replies,
                        uint64_t id)
{
        uint64_t correlation[2] = { (uint64_t)(uintptr_t)producer, id };
        int64_t begun = raw_now_us(), deadline = begun + 5000000;
        send_record(producer, topic, RD_KAFKA_PARTITION_UA, payload, sizeof(payload), correlation, sizeof(correlation),
                    replies);
        while (raw_now_us() < deadline) {
                rd_kafka_message_t *reply = rd_kafka_consumer_poll(consumer, 1000);
                rd_kafka_headers_t *headers;
                const void *echoed;
                size_t length;
                bool ours = reply && !reply->err && !rd_kafka_message_headers(reply, &headers) &&
                            !rd_kafka_header_get_last(headers, "kafka_correlationId", &echoed, &length) &&
                            length == sizeof(correlation) && memcmp(echoed, correlation, length) == 0;
                if (reply)
                        rd_kafka_message_destroy(reply);
                if (ours)
                        return raw_now_us() - begun;
        }
        raw_fail("call", "no reply within 5 s");
}

void raw_ping(const char *brokers, const char *requests, const char *replies, long count)
{
        rd_kafka_t *consumer = raw_consumer(brokers, "raw-ping");
        rd_kafka_t *producer = raw_producer(brokers, "0", NULL);
        rd_kafka_topic_t *topic = raw_topic(producer, requests);
        assign_end(consumer, replies);
        const long warm_up = 200;
        int64_t *latency_us = calloc((size_t)count, sizeof(*latency_us));
        for (long i = -warm_up; i < count; i++) {
                int64_t took = one_call(producer, topic, consumer, replies, (uint64_t)(i + warm_up));
                if (i >= 0)
                        latency_us[i] = took;
        }
        qsort(latency_us, (size_t)count, sizeof(*latency_us), by_value);
        printf("{\"calls\": %ld, \"p50_us\": %lld, \"p99_us\": %lld}\n", count, (long long)latency_us[count / 2],
               (long long)latency_us[count * 99 / 100]);
        free(latency_us);
        rd_kafka_topic_destroy(topic);
        raw_close_producer(producer);
        raw_close_consumer(consumer);
}
