/* SPDX-License-Identifier: Apache-2.0 */
/* Reference pipeline: records of one topic to another with key, value and two headers. */
#include "raw.h"

#include <string.h>

#define BATCH 1000

/* The offset is stored only when the copy is delivered, as at-least-once asks for; the input message travels as opaque
 * until then. */
static void stored_when_delivered(rd_kafka_t *producer, const rd_kafka_message_t *report, void *opaque)
{
        (void)producer;
        (void)opaque;
        if (report->err)
                raw_fail("delivery", rd_kafka_err2str(report->err));
        rd_kafka_message_t *input = report->_private;
        rd_kafka_offset_store(input->rkt, input->partition, input->offset);
        rd_kafka_message_destroy(input);
}

static void copy_header(rd_kafka_headers_t *from, rd_kafka_headers_t *to, const char *name)
{
        const void *value;
        size_t length;
        if (rd_kafka_header_get_last(from, name, &value, &length) == RD_KAFKA_RESP_ERR_NO_ERROR)
                rd_kafka_header_add(to, name, -1, value, (ssize_t)length);
}

static void forward(rd_kafka_t *producer, rd_kafka_topic_t *to, rd_kafka_message_t *input)
{
        rd_kafka_headers_t *given, *sent = rd_kafka_headers_new(2);
        if (rd_kafka_message_headers(input, &given) == RD_KAFKA_RESP_ERR_NO_ERROR) {
                copy_header(given, sent, "ce_id");
                copy_header(given, sent, "traceparent");
        }
        rd_kafka_resp_err_t error;
        while ((error = rd_kafka_producev(producer, RD_KAFKA_V_RKT(to), RD_KAFKA_V_KEY(input->key, input->key_len),
                                          RD_KAFKA_V_VALUE(input->payload, input->len), RD_KAFKA_V_HEADERS(sent),
                                          RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_OPAQUE(input),
                                          RD_KAFKA_V_END)) == RD_KAFKA_RESP_ERR__QUEUE_FULL)
                rd_kafka_poll(producer, 10);
        if (error)
                raw_fail("produce", rd_kafka_err2str(error));
}

void raw_pipeline(const char *brokers, const char *from, const char *to, const char *group, long count)
{
        rd_kafka_t *consumer = raw_consumer(brokers, group);
        rd_kafka_t *producer = raw_producer(brokers, "5", stored_when_delivered);
        rd_kafka_topic_t *topic = raw_topic(producer, to);
        rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
        rd_kafka_topic_partition_list_add(topics, from, RD_KAFKA_PARTITION_UA);
        rd_kafka_subscribe(consumer, topics);
        rd_kafka_topic_partition_list_destroy(topics);
        rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(consumer);

        for (long done = 0; done < count;) {
                rd_kafka_message_t *batch[BATCH];
                batch[0] = rd_kafka_consumer_poll(consumer, 100);
                ssize_t n = batch[0] ? 1 : 0;
                if (n) {
                        ssize_t more = rd_kafka_consume_batch_queue(queue, 0, batch + 1, BATCH - 1);
                        n += more > 0 ? more : 0;
                }
                for (ssize_t i = 0; i < n; i++) {
                        if (batch[i]->err)
                                raw_fail("consume", rd_kafka_message_errstr(batch[i]));
                        forward(producer, topic, batch[i]);
                }
                done += n;
                rd_kafka_poll(producer, 0);
        }
        rd_kafka_flush(producer, 30000);
        rd_kafka_queue_destroy(queue);
        rd_kafka_topic_destroy(topic);
        raw_close_producer(producer);
        raw_close_consumer(consumer);
}
