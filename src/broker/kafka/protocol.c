/* SPDX-License-Identifier: Apache-2.0 */
/* Which group protocol a consumer speaks: what was asked for, as far as this librdkafka and this cluster can. */
#include "broker/kafka/consumer.h"

static const char *const names[] = {
        [CHAPPE_GROUP_AUTO] = "auto",
        [CHAPPE_GROUP_EAGER] = "eager",
        [CHAPPE_GROUP_COOPERATIVE] = "cooperative",
        [CHAPPE_GROUP_CONSUMER] = "consumer",
};

/* The most that this librdkafka can be asked for. KIP-848 left its preview with 2.12. */
static enum chappe_group_protocol possible(bool embedded)
{
        if (!chappe_kafka_since(2, 10, 0))
                return CHAPPE_GROUP_EAGER;
        return chappe_kafka_since(2, 12, 0) && !embedded ? CHAPPE_GROUP_CONSUMER : CHAPPE_GROUP_COOPERATIVE;
}

/* Before 2.15 a process that was held up for max.poll.interval.ms ends its consumer with KIP-848; and there a static
 * member that was killed is kept out of its group until its former session is over (45 s), where it comes back at once
 * without. */
static enum chappe_group_protocol best(enum chappe_group_protocol most, bool is_static)
{
        if (most == CHAPPE_GROUP_CONSUMER && (is_static || !chappe_kafka_since(2, 15, 0)))
                return CHAPPE_GROUP_COOPERATIVE;
        return most;
}

enum chappe_group_protocol chappe_kafka_protocol_choose(struct chappe_kafka *kafka, enum chappe_group_protocol wanted,
                                                        bool is_static, bool embedded)
{
        enum chappe_group_protocol most = possible(embedded);

        if (wanted == CHAPPE_GROUP_AUTO)
                return best(most, is_static);
        if (wanted <= most)
                return wanted;
        chappe_kafka_remark(kafka, "group_protocol=%s is beyond %s %s: it is %s here", names[wanted],
                            embedded ? "the embedded broker with librdkafka" : "librdkafka", rd_kafka_version_str(),
                            names[most]);
        return most;
}

const char *chappe_kafka_protocol_name(enum chappe_group_protocol protocol)
{
        return names[protocol];
}
