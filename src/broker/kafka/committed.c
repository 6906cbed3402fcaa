/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The committed offsets of what is being gained, asked for beside the polling strand. rd_kafka_committed waits for the
 * broker; rd_kafka_ListConsumerGroupOffsets does not, but in librdkafka 2.0.2 its second use by a client makes
 * rd_kafka_destroy hang.
 */
#include "broker/kafka/consumer.h"

#include "base/clock.h"

#define ASK_MS   3000 /* one question */
#define RETRY_US 500000

static void ask(void *argument)
{
        struct chappe_consumer *consumer = argument;
        struct chappe_kafka_committed *committed = &consumer->committed;

        committed->reason = rd_kafka_committed(consumer->client, committed->list, ASK_MS);
        for (int i = 0; !committed->reason && i < committed->list->cnt; i++)
                committed->reason = committed->list->elems[i].err;
        atomic_store(&committed->answered, true);
        if (consumer->ready)
                consumer->ready(consumer->context);
}

void chappe_kafka_committed_begin(struct chappe_consumer *consumer)
{
        struct chappe_kafka_committed *committed = &consumer->committed;

        committed->list = rd_kafka_topic_partition_list_copy(consumer->changing);
        committed->retry_us = 0;
        atomic_store(&committed->answered, false);
        if (chappe_strand_start(chappe_executor_threads(), "kafka-offsets", ask, consumer, &committed->strand, NULL) <
            0) {
                committed->reason = RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE;
                atomic_store(&committed->answered, true);
        }
}

void chappe_kafka_committed_end(struct chappe_consumer *consumer)
{
        struct chappe_kafka_committed *committed = &consumer->committed;

        chappe_strand_join(chappe_executor_threads(), committed->strand);
        committed->strand = NULL;
        if (committed->list)
                rd_kafka_topic_partition_list_destroy(committed->list);
        committed->list = NULL;
}

rd_kafka_topic_partition_list_t *chappe_kafka_committed_poll(struct chappe_consumer *consumer,
                                                             rd_kafka_resp_err_t *ret_reason)
{
        struct chappe_kafka_committed *committed = &consumer->committed;
        rd_kafka_topic_partition_list_t *list = NULL;

        *ret_reason = RD_KAFKA_RESP_ERR_NO_ERROR;
        if (committed->retry_us) {
                if (chappe_clock_monotonic_us(chappe_clock_system()) >= committed->retry_us)
                        chappe_kafka_committed_begin(consumer);
                return NULL;
        }
        if (!atomic_load(&committed->answered))
                return NULL;
        *ret_reason = committed->reason;
        if (!committed->reason)
                list = CHAPPE_TAKE(committed->list);
        else
                committed->retry_us = chappe_clock_monotonic_us(chappe_clock_system()) + RETRY_US;
        chappe_kafka_committed_end(consumer);
        return list;
}
