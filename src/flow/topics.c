/* SPDX-License-Identifier: Apache-2.0 */
/* Creating topics, never silently. */
#include "flow/topics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "observe/log.h"

static int64_t timeout_ms(const struct chappe_runtime *runtime)
{
        return chappe_config_integer(runtime->config, "broker_timeout_ms");
}

static bool may_create(const struct chappe_runtime *runtime)
{
        return strcmp(chappe_config_text(runtime->config, "topics_create"), "yes") == 0;
}

int chappe_topic_make(struct chappe_runtime *runtime, const char *name, int32_t partitions,
                      const struct chappe_property *configured, size_t count, struct chappe_error *error)
{
        if (!may_create(runtime))
                return chappe_fail(error, CHAPPE_E_TOPIC_MISSING, "topic %s is missing, and topics_create is %s", name,
                                   chappe_config_text(runtime->config, "topics_create"));
        if (!chappe_step(runtime->world, "topic.create"))
                return chappe_fail(error, CHAPPE_E_STOPPED, "stopped before a topic was created");
        struct chappe_topic_request request = {
                .name = name,
                .partition_count = partitions,
                .replication = (int32_t)chappe_config_integer(runtime->config, "topics_replication"),
                .properties = configured,
                .property_count = count,
        };
        int status = runtime->broker->operations->topic_create(runtime->broker, &request, timeout_ms(runtime), error);
        if (status == 0)
                chappe_log_write(runtime->log, CHAPPE_LOG_TOPIC_CREATED, "created topic %s with %" PRId32 " partitions",
                                 name, partitions);
        return status < 0 ? status : 0;
}

static int make_channel_topic(struct chappe_runtime *runtime, const struct chappe_channel *channel,
                              struct chappe_error *error)
{
        char retention[24];
        snprintf(retention, sizeof(retention), "%" PRId64, channel->retention_ms);
        struct chappe_property property = { "retention.ms", retention };
        return chappe_topic_make(runtime, channel->name, channel->partitions, &property, channel->retention_ms > 0,
                                 error);
}

static int describe(struct chappe_runtime *runtime, const char *const *names, size_t count,
                    struct chappe_topic_description **ret_topics, size_t *ret_count, struct chappe_error *error)
{
        return runtime->broker->operations->topics_describe(runtime->broker, names, count, timeout_ms(runtime),
                                                            ret_topics, ret_count, error);
}

static bool exists(const struct chappe_topic_description *topics, size_t count, const char *name)
{
        for (size_t i = 0; i < count; i++) {
                if (strcmp(topics[i].name, name) == 0)
                        return topics[i].partition_count > 0;
        }
        return false;
}

static int make_missing(struct chappe_runtime *runtime, const struct chappe_topic_description *topics, size_t count,
                        struct chappe_error *error)
{
        bool dry = strcmp(chappe_config_text(runtime->config, "topics_create"), "dry-run") == 0;
        int missing = 0;
        for (size_t i = 0; i < runtime->channels->count; i++) {
                const struct chappe_channel *channel = &runtime->channels->at[i];
                if (exists(topics, count, channel->name))
                        continue;
                if (dry) {
                        chappe_log_write(runtime->log, CHAPPE_LOG_TOPIC_MISSING,
                                         "topic %s is missing; it would be created with %" PRId32 " partitions",
                                         channel->name, channel->partitions);
                        missing++;
                        continue;
                }
                int status = make_channel_topic(runtime, channel, error);
                if (status < 0)
                        return status;
        }
        return missing ? chappe_fail(error, CHAPPE_E_TOPIC_MISSING, "%d topics are missing, and this is a dry run",
                                     missing)
                       : 0;
}

/* Of those that are read. A topic made just now has what was asked for. */
static size_t count_partitions(const struct chappe_channels *channels, const struct chappe_topic_description *topics,
                               size_t count)
{
        size_t partitions = 0;
        for (size_t i = 0; i < channels->count; i++) {
                const struct chappe_channel *channel = &channels->at[i];
                int32_t own = channel->partitions;
                for (size_t j = 0; j < count; j++) {
                        if (topics[j].partition_count > 0 && strcmp(topics[j].name, channel->name) == 0)
                                own = topics[j].partition_count;
                }
                partitions += chappe_channel_reads(channel) && own > 0 ? (size_t)own : 0;
        }
        return partitions;
}

int chappe_topics_prepare(struct chappe_runtime *runtime, size_t *ret_partitions, struct chappe_error *error)
{
        const struct chappe_channels *channels = runtime->channels;
        const char **names = calloc(channels->count + 1, sizeof(const char *));
        if (!names)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for topic names");
        for (size_t i = 0; i < channels->count; i++)
                names[i] = channels->at[i].name;
        struct chappe_topic_description *topics = NULL;
        size_t count = 0;
        int status = channels->count ? describe(runtime, names, channels->count, &topics, &count, error) : 0;
        if (status == 0)
                status = make_missing(runtime, topics, count, error);
        *ret_partitions = count_partitions(channels, topics, count);
        free(topics);
        free(names);
        return status;
}

int chappe_topics_make_dead_letter(struct chappe_runtime *runtime, const struct chappe_channel *channel,
                                   struct chappe_error *error)
{
        const char *names[] = { channel->name, channel->dead_letter };
        struct chappe_topic_description *topics = NULL;
        size_t count = 0;
        int status = describe(runtime, names, 2, &topics, &count, error);
        if (status < 0)
                return status;
        int32_t partitions = channel->partitions;
        for (size_t i = 0; i < count; i++) {
                if (strcmp(topics[i].name, channel->name) == 0 && topics[i].partition_count > 0)
                        partitions = topics[i].partition_count;
        }
        if (!exists(topics, count, channel->dead_letter))
                status = chappe_topic_make(runtime, channel->dead_letter, partitions, NULL, 0, error);
        free(topics);
        return status;
}
