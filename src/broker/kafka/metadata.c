/* SPDX-License-Identifier: Apache-2.0 */
/* How many partitions a topic has, and where their logs begin and end; both outlast a topic that is just being made. */
#include "broker/kafka/kafka.h"

#include "base/clock.h"

#define RETRY_MS 20 /* between two looks at a topic that is just being made */

/* One look. 0 with *ret_count 0: it is not there, or has no leaders yet. */
static rd_kafka_resp_err_t look(rd_kafka_t *client, rd_kafka_topic_t *topic, int64_t timeout_ms, int32_t *ret_count)
{
        const struct rd_kafka_metadata *metadata;
        rd_kafka_resp_err_t reason = rd_kafka_metadata(client, 0, topic, &metadata, (int)timeout_ms);

        *ret_count = 0;
        if (reason)
                return reason;
        if (metadata->topic_cnt == 1) {
                reason = metadata->topics[0].err;
                *ret_count = reason ? 0 : metadata->topics[0].partition_cnt;
                for (int32_t i = 0; i < *ret_count; i++)
                        if (metadata->topics[0].partitions[i].leader < 0)
                                reason = RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
        }
        rd_kafka_metadata_destroy(metadata);
        return reason;
}

static bool worth_another_look(rd_kafka_resp_err_t reason)
{
        return reason == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || reason == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE ||
               reason == RD_KAFKA_RESP_ERR__TRANSPORT || reason == RD_KAFKA_RESP_ERR_NO_ERROR;
}

int chappe_kafka_partition_count(const struct chappe_kafka *kafka, rd_kafka_t *client, rd_kafka_topic_t *topic,
                                 int64_t timeout_ms, int32_t *ret_count, struct chappe_error *error)
{
        const struct chappe_clock *clock = chappe_clock_system();
        int64_t now_us = chappe_clock_monotonic_us(clock);
        int64_t deadline_us = now_us + timeout_ms * 1000;
        rd_kafka_resp_err_t reason, before = RD_KAFKA_RESP_ERR__TIMED_OUT;
        int32_t count;

        for (;;) {
                reason = look(client, topic, (deadline_us - now_us) / 1000 + 1, &count);
                /* What the cluster said counts for more than that there was no time left to ask it again. */
                if (reason == RD_KAFKA_RESP_ERR__TIMED_OUT)
                        reason = before;
                before = reason;
                now_us = chappe_clock_monotonic_us(clock);
                if ((reason == RD_KAFKA_RESP_ERR_NO_ERROR && count > 0) || !worth_another_look(reason) ||
                    now_us >= deadline_us)
                        break;
                chappe_kafka_pause(RETRY_MS);
        }
        if (reason == RD_KAFKA_RESP_ERR_NO_ERROR && count > 0) {
                *ret_count = count;
                return 0;
        }
        if (reason == RD_KAFKA_RESP_ERR_NO_ERROR)
                reason = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
        return chappe_kafka_fail(kafka, reason, NULL, error, "topic %s", rd_kafka_topic_name(topic));
}

/* On several brokers one may know of a new topic before another does: this client then knows no such partition. */
static bool worth_asking_again(rd_kafka_resp_err_t reason)
{
        return worth_another_look(reason) || reason == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION ||
               reason == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
}

rd_kafka_resp_err_t chappe_kafka_query_watermarks(rd_kafka_t *client, const char *topic, int32_t partition,
                                                  int64_t timeout_ms, int64_t *ret_low, int64_t *ret_high)
{
        const struct chappe_clock *clock = chappe_clock_system();
        int64_t now_us = chappe_clock_monotonic_us(clock);
        int64_t deadline_us = now_us + timeout_ms * 1000;

        for (;;) {
                rd_kafka_resp_err_t reason = rd_kafka_query_watermark_offsets(
                        client, topic, partition, ret_low, ret_high, (int)((deadline_us - now_us) / 1000 + 1));

                now_us = chappe_clock_monotonic_us(clock);
                if (!reason || !worth_asking_again(reason) || now_us >= deadline_us)
                        return reason;
                chappe_kafka_pause(RETRY_MS);
        }
}
