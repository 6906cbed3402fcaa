/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was fetched waits in one queue for all partitions, and is sorted by partition when one of them is asked for.
 *
 * One queue, because a broker is asked one question at a time, for all partitions that have less in their queue than
 * may wait. Were there a queue for each, then while those with a backlog have enough, the question would be for those
 * at their end alone, and open until fetch.wait.max.ms is over: a partition that is far behind would get one queue full
 * each time. In one queue all have enough, or none has.
 *
 * A partition that is not taken from (its handlers are slow, it is paused) would hold up what stands behind it: once
 * that has lasted for CHAPPE_HELD_UP_US, it gets its own queue until that is empty. It takes less from it in the same
 * time (fetch.wait.max.ms, prefetch.c) than fits into it, or it would not have held up the others for so long.
 */
#include "broker/kafka/consumer.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define SLICE CHAPPE_KAFKA_SLICE

static size_t bytes_of(const rd_kafka_message_t *message)
{
        return message->key_len + message->len;
}

/* No memory for a pointer to what is in memory already: there is nobody to tell, and nothing may be lost. */
static void make_room(struct chappe_kafka_messages *messages)
{
        if (messages->count < messages->capacity)
                return;
        size_t capacity = messages->capacity ? messages->capacity * 2 : SLICE;
        rd_kafka_message_t **grown = malloc(capacity * sizeof(rd_kafka_message_t *));

        if (!grown)
                abort();
        for (size_t i = 0; i < messages->count; i++)
                grown[i] = messages->at[(messages->first + i) & (messages->capacity - 1)];
        free(messages->at);
        messages->at = grown;
        messages->first = 0;
        messages->capacity = capacity;
}

/* What is sorted of a partition that is apart stands in nobody's way. */
static void count_in(struct chappe_consumer *consumer, struct chappe_kafka_partition *partition,
                     const rd_kafka_message_t *message)
{
        partition->sorted.count++;
        partition->sorted.bytes += bytes_of(message);
        if (partition->apart)
                return;
        consumer->sorted.records++;
        consumer->sorted.bytes += bytes_of(message);
}

static void append(struct chappe_consumer *consumer, struct chappe_kafka_partition *partition,
                   rd_kafka_message_t *message)
{
        struct chappe_kafka_messages *sorted = &partition->sorted;

        make_room(sorted);
        sorted->at[(sorted->first + sorted->count) & (sorted->capacity - 1)] = message;
        count_in(consumer, partition, message);
}

static void put_in_front(struct chappe_consumer *consumer, struct chappe_kafka_partition *partition,
                         rd_kafka_message_t *message)
{
        struct chappe_kafka_messages *sorted = &partition->sorted;

        make_room(sorted);
        sorted->first = (sorted->first - 1) & (sorted->capacity - 1);
        sorted->at[sorted->first] = message;
        count_in(consumer, partition, message);
}

static rd_kafka_message_t *take_first(struct chappe_consumer *consumer, struct chappe_kafka_partition *partition)
{
        struct chappe_kafka_messages *sorted = &partition->sorted;
        rd_kafka_message_t *message = sorted->at[sorted->first];

        sorted->first = (sorted->first + 1) & (sorted->capacity - 1);
        sorted->count--;
        sorted->bytes -= bytes_of(message);
        if (!partition->apart) {
                consumer->sorted.records--;
                consumer->sorted.bytes -= bytes_of(message);
        }
        return message;
}

/* As far as that is known. */
static inline bool is_of(const rd_kafka_message_t *message, const struct chappe_kafka_partition *partition)
{
        return partition && message->partition == partition->number && message->rkt == partition->handle;
}

/* They come in runs of one partition. NULL: it was given up. */
static struct chappe_kafka_partition *partition_of(struct chappe_consumer *consumer, const rd_kafka_message_t *message)
{
        struct chappe_kafka_partition *partition = &consumer->partitions[consumer->last_sorted];

        if (consumer->last_sorted < consumer->partition_count && is_of(message, partition))
                return partition;
        partition = message->rkt ? chappe_kafka_partition_find(consumer, rd_kafka_topic_name(message->rkt),
                                                               message->partition)
                                 : NULL;
        if (partition) {
                partition->handle = message->rkt;
                consumer->last_sorted = (size_t)(partition - consumer->partitions);
        }
        return partition;
}

/* Timeout 0: with any other it waits until the array is full. On the polling strand, as is all that rebalances and
 * seeks: beside those, librdkafka before 2.1 loses records here. Returns how many came. */
static size_t draw(struct chappe_consumer *consumer, rd_kafka_queue_t *queue, struct chappe_kafka_drawn *drawn,
                   rd_kafka_message_t *messages[SLICE])
{
        ssize_t arrived = rd_kafka_consume_batch_queue(queue, 0, messages, SLICE);
        struct chappe_kafka_amount amount = { .records = arrived > 0 ? (size_t)arrived : 0 };

        for (size_t i = 0; i < amount.records; i++)
                amount.bytes += bytes_of(messages[i]);
        if (amount.records > 0)
                chappe_kafka_prefetch_drawn(consumer, queue, drawn, &amount);
        return amount.records;
}

/* Of the shared queue, a few. Those of the partition that is asked for, of which nothing is sorted, are left in the
 * array (NULL: none is). Returns how many there were; *ret_left: how many are left. */
static size_t sort_some(struct chappe_consumer *consumer, const struct chappe_kafka_partition *asked,
                        rd_kafka_message_t *messages[SLICE], size_t *ret_left)
{
        size_t count = draw(consumer, consumer->shared, &consumer->drawn, messages), left = 0;

        while (left < count && is_of(messages[left], asked))
                left++;
        for (size_t i = left; i < count; i++) {
                if (is_of(messages[i], asked)) {
                        messages[left++] = messages[i];
                        continue;
                }
                struct chappe_kafka_partition *partition = partition_of(consumer, messages[i]);

                if (!partition)
                        rd_kafka_message_destroy(messages[i]);
                else if (partition == asked)
                        messages[left++] = messages[i];
                else
                        append(consumer, partition, messages[i]);
        }
        if (count == SLICE && count < consumer->ahead_left)
                consumer->ahead_left -= count;
        else
                consumer->ahead_left = consumer->blocked_us = 0; /* less than asked for: that was all */
        consumer->sorted_others |= left < count;
        *ret_left = left;
        return count;
}

/* All that is in the shared queue now, however much that is. */
static void sort_all(struct chappe_consumer *consumer)
{
        rd_kafka_message_t *messages[SLICE];
        size_t left = rd_kafka_queue_length(consumer->shared), count, none;

        while (left > 0 && (count = sort_some(consumer, NULL, messages, &none)) > 0)
                left -= count < left ? count : left;
}

/* librdkafka moves an answer's messages under the lock of their queue: none of these comes into the shared one now. */
static void set_apart(struct chappe_consumer *consumer, struct chappe_kafka_partition *partition)
{
        rd_kafka_queue_forward(partition->queue, NULL);
        if (!partition->apart) {
                consumer->sorted.records -= partition->sorted.count;
                consumer->sorted.bytes -= partition->sorted.bytes;
        }
        partition->apart = true;
}

/* When nothing of it is sorted. What waits in its own queue goes to the end of the shared one; what comes follows it.
 */
static void join(struct chappe_consumer *consumer, struct chappe_kafka_partition *partition)
{
        rd_kafka_queue_forward(partition->queue, consumer->shared);
        partition->apart = false;
}

static bool enough_sorted(const struct chappe_consumer *consumer)
{
        return consumer->sorted.records >= consumer->sorted_most.records ||
               consumer->sorted.bytes >= consumer->sorted_most.bytes;
}

/* The partition that is asked for is held up by what was sorted for others. For too long: they are set apart. */
static void wait_for_others(struct chappe_consumer *consumer)
{
        int64_t now_us = chappe_clock_monotonic_us(chappe_clock_system());

        if (consumer->blocked_us == 0) {
                consumer->ahead_left = rd_kafka_queue_length(consumer->shared);
                consumer->blocked_us = consumer->ahead_left > 0 ? now_us : 0;
                return;
        }
        if (now_us - consumer->blocked_us < CHAPPE_HELD_UP_US)
                return;
        consumer->blocked_us = 0;
        for (size_t i = 0; i < consumer->partition_count; i++)
                if (consumer->partitions[i].sorted.count > 0 && !consumer->partitions[i].apart)
                        set_apart(consumer, &consumer->partitions[i]);
        sort_all(consumer);
}

/* 0: it has nothing there, and is with the others again. */
static size_t draw_own(struct chappe_consumer *consumer, struct chappe_kafka_partition *partition,
                       rd_kafka_message_t *messages[SLICE])
{
        size_t count = draw(consumer, partition->queue, &partition->drawn, messages);

        if (count == 0)
                join(consumer, partition);
        return count;
}

size_t chappe_kafka_sorted_next(struct chappe_consumer *consumer, struct chappe_kafka_partition *partition,
                                rd_kafka_message_t *ret_messages[SLICE])
{
        size_t count = 0;

        if (partition->apart && partition->sorted.count == 0 &&
            (count = draw_own(consumer, partition, ret_messages)) > 0)
                return count;
        /* Once: what it came upon was sorted for others, and they are asked next. */
        if (partition->sorted.count == 0 && !enough_sorted(consumer)) {
                (void)sort_some(consumer, partition, ret_messages, &count);
                return count;
        }
        if (partition->sorted.count == 0)
                wait_for_others(consumer);
        while (count < SLICE && partition->sorted.count > 0)
                ret_messages[count++] = take_first(consumer, partition);
        return count;
}

void chappe_kafka_sorted_put_back(struct chappe_consumer *consumer, struct chappe_kafka_partition *partition,
                                  rd_kafka_message_t *const *messages, size_t count)
{
        while (count-- > 0)
                put_in_front(consumer, partition, messages[count]);
}

void chappe_kafka_sorted_forget(struct chappe_consumer *consumer, struct chappe_kafka_partition *partition)
{
        while (partition->sorted.count > 0)
                rd_kafka_message_destroy(take_first(consumer, partition));
}

/* Before it is assigned: afterwards the first records would already be in the control queue. */
void chappe_kafka_sorting_add(struct chappe_consumer *consumer, struct chappe_kafka_partition *partition)
{
        partition->queue = rd_kafka_queue_get_partition(consumer->client, partition->topic, partition->number);
        join(consumer, partition);
        if (consumer->ready)
                rd_kafka_queue_cb_event_enable(partition->queue, chappe_kafka_on_queue, consumer);
}

void chappe_kafka_sorting_drop(struct chappe_consumer *consumer, struct chappe_kafka_partition *partition)
{
        rd_kafka_queue_cb_event_enable(partition->queue, NULL, NULL);
        set_apart(consumer, partition);
        sort_all(consumer);
        chappe_kafka_sorted_forget(consumer, partition);
        free(partition->sorted.at);
        chappe_kafka_former_keep(consumer, partition);
        if (consumer->sorted_others && consumer->ready)
                consumer->ready(consumer->context);
}

size_t chappe_kafka_consumer_waiting(struct chappe_consumer *consumer)
{
        size_t waiting = consumer->client ? rd_kafka_queue_length(consumer->shared) : 0;

        for (size_t i = 0; i < consumer->partition_count; i++) {
                const struct chappe_kafka_partition *partition = &consumer->partitions[i];

                waiting += partition->sorted.count;
                if (partition->apart)
                        waiting += rd_kafka_queue_length(partition->queue);
        }
        return waiting;
}

bool chappe_kafka_consumer_held_up(struct chappe_consumer *consumer)
{
        return consumer->blocked_us != 0;
}
