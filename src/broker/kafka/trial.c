/* SPDX-License-Identifier: Apache-2.0 */
/* Would clients of these configurations come to be? They are made, and know no broker: nobody is asked. */
#include "broker/kafka/consumer.h"

static bool asked_before(struct chappe_kafka *kafka)
{
        bool asked;

        chappe_mutex_lock(chappe_executor_threads(), kafka->mutex);
        asked = kafka->admin != NULL;
        chappe_mutex_unlock(chappe_executor_threads(), kafka->mutex);
        return asked;
}

static int try_client(struct chappe_kafka *kafka, const struct chappe_kafka_client *wanted, struct chappe_error *error)
{
        rd_kafka_t *client = NULL;
        int status = chappe_kafka_client_new(kafka, wanted, &client, error);

        return status < 0 ? status : chappe_kafka_destroy(kafka, client, error);
}

int chappe_kafka_producer_check(struct chappe_broker *broker, const struct chappe_producer_config *config,
                                struct chappe_error *error)
{
        return try_client(chappe_kafka(broker),
                          &(struct chappe_kafka_client){ .role = CHAPPE_KAFKA_PRODUCER,
                                                         .properties = config->properties,
                                                         .property_count = config->property_count,
                                                         .detached = true },
                          error);
}

int chappe_kafka_consumer_check(struct chappe_broker *broker, const struct chappe_consumer_config *config,
                                struct chappe_error *error)
{
        struct chappe_kafka *kafka = chappe_kafka(broker);
        struct chappe_kafka_client wanted = { .role = CHAPPE_KAFKA_CONSUMER,
                                              .group = config->group,
                                              .properties = config->properties,
                                              .property_count = config->property_count,
                                              .ahead = config->ahead,
                                              .detached = true };

        /* Its defaults are others; whether it answers is known where somebody has asked it something. */
        wanted.embedded = asked_before(kafka) && chappe_kafka_embedded(kafka);
        if (wanted.group)
                wanted.protocol = chappe_kafka_protocol_choose(
                        kafka, config->protocol, chappe_kafka_given(kafka, &wanted, "group.instance.id") != NULL,
                        wanted.embedded);
        return try_client(kafka, &wanted, error);
}
