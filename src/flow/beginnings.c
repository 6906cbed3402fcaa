/* SPDX-License-Identifier: Apache-2.0 */
/* Where reading begins. */
#include "flow/beginnings.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "observe/log.h"

#define PARTITIONS 10000 /* of one topic, asked about at most */

static int64_t patience_ms(const struct chappe_runtime *runtime)
{
        return chappe_config_integer(runtime->config, "broker_timeout_ms");
}

/* Has the group committed anything on this topic? It does so for every partition that it gains. */
static bool is_known(const struct chappe_runtime *runtime, const char *group, const char *topic)
{
        const struct chappe_broker_operations *broker = runtime->broker->operations;
        struct chappe_topic_description *topics = NULL;
        size_t count = 0;
        void *memory = NULL;
        bool known = false;
        if (broker->topics_describe(runtime->broker, &topic, 1, patience_ms(runtime), &topics, &count, NULL) < 0)
                return false;
        count = count == 1 && topics[0].partition_count > 0 ? (size_t)topics[0].partition_count : 0;
        free(topics);
        if (count > PARTITIONS)
                count = PARTITIONS;
        struct chappe_position *positions = calloc(count + 1, sizeof(*positions));
        for (size_t i = 0; positions && i < count; i++)
                positions[i] = (struct chappe_position){ .topic = topic, .partition = (int32_t)i };
        if (positions && count > 0 &&
            broker->group_committed(runtime->broker, group, positions, count, patience_ms(runtime), &memory, NULL) == 0)
                for (size_t i = 0; i < count; i++)
                        known |= positions[i].offset >= 0;
        free(memory);
        free(positions);
        return known;
}

int64_t chappe_beginning(const struct chappe_runtime *runtime, const char *group,
                         const struct chappe_position *committed)
{
        if (committed->offset >= 0)
                return committed->offset;
        bool earliest = strcmp(chappe_config_text(runtime->config, "start_from"), "earliest") == 0;
        if (!earliest && is_known(runtime, group, committed->topic)) {
                chappe_log_write(runtime->log, CHAPPE_LOG_PARTITION_ADDED,
                                 "%s[%" PRId32 "] is new in a topic that group %s knows: it is read from its beginning",
                                 committed->topic, committed->partition, group);
                earliest = true;
        }
        int64_t low, high;
        if (runtime->broker->operations->watermarks(runtime->broker, committed->topic, committed->partition,
                                                    patience_ms(runtime), &low, &high, NULL) < 0)
                return earliest ? CHAPPE_OFFSET_EARLIEST : CHAPPE_OFFSET_LATEST;
        return earliest ? low : high;
}

void chappe_beginning_tell_gap(const struct chappe_runtime *runtime, const char *topic, int32_t partition,
                               int64_t expected, int64_t found)
{
        int64_t low, high;
        if (runtime->broker->operations->watermarks(runtime->broker, topic, partition, patience_ms(runtime), &low,
                                                    &high, NULL) < 0 ||
            low <= expected)
                return;
        chappe_log_write(
                runtime->log, CHAPPE_LOG_RECORDS_GONE,
                "%s[%" PRId32 "]: up to %" PRId64 " records were deleted before they were read (offsets %" PRId64
                " to %" PRId64 "): retention is shorter than the time this group was away",
                topic, partition, (low < found ? low : found) - expected, expected, (low < found ? low : found) - 1);
}
