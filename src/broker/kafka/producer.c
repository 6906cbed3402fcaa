/* SPDX-License-Identifier: Apache-2.0 */
/* Producers: any strand sends, one polls. */
#include "broker/kafka/producer.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define REPORT_MS 5000 /* for what was purged to be reported */

static enum chappe_delivery delivery_of(const struct chappe_producer *producer, const rd_kafka_message_t *message)
{
        if (!message->err)
                return CHAPPE_DELIVERED;
        if (producer->closing)
                return CHAPPE_DELIVERY_UNKNOWN;
        return rd_kafka_message_status(message) == RD_KAFKA_MSG_STATUS_NOT_PERSISTED ? CHAPPE_DELIVERY_FAILED
                                                                                     : CHAPPE_DELIVERY_UNKNOWN;
}

void chappe_kafka_on_delivered(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque)
{
        struct chappe_producer *producer = opaque;
        struct chappe_delivery_report report;

        (void)client;
        /* Member by member: clearing an error's text costs more than all the rest. */
        report.result = delivery_of(producer, message);
        report.partition = message->partition;
        report.offset = message->err ? CHAPPE_OFFSET_NONE : message->offset;
        report.opaque = message->_private;
        report.error.code = 0;
        report.error.text[0] = '\0';
        if (message->err)
                (void)chappe_kafka_fail(producer->kafka, message->err, NULL, &report.error, "topic %s",
                                        rd_kafka_topic_name(message->rkt));
        atomic_fetch_sub_explicit(&producer->in_flight, 1, memory_order_relaxed);
        producer->delivered++;
        producer->config.delivered(producer->config.context, &report);
}

static void producer_free(struct chappe_producer *producer)
{
        while (producer->topics) {
                struct chappe_topic *topic = producer->topics;

                producer->topics = topic->next;
                free(topic);
        }
        chappe_mutex_free(chappe_executor_threads(), producer->mutex);
        free((void *)producer->config.properties);
        free(producer);
}

int chappe_kafka_producer_open(struct chappe_broker *broker, const struct chappe_producer_config *config,
                               struct chappe_producer **ret_producer, struct chappe_error *error)
{
        struct chappe_kafka *kafka = chappe_kafka(broker);
        struct chappe_producer *producer = calloc(1, sizeof(*producer));
        int status;

        if (!producer)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "opening a producer");
        producer->kafka = kafka;
        producer->config = *config;
        producer->config.properties = chappe_kafka_properties_copy(config->properties, config->property_count);
        producer->mutex = chappe_mutex_new(chappe_executor_threads());
        status = producer->mutex && producer->config.properties
                         ? chappe_kafka_generation_open(producer, error)
                         : chappe_fail(error, CHAPPE_E_NO_MEMORY, "opening a producer");
        if (status < 0) {
                producer_free(producer);
                return status;
        }
        *ret_producer = producer;
        return 0;
}

static struct chappe_topic *topic_find(struct chappe_producer *producer, const char *name)
{
        struct chappe_topic *topic;

        chappe_mutex_lock(chappe_executor_threads(), producer->mutex);
        for (topic = producer->topics; topic; topic = topic->next)
                if (strcmp(rd_kafka_topic_name(atomic_load(&topic->sink)->handle), name) == 0)
                        break;
        chappe_mutex_unlock(chappe_executor_threads(), producer->mutex);
        return topic;
}

/* The client may have been renewed while the topic was looked up. */
static void topic_add(struct chappe_producer *producer, struct chappe_topic *topic, struct chappe_kafka_sink *sink)
{
        chappe_mutex_lock(chappe_executor_threads(), producer->mutex);
        rd_kafka_t *present = producer->generations[producer->generation_count - 1].client;
        struct chappe_kafka_sink *newer =
                present == sink->client ? sink
                                        : chappe_kafka_sink_new(present, rd_kafka_topic_name(sink->handle), sink);

        atomic_store(&topic->sink, newer ? newer : sink);
        topic->next = producer->topics;
        producer->topics = topic;
        chappe_mutex_unlock(chappe_executor_threads(), producer->mutex);
}

static int topic_look_up(struct chappe_producer *producer, const char *name, int64_t timeout_ms,
                         struct chappe_topic **ret_topic, struct chappe_error *error)
{
        rd_kafka_t *client = chappe_kafka_generation_client(producer);
        struct chappe_topic *topic = calloc(1, sizeof(*topic));
        struct chappe_kafka_sink *sink = topic ? chappe_kafka_sink_new(client, name, NULL) : NULL;
        int status = sink ? chappe_kafka_partition_count(producer->kafka, client, sink->handle, timeout_ms,
                                                         &topic->partition_count, error)
                          : chappe_kafka_fail(producer->kafka, rd_kafka_last_error(), NULL, error, "topic '%s'", name);

        if (status < 0) {
                chappe_kafka_sink_free(sink);
                free(topic);
                return status;
        }
        topic->producer = producer;
        topic_add(producer, topic, sink);
        *ret_topic = topic;
        return 0;
}

int chappe_kafka_producer_topic(struct chappe_producer *producer, const char *name, int64_t timeout_ms,
                                struct chappe_topic **ret_topic, struct chappe_error *error)
{
        int status = chappe_kafka_check_process(producer->kafka, error);

        if (status < 0)
                return status;
        *ret_topic = topic_find(producer, name);
        return *ret_topic ? 0 : topic_look_up(producer, name, timeout_ms, ret_topic, error);
}

int32_t chappe_kafka_topic_partition_count(struct chappe_topic *topic)
{
        return topic->partition_count;
}

static rd_kafka_headers_t *copy_headers(const struct chappe_header *headers, size_t count)
{
        rd_kafka_headers_t *copy = count ? rd_kafka_headers_new(count) : NULL;

        for (size_t i = 0; i < count; i++)
                rd_kafka_header_add(copy, headers[i].name, -1, headers[i].value, (ssize_t)headers[i].length);
        return copy;
}

int chappe_kafka_producer_send(struct chappe_producer *producer, struct chappe_topic *topic, int32_t partition,
                               struct chappe_bytes key, struct chappe_bytes value, const struct chappe_header *headers,
                               size_t header_count, int64_t timestamp_ms, void *opaque, struct chappe_error *error)
{
        struct chappe_kafka_sink *sink = atomic_load_explicit(&topic->sink, memory_order_acquire);
        rd_kafka_headers_t *copy;
        rd_kafka_resp_err_t reason;

        if (partition >= topic->partition_count)
                return chappe_kafka_fail(producer->kafka, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, NULL, error, "%s[%d]",
                                         rd_kafka_topic_name(sink->handle), (int)partition);
        /* Counted before it can be reported. rd_kafka_producev, not produceva: that one frees headers twice when the
         * partition is unknown. */
        atomic_fetch_add_explicit(&producer->in_flight, 1, memory_order_relaxed);
        copy = copy_headers(headers, header_count);
        reason = rd_kafka_producev(
                sink->client, RD_KAFKA_V_RKT(sink->handle),
                RD_KAFKA_V_PARTITION(partition == CHAPPE_PARTITION_BY_KEY ? RD_KAFKA_PARTITION_UA : partition),
                RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(key.at, key.length),
                RD_KAFKA_V_VALUE((void *)value.at, value.length), RD_KAFKA_V_OPAQUE(opaque), RD_KAFKA_V_HEADERS(copy),
                RD_KAFKA_V_TIMESTAMP(timestamp_ms), RD_KAFKA_V_END);
        if (!reason)
                return 0;
        if (copy)
                rd_kafka_headers_destroy(copy);
        atomic_fetch_sub_explicit(&producer->in_flight, 1, memory_order_relaxed);
        if (reason == RD_KAFKA_RESP_ERR__FATAL && producer->config.ready)
                producer->config.ready(producer->config.context); /* the next poll opens another client */
        return chappe_kafka_fail(producer->kafka, reason, NULL, error, "sending to %s",
                                 rd_kafka_topic_name(sink->handle));
}

size_t chappe_kafka_producer_poll(struct chappe_producer *producer)
{
        producer->delivered = 0;
        chappe_kafka_generations_renew(producer);
        chappe_kafka_generations_poll(producer, 0);
        return producer->delivered;
}

size_t chappe_kafka_producer_in_flight(struct chappe_producer *producer)
{
        return atomic_load_explicit(&producer->in_flight, memory_order_relaxed);
}

int chappe_kafka_producer_flush(struct chappe_producer *producer, int64_t timeout_ms, struct chappe_error *error)
{
        int status = chappe_kafka_check_process(producer->kafka, error);
        size_t left;

        if (status < 0)
                return status;
        chappe_kafka_generations_renew(producer);
        rd_kafka_flush(chappe_kafka_generation_client(producer), (int)timeout_ms);
        chappe_kafka_generations_poll(producer, 0);
        left = chappe_kafka_producer_in_flight(producer);
        if (left == 0)
                return 0;
        return chappe_kafka_fail(producer->kafka, RD_KAFKA_RESP_ERR__TIMED_OUT, NULL, error,
                                 "%zu records sent were not acknowledged within %lld ms", left, (long long)timeout_ms);
}

/* rd_kafka_destroy would drop what is queued without a word: purge reports every record first. */
static void report_all(struct chappe_producer *producer)
{
        int64_t deadline_us = chappe_clock_monotonic_us(chappe_clock_system()) + REPORT_MS * INT64_C(1000);

        producer->closing = true;
        chappe_kafka_generations_purge(producer);
        while (chappe_kafka_producer_in_flight(producer) > 0 &&
               chappe_clock_monotonic_us(chappe_clock_system()) < deadline_us)
                chappe_kafka_generations_poll(producer, 10);
}

void chappe_kafka_producer_close(struct chappe_producer *producer)
{
        if (!producer)
                return;
        if (chappe_kafka_check_process(producer->kafka, NULL) == 0) {
                report_all(producer);
                for (struct chappe_topic *topic = producer->topics; topic; topic = topic->next)
                        chappe_kafka_sink_free(atomic_load(&topic->sink));
                chappe_kafka_generations_close(producer);
        }
        producer_free(producer);
}
