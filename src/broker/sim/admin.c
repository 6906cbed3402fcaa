/* SPDX-License-Identifier: Apache-2.0 */
/* Administration of the simulated cluster. */
#include <stdlib.h>

#include "broker/sim/sim_private.h"

#define DEFAULT_PARTITIONS 1

static bool name_is_valid(const char *name)
{
        size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

        return length > 0 && length <= 249 && name[length] == '\0' && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

int chappe_sim_admin_topic_create(struct chappe_broker *handle, const struct chappe_topic_request *request,
                                  int64_t timeout_ms, struct chappe_error *error)
{
        struct sim_broker *broker = (struct sim_broker *)handle;
        struct sim_topic *topic;
        int status = chappe_sim_round_trip(broker, "broker.topic_create", timeout_ms, error);

        if (status < 0)
                return status;
        if (!name_is_valid(request->name))
                return chappe_fail(error, CHAPPE_E_BROKER_REFUSED, "topic '%s': the name is not allowed",
                                   request->name);
        if (chappe_sim_topic_find(broker->sim, request->name))
                return CHAPPE_TOPIC_EXISTS;
        topic = chappe_sim_topic_add(broker->sim, request->name,
                                     request->partition_count > 0 ? request->partition_count : DEFAULT_PARTITIONS);
        if (!topic)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for topic %s", request->name);
        for (size_t i = 0; i < request->property_count; i++)
                if (strcmp(request->properties[i].name, "message.timestamp.type") == 0)
                        topic->append_time = strcmp(request->properties[i].value, "LogAppendTime") == 0;
        return 0;
}

/* One allocation: the descriptions, their names behind them. */
static struct chappe_topic_description *descriptions_new(size_t count, size_t names_size, char **ret_names)
{
        struct chappe_topic_description *descriptions = calloc(1, count * sizeof(*descriptions) + names_size + 1);

        if (descriptions)
                *ret_names = (char *)(descriptions + count);
        return descriptions;
}

static void describe(struct chappe_topic_description *description, const char *name, const struct sim_topic *topic,
                     char **names)
{
        size_t size = strlen(name) + 1;

        description->name = memcpy(*names, name, size);
        *names += size;
        description->partition_count = topic ? topic->partition_count : 0;
        description->replication = topic ? 1 : 0;
        description->internal = strncmp(name, "__", 2) == 0;
}

int chappe_sim_admin_describe(struct chappe_broker *handle, const char *const *names, size_t count, int64_t timeout_ms,
                              struct chappe_topic_description **ret_topics, size_t *ret_count,
                              struct chappe_error *error)
{
        struct sim_broker *broker = (struct sim_broker *)handle;
        struct chappe_topic_description *topics;
        size_t n = 0, size = 0;
        char *text = NULL;
        int status = chappe_sim_round_trip(broker, "broker.describe", timeout_ms, error);

        if (status < 0)
                return status;
        for (size_t i = 0; names && i < count; i++)
                size += strlen(names[i]) + 1;
        for (struct sim_topic *topic = broker->sim->topics; !names && topic; topic = topic->hh.next)
                size += strlen(topic->name) + 1;
        if (!names)
                count = HASH_COUNT(broker->sim->topics);
        topics = descriptions_new(count, size, &text);
        if (!topics)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for %zu topics", count);
        for (; names && n < count; n++)
                describe(&topics[n], names[n], chappe_sim_topic_find(broker->sim, names[n]), &text);
        for (struct sim_topic *topic = broker->sim->topics; !names && topic; topic = topic->hh.next)
                describe(&topics[n++], topic->name, topic, &text);
        *ret_topics = topics;
        *ret_count = count;
        return 0;
}

static int log_find(struct sim_broker *broker, const char *name, int32_t partition, int64_t timeout_ms,
                    const struct sim_log **ret_log, struct chappe_error *error)
{
        const struct sim_topic *topic;
        int status = chappe_sim_round_trip(broker, "broker.offsets", timeout_ms, error);

        if (status < 0)
                return status;
        topic = chappe_sim_topic_find(broker->sim, name);
        if (!topic || partition < 0 || partition >= topic->partition_count)
                return chappe_fail(error, CHAPPE_E_TOPIC_MISSING, "%s[%d]: no such partition", name, partition);
        *ret_log = &topic->logs[partition];
        return 0;
}

int chappe_sim_admin_watermarks(struct chappe_broker *broker, const char *topic, int32_t partition, int64_t timeout_ms,
                                int64_t *ret_low, int64_t *ret_high, struct chappe_error *error)
{
        const struct sim_log *log = NULL;
        int status = log_find((struct sim_broker *)broker, topic, partition, timeout_ms, &log, error);

        if (status < 0)
                return status;
        *ret_low = log->low;
        *ret_high = log->end;
        return 0;
}

int chappe_sim_admin_offset_for_time(struct chappe_broker *broker, const char *topic, int32_t partition,
                                     int64_t timestamp_ms, int64_t timeout_ms, int64_t *ret_offset,
                                     struct chappe_error *error)
{
        const struct sim_log *log = NULL;
        int64_t offset;
        int status = log_find((struct sim_broker *)broker, topic, partition, timeout_ms, &log, error);

        if (status < 0)
                return status;
        offset = log->low;
        while (offset < log->end && log->records[offset]->timestamp_ms < timestamp_ms)
                offset++;
        *ret_offset = offset;
        return 0;
}
