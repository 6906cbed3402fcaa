/* SPDX-License-Identifier: Apache-2.0 */
/* The stage of librdkafka. */
#include "kafka_stage.h"

#include <stdio.h>

#include "base/random.h"
#include "broker/kafka/open.h"

#include <librdkafka/rdkafka.h>

#include <string.h>

static rd_kafka_t *client_new(struct trial *trial, rd_kafka_type_t type, const char *strategy)
{
        rd_kafka_conf_t *conf = rd_kafka_conf_new();

        rd_kafka_conf_set(conf, "bootstrap.servers", trial->stage->context, NULL, 0);
        if (strategy) {
                rd_kafka_conf_set(conf, "group.id", trial->group, NULL, 0);
                rd_kafka_conf_set(conf, "partition.assignment.strategy", strategy, NULL, 0);
                rd_kafka_conf_set(conf, "session.timeout.ms", "6000", NULL, 0);
        }
        return rd_kafka_new(type, conf, NULL, 0);
}

/* What an administrator's request came to. */
static int settle(rd_kafka_t *client, rd_kafka_queue_t *queue)
{
        rd_kafka_event_t *event = rd_kafka_queue_poll(queue, PATIENCE_MS);
        int status = event && !rd_kafka_event_error(event) ? 0 : -1;

        if (event)
                rd_kafka_event_destroy(event);
        rd_kafka_queue_destroy(queue);
        rd_kafka_destroy(client);
        return status;
}

static int records_delete(struct trial *trial, int32_t partition, int64_t before)
{
        rd_kafka_t *client = client_new(trial, RD_KAFKA_PRODUCER, NULL);
        rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
        rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
        rd_kafka_DeleteRecords_t *request;

        rd_kafka_topic_partition_list_add(list, trial->topic, partition)->offset = before;
        request = rd_kafka_DeleteRecords_new(list);
        rd_kafka_topic_partition_list_destroy(list);
        rd_kafka_DeleteRecords(client, &request, 1, NULL, queue);
        rd_kafka_DeleteRecords_destroy(request);
        return settle(client, queue);
}

static int topic_grow(struct trial *trial, int32_t partition_count)
{
        rd_kafka_t *client = client_new(trial, RD_KAFKA_PRODUCER, NULL);
        rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
        rd_kafka_NewPartitions_t *request = rd_kafka_NewPartitions_new(trial->topic, (size_t)partition_count, NULL, 0);

        rd_kafka_CreatePartitions(client, &request, 1, NULL, queue);
        rd_kafka_NewPartitions_destroy(request);
        return settle(client, queue);
}

static int topic_delete(struct trial *trial)
{
        rd_kafka_t *client = client_new(trial, RD_KAFKA_PRODUCER, NULL);
        rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
        rd_kafka_DeleteTopic_t *request = rd_kafka_DeleteTopic_new(trial->topic);

        rd_kafka_DeleteTopics(client, &request, 1, NULL, queue);
        rd_kafka_DeleteTopic_destroy(request);
        return settle(client, queue);
}

/* Cooperative where we are eager, and the other way round. */
static void *stranger_join(struct trial *trial)
{
        bool cooperative = trial->stage->protocol == CHAPPE_GROUP_COOPERATIVE ||
                           (trial->stage->protocol == CHAPPE_GROUP_AUTO && rd_kafka_version() >= 0x020a0000);
        rd_kafka_t *stranger = client_new(trial, RD_KAFKA_CONSUMER, cooperative ? "range" : "cooperative-sticky");
        rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
        rd_kafka_topic_partition_list_t *assigned = NULL;
        int64_t deadline_us = chappe_clock_monotonic_us(trial->stage->clock) + PATIENCE_MS * 1000LL;

        rd_kafka_topic_partition_list_add(topics, trial->topic, RD_KAFKA_PARTITION_UA);
        rd_kafka_subscribe(stranger, topics);
        rd_kafka_topic_partition_list_destroy(topics);
        while ((!assigned || assigned->cnt == 0) && chappe_clock_monotonic_us(trial->stage->clock) < deadline_us) {
                rd_kafka_message_t *message = rd_kafka_consumer_poll(stranger, 100);

                if (message)
                        rd_kafka_message_destroy(message);
                if (assigned)
                        rd_kafka_topic_partition_list_destroy(assigned);
                rd_kafka_assignment(stranger, &assigned);
        }
        if (assigned)
                rd_kafka_topic_partition_list_destroy(assigned);
        return stranger;
}

static void stranger_leave(struct trial *trial, void *stranger)
{
        (void)trial;
        rd_kafka_consumer_close(stranger);
        rd_kafka_destroy(stranger);
}

static int broker_open(struct stage *stage, struct chappe_broker **ret_broker, struct chappe_error *error)
{
        struct chappe_property servers = { "bootstrap.servers", stage->context };

        return chappe_kafka_open(&servers, 1, ret_broker, error);
}

static void perform(struct stage *stage, void (*body)(void *argument), void *argument)
{
        (void)stage;
        body(argument);
}

void kafka_stage_init(struct stage *stage, const char *name, const char *servers, unsigned lacks)
{
        static char run[40];

        /* A cluster may have seen earlier runs: names must be new. */
        if (suite_protocol() == CHAPPE_GROUP_CONSUMER)
                lacks |= LACKS_STRANGERS | LACKS_TAKEOVER | LACKS_EXPULSION;
        snprintf(run, sizeof(run), "conformance-%08x", (unsigned)chappe_random_system_seed());
        *stage = (struct stage){
                .name = name,
                .lacks = lacks,
                .protocol = suite_protocol(),
                .run = run,
                .executor = chappe_executor_threads(),
                .clock = chappe_clock_system(),
                .broker_open = broker_open,
                .perform = perform,
                .records_delete = records_delete,
                .topic_grow = topic_grow,
                .topic_delete = topic_delete,
                .stranger_join = stranger_join,
                .stranger_leave = stranger_leave,
                .context = (void *)servers,
        };
}
