/* SPDX-License-Identifier: Apache-2.0 */
/* The partitions that are read. */
#include "broker/kafka/consumer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define SEEK_MS 10000 /* to hand a seek over to librdkafka's main thread; no broker is asked */

struct chappe_kafka_partition *chappe_kafka_partition_find(struct chappe_consumer *consumer, const char *topic,
                                                           int32_t number)
{
        for (size_t i = 0; i < consumer->partition_count; i++) {
                size_t at = (consumer->last_found + i) % consumer->partition_count;
                struct chappe_kafka_partition *partition = &consumer->partitions[at];

                if (partition->number == number && strcmp(partition->topic, topic) == 0) {
                        consumer->last_found = at + 1;
                        return partition;
                }
        }
        return NULL;
}

static bool reserve(struct chappe_consumer *consumer, size_t more)
{
        size_t needed = consumer->partition_count + more;
        struct chappe_kafka_partition *grown;

        if (needed <= consumer->partition_capacity)
                return true;
        grown = realloc(consumer->partitions, needed * sizeof(*grown));
        if (!grown)
                return false;
        consumer->partitions = grown;
        consumer->partition_capacity = needed;
        return true;
}

int chappe_kafka_partitions_add(struct chappe_consumer *consumer, const rd_kafka_topic_partition_list_t *list)
{
        if (!reserve(consumer, (size_t)list->cnt))
                return -CHAPPE_E_NO_MEMORY;
        for (int i = 0; i < list->cnt; i++) {
                struct chappe_kafka_partition *partition = &consumer->partitions[consumer->partition_count];
                char *topic = strdup(list->elems[i].topic);

                if (!topic)
                        return -CHAPPE_E_NO_MEMORY;
                *partition = (struct chappe_kafka_partition){
                        .topic = topic,
                        .number = list->elems[i].partition,
                        .end = CHAPPE_OFFSET_NONE,
                };
                chappe_kafka_sorting_add(consumer, partition);
                consumer->partition_count++;
        }
        return 0;
}

static void partition_drop(struct chappe_consumer *consumer, struct chappe_kafka_partition *partition)
{
        if (partition->end != CHAPPE_OFFSET_NONE)
                consumer->ends--;
        chappe_kafka_sorting_drop(consumer, partition);
        free(partition->topic);
        *partition = consumer->partitions[--consumer->partition_count];
}

void chappe_kafka_partitions_remove(struct chappe_consumer *consumer, const rd_kafka_topic_partition_list_t *list)
{
        for (int i = 0; i < list->cnt; i++) {
                struct chappe_kafka_partition *partition =
                        chappe_kafka_partition_find(consumer, list->elems[i].topic, list->elems[i].partition);

                if (partition)
                        partition_drop(consumer, partition);
        }
}

void chappe_kafka_partitions_clear(struct chappe_consumer *consumer)
{
        while (consumer->partition_count > 0)
                partition_drop(consumer, &consumer->partitions[consumer->partition_count - 1]);
}

/* What came out of the queue and is no record. */
static void note(struct chappe_consumer *consumer, struct chappe_kafka_partition *partition,
                 rd_kafka_message_t *message)
{
        if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
                consumer->ends += partition->end == CHAPPE_OFFSET_NONE;
                partition->end = message->offset;
        } else {
                (void)chappe_kafka_fail(consumer->kafka, message->err, rd_kafka_message_errstr(message),
                                        &consumer->failure, "%s[%d]", partition->topic, (int)partition->number);
        }
        rd_kafka_message_destroy(message);
        /* It is told by the next poll. */
        if (consumer->ready)
                consumer->ready(consumer->context);
}

static inline void fill(struct chappe_record *record, const char *topic, rd_kafka_message_t *message)
{
        rd_kafka_timestamp_type_t type;
        int64_t timestamp_ms = rd_kafka_message_timestamp(message, &type);

        *record = (struct chappe_record){
                .topic = topic,
                .partition = message->partition,
                .offset = message->offset,
                .timestamp_ms = timestamp_ms,
                .log_append_time = type == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME,
                .key = { message->key, message->key_len },
                .value = { message->payload, message->len },
                .handle = message,
                .operations = &chappe_kafka_operations,
        };
}

/* Sizes are known only of what came out of the queues: so a few at a time. False: for now there are no more. */
static bool take_some(struct chappe_consumer *consumer, struct chappe_kafka_partition *partition,
                      struct chappe_record *ret_records, size_t maximum, size_t maximum_bytes,
                      struct chappe_kafka_amount *taken)
{
        rd_kafka_message_t *messages[CHAPPE_KAFKA_SLICE];
        size_t next, count = chappe_kafka_sorted_next(consumer, partition, messages);
        const char *topic = count > 0 ? rd_kafka_topic_name(messages[0]->rkt) : NULL; /* it outlives the partition's */

        for (next = 0; next < count && taken->records < maximum && taken->bytes < maximum_bytes; next++) {
                rd_kafka_message_t *message = messages[next];

                if (message->err) {
                        note(consumer, partition, message);
                        continue;
                }
                taken->bytes += message->key_len + message->len;
                fill(&ret_records[taken->records++], topic, message);
        }
        if (next < count)
                chappe_kafka_sorted_put_back(consumer, partition, messages + next, count - next);
        return count > 0;
}

size_t chappe_kafka_consumer_take(struct chappe_consumer *consumer, const char *topic, int32_t partition,
                                  struct chappe_record *ret_records, size_t maximum, size_t maximum_bytes)
{
        struct chappe_kafka_partition *found = chappe_kafka_partition_find(consumer, topic, partition);
        struct chappe_kafka_amount taken = { 0 };
        bool more = found != NULL;

        consumer->sorted_others = false;
        while (more && taken.records < maximum && taken.bytes < maximum_bytes)
                more = take_some(consumer, found, ret_records, maximum, maximum_bytes, &taken);
        atomic_fetch_add_explicit(&consumer->taken, taken.records, memory_order_relaxed);
        /* Those may have been asked before, and found nothing. */
        if (consumer->sorted_others && consumer->ready)
                consumer->ready(consumer->context);
        return taken.records;
}

struct chappe_kafka_partition *chappe_kafka_partition_at_end(struct chappe_consumer *consumer)
{
        if (consumer->ends == 0)
                return NULL;
        for (size_t i = 0; i < consumer->partition_count; i++)
                if (consumer->partitions[i].end != CHAPPE_OFFSET_NONE)
                        return &consumer->partitions[i];
        return NULL;
}

int chappe_kafka_consumer_seek(struct chappe_consumer *consumer, const char *topic, int32_t partition, int64_t offset,
                               struct chappe_error *error)
{
        struct chappe_kafka_partition *found = chappe_kafka_partition_find(consumer, topic, partition);
        rd_kafka_topic_partition_list_t *list;
        rd_kafka_resp_err_t reason;
        rd_kafka_error_t *failure;

        if (!found)
                return chappe_fail(error, CHAPPE_E_ASSIGNMENT_STATE, "seek: %s[%d] is not assigned to this consumer",
                                   topic, (int)partition);
        list = chappe_kafka_positions_list(&(struct chappe_position){ topic, partition, offset, NULL }, 1);
        failure = rd_kafka_seek_partitions(consumer->client, list, SEEK_MS);
        reason = failure ? rd_kafka_error_code(failure) : list->elems[0].err;
        /* Even when it has not ended in time: it is under way, and what librdkafka has in its queues is void already.
         */
        if (reason != RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION)
                chappe_kafka_sorted_forget(consumer, found);
        if (failure)
                rd_kafka_error_destroy(failure);
        rd_kafka_topic_partition_list_destroy(list);
        if (reason)
                return chappe_kafka_fail(consumer->kafka, reason, NULL, error, "seek: %s[%d] to %lld", topic,
                                         (int)partition, (long long)offset);
        consumer->ends -= found->end != CHAPPE_OFFSET_NONE;
        found->end = CHAPPE_OFFSET_NONE;
        return 0;
}
