/* SPDX-License-Identifier: Apache-2.0 */
/* Topics, as a tool asks for them. */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "service/client.h"

#define PROPERTIES_LIMIT 64

static int by_name(const void *a, const void *b)
{
        const struct chappe_client_topic *one = a, *two = b;

        return strcmp(one->name, two->name);
}

/* The list and its names in one allocation. */
static struct chappe_client_topic *copy_list(const struct chappe_topic_description *topics, size_t count,
                                             const char *pattern, size_t *ret_count)
{
        struct chappe_client_topic *list;
        size_t size = sizeof(*list), used = 0;
        char *names;

        for (size_t i = 0; i < count; i++)
                size += sizeof(*list) + strlen(topics[i].name) + 1;
        list = malloc(size);
        if (!list)
                return NULL;
        names = (char *)(list + count + 1);
        for (size_t i = 0; i < count; i++) {
                if (pattern && fnmatch(pattern, topics[i].name, FNM_NOESCAPE) != 0)
                        continue;
                list[used++] = (struct chappe_client_topic){ strcpy(names, topics[i].name), topics[i].partition_count,
                                                             topics[i].replication, topics[i].internal };
                names += strlen(names) + 1;
        }
        qsort(list, used, sizeof(*list), by_name);
        *ret_count = used;
        return list;
}

int chappe_client_describe_topics(struct chappe_client *client, struct chappe_topic_description **ret_topics,
                                  size_t *ret_count, struct chappe_error *error)
{
        struct chappe_broker *broker;
        int status = chappe_client_broker(client, &broker, error);

        return status < 0 ? status
                          : broker->operations->topics_describe(broker, NULL, 0, chappe_client_timeout_ms(client),
                                                                ret_topics, ret_count, error);
}

int chappe_client_topics(struct chappe_client *client, const char *pattern, struct chappe_client_topic **ret_topics,
                         size_t *ret_count, struct chappe_error *error)
{
        CHAPPE_CLEANUP(memory) void *found = NULL;
        struct chappe_topic_description *topics;
        size_t count;
        int status = chappe_client_describe_topics(client, &topics, &count, error);

        if (status < 0)
                return status;
        found = topics;
        *ret_topics = copy_list(topics, count, pattern, ret_count);
        return *ret_topics ? 0 : chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for %zu topics", count);
}

int chappe_client_watermarks(struct chappe_client *client, const char *topic, int32_t partition, int64_t *ret_low,
                             int64_t *ret_high, struct chappe_error *error)
{
        struct chappe_broker *broker;
        int status = chappe_client_broker(client, &broker, error);

        return status < 0 ? status
                          : broker->operations->watermarks(broker, topic, partition, chappe_client_timeout_ms(client),
                                                           ret_low, ret_high, error);
}

int chappe_client_offset_for_time(struct chappe_client *client, const char *topic, int32_t partition, int64_t time_ms,
                                  int64_t *ret_offset, struct chappe_error *error)
{
        struct chappe_broker *broker;
        int status = chappe_client_broker(client, &broker, error);

        return status < 0 ? status
                          : broker->operations->offset_for_time(broker, topic, partition, time_ms,
                                                                chappe_client_timeout_ms(client), ret_offset, error);
}

/* "cleanup.policy=compact" into its two halves; the copy is the caller's to free. */
static int split_properties(const char *const *properties, char **ret_copy, struct chappe_property *ret,
                            size_t *ret_count, struct chappe_error *error)
{
        size_t size = 1;
        char *at;

        for (size_t i = 0; properties && properties[i]; i++)
                size += strlen(properties[i]) + 1;
        *ret_copy = at = malloc(size);
        if (!at)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for the topic's properties");
        for (size_t i = 0; properties && properties[i]; i++) {
                char *name = strcpy(at, properties[i]), *equals = strchr(name, '=');

                if (!equals || equals == name)
                        return chappe_fail(error, CHAPPE_E_USAGE, "'%s' is no NAME=VALUE", properties[i]);
                if (*ret_count == PROPERTIES_LIMIT)
                        return chappe_fail(error, CHAPPE_E_LIMIT, "more than %d properties", PROPERTIES_LIMIT);
                at += strlen(at) + 1;
                *equals = '\0';
                ret[(*ret_count)++] = (struct chappe_property){ name, equals + 1 };
        }
        return 0;
}

int chappe_client_topic_create(struct chappe_client *client, const char *topic, int32_t partitions, int32_t replication,
                               const char *const *properties, struct chappe_error *error)
{
        CHAPPE_CLEANUP(string) char *copy = NULL;
        struct chappe_property split[PROPERTIES_LIMIT];
        struct chappe_topic_request request = { topic, partitions, replication, split, 0 };
        struct chappe_broker *broker;
        int status = split_properties(properties, &copy, split, &request.property_count, error);

        if (status >= 0)
                status = chappe_client_broker(client, &broker, error);
        return status < 0 ? status
                          : broker->operations->topic_create(broker, &request, chappe_client_timeout_ms(client), error);
}
