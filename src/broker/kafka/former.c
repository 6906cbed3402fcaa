/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is in the queue of a partition holds it, and the partition the queue: rd_kafka_destroy would wait for ever.
 * Before 2.10 librdkafka marks a partition's queue once more after it was stopped, and leaves that there when the topic
 * is deleted (#4724). So the queue of a partition that was given up is kept, to be emptied again: at the end, or when
 * the partition is given up again. An answer that comes late waits there, too: one of each partition at most.
 */
#include "broker/kafka/consumer.h"

#include <stdlib.h>
#include <string.h>

/* The marks, which are no messages, go with them. */
static void empty(rd_kafka_queue_t *queue)
{
        rd_kafka_message_t *messages[CHAPPE_KAFKA_SLICE];
        ssize_t count;

        while ((count = rd_kafka_consume_batch_queue(queue, 0, messages, CHAPPE_KAFKA_SLICE)) > 0)
                for (ssize_t i = 0; i < count; i++)
                        rd_kafka_message_destroy(messages[i]);
}

static struct chappe_kafka_former *find(const struct chappe_consumer *consumer,
                                        const struct chappe_kafka_partition *partition)
{
        for (size_t i = 0; i < consumer->former_count; i++)
                if (consumer->former[i].number == partition->number &&
                    strcmp(consumer->former[i].topic, partition->topic) == 0)
                        return &consumer->former[i];
        return NULL;
}

static struct chappe_kafka_former *add(struct chappe_consumer *consumer, const struct chappe_kafka_partition *partition)
{
        size_t count = consumer->former_count + 1;
        struct chappe_kafka_former *grown = reallocarray(consumer->former, count, sizeof(*grown));
        char *topic = strdup(partition->topic);

        if (grown)
                consumer->former = grown;
        if (!grown || !topic) {
                free(topic);
                return NULL;
        }
        consumer->former_count = count;
        grown[count - 1] = (struct chappe_kafka_former){ .topic = topic, .number = partition->number };
        return &grown[count - 1];
}

void chappe_kafka_former_keep(struct chappe_consumer *consumer, struct chappe_kafka_partition *partition)
{
        struct chappe_kafka_former *former = find(consumer, partition);

        empty(partition->queue);
        if (former) {
                empty(former->queue);
                rd_kafka_queue_destroy(former->queue);
        } else if (!(former = add(consumer, partition))) {
                rd_kafka_queue_destroy(partition->queue);
                return;
        }
        former->queue = partition->queue;
}

void chappe_kafka_former_end(struct chappe_consumer *consumer)
{
        while (consumer->former_count > 0) {
                struct chappe_kafka_former *former = &consumer->former[--consumer->former_count];

                empty(former->queue);
                rd_kafka_queue_destroy(former->queue);
                free(former->topic);
        }
        free(consumer->former);
        consumer->former = NULL;
}
