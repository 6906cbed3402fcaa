/* SPDX-License-Identifier: Apache-2.0 */
/* Positions as librdkafka's lists. The logical offsets are the same numbers there. */
#include "broker/kafka/consumer.h"

#include <string.h>

_Static_assert(CHAPPE_OFFSET_EARLIEST == RD_KAFKA_OFFSET_BEGINNING, "earliest");
_Static_assert(CHAPPE_OFFSET_LATEST == RD_KAFKA_OFFSET_END, "latest");
_Static_assert(CHAPPE_OFFSET_NONE == RD_KAFKA_OFFSET_INVALID, "none");

rd_kafka_topic_partition_list_t *chappe_kafka_positions_list(const struct chappe_position *positions, size_t count)
{
        rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);

        for (size_t i = 0; i < count; i++) {
                rd_kafka_topic_partition_t *entry =
                        rd_kafka_topic_partition_list_add(list, positions[i].topic, positions[i].partition);

                entry->offset = positions[i].offset;
                if (positions[i].metadata) {
                        entry->metadata = strdup(positions[i].metadata); /* the list frees it */
                        entry->metadata_size = entry->metadata ? strlen(positions[i].metadata) : 0;
                }
        }
        return list;
}
