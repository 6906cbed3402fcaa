/* SPDX-License-Identifier: Apache-2.0 */
/* Traps of the librdkafka that runs, said once at start so that an operator knows what is being worked around. */
#include "broker/kafka/kafka.h"

static const struct {
        int major, minor, patch; /* where it was mended */
        const char *what;
} hazards[] = {
        { 2, 2, 0, "a full prefetch queue stops fetching for a second: taking from it wakes the fetching threads" },
        { 2, 3, 0, "an idempotent producer may turn fatal after an uncertain send: it is opened anew then" },
        { 2, 6, 1, "commit metadata must be text: bytes do not survive" },
        { 2, 10, 0, "cooperative rebalancing may spin or lose partitions: eager assignors are used" },
        { 2, 15, 0, "with group_protocol=consumer a member that was held up for max.poll.interval.ms ends" },
};

void chappe_kafka_remark_hazards(struct chappe_kafka *kafka)
{
        for (size_t i = 0; i < sizeof(hazards) / sizeof(hazards[0]); i++)
                if (!chappe_kafka_since(hazards[i].major, hazards[i].minor, hazards[i].patch))
                        chappe_kafka_remark(kafka, "librdkafka %s: %s (mended in %d.%d.%d)", rd_kafka_version_str(),
                                            hazards[i].what, hazards[i].major, hazards[i].minor, hazards[i].patch);
}
