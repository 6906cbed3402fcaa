/* SPDX-License-Identifier: Apache-2.0 */
/* Consumers: opening, subscribing, committing, closing. */
#include "broker/kafka/consumer.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define POLL_MS  50 /* of the loop that waits for the group to be left */
#define PAUSE_MS 5  /* of the loop that waits for records to be released */

void chappe_kafka_on_queue(rd_kafka_t *client, void *opaque)
{
        struct chappe_consumer *consumer = opaque;

        (void)client;
        consumer->ready(consumer->context);
}

static struct chappe_consumer *consumer_free(struct chappe_consumer *consumer)
{
        chappe_kafka_events_clear(consumer);
        if (consumer->changing)
                rd_kafka_topic_partition_list_destroy(consumer->changing);
        if (consumer->topics)
                rd_kafka_topic_partition_list_destroy(consumer->topics);
        free(consumer->properties);
        free(consumer->partitions);
        free(consumer->group);
        free(consumer);
        return NULL;
}

static int consumer_new(struct chappe_kafka *kafka, const struct chappe_consumer_config *config,
                        struct chappe_consumer **ret_consumer, struct chappe_error *error)
{
        struct chappe_consumer *consumer = calloc(1, sizeof(*consumer));

        if (!consumer)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "opening a consumer");
        consumer->kafka = kafka;
        consumer->ready = config->ready;
        consumer->context = config->context;
        consumer->wanted = config->protocol;
        consumer->ahead = config->ahead;
        consumer->properties = chappe_kafka_properties_copy(config->properties, config->property_count);
        consumer->property_count = config->property_count;
        consumer->group = config->group ? strdup(config->group) : NULL;
        if (!consumer->properties || (config->group && !consumer->group)) {
                consumer_free(consumer);
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "opening a consumer");
        }
        *ret_consumer = consumer;
        return 0;
}

static struct chappe_kafka_client client_of(struct chappe_consumer *consumer)
{
        return (struct chappe_kafka_client){ .role = CHAPPE_KAFKA_CONSUMER,
                                             .group = consumer->group,
                                             .protocol = consumer->protocol,
                                             .properties = consumer->properties,
                                             .property_count = consumer->property_count,
                                             .ahead = consumer->ahead,
                                             .embedded = chappe_kafka_embedded(consumer->kafka),
                                             .opaque = consumer,
                                             .events = RD_KAFKA_EVENT_REBALANCE | RD_KAFKA_EVENT_OFFSET_COMMIT |
                                                       RD_KAFKA_EVENT_ERROR };
}

int chappe_kafka_consumer_connect(struct chappe_consumer *consumer, struct chappe_error *error)
{
        struct chappe_kafka_client wanted = client_of(consumer);
        int status = chappe_kafka_client_new(consumer->kafka, &wanted, &consumer->client, error);

        if (status < 0) {
                consumer->client = NULL;
                return status;
        }
        chappe_kafka_prefetch_begin(consumer);
        rd_kafka_poll_set_consumer(consumer->client);
        consumer->control = rd_kafka_queue_get_consumer(consumer->client);
        consumer->shared = rd_kafka_queue_new(consumer->client);
        if (consumer->ready) {
                rd_kafka_queue_cb_event_enable(consumer->control, chappe_kafka_on_queue, consumer);
                rd_kafka_queue_cb_event_enable(consumer->shared, chappe_kafka_on_queue, consumer);
        }
        return 0;
}

int chappe_kafka_consumer_open(struct chappe_broker *broker, const struct chappe_consumer_config *config,
                               struct chappe_consumer **ret_consumer, struct chappe_error *error)
{
        struct chappe_kafka *kafka = chappe_kafka(broker);
        struct chappe_consumer *consumer = NULL;
        struct chappe_kafka_client client;
        int status = consumer_new(kafka, config, &consumer, error);

        if (status < 0)
                return status;
        client = client_of(consumer);
        if (consumer->group)
                consumer->protocol = chappe_kafka_protocol_choose(
                        kafka, consumer->wanted, chappe_kafka_given(kafka, &client, "group.instance.id") != NULL,
                        client.embedded);
        status = chappe_kafka_consumer_connect(consumer, error);
        if (status < 0) {
                consumer_free(consumer);
                return status;
        }
        *ret_consumer = consumer;
        return 0;
}

int chappe_kafka_consumer_join(struct chappe_consumer *consumer, struct chappe_error *error)
{
        rd_kafka_resp_err_t reason = rd_kafka_subscribe(consumer->client, consumer->topics);

        if (!reason)
                return 0;
        return chappe_kafka_fail(consumer->kafka, reason, NULL, error, "subscribing group %s", consumer->group);
}

int chappe_kafka_consumer_subscribe(struct chappe_consumer *consumer, const char *const *topics, size_t count,
                                    struct chappe_error *error)
{
        if (!consumer->group)
                return chappe_fail(error, CHAPPE_E_USAGE, "subscribe: this consumer is in no group");
        if (consumer->topics)
                rd_kafka_topic_partition_list_destroy(consumer->topics);
        consumer->topics = rd_kafka_topic_partition_list_new((int)count);
        for (size_t i = 0; i < count; i++)
                rd_kafka_topic_partition_list_add(consumer->topics, topics[i], RD_KAFKA_PARTITION_UA);
        return chappe_kafka_consumer_join(consumer, error);
}

int chappe_kafka_consumer_commit(struct chappe_consumer *consumer, const struct chappe_position *positions,
                                 size_t count, void *token, struct chappe_error *error)
{
        CHAPPE_CLEANUP(positions) rd_kafka_topic_partition_list_t *list = NULL;
        rd_kafka_resp_err_t reason;

        if (!consumer->group)
                return chappe_fail(error, CHAPPE_E_USAGE, "commit: this consumer is in no group");
        /* librdkafka has left the group: what it sends now, the brokers take for a commit of nobody's, and keep it. */
        if (rd_kafka_assignment_lost(consumer->client))
                return chappe_fail(error, CHAPPE_E_COMMIT_REFUSED,
                                   "committing offsets of group %s: its partitions are lost", consumer->group);
        /* An explicit list: committing "what was stored" loses the metadata before librdkafka 2.2. */
        list = chappe_kafka_positions_list(positions, count);
        reason = rd_kafka_commit_queue(consumer->client, list, consumer->control, NULL, token);
        if (!reason)
                return 0;
        return chappe_kafka_fail(consumer->kafka, reason, NULL, error, "committing offsets of group %s",
                                 consumer->group);
}

static int64_t left_ms(int64_t deadline_us)
{
        int64_t left_us = deadline_us - chappe_clock_monotonic_us(chappe_clock_system());

        return left_us > 0 ? left_us / 1000 : 0;
}

/* Gives the partitions back as librdkafka asks for it. */
static void give_back(struct chappe_consumer *consumer, rd_kafka_event_t *event)
{
        const rd_kafka_topic_partition_list_t *list = rd_kafka_event_topic_partition_list(event);
        rd_kafka_error_t *failure;

        if (strcmp(rd_kafka_rebalance_protocol(consumer->client), "COOPERATIVE") != 0) {
                rd_kafka_assign(consumer->client, NULL);
                return;
        }
        failure = rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS
                          ? rd_kafka_incremental_unassign(consumer->client, list)
                          : rd_kafka_incremental_assign(consumer->client, list);
        if (failure)
                rd_kafka_error_destroy(failure);
}

/* Leaves the group (librdkafka keeps a static member in it). false: not within the limit. */
static bool leave(struct chappe_consumer *consumer, int64_t deadline_us)
{
        rd_kafka_error_t *failure;

        rd_kafka_queue_cb_event_enable(consumer->control, NULL, NULL);
        chappe_kafka_committed_end(consumer);
        /* An unanswered rebalance would hold up the close. */
        if (consumer->rebalance != CHAPPE_KAFKA_STEADY)
                rd_kafka_assign(consumer->client, NULL);
        failure = rd_kafka_consumer_close_queue(consumer->client, consumer->control);
        if (failure) {
                rd_kafka_error_destroy(failure); /* fatal: it has left already */
                return true;
        }
        while (!rd_kafka_consumer_closed(consumer->client) && left_ms(deadline_us) > 0) {
                rd_kafka_event_t *event = rd_kafka_queue_poll(consumer->control, POLL_MS);

                if (event && rd_kafka_event_type(event) == RD_KAFKA_EVENT_REBALANCE)
                        give_back(consumer, event);
                if (event)
                        rd_kafka_event_destroy(event);
        }
        return rd_kafka_consumer_closed(consumer->client);
}

static void empty(rd_kafka_queue_t *queue)
{
        rd_kafka_event_t *event;

        while ((event = rd_kafka_queue_poll(queue, 0)))
                rd_kafka_event_destroy(event);
}

static int fail_abandoned(const struct chappe_consumer *consumer, size_t taken, int64_t timeout_ms,
                          struct chappe_error *error)
{
        return chappe_fail(error, CHAPPE_E_BROKER_CLOSE,
                           "consumer of group %s at %s did not close within %lld ms (%zu records not released)",
                           consumer->group ? consumer->group : "(none)", consumer->kafka->servers,
                           (long long)timeout_ms, taken);
}

/* Order: the group, every record, every queue, the client. rd_kafka_destroy would wait for ever for a record that
 * somebody holds. */
int chappe_kafka_consumer_disconnect(struct chappe_consumer *consumer, int64_t timeout_ms, struct chappe_error *error)
{
        int64_t deadline_us = chappe_clock_monotonic_us(chappe_clock_system()) + timeout_ms * 1000;
        rd_kafka_t *client = consumer->client;
        bool left;

        if (!client)
                return 0;
        left = consumer->left || leave(consumer, deadline_us);
        chappe_kafka_partitions_clear(consumer);
        while (atomic_load(&consumer->taken) > 0 && left_ms(deadline_us) > 0)
                chappe_kafka_pause(PAUSE_MS);
        if (!left || atomic_load(&consumer->taken) > 0)
                return fail_abandoned(consumer, atomic_load(&consumer->taken), timeout_ms, error);
        empty(consumer->control);
        rd_kafka_queue_destroy(consumer->control);
        chappe_kafka_former_end(consumer);
        rd_kafka_queue_destroy(consumer->shared);
        consumer->client = NULL;
        consumer->left = false;
        return chappe_kafka_destroy(consumer->kafka, client, error);
}

int chappe_kafka_consumer_leave(struct chappe_consumer *consumer, int64_t timeout_ms, struct chappe_error *error)
{
        int64_t deadline_us = chappe_clock_monotonic_us(chappe_clock_system()) + timeout_ms * 1000;

        if (!consumer->client || consumer->left)
                return 0;
        consumer->left = leave(consumer, deadline_us);
        return consumer->left ? 0
                              : chappe_fail(error, CHAPPE_E_BROKER_CLOSE,
                                            "the consumer did not leave group %s at %s within %lld ms",
                                            consumer->group ? consumer->group : "(none)", consumer->kafka->servers,
                                            (long long)timeout_ms);
}

int chappe_kafka_consumer_close(struct chappe_consumer *consumer, int64_t timeout_ms, struct chappe_error *error)
{
        int status;

        if (!consumer)
                return 0;
        status = chappe_kafka_check_process(consumer->kafka, error);
        if (status < 0)
                return status;
        status = chappe_kafka_consumer_disconnect(consumer, timeout_ms, error);
        if (!consumer->client)
                consumer_free(consumer);
        return status;
}
