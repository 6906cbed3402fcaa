/* SPDX-License-Identifier: Apache-2.0 */
/* How far a group is: its commits beside the ends of the log, and what their metadata tells. */
#include <stdlib.h>
#include <string.h>

#include <chappe/group.h>

#include "base/cleanup.h"
#include "flow/progress.h"
#include "service/client.h"

#define PARTITIONS_LIMIT 100000

/* Every partition of every topic, for the group to say which of them it knows. */
static int every_partition(const struct chappe_topic_description *topics, size_t count,
                           struct chappe_position **ret_positions, size_t *ret_count, struct chappe_error *error)
{
        size_t partitions = 0, used = 0;

        for (size_t i = 0; i < count; i++)
                partitions += topics[i].internal ? 0 : (size_t)topics[i].partition_count;
        if (partitions > PARTITIONS_LIMIT)
                return chappe_fail(error, CHAPPE_E_LIMIT, "more than %d partitions", PARTITIONS_LIMIT);
        *ret_positions = calloc(partitions + 1, sizeof(**ret_positions));
        if (!*ret_positions)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for %zu partitions", partitions);
        for (size_t i = 0; i < count; i++)
                for (int32_t p = 0; !topics[i].internal && p < topics[i].partition_count; p++)
                        (*ret_positions)[used++] =
                                (struct chappe_position){ topics[i].name, p, CHAPPE_OFFSET_NONE, NULL };
        *ret_count = used;
        return 0;
}

static int by_place(const void *a, const void *b)
{
        const struct chappe_group_partition *one = a, *two = b;
        int order = strcmp(one->topic, two->topic);

        return order != 0 ? order : (one->partition > two->partition) - (one->partition < two->partition);
}

/* Those with a committed offset, names copied behind the list. */
static int keep_committed(const struct chappe_position *positions, size_t count,
                          struct chappe_group_partition **ret_partitions, size_t *ret_count, struct chappe_error *error)
{
        struct chappe_group_partition *list;
        size_t size = sizeof(*list), used = 0;
        char *names;

        for (size_t i = 0; i < count; i++)
                size += positions[i].offset >= 0 ? sizeof(*list) + strlen(positions[i].topic) + 1 : 0;
        list = calloc(1, size);
        if (!list)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a group's partitions");
        for (size_t i = 0; i < count; i++)
                used += positions[i].offset >= 0;
        names = (char *)(list + used);
        used = 0;
        for (size_t i = 0; i < count; i++) {
                if (positions[i].offset < 0)
                        continue;
                list[used++] = (struct chappe_group_partition){ .topic = names,
                                                                .partition = positions[i].partition,
                                                                .committed = positions[i].offset,
                                                                .until = -1,
                                                                .oldest_ms = -1 };
                names = stpcpy(names, positions[i].topic) + 1;
        }
        *ret_partitions = list;
        *ret_count = used;
        return 0;
}

/* What the metadata of the commit tells beyond its offset. */
static void tell_progress(struct chappe_group_partition *partition, const char *metadata)
{
        struct chappe_progress progress = { 0 };

        if (!metadata || !*metadata)
                return;
        partition->foreign = !chappe_progress_parse(&progress, metadata, partition->committed);
        for (size_t i = 0; i < progress.run_count; i++)
                partition->finished += progress.runs[i].to - progress.runs[i].from + 1;
        partition->failing = (int64_t)progress.failure_count;
        if (progress.window.until > 0) {
                partition->until = progress.window.until;
                partition->ran = progress.window.finished;
                partition->given_up = progress.window.failed;
        }
        chappe_progress_deinit(&progress);
}

static int measure(struct chappe_client *client, const struct chappe_position *positions, size_t count,
                   struct chappe_group_partition *partitions, struct chappe_error *error)
{
        int status = 0;

        for (size_t i = 0, n = 0; i < count && status >= 0; i++) {
                struct chappe_group_partition *partition = &partitions[n];

                if (positions[i].offset < 0)
                        continue;
                n++;
                tell_progress(partition, positions[i].metadata);
                status = chappe_client_watermarks(client, partition->topic, partition->partition, &partition->low,
                                                  &partition->high, error);
                int64_t end = partition->until >= 0 && partition->until < partition->high ? partition->until
                                                                                          : partition->high;

                if (end > partition->committed)
                        partition->lag =
                                end - (partition->committed > partition->low ? partition->committed : partition->low);
        }
        return status;
}

struct looking {
        struct chappe_group_partition *partitions;
        size_t count;
        size_t missing;
};

/* The first record from the committed offset on is the oldest that is not finished. */
static bool on_record(void *context, const struct chappe_client_record *record)
{
        struct looking *looking = context;
        struct chappe_group_partition wanted = { .topic = record->topic, .partition = record->partition };
        struct chappe_group_partition *found =
                bsearch(&wanted, looking->partitions, looking->count, sizeof(wanted), by_place);

        if (found && found->oldest_ms < 0) {
                found->oldest_ms = record->timestamp_ms;
                looking->missing--;
        }
        return looking->missing > 0;
}

static int look_at_oldest(struct chappe_client *client, struct chappe_group_partition *partitions, size_t count,
                          struct chappe_error *error)
{
        CHAPPE_CLEANUP(memory) void *memory = NULL;
        struct chappe_client_position *positions = memory = calloc(count + 1, sizeof(*positions));
        struct looking looking = { partitions, count, 0 };
        struct chappe_client_read read = { .from = CHAPPE_FROM_POSITIONS,
                                           .positions = positions,
                                           .to_end = true,
                                           .raw = true,
                                           .record = on_record,
                                           .context = &looking };

        if (!positions)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a group's partitions");
        for (size_t i = 0; i < count; i++)
                if (partitions[i].lag > 0)
                        positions[read.position_count++] =
                                (struct chappe_client_position){ partitions[i].topic, partitions[i].partition,
                                                                 partitions[i].committed };
        looking.missing = read.position_count;
        return looking.missing > 0 ? chappe_client_read(client, &read, error) : 0;
}

static int look_at_group(struct chappe_client *client, const char *group, const struct chappe_topic_description *topics,
                         size_t topic_count, struct chappe_group_partition **ret_partitions, size_t *ret_count,
                         struct chappe_error *error)
{
        CHAPPE_CLEANUP(memory) void *kept = NULL;
        CHAPPE_CLEANUP(memory) void *metadata = NULL;
        CHAPPE_CLEANUP(memory) void *list = NULL;
        struct chappe_broker *broker;
        struct chappe_position *positions = NULL;
        struct chappe_group_partition *partitions = NULL;
        size_t count = 0, used = 0;
        int status = chappe_client_broker(client, &broker, error);

        if (status >= 0)
                status = every_partition(topics, topic_count, &positions, &count, error);
        kept = positions;
        if (status >= 0 && count > 0)
                status = broker->operations->group_committed(broker, group, positions, count,
                                                             chappe_client_timeout_ms(client), &metadata, error);
        if (status >= 0)
                status = keep_committed(positions, count, &partitions, &used, error);
        if (status < 0)
                return status;
        list = partitions;
        status = measure(client, positions, count, partitions, error);
        if (status < 0)
                return status;
        qsort(partitions, used, sizeof(*partitions), by_place);
        status = look_at_oldest(client, partitions, used, error);
        if (status < 0)
                return status;
        *ret_partitions = CHAPPE_TAKE(list);
        *ret_count = used;
        return 0;
}

int chappe_client_group(struct chappe_client *client, const char *group, struct chappe_group_partition **ret_partitions,
                        size_t *ret_count, struct chappe_error *error)
{
        CHAPPE_CLEANUP(memory) void *memory = NULL;
        struct chappe_topic_description *topics;
        size_t count;
        int status = chappe_client_describe_topics(client, &topics, &count, error);

        if (status < 0)
                return status;
        memory = topics;
        return look_at_group(client, group, topics, count, ret_partitions, ret_count, error);
}
