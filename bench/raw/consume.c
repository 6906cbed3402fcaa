/* SPDX-License-Identifier: Apache-2.0 */
/* Reference consumers: a topic drained in a group, at least once; in batches, one by one, and with avro-c. */
#include "raw.h"

#include "shop/order_placed.h"

#include <avro.h>
#include <stdio.h>
#include <string.h>

#define BATCH      1000
#define FRAME_SIZE 10 /* Avro single-object encoding */

static long taken;
static int64_t first_us;

static void take(rd_kafka_message_t *message)
{
        if (message->err)
                raw_fail("consume", rd_kafka_message_errstr(message));
        if (taken++ == 0)
                first_us = raw_now_us();
        rd_kafka_offset_store(message->rkt, message->partition, message->offset);
        rd_kafka_message_destroy(message);
}

static void by_batch(rd_kafka_t *consumer, long count)
{
        rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(consumer);
        while (taken < count) {
                rd_kafka_message_t *batch[BATCH];
                batch[0] = rd_kafka_consumer_poll(consumer, 100);
                if (!batch[0])
                        continue;
                ssize_t more = rd_kafka_consume_batch_queue(queue, 0, batch + 1, BATCH - 1);
                for (ssize_t i = 0; i <= more; i++)
                        take(batch[i]);
        }
        rd_kafka_queue_destroy(queue);
}

static void one_by_one(rd_kafka_t *consumer, long count)
{
        while (taken < count) {
                rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer, 100);
                if (message)
                        take(message);
        }
}

/* As avro-c's documentation shows it: one generic value, read into again and again. */
static void with_avro(rd_kafka_t *consumer, long count)
{
        avro_schema_t schema;
        avro_value_t order;
        if (avro_schema_from_json_length(shop_order_placed_type.schema, strlen(shop_order_placed_type.schema), &schema))
                raw_fail("schema", avro_strerror());
        avro_value_iface_t *class = avro_generic_class_from_schema(schema);
        avro_generic_value_new(class, &order);
        avro_reader_t reader = avro_reader_memory("", 0);
        while (taken < count) {
                rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer, 100);
                if (!message)
                        continue;
                if (message->len < FRAME_SIZE)
                        raw_fail("consume", "a record without a frame");
                avro_reader_memory_set_source(reader, (const char *)message->payload + FRAME_SIZE,
                                              (int64_t)(message->len - FRAME_SIZE));
                if (avro_value_read(reader, &order))
                        raw_fail("decode", avro_strerror());
                take(message);
        }
        avro_reader_free(reader);
        avro_value_decref(&order);
        avro_value_iface_decref(class);
        avro_schema_decref(schema);
}

void raw_consume(const char *brokers, const char *from, const char *group, const char *how, long count)
{
        rd_kafka_t *consumer = raw_consumer(brokers, group);
        rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
        rd_kafka_topic_partition_list_add(topics, from, RD_KAFKA_PARTITION_UA);
        rd_kafka_subscribe(consumer, topics);
        rd_kafka_topic_partition_list_destroy(topics);
        if (strcmp(how, "batch") == 0)
                by_batch(consumer, count);
        else if (strcmp(how, "poll") == 0)
                one_by_one(consumer, count);
        else
                with_avro(consumer, count);
        printf("{\"records\": %ld, \"work_s\": %.3f}\n", taken, (double)(raw_now_us() - first_us) / 1e6);
        raw_close_consumer(consumer);
}
