/* SPDX-License-Identifier: Apache-2.0 */
/* What librdkafka fetches ahead: bounded by properties; and woken, where a full queue would let it sleep. */
#include "broker/kafka/consumer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* For readers that name no measure: a few partitions, now and then. */
#define RECORDS 100000
#define BYTES   8388608
#define ANSWER  1048576
/* One question at a time is open at a broker, for all partitions that want more. When those that have more are full, it
 * is one for partitions at their end: it is open for so long, and nothing else is fetched meanwhile. */
#define WAIT_MS "200"

static int bound(rd_kafka_conf_t *conf, struct chappe_kafka *kafka, const struct chappe_kafka_client *wanted,
                 const char *name, const char *alias, size_t value, struct chappe_error *error)
{
        const char *given = chappe_kafka_given(kafka, wanted, name);
        char text[24];

        if (!given && alias)
                given = chappe_kafka_given(kafka, wanted, name = alias);
        if (!given) {
                snprintf(text, sizeof(text), "%zu", value > 0 ? value : 1);
                return chappe_kafka_set_property(conf, name, text, error);
        }
        if (wanted->ahead.bytes > 0)
                chappe_kafka_remark(kafka,
                                    "%s=%s is honoured: what is fetched ahead is no longer what the budget of memory "
                                    "(in_flight_bytes) allows",
                                    name, given);
        return 0;
}

int chappe_kafka_prefetch_configure(rd_kafka_conf_t *conf, struct chappe_kafka *kafka,
                                    const struct chappe_kafka_client *wanted, struct chappe_error *error)
{
        struct chappe_prefetch ahead = wanted->ahead;
        int status;

        if (ahead.bytes == 0)
                ahead = (struct chappe_prefetch){ RECORDS, BYTES, ANSWER };
        status = bound(conf, kafka, wanted, "queued.min.messages", NULL, ahead.records, error);
        if (status == 0)
                status = bound(conf, kafka, wanted, "queued.max.messages.kbytes", NULL, ahead.bytes / 1000, error);
        if (status == 0)
                status = bound(conf, kafka, wanted, "max.partition.fetch.bytes", "fetch.message.max.bytes",
                               ahead.answer_bytes, error);
        if (status == 0 && wanted->ahead.bytes > 0 && !wanted->embedded &&
            !chappe_kafka_given(kafka, wanted, "fetch.wait.max.ms"))
                status = chappe_kafka_set_property(conf, "fetch.wait.max.ms", WAIT_MS, error);
        return status;
}

static size_t held(rd_kafka_t *client, const char *name)
{
        char text[24] = "";
        size_t size = sizeof(text);

        (void)rd_kafka_conf_get(rd_kafka_conf(client), name, text, &size);
        return (size_t)strtoull(text, NULL, 10);
}

void chappe_kafka_prefetch_begin(struct chappe_consumer *consumer)
{
        consumer->sorted_most = (struct chappe_kafka_amount){
                .records = held(consumer->client, "queued.min.messages"),
                .bytes = held(consumer->client, "queued.max.messages.kbytes") * 1000,
        };
        consumer->wake_at = (struct chappe_kafka_drawn){ 0 };
        if (chappe_kafka_since(2, 2, 0))
                return;
        consumer->wake_at.amount = (struct chappe_kafka_amount){
                .records = consumer->sorted_most.records / 2 + 1,
                .bytes = consumer->sorted_most.bytes / 2 + 1,
        };
}

/* Before 2.2 the thread of a broker all of whose partitions have enough in their queues sleeps for a second, whatever
 * is taken out of them. Of the calls that wake it, this one asks no broker anything, and tells librdkafka no more than
 * it knows: the credentials that it has. Without SASL by password nothing reads them. */
static void wake(struct chappe_consumer *consumer)
{
        const struct chappe_kafka_client client = { .properties = consumer->properties,
                                                    .property_count = consumer->property_count };
        const char *user = chappe_kafka_given(consumer->kafka, &client, "sasl.username");
        const char *password = chappe_kafka_given(consumer->kafka, &client, "sasl.password");
        rd_kafka_error_t *failure =
                rd_kafka_sasl_set_credentials(consumer->client, user ? user : "", password ? password : "");

        if (failure)
                rd_kafka_error_destroy(failure);
        consumer->wake_at.round++;
}

void chappe_kafka_prefetch_drawn(struct chappe_consumer *consumer, rd_kafka_queue_t *queue,
                                 struct chappe_kafka_drawn *drawn, const struct chappe_kafka_amount *amount)
{
        const struct chappe_kafka_amount *most = &consumer->wake_at.amount;

        if (most->records == 0)
                return;
        if (drawn->round != consumer->wake_at.round)
                *drawn = (struct chappe_kafka_drawn){ .round = consumer->wake_at.round };
        drawn->amount.records += amount->records;
        drawn->amount.bytes += amount->bytes;
        /* At half of what may wait: a queue that was full is below its bound then, and not empty yet. */
        if (drawn->amount.records < most->records && drawn->amount.bytes < most->bytes)
                return;
        if (rd_kafka_queue_length(queue) < consumer->sorted_most.records)
                wake(consumer);
        else
                drawn->amount = (struct chappe_kafka_amount){ 0 }; /* an answer was larger: it is full as before */
}
