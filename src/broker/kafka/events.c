/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to a consumer, one event a poll. */
#include "broker/kafka/consumer.h"

#include <stdlib.h>

void chappe_kafka_events_clear(struct chappe_consumer *consumer)
{
        for (size_t i = 0; i < consumer->told_count; i++)
                free(consumer->told_metadata[i]);
        consumer->told_count = 0;
        free(consumer->told_metadata);
        free(consumer->told);
        if (consumer->told_list)
                rd_kafka_topic_partition_list_destroy(consumer->told_list);
        consumer->told_metadata = NULL;
        consumer->told = NULL;
        consumer->told_list = NULL;
}

static void committed(struct chappe_consumer *consumer, rd_kafka_event_t *event,
                      struct chappe_consumer_event *ret_event)
{
        rd_kafka_resp_err_t reason = rd_kafka_event_error(event);
        const rd_kafka_topic_partition_list_t *list = rd_kafka_event_topic_partition_list(event);

        for (int i = 0; !reason && list && i < list->cnt; i++)
                reason = list->elems[i].err;
        ret_event->kind = CHAPPE_CONSUMER_COMMITTED;
        ret_event->token = rd_kafka_event_opaque(event);
        if (!reason)
                return;
        (void)chappe_kafka_fail(consumer->kafka, reason, NULL, &ret_event->error, "committing offsets of group %s",
                                consumer->group);
        if (ret_event->error.code != CHAPPE_E_TOPIC_MISSING)
                ret_event->error.code = CHAPPE_E_COMMIT_REFUSED;
}

static void failed(struct chappe_consumer *consumer, rd_kafka_event_t *event, struct chappe_consumer_event *ret_event)
{
        rd_kafka_resp_err_t reason = rd_kafka_event_error(event);
        rd_kafka_resp_err_t fatal;
        char why[300];

        /* Without a group librdkafka still looks for the coordinator of its nominal one. */
        if (!consumer->group && reason == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED)
                return;
        ret_event->kind = CHAPPE_CONSUMER_ERROR;
        /* A consumer's fatal error comes by its own code, not by that of fatal errors. */
        fatal = rd_kafka_fatal_error(consumer->client, why, sizeof(why));
        if (!fatal) {
                (void)chappe_kafka_fail(consumer->kafka, reason, rd_kafka_event_error_string(event), &ret_event->error,
                                        "consumer");
                return;
        }
        (void)chappe_kafka_fail(consumer->kafka, RD_KAFKA_RESP_ERR__FATAL, why, &ret_event->error, "consumer");
        ret_event->fatal = !chappe_kafka_renewal_begin(consumer, (int)fatal);
        if (!ret_event->fatal)
                chappe_error_prefix(&ret_event->error,
                                    "joining anew, by protocol %s: ", chappe_kafka_protocol_name(consumer->protocol));
}

static void translate(struct chappe_consumer *consumer, rd_kafka_event_t *event,
                      struct chappe_consumer_event *ret_event)
{
        switch (rd_kafka_event_type(event)) {
        case RD_KAFKA_EVENT_REBALANCE:
                chappe_kafka_rebalance_begin(consumer, event, ret_event);
                break;
        case RD_KAFKA_EVENT_OFFSET_COMMIT:
                committed(consumer, event, ret_event);
                break;
        case RD_KAFKA_EVENT_ERROR:
                failed(consumer, event, ret_event);
                break;
        default:
                break;
        }
}

/* What was met while taking records. */
static bool tell_noted(struct chappe_consumer *consumer, struct chappe_consumer_event *ret_event)
{
        struct chappe_kafka_partition *partition = chappe_kafka_partition_at_end(consumer);

        if (consumer->failure.code) {
                ret_event->kind = CHAPPE_CONSUMER_ERROR;
                ret_event->error = consumer->failure;
                consumer->failure.code = 0;
                return true;
        }
        if (!partition)
                return false;
        consumer->told = calloc(1, sizeof(*consumer->told));
        if (!consumer->told)
                return false;
        *consumer->told = (struct chappe_position){ partition->topic, partition->number, partition->end, NULL };
        partition->end = CHAPPE_OFFSET_NONE;
        consumer->ends--;
        ret_event->kind = CHAPPE_CONSUMER_PARTITION_END;
        ret_event->positions = consumer->told;
        ret_event->position_count = 1;
        return true;
}

void chappe_kafka_consumer_poll(struct chappe_consumer *consumer, struct chappe_consumer_event *ret_event)
{
        rd_kafka_event_t *event;

        *ret_event = (struct chappe_consumer_event){ 0 };
        chappe_kafka_events_clear(consumer);
        chappe_kafka_renewal_poll(consumer, ret_event);
        if (!consumer->client)
                return;
        /* Control before ends: a revoked partition's end interests nobody. What tells nothing (an empty revoke) is gone
         * through. */
        while (ret_event->kind == CHAPPE_CONSUMER_NOTHING && (event = rd_kafka_queue_poll(consumer->control, 0))) {
                translate(consumer, event, ret_event);
                rd_kafka_event_destroy(event);
        }
        if (ret_event->kind == CHAPPE_CONSUMER_NOTHING)
                chappe_kafka_rebalance_poll(consumer, ret_event);
        if (ret_event->kind == CHAPPE_CONSUMER_NOTHING)
                (void)tell_noted(consumer, ret_event);
}
