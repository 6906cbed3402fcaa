/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A consumer whose client turned fatal at the group's door, where another client gets in: brokers without KIP-848 send
 * it away (AUTO then means cooperative), and with KIP-848 a static member has to wait until its former session is over.
 */
#include "broker/kafka/consumer.h"

#include "base/clock.h"

#define UNSUPPORTED_VERSION    35 /* Kafka's error codes, which an older rdkafka.h does not name */
#define UNRELEASED_INSTANCE_ID 111
#define DOOR_US                1000000 /* between two tries to get in */
#define CLOSE_MS               1000

static bool refused_protocol(const struct chappe_consumer *consumer, int reason)
{
        return consumer->wanted == CHAPPE_GROUP_AUTO && consumer->protocol == CHAPPE_GROUP_CONSUMER &&
               (reason == UNSUPPORTED_VERSION || reason == RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE);
}

bool chappe_kafka_renewal_begin(struct chappe_consumer *consumer, int reason)
{
        bool refused = refused_protocol(consumer, reason);

        if (consumer->renewal_us)
                return true; /* told more than once */
        if (!refused && reason != UNRELEASED_INSTANCE_ID)
                return false;
        /* Whoever has partitions or records in hand is past the door. */
        if (!consumer->topics || consumer->partition_count > 0 || consumer->rebalance != CHAPPE_KAFKA_STEADY ||
            atomic_load(&consumer->taken) > 0)
                return false;
        if (refused)
                consumer->protocol = CHAPPE_GROUP_COOPERATIVE;
        consumer->renewal_us = chappe_clock_monotonic_us(chappe_clock_system()) + (refused ? 0 : DOOR_US);
        return true;
}

void chappe_kafka_renewal_poll(struct chappe_consumer *consumer, struct chappe_consumer_event *ret_event)
{
        int status;

        if (!consumer->renewal_us || chappe_clock_monotonic_us(chappe_clock_system()) < consumer->renewal_us)
                return;
        consumer->renewal_us = 0;
        status = chappe_kafka_consumer_disconnect(consumer, CLOSE_MS, &ret_event->error);
        if (!consumer->client)
                status = chappe_kafka_consumer_connect(consumer, &ret_event->error);
        if (status == 0)
                status = chappe_kafka_consumer_join(consumer, &ret_event->error);
        if (status == 0)
                return;
        ret_event->kind = CHAPPE_CONSUMER_ERROR;
        ret_event->fatal = true;
}
