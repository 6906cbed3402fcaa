/* SPDX-License-Identifier: Apache-2.0 */
/* Administration: one more client, opened when it is first needed. */
#include "broker/kafka/kafka.h"

#include <stdlib.h>
#include <string.h>

#define CLUSTER_NAME_MS  1000
#define ANSWER_MARGIN_MS 1000 /* librdkafka's own word that a request timed out comes a little later */

int chappe_kafka_admin(struct chappe_kafka *kafka, rd_kafka_t **ret_admin, struct chappe_error *error)
{
        rd_kafka_t *admin = NULL;
        rd_kafka_t *surplus = NULL;
        int status;

        chappe_mutex_lock(chappe_executor_threads(), kafka->mutex);
        *ret_admin = kafka->admin;
        chappe_mutex_unlock(chappe_executor_threads(), kafka->mutex);
        if (*ret_admin)
                return chappe_kafka_check_process(kafka, error);
        status = chappe_kafka_client_new(kafka, &(struct chappe_kafka_client){ .role = CHAPPE_KAFKA_ADMIN }, &admin,
                                         error);
        if (status < 0)
                return status;
        chappe_mutex_lock(chappe_executor_threads(), kafka->mutex);
        if (kafka->admin)
                surplus = admin; /* another strand was quicker */
        else
                kafka->admin = admin;
        *ret_admin = kafka->admin;
        chappe_mutex_unlock(chappe_executor_threads(), kafka->mutex);
        if (surplus)
                rd_kafka_destroy(surplus);
        return 0;
}

struct chappe_kafka_request chappe_kafka_request_begin(rd_kafka_t *admin, rd_kafka_admin_op_t operation,
                                                       int64_t timeout_ms)
{
        struct chappe_kafka_request request = { .queue = rd_kafka_queue_new(admin),
                                                .options = rd_kafka_AdminOptions_new(admin, operation),
                                                .timeout_ms = (int)timeout_ms };

        rd_kafka_AdminOptions_set_request_timeout(request.options, request.timeout_ms, NULL, 0);
        return request;
}

rd_kafka_event_t *chappe_kafka_request_end(struct chappe_kafka_request *request)
{
        rd_kafka_event_t *event = rd_kafka_queue_poll(request->queue, request->timeout_ms + ANSWER_MARGIN_MS);

        rd_kafka_AdminOptions_destroy(request->options);
        rd_kafka_queue_destroy(request->queue);
        return event;
}

bool chappe_kafka_embedded(struct chappe_kafka *kafka)
{
        rd_kafka_t *admin;
        char *cluster;
        bool embedded;

        if (chappe_kafka_admin(kafka, &admin, NULL) < 0)
                return false;
        /* Known at once when anything was asked of the cluster before. */
        cluster = rd_kafka_clusterid(admin, CLUSTER_NAME_MS);
        embedded = cluster && strncmp(cluster, "mockCluster", 11) == 0;
        if (cluster)
                rd_kafka_mem_free(admin, cluster);
        return embedded;
}

/* Until it has leaders that this client can see: the controller knows of a topic before the brokers do. */
static int wait_for_topic(struct chappe_kafka *kafka, rd_kafka_t *client, const char *name, int64_t timeout_ms,
                          struct chappe_error *error)
{
        rd_kafka_topic_t *topic = rd_kafka_topic_new(client, name, NULL);
        int32_t count;
        int status;

        if (!topic)
                return chappe_kafka_fail(kafka, rd_kafka_last_error(), NULL, error, "topic '%s'", name);
        status = chappe_kafka_partition_count(kafka, client, topic, timeout_ms, &count, error);
        rd_kafka_topic_destroy(topic);
        return status;
}

/* Looks the topic up with a client that may create it by that: all that the embedded broker offers. Its number of
 * partitions is the broker's default. */
static int create_by_asking(struct chappe_kafka *kafka, const char *name, int64_t timeout_ms,
                            struct chappe_error *error)
{
        rd_kafka_t *client;
        int status = chappe_kafka_client_new(
                kafka, &(struct chappe_kafka_client){ .role = CHAPPE_KAFKA_ADMIN, .create_topics = true }, &client,
                error);

        if (status < 0)
                return status;
        status = wait_for_topic(kafka, client, name, timeout_ms, error);
        rd_kafka_destroy(client);
        return status;
}

static rd_kafka_resp_err_t request_creation(rd_kafka_t *admin, rd_kafka_NewTopic_t *topic, int64_t timeout_ms,
                                            char *ret_why, size_t size)
{
        struct chappe_kafka_request request =
                chappe_kafka_request_begin(admin, RD_KAFKA_ADMIN_OP_CREATETOPICS, timeout_ms);
        rd_kafka_resp_err_t reason = RD_KAFKA_RESP_ERR__TIMED_OUT;
        rd_kafka_event_t *event;
        const char *why = NULL;

        rd_kafka_AdminOptions_set_operation_timeout(request.options, request.timeout_ms, NULL, 0);
        rd_kafka_CreateTopics(admin, &topic, 1, request.options, request.queue);
        event = chappe_kafka_request_end(&request);
        if (event) {
                size_t count = 0;
                const rd_kafka_CreateTopics_result_t *result = rd_kafka_event_CreateTopics_result(event);
                const rd_kafka_topic_result_t **topics =
                        result ? rd_kafka_CreateTopics_result_topics(result, &count) : NULL;

                reason = rd_kafka_event_error(event);
                why = reason ? rd_kafka_event_error_string(event) : NULL;
                if (!reason && count == 1) {
                        reason = rd_kafka_topic_result_error(topics[0]);
                        why = rd_kafka_topic_result_error_string(topics[0]);
                }
        }
        *ret_why = '\0';
        if (why)
                strncat(ret_why, why, size - 1);
        if (event)
                rd_kafka_event_destroy(event);
        return reason;
}

static bool topic_exists(struct chappe_broker *broker, const char *name, int64_t timeout_ms)
{
        struct chappe_topic_description *topics = NULL;
        size_t count;
        bool exists = chappe_kafka_topics_describe(broker, &name, 1, timeout_ms, &topics, &count, NULL) == 0 &&
                      topics[0].partition_count > 0;

        free(topics);
        return exists;
}

int chappe_kafka_topic_create(struct chappe_broker *broker, const struct chappe_topic_request *request,
                              int64_t timeout_ms, struct chappe_error *error)
{
        struct chappe_kafka *kafka = chappe_kafka(broker);
        char why[300];
        rd_kafka_NewTopic_t *topic;
        rd_kafka_resp_err_t reason;
        rd_kafka_t *admin;
        int status = chappe_kafka_admin(kafka, &admin, error);

        if (status < 0)
                return status;
        /* The mock cluster names no controller: a request for administration would only time out. */
        if (chappe_kafka_embedded(kafka))
                return topic_exists(broker, request->name, timeout_ms)
                               ? CHAPPE_TOPIC_EXISTS
                               : create_by_asking(kafka, request->name, timeout_ms, error);
        topic = rd_kafka_NewTopic_new(request->name, request->partition_count, request->replication, why, sizeof(why));
        if (!topic)
                return chappe_fail(error, CHAPPE_E_BROKER_REFUSED, "topic '%s': %s", request->name, why);
        for (size_t i = 0; i < request->property_count; i++)
                rd_kafka_NewTopic_set_config(topic, request->properties[i].name, request->properties[i].value);
        reason = request_creation(admin, topic, timeout_ms, why, sizeof(why));
        rd_kafka_NewTopic_destroy(topic);
        if (reason && reason != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
                return chappe_kafka_fail(kafka, reason, why, error, "creating topic %s", request->name);
        status = wait_for_topic(kafka, admin, request->name, timeout_ms, error);
        if (status < 0)
                return status;
        return reason ? CHAPPE_TOPIC_EXISTS : 0;
}

int chappe_kafka_watermarks(struct chappe_broker *broker, const char *topic, int32_t partition, int64_t timeout_ms,
                            int64_t *ret_low, int64_t *ret_high, struct chappe_error *error)
{
        struct chappe_kafka *kafka = chappe_kafka(broker);
        rd_kafka_resp_err_t reason;
        rd_kafka_t *admin;
        int status = chappe_kafka_admin(kafka, &admin, error);

        if (status < 0)
                return status;
        reason = chappe_kafka_query_watermarks(admin, topic, partition, timeout_ms, ret_low, ret_high);
        if (!reason)
                return 0;
        return chappe_kafka_fail(kafka, reason, NULL, error, "watermarks of %s[%d]", topic, (int)partition);
}

int chappe_kafka_offset_for_time(struct chappe_broker *broker, const char *topic, int32_t partition,
                                 int64_t timestamp_ms, int64_t timeout_ms, int64_t *ret_offset,
                                 struct chappe_error *error)
{
        struct chappe_kafka *kafka = chappe_kafka(broker);
        rd_kafka_topic_partition_list_t *list;
        rd_kafka_resp_err_t reason;
        rd_kafka_t *admin;
        int64_t offset, low;
        int status = chappe_kafka_admin(kafka, &admin, error);

        if (status < 0)
                return status;
        list = rd_kafka_topic_partition_list_new(1);
        rd_kafka_topic_partition_list_add(list, topic, partition)->offset = timestamp_ms;
        reason = rd_kafka_offsets_for_times(admin, list, (int)timeout_ms);
        if (!reason)
                reason = list->elems[0].err;
        offset = list->elems[0].offset;
        rd_kafka_topic_partition_list_destroy(list);
        if (reason)
                return chappe_kafka_fail(kafka, reason, NULL, error, "offsets by time of %s[%d]", topic,
                                         (int)partition);
        if (offset >= 0) {
                *ret_offset = offset;
                return 0;
        }
        /* The mock cluster answers so to every time, and its end would be a guess that skips records. */
        if (chappe_kafka_embedded(kafka))
                return chappe_fail(error, CHAPPE_E_BROKER_UNSUPPORTED,
                                   "%s[%d]: the embedded broker cannot look up offsets by time; name an offset, the "
                                   "beginning or the end",
                                   topic, (int)partition);
        /* Nothing is as young as that: the end. */
        return chappe_kafka_watermarks(broker, topic, partition, timeout_ms, &low, ret_offset, error);
}
