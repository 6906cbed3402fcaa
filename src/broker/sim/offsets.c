/* SPDX-License-Identifier: Apache-2.0 */
/* What groups have committed, and what is left for them to do. */
#include <stdio.h>
#include <stdlib.h>

#include "broker/sim/sim_private.h"

#define METADATA_MAXIMUM 4096 /* offset.metadata.max.bytes */
#define KEY_SIZE         300

static void key_of(const char *topic, int32_t partition, char ret_key[KEY_SIZE])
{
        snprintf(ret_key, KEY_SIZE, "%s/%d", topic, partition);
}

const struct sim_committed *chappe_sim_group_committed(const struct sim_group *group, const char *topic,
                                                       int32_t partition)
{
        struct sim_committed *committed;
        char key[KEY_SIZE];

        key_of(topic, partition, key);
        HASH_FIND_STR(group->committed, key, committed);
        return committed;
}

static void store(struct sim_group *group, const struct chappe_position *position, bool stale)
{
        struct sim_committed *committed;
        char key[KEY_SIZE];

        key_of(position->topic, position->partition, key);
        HASH_FIND_STR(group->committed, key, committed);
        if (!committed) {
                committed = calloc(1, sizeof(*committed));
                if (!committed || !(committed->key = strdup(key)))
                        abort();
                HASH_ADD_KEYPTR(hh, group->committed, committed->key, strlen(committed->key), committed);
        }
        free(committed->metadata);
        committed->metadata = position->metadata ? strdup(position->metadata) : NULL;
        committed->offset = position->offset + (group->sim->planted == CHAPPE_SIM_PLANTED_COMMIT_TOO_FAR);
        chappe_fibers_note(group->sim->fibers, "commit", key, position->offset, group->generation);
        if (group->sim->watch.committed)
                group->sim->watch.committed(group->sim->watch.context, group->name,
                                            &(struct chappe_position){ position->topic, position->partition,
                                                                       committed->offset, committed->metadata },
                                            stale);
}

static void forget(struct sim_group *group, struct sim_committed *committed)
{
        HASH_DEL(group->committed, committed);
        free(committed->metadata);
        free(committed->key);
        free(committed);
}

void chappe_sim_group_forget(struct sim_group *group)
{
        struct sim_committed *committed, *next;

        HASH_ITER(hh, group->committed, committed, next)
        {
                forget(group, committed);
        }
        group->forgotten = true;
}

void chappe_sim_group_topic_deleted(struct sim_group *group, const char *topic)
{
        struct sim_committed *committed, *next;
        size_t length = strlen(topic);

        HASH_ITER(hh, group->committed, committed, next)
        {
                if (strncmp(committed->key, topic, length) != 0 ||
                    strchr(committed->key + length, '/') != committed->key + length)
                        continue;
                forget(group, committed);
        }
}

static bool is_there(const struct sim_group *group, const struct chappe_position *position)
{
        return position->partition < chappe_sim_partition_count(group->sim, position->topic);
}

/* What concerns no partition is refused, the rest is stored. */
static int store_all(struct sim_group *group, const struct sim_positions *told, struct chappe_error *error)
{
        const struct chappe_position *positions = told->at;
        size_t count = told->count;
        const struct chappe_position *missing = NULL;

        for (size_t i = 0; i < count; i++)
                if (positions[i].metadata && strlen(positions[i].metadata) > METADATA_MAXIMUM)
                        return chappe_fail(error, CHAPPE_E_COMMIT_REFUSED,
                                           "%s[%d]: %zu bytes of metadata, %d are allowed", positions[i].topic,
                                           positions[i].partition, strlen(positions[i].metadata), METADATA_MAXIMUM);
        for (size_t i = 0; i < count; i++) {
                if (is_there(group, &positions[i]))
                        store(group, &positions[i], told->stale);
                else
                        missing = &positions[i];
        }
        return missing ? chappe_fail(error, CHAPPE_E_TOPIC_MISSING, "%s[%d]: no such partition", missing->topic,
                                     missing->partition)
                       : 0;
}

int chappe_sim_group_commit(struct sim_group *group, const struct sim_member *member, int32_t generation,
                            const struct sim_positions *positions, struct chappe_error *error)
{
        if (!member || generation != group->generation)
                return chappe_fail(error, CHAPPE_E_COMMIT_REFUSED, "group %s: generation %d is over, it is %d",
                                   group->name, generation, group->generation);
        return store_all(group, positions, error);
}

int chappe_sim_group_alter(struct sim_group *group, const struct chappe_position *positions, size_t count,
                           struct chappe_error *error)
{
        if (group->members)
                return chappe_fail(error, CHAPPE_E_GROUP_BUSY, "group %s has members", group->name);
        return store_all(group, &(struct sim_positions){ positions, count, false }, error);
}

int64_t chappe_sim_committed(const struct chappe_sim *sim, const char *name, const char *topic, int32_t partition)
{
        const struct sim_committed *committed;
        struct sim_group *group;

        HASH_FIND_STR(sim->groups, name, group);
        committed = group ? chappe_sim_group_committed(group, topic, partition) : NULL;
        return committed ? committed->offset : CHAPPE_OFFSET_NONE;
}

const char *chappe_sim_committed_metadata(const struct chappe_sim *sim, const char *name, const char *topic,
                                          int32_t partition)
{
        const struct sim_committed *committed;
        struct sim_group *group;

        HASH_FIND_STR(sim->groups, name, group);
        committed = group ? chappe_sim_group_committed(group, topic, partition) : NULL;
        return committed ? committed->metadata : NULL;
}

void chappe_sim_rebalance(struct chappe_sim *sim, const char *group)
{
        chappe_sim_group_assemble(chappe_sim_group_get(sim, group));
}

const char *chappe_sim_group_at(const struct chappe_sim *sim, size_t n)
{
        const struct sim_group *group = sim->groups;

        while (group && n-- > 0)
                group = group->hh.next;
        return group ? group->name : NULL;
}

static int64_t partition_lag(const struct sim_group *group, const struct sim_topic *topic, int32_t partition)
{
        const struct sim_committed *committed = chappe_sim_group_committed(group, topic->name, partition);
        const struct sim_log *log = &topic->logs[partition];
        int64_t from = committed && committed->offset > log->low ? committed->offset : log->low;

        return log->mistaken || from > log->end ? 0 : log->end - from;
}

static int64_t lag(const struct sim_group *group, const struct sim_topic *topic)
{
        int64_t sum = 0;

        for (int32_t i = 0; i < topic->partition_count; i++)
                if (topic->logs[i].end > 0)
                        sum += partition_lag(group, topic, i);
        return sum;
}

/* Is the group's topic: subscribed by a member, or committed before. */
static bool reads(const struct sim_group *group, const struct sim_topic *topic)
{
        for (const struct sim_member *member = group->members; member; member = member->next)
                for (size_t i = 0; i < member->topic_count; i++)
                        if (strcmp(member->topics[i], topic->name) == 0)
                                return true;
        for (int32_t i = 0; i < topic->partition_count; i++)
                if (chappe_sim_group_committed(group, topic->name, i))
                        return true;
        return false;
}

int64_t chappe_sim_backlog(const struct chappe_sim *sim)
{
        int64_t sum = 0;

        for (const struct sim_broker *broker = sim->brokers; broker; broker = broker->next)
                sum += chappe_sim_producers_unsent(broker);
        for (const struct sim_group *group = sim->groups; group; group = group->hh.next)
                for (const struct sim_topic *topic = sim->topics; topic; topic = topic->hh.next)
                        if (reads(group, topic))
                                sum += lag(group, topic);
        return sum;
}

void chappe_sim_report(const struct chappe_sim *sim, struct chappe_buffer *buffer)
{
        for (const struct sim_broker *broker = sim->brokers; broker; broker = broker->next)
                if (chappe_sim_producers_unsent(broker))
                        chappe_buffer_printf(buffer, "%s: %lld records are not acknowledged\n",
                                             chappe_process_name(broker->process),
                                             (long long)chappe_sim_producers_unsent(broker));
        for (const struct sim_group *group = sim->groups; group; group = group->hh.next)
                for (const struct sim_topic *topic = sim->topics; topic; topic = topic->hh.next)
                        for (int32_t i = 0; reads(group, topic) && i < topic->partition_count; i++)
                                if (partition_lag(group, topic, i))
                                        chappe_buffer_printf(
                                                buffer, "group %s: %s[%d] ends at %lld, committed is %lld\n",
                                                group->name, topic->name, i, (long long)topic->logs[i].end,
                                                (long long)chappe_sim_committed(sim, group->name, topic->name, i));
}
