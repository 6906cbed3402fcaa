/* SPDX-License-Identifier: Apache-2.0 */
/* Opening and closing a cluster, and the table that is the seam. */
#include "broker/kafka/kafka.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/kafka/consumer.h"
#include "broker/kafka/open.h"

struct chappe_kafka *chappe_kafka(struct chappe_broker *broker)
{
        return (struct chappe_kafka *)broker;
}

bool chappe_kafka_since(int major, int minor, int patch)
{
        /* 0xMMmmrrpp: asked at run time, for the headers may be older than the library. */
        return rd_kafka_version() >> 8 >= (major << 16 | minor << 8 | patch);
}

int chappe_kafka_check_process(const struct chappe_kafka *kafka, struct chappe_error *error)
{
        if (kafka->pid == getpid())
                return 0;
        return chappe_fail(error, CHAPPE_E_BROKER_FORKED,
                           "opened in process %d, used in process %d: open it after fork", (int)kafka->pid,
                           (int)getpid());
}

void chappe_kafka_remark(struct chappe_kafka *kafka, const char *format, ...)
{
        char line[300];
        va_list arguments;
        bool known = false;

        va_start(arguments, format);
        vsnprintf(line, sizeof(line), format, arguments);
        va_end(arguments);

        chappe_mutex_lock(chappe_executor_threads(), kafka->mutex);
        for (size_t i = 0; i < kafka->remark_count && !known; i++)
                known = strcmp(kafka->remarks[i], line) == 0;
        if (!known && kafka->remark_count < CHAPPE_KAFKA_REMARKS) {
                kafka->remarks[kafka->remark_count] = strdup(line);
                kafka->remark_count += kafka->remarks[kafka->remark_count] != NULL;
        }
        chappe_mutex_unlock(chappe_executor_threads(), kafka->mutex);
}

static size_t remarks(struct chappe_broker *broker, const char **ret_remarks, size_t maximum)
{
        struct chappe_kafka *kafka = chappe_kafka(broker);
        size_t count;

        chappe_mutex_lock(chappe_executor_threads(), kafka->mutex);
        count = kafka->remark_count;
        for (size_t i = 0; i < count && i < maximum; i++)
                ret_remarks[i] = kafka->remarks[i];
        chappe_mutex_unlock(chappe_executor_threads(), kafka->mutex);
        return count;
}

static void kafka_free(struct chappe_kafka *kafka)
{
        free(kafka->properties);
        for (size_t i = 0; i < kafka->remark_count; i++)
                free(kafka->remarks[i]);
        chappe_mutex_free(chappe_executor_threads(), kafka->mutex);
        free(kafka);
}

static void kafka_close(struct chappe_broker *broker)
{
        struct chappe_kafka *kafka = chappe_kafka(broker);

        /* In a forked child librdkafka's threads are not there: the handle is left as it is. */
        if (chappe_kafka_check_process(kafka, NULL) == 0) {
                if (kafka->admin)
                        (void)chappe_kafka_destroy(kafka, kafka->admin, NULL);
                chappe_kafka_await_left_behind(kafka);
        }
        kafka_free(kafka);
}

int chappe_kafka_open(const struct chappe_property *properties, size_t count, struct chappe_broker **ret_broker,
                      struct chappe_error *error)
{
        struct chappe_kafka *kafka = calloc(1, sizeof(*kafka));

        if (!kafka)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "opening a broker");
        kafka->base.operations = &chappe_kafka_operations;
        kafka->pid = getpid();
        kafka->mutex = chappe_mutex_new(chappe_executor_threads());
        kafka->properties = chappe_kafka_properties_copy(properties, count);
        kafka->property_count = count;
        if (!kafka->mutex || !kafka->properties) {
                kafka_free(kafka);
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "opening a broker");
        }
        kafka->servers = chappe_kafka_given(kafka, NULL, "bootstrap.servers");
        if (!kafka->servers)
                kafka->servers = chappe_kafka_given(kafka, NULL, "metadata.broker.list");
        if (!kafka->servers || !*kafka->servers) {
                kafka_free(kafka);
                return chappe_fail(error, CHAPPE_E_BROKER_PROPERTY,
                                   "bootstrap.servers is not set: give host:port of at least one broker");
        }
        chappe_kafka_remark_hazards(kafka);
        *ret_broker = &kafka->base;
        return 0;
}

const struct chappe_broker_operations chappe_kafka_operations = {
        .producer_open = chappe_kafka_producer_open,
        .producer_topic = chappe_kafka_producer_topic,
        .topic_partition_count = chappe_kafka_topic_partition_count,
        .producer_send = chappe_kafka_producer_send,
        .producer_poll = chappe_kafka_producer_poll,
        .producer_in_flight = chappe_kafka_producer_in_flight,
        .producer_flush = chappe_kafka_producer_flush,
        .producer_close = chappe_kafka_producer_close,
        .consumer_open = chappe_kafka_consumer_open,
        .consumer_subscribe = chappe_kafka_consumer_subscribe,
        .consumer_assign = chappe_kafka_consumer_assign,
        .consumer_poll = chappe_kafka_consumer_poll,
        .consumer_accept = chappe_kafka_consumer_accept,
        .consumer_release = chappe_kafka_consumer_release,
        .consumer_take = chappe_kafka_consumer_take,
        .consumer_waiting = chappe_kafka_consumer_waiting,
        .consumer_held_up = chappe_kafka_consumer_held_up,
        .consumer_commit = chappe_kafka_consumer_commit,
        .consumer_seek = chappe_kafka_consumer_seek,
        .consumer_leave = chappe_kafka_consumer_leave,
        .consumer_close = chappe_kafka_consumer_close,
        .record_headers = chappe_kafka_record_headers,
        .record_release = chappe_kafka_record_release,
        .topic_create = chappe_kafka_topic_create,
        .topics_describe = chappe_kafka_topics_describe,
        .watermarks = chappe_kafka_watermarks,
        .offset_for_time = chappe_kafka_offset_for_time,
        .groups_describe = chappe_kafka_groups_describe,
        .group_committed = chappe_kafka_group_committed,
        .group_commit = chappe_kafka_group_commit,
        .group_delete = chappe_kafka_group_delete,
        .producer_check = chappe_kafka_producer_check,
        .consumer_check = chappe_kafka_consumer_check,
        .remarks = remarks,
        .close = kafka_close,
};
