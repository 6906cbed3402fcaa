/* SPDX-License-Identifier: Apache-2.0 */
/* Rebalances: told as events, answered by accept and release when the caller is ready. Static assignment, which has
 * none. */
#include "broker/kafka/consumer.h"

#include <string.h>

#define ASSIGN_MS 10000 /* for the leaders of partitions assigned by hand */

static bool incremental(const struct chappe_consumer *consumer)
{
        return strcmp(rd_kafka_rebalance_protocol(consumer->client), "COOPERATIVE") == 0;
}

static void changing_set(struct chappe_consumer *consumer, rd_kafka_topic_partition_list_t *list)
{
        if (consumer->changing)
                rd_kafka_topic_partition_list_destroy(consumer->changing);
        consumer->changing = list;
}

static int outcome(struct chappe_consumer *consumer, rd_kafka_resp_err_t reason, rd_kafka_error_t *failure,
                   const char *what, struct chappe_error *error)
{
        CHAPPE_CLEANUP(string) char *detail = failure ? strdup(rd_kafka_error_string(failure)) : NULL;

        if (failure) {
                reason = rd_kafka_error_code(failure);
                rd_kafka_error_destroy(failure);
        }
        if (!reason)
                return 0;
        return chappe_kafka_fail(consumer->kafka, reason, detail, error, "%s", what);
}

static void tell(struct chappe_consumer *consumer, enum chappe_consumer_event_kind kind,
                 rd_kafka_topic_partition_list_t *list, struct chappe_consumer_event *ret_event)
{
        ret_event->kind = kind;
        consumer->told_list = list;
        consumer->told = calloc((size_t)list->cnt + 1, sizeof(*consumer->told));
        consumer->told_metadata = calloc((size_t)list->cnt + 1, sizeof(*consumer->told_metadata));
        if (!consumer->told || !consumer->told_metadata)
                abort(); /* an assignment that cannot be told cannot be answered */
        consumer->told_count = (size_t)list->cnt;
        for (int i = 0; i < list->cnt; i++) {
                rd_kafka_topic_partition_t *entry = &list->elems[i];

                /* Not terminated before librdkafka 2.6.1. */
                if (entry->metadata && entry->metadata_size)
                        consumer->told_metadata[i] = strndup(entry->metadata, entry->metadata_size);
                consumer->told[i] = (struct chappe_position){ entry->topic, entry->partition, entry->offset,
                                                              consumer->told_metadata[i] };
        }
        ret_event->positions = consumer->told;
        ret_event->position_count = consumer->told_count;
}

static void gaining(struct chappe_consumer *consumer, struct chappe_consumer_event *ret_event)
{
        if (consumer->changing->cnt > 0) {
                consumer->rebalance = CHAPPE_KAFKA_GAINING;
                chappe_kafka_committed_begin(consumer);
                return;
        }
        consumer->rebalance = CHAPPE_KAFKA_GAINED;
        tell(consumer, CHAPPE_CONSUMER_GAINED, rd_kafka_topic_partition_list_copy(consumer->changing), ret_event);
}

static void losing(struct chappe_consumer *consumer, struct chappe_consumer_event *ret_event)
{
        consumer->rebalance = CHAPPE_KAFKA_LOSING;
        if (consumer->changing->cnt == 0)
                (void)chappe_kafka_consumer_release(consumer, NULL); /* nothing to drain */
        else
                tell(consumer,
                     rd_kafka_assignment_lost(consumer->client) ? CHAPPE_CONSUMER_LOST : CHAPPE_CONSUMER_REVOKED,
                     rd_kafka_topic_partition_list_copy(consumer->changing), ret_event);
}

void chappe_kafka_rebalance_begin(struct chappe_consumer *consumer, rd_kafka_event_t *event,
                                  struct chappe_consumer_event *ret_event)
{
        rd_kafka_resp_err_t kind = rd_kafka_event_error(event);

        changing_set(consumer, rd_kafka_topic_partition_list_copy(rd_kafka_event_topic_partition_list(event)));
        if (kind == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
                gaining(consumer, ret_event);
        } else if (kind == RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS) {
                losing(consumer, ret_event);
        } else {
                /* The rebalance itself failed: librdkafka wants its assignment emptied, and joins again. */
                rd_kafka_assign(consumer->client, NULL);
                chappe_kafka_partitions_clear(consumer);
                ret_event->kind = CHAPPE_CONSUMER_ERROR;
                (void)chappe_kafka_fail(consumer->kafka, kind, rd_kafka_event_error_string(event), &ret_event->error,
                                        "rebalancing group %s", consumer->group);
        }
}

void chappe_kafka_rebalance_poll(struct chappe_consumer *consumer, struct chappe_consumer_event *ret_event)
{
        rd_kafka_resp_err_t reason;
        rd_kafka_topic_partition_list_t *list;

        if (consumer->rebalance != CHAPPE_KAFKA_GAINING)
                return;
        list = chappe_kafka_committed_poll(consumer, &reason);
        if (list) {
                consumer->rebalance = CHAPPE_KAFKA_GAINED;
                tell(consumer, CHAPPE_CONSUMER_GAINED, list, ret_event);
        } else if (reason) {
                ret_event->kind = CHAPPE_CONSUMER_ERROR;
                (void)chappe_kafka_fail(consumer->kafka, reason, NULL, &ret_event->error,
                                        "committed offsets of group %s (asked again)", consumer->group);
        }
}

int chappe_kafka_consumer_accept(struct chappe_consumer *consumer, const struct chappe_position *positions,
                                 size_t count, struct chappe_error *error)
{
        rd_kafka_topic_partition_list_t *list;
        int status;

        if (consumer->rebalance != CHAPPE_KAFKA_GAINED)
                return chappe_fail(error, CHAPPE_E_ASSIGNMENT_STATE, "accept: nothing was gained");
        list = chappe_kafka_positions_list(positions, count);
        consumer->rebalance = CHAPPE_KAFKA_STEADY;
        if (!incremental(consumer))
                chappe_kafka_partitions_clear(consumer);
        if (chappe_kafka_partitions_add(consumer, list) < 0)
                status = chappe_fail(error, CHAPPE_E_NO_MEMORY, "accepting %zu partitions", count);
        else if (incremental(consumer))
                status = outcome(consumer, 0, rd_kafka_incremental_assign(consumer->client, list), "accept", error);
        else
                status = outcome(consumer, rd_kafka_assign(consumer->client, list), NULL, "accept", error);
        rd_kafka_topic_partition_list_destroy(list);
        changing_set(consumer, NULL);
        return status;
}

int chappe_kafka_consumer_release(struct chappe_consumer *consumer, struct chappe_error *error)
{
        int status;

        if (consumer->rebalance != CHAPPE_KAFKA_LOSING)
                return chappe_fail(error, CHAPPE_E_ASSIGNMENT_STATE, "release: nothing was revoked or lost");
        consumer->rebalance = CHAPPE_KAFKA_STEADY;
        if (incremental(consumer)) {
                status = outcome(consumer, 0, rd_kafka_incremental_unassign(consumer->client, consumer->changing),
                                 "release", error);
                chappe_kafka_partitions_remove(consumer, consumer->changing);
        } else {
                status = outcome(consumer, rd_kafka_assign(consumer->client, NULL), NULL, "release", error);
                chappe_kafka_partitions_clear(consumer);
        }
        changing_set(consumer, NULL);
        return status;
}

/* "Earliest" and "latest" as the offsets that they are now: what is sent from here on is read. Asking also finds the
 * leaders, without which librdkafka's first fetch is half a second late. */
static int resolve(struct chappe_consumer *consumer, rd_kafka_topic_partition_t *entry, struct chappe_error *error)
{
        int64_t low, high;
        rd_kafka_resp_err_t reason =
                chappe_kafka_query_watermarks(consumer->client, entry->topic, entry->partition, ASSIGN_MS, &low, &high);

        if (reason)
                return chappe_kafka_fail(consumer->kafka, reason, NULL, error, "assigning %s[%d]", entry->topic,
                                         (int)entry->partition);
        if (entry->offset == CHAPPE_OFFSET_EARLIEST)
                entry->offset = low;
        else if (entry->offset == CHAPPE_OFFSET_LATEST)
                entry->offset = high;
        return 0;
}

int chappe_kafka_consumer_assign(struct chappe_consumer *consumer, const struct chappe_position *positions,
                                 size_t count, struct chappe_error *error)
{
        CHAPPE_CLEANUP(positions) rd_kafka_topic_partition_list_t *list = NULL;

        if (consumer->group)
                return chappe_fail(error, CHAPPE_E_USAGE, "assign: this consumer's partitions come from its group");
        list = chappe_kafka_positions_list(positions, count);
        for (int i = 0; i < list->cnt; i++) {
                int status = resolve(consumer, &list->elems[i], error);

                if (status < 0)
                        return status;
        }
        chappe_kafka_partitions_clear(consumer);
        if (chappe_kafka_partitions_add(consumer, list) < 0)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "assigning %zu partitions", count);
        return outcome(consumer, rd_kafka_assign(consumer->client, list), NULL, "assign", error);
}
