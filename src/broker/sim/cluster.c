/* SPDX-License-Identifier: Apache-2.0 */
/* Topics and their logs. */
#include <assert.h>
#include <stdlib.h>
#include <utlist.h>

#include "broker/sim/sim_private.h"

#define LATENCY_MINIMUM_US 200
#define LATENCY_MAXIMUM_US 2000

struct chappe_sim *chappe_sim_new(struct chappe_fibers *fibers, const struct chappe_sim_faults *faults)
{
        struct chappe_sim *sim = calloc(1, sizeof(*sim));

        if (!sim)
                return NULL;
        sim->fibers = fibers;
        sim->random = chappe_fibers_random(fibers);
        if (faults)
                sim->faults = *faults;
        return sim;
}

struct chappe_sim *chappe_sim_free(struct chappe_sim *sim)
{
        if (!sim)
                return NULL;
        assert(!sim->brokers && "a broker handle was not closed");
        chappe_sim_groups_free(sim);
        chappe_sim_cluster_free(sim);
        free(sim);
        return NULL;
}

void chappe_sim_watch(struct chappe_sim *sim, const struct chappe_sim_watch *watch)
{
        sim->watch = watch ? *watch : (struct chappe_sim_watch){ 0 };
}

void chappe_sim_set_faults(struct chappe_sim *sim, const struct chappe_sim_faults *faults)
{
        sim->faults = *faults;
}

int64_t chappe_sim_latency_us(struct chappe_sim *sim)
{
        const struct chappe_sim_faults *faults = &sim->faults;
        int64_t minimum = faults->latency_minimum_us ? faults->latency_minimum_us : LATENCY_MINIMUM_US;
        int64_t maximum = faults->latency_maximum_us ? faults->latency_maximum_us : LATENCY_MAXIMUM_US;
        int64_t latency = minimum + (int64_t)chappe_random_below(sim->random, (uint64_t)(maximum - minimum + 1));

        if (faults->slow_us && chappe_random_chance(sim->random, faults->slow_ppm))
                latency += (int64_t)chappe_random_below(sim->random, (uint64_t)faults->slow_us);
        return latency;
}

struct sim_topic *chappe_sim_topic_find(const struct chappe_sim *sim, const char *name)
{
        struct sim_topic *topic;

        HASH_FIND_STR(sim->topics, name, topic);
        return topic;
}

struct sim_topic *chappe_sim_topic_add(struct chappe_sim *sim, const char *name, int32_t partition_count)
{
        struct sim_topic *topic = calloc(1, sizeof(*topic));
        struct sim_group *group, *next;

        if (!topic)
                return NULL;
        topic->partition_count = partition_count;
        topic->number = HASH_COUNT(sim->topics);
        topic->name = strdup(name);
        topic->logs = calloc((size_t)partition_count, sizeof(*topic->logs));
        if (!topic->name || !topic->logs) {
                free(topic->name);
                free(topic->logs);
                free(topic);
                return NULL;
        }
        HASH_ADD_KEYPTR(hh, sim->topics, topic->name, strlen(topic->name), topic);
        chappe_fibers_note(sim->fibers, "topic", name, partition_count, 0);
        HASH_ITER(hh, sim->groups, group, next)
        chappe_sim_group_topic_added(group, name);
        return topic;
}

static void arrive(struct sim_topic *topic, int32_t partition, int64_t offset)
{
        if (topic->arrival_count == topic->arrival_capacity) {
                topic->arrival_capacity = topic->arrival_capacity ? 2 * topic->arrival_capacity : 64;
                topic->arrivals = reallocarray(topic->arrivals, topic->arrival_capacity, sizeof(*topic->arrivals));
                if (!topic->arrivals)
                        abort();
        }
        topic->arrivals[topic->arrival_count++] = (struct sim_place){ partition, offset };
}

/* Takes the record. */
int64_t chappe_sim_log_append(struct chappe_sim *sim, struct sim_topic *topic, int32_t partition,
                              struct sim_record *record)
{
        struct sim_log *log = &topic->logs[partition];

        if (log->end == log->capacity) {
                log->capacity = log->capacity ? 2 * log->capacity : 64;
                log->records = reallocarray(log->records, (size_t)log->capacity, sizeof(struct sim_record *));
                if (!log->records)
                        abort();
        }
        if (sim->planted == CHAPPE_SIM_PLANTED_REPLY_SWAPPED)
                chappe_sim_planted_record(sim, topic, record);
        if (topic->append_time)
                record->timestamp_ms = chappe_fibers_wall_ms(sim->fibers);
        log->records[log->end] = record;
        chappe_fibers_note(sim->fibers, "append", topic->name, partition, log->end);
        arrive(topic, partition, log->end);
        log->end++;
        sim->appended++;
        if (sim->watch.appended)
                sim->watch.appended(sim->watch.context, topic->name, partition, log->end - 1);
        for (struct sim_broker *broker = sim->brokers; broker; broker = broker->next)
                chappe_sim_handle_appended(broker, topic, partition);
        return log->end - 1;
}

static void topic_free(struct sim_topic *topic)
{
        for (int32_t i = 0; i < topic->partition_count; i++) {
                for (int64_t k = 0; k < topic->logs[i].end; k++)
                        free(topic->logs[i].records[k]);
                free(topic->logs[i].records);
        }
        free(topic->arrivals);
        free(topic->logs);
        free(topic->name);
        free(topic);
}

void chappe_sim_cluster_free(struct chappe_sim *sim)
{
        struct sim_topic *topic, *next;

        HASH_ITER(hh, sim->topics, topic, next)
        {
                HASH_DEL(sim->topics, topic);
                topic_free(topic);
        }
        LL_FOREACH_SAFE2(sim->deleted_topics, topic, next, next_deleted)
        {
                topic_free(topic);
        }
}

int chappe_sim_topic_create(struct chappe_sim *sim, const char *topic, int32_t partition_count)
{
        if (chappe_sim_topic_find(sim, topic))
                return CHAPPE_TOPIC_EXISTS;
        return chappe_sim_topic_add(sim, topic, partition_count) ? 0 : -CHAPPE_E_NO_MEMORY;
}

int chappe_sim_topic_delete(struct chappe_sim *sim, const char *topic)
{
        struct sim_topic *found = chappe_sim_topic_find(sim, topic);

        if (!found)
                return -CHAPPE_E_TOPIC_MISSING;
        HASH_DEL(sim->topics, found);
        LL_PREPEND2(sim->deleted_topics, found, next_deleted);
        found->deleted = true;
        sim->deletions++;
        chappe_fibers_note(sim->fibers, "topic deleted", topic, 0, 0);
        for (struct sim_group *group = sim->groups; group; group = group->hh.next)
                chappe_sim_group_topic_deleted(group, topic);
        for (struct sim_broker *broker = sim->brokers; broker; broker = broker->next)
                chappe_sim_handle_deleted(broker, found);
        if (sim->watch.topic_deleted)
                sim->watch.topic_deleted(sim->watch.context, topic);
        return 0;
}

int chappe_sim_topic_stamp(struct chappe_sim *sim, const char *topic)
{
        struct sim_topic *found = chappe_sim_topic_find(sim, topic);

        if (!found)
                return -CHAPPE_E_TOPIC_MISSING;
        found->append_time = true;
        return 0;
}

int chappe_sim_topic_grow(struct chappe_sim *sim, const char *topic, int32_t partition_count)
{
        struct sim_topic *found = chappe_sim_topic_find(sim, topic);
        struct sim_log *logs;

        if (!found || partition_count < found->partition_count)
                return -CHAPPE_E_TOPIC_MISSING;
        logs = realloc(found->logs, (size_t)partition_count * sizeof(*logs));
        if (!logs)
                return -CHAPPE_E_NO_MEMORY;
        for (int32_t i = found->partition_count; i < partition_count; i++)
                logs[i] = (struct sim_log){ 0 };
        found->logs = logs;
        found->partition_count = partition_count;
        chappe_fibers_note(sim->fibers, "topic grows", topic, partition_count, 0);
        for (struct sim_group *group = sim->groups; group; group = group->hh.next)
                chappe_sim_group_topic_added(group, topic);
        return 0;
}

int chappe_sim_records_delete(struct chappe_sim *sim, const char *topic, int32_t partition, int64_t before)
{
        struct sim_topic *found = chappe_sim_topic_find(sim, topic);
        struct sim_log *log = found && partition < found->partition_count ? &found->logs[partition] : NULL;

        if (!log)
                return -CHAPPE_E_TOPIC_MISSING;
        if (before > log->low)
                log->low = before < log->end ? before : log->end;
        chappe_fibers_note(sim->fibers, "records gone", topic, partition, log->low);
        if (sim->watch.deleted)
                sim->watch.deleted(sim->watch.context, topic, partition, log->low);
        return 0;
}

int32_t chappe_sim_partition_count(const struct chappe_sim *sim, const char *topic)
{
        const struct sim_topic *found = chappe_sim_topic_find(sim, topic);

        return found ? found->partition_count : 0;
}

const char *chappe_sim_topic_at(const struct chappe_sim *sim, size_t n)
{
        const struct sim_topic *topic = sim->topics;

        while (topic && n-- > 0)
                topic = topic->hh.next;
        return topic ? topic->name : NULL;
}

int64_t chappe_sim_append(struct chappe_sim *sim, const char *topic, int32_t partition, struct chappe_bytes key,
                          struct chappe_bytes value, const struct chappe_header *headers, size_t header_count)
{
        struct sim_topic *found = chappe_sim_topic_find(sim, topic);
        struct sim_record *record;

        if (!found || partition >= found->partition_count)
                return -CHAPPE_E_TOPIC_MISSING;
        if (partition < 0)
                partition = chappe_sim_partition_of(key, found->partition_count);
        record = chappe_sim_record_new(key, value, headers, header_count, chappe_fibers_wall_ms(sim->fibers));
        return record ? chappe_sim_log_append(sim, found, partition, record) : -CHAPPE_E_NO_MEMORY;
}

uint64_t chappe_sim_appended(const struct chappe_sim *sim)
{
        return sim->appended;
}

int64_t chappe_sim_end(const struct chappe_sim *sim, const char *topic, int32_t partition)
{
        const struct sim_topic *found = chappe_sim_topic_find(sim, topic);

        return found && partition < found->partition_count ? found->logs[partition].end : 0;
}

bool chappe_sim_mistaken(const struct chappe_sim *sim, const char *topic, int32_t partition)
{
        const struct sim_topic *found = chappe_sim_topic_find(sim, topic);

        return found && partition < found->partition_count && found->logs[partition].mistaken;
}

int64_t chappe_sim_beginning(const struct chappe_sim *sim, const char *topic, int32_t partition)
{
        const struct sim_topic *found = chappe_sim_topic_find(sim, topic);

        return found && partition < found->partition_count ? found->logs[partition].low : 0;
}

bool chappe_sim_read(struct chappe_sim *sim, const char *topic, int32_t partition, int64_t offset,
                     struct chappe_record *ret_record)
{
        const struct sim_topic *found = chappe_sim_topic_find(sim, topic);

        if (!found || partition >= found->partition_count || offset >= found->logs[partition].end)
                return false;
        chappe_sim_record_lend(found, partition, offset, NULL, ret_record);
        return true;
}

bool chappe_sim_read_nth(struct chappe_sim *sim, const char *topic, size_t n, struct chappe_record *ret_record)
{
        const struct sim_topic *found = chappe_sim_topic_find(sim, topic);

        return found && n < found->arrival_count &&
               chappe_sim_read(sim, topic, found->arrivals[n].partition, found->arrivals[n].offset, ret_record);
}
