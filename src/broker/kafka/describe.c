/* SPDX-License-Identifier: Apache-2.0 */
/* Which topics there are. */
#include "broker/kafka/kafka.h"

#include <stdlib.h>
#include <string.h>

static void describe(struct chappe_topic_description *ret, const char *name,
                     const struct rd_kafka_metadata_topic *topic)
{
        *ret = (struct chappe_topic_description){ .name = name, .internal = strncmp(name, "__", 2) == 0 };
        if (topic && !topic->err) {
                ret->partition_count = topic->partition_cnt;
                ret->replication = topic->partition_cnt > 0 ? topic->partitions[0].replica_cnt : 0;
        }
}

/* Room for count descriptions and their names in one allocation; *ret_names is where the names go. */
static struct chappe_topic_description *room(size_t count, size_t name_bytes, char **ret_names)
{
        struct chappe_topic_description *topics = calloc(1, (count + 1) * sizeof(*topics) + name_bytes);

        *ret_names = topics ? (char *)(topics + count + 1) : NULL;
        return topics;
}

static const char *keep_name(char **names, const char *name)
{
        char *kept = *names;

        *names = stpcpy(kept, name) + 1;
        return kept;
}

static int describe_all(struct chappe_kafka *kafka, rd_kafka_t *admin, int64_t timeout_ms,
                        struct chappe_topic_description **ret_topics, size_t *ret_count, struct chappe_error *error)
{
        const struct rd_kafka_metadata *metadata;
        rd_kafka_resp_err_t reason = rd_kafka_metadata(admin, 1, NULL, &metadata, (int)timeout_ms);
        size_t bytes = 0;
        char *names;

        if (reason)
                return chappe_kafka_fail(kafka, reason, NULL, error, "listing topics");
        for (int i = 0; i < metadata->topic_cnt; i++)
                bytes += strlen(metadata->topics[i].topic) + 1;
        *ret_topics = room((size_t)metadata->topic_cnt, bytes, &names);
        *ret_count = *ret_topics ? (size_t)metadata->topic_cnt : 0;
        for (size_t i = 0; i < *ret_count; i++)
                describe(&(*ret_topics)[i], keep_name(&names, metadata->topics[i].topic), &metadata->topics[i]);
        rd_kafka_metadata_destroy(metadata);
        return *ret_topics ? 0 : chappe_fail(error, CHAPPE_E_NO_MEMORY, "listing topics");
}

/* Among all topics: asking the mock cluster for one would create it. */
static int describe_from_list(struct chappe_kafka *kafka, rd_kafka_t *admin, const char *name, int64_t timeout_ms,
                              struct chappe_topic_description *ret, const char *kept, struct chappe_error *error)
{
        const struct rd_kafka_metadata *metadata;
        const struct rd_kafka_metadata_topic *found = NULL;
        rd_kafka_resp_err_t reason = rd_kafka_metadata(admin, 1, NULL, &metadata, (int)timeout_ms);

        if (reason)
                return chappe_kafka_fail(kafka, reason, NULL, error, "topic %s", name);
        for (int i = 0; i < metadata->topic_cnt && !found; i++)
                if (strcmp(metadata->topics[i].topic, name) == 0)
                        found = &metadata->topics[i];
        describe(ret, kept, found);
        rd_kafka_metadata_destroy(metadata);
        return 0;
}

static int describe_one(struct chappe_kafka *kafka, rd_kafka_t *admin, const char *name, int64_t timeout_ms,
                        struct chappe_topic_description *ret, const char *kept, struct chappe_error *error)
{
        const struct rd_kafka_metadata *metadata;
        rd_kafka_topic_t *topic = rd_kafka_topic_new(admin, name, NULL);
        rd_kafka_resp_err_t reason;

        if (!topic)
                return chappe_kafka_fail(kafka, rd_kafka_last_error(), NULL, error, "topic '%s'", name);
        reason = rd_kafka_metadata(admin, 0, topic, &metadata, (int)timeout_ms);
        rd_kafka_topic_destroy(topic);
        if (reason)
                return chappe_kafka_fail(kafka, reason, NULL, error, "topic %s", name);
        describe(ret, kept, metadata->topic_cnt == 1 ? &metadata->topics[0] : NULL);
        rd_kafka_metadata_destroy(metadata);
        return 0;
}

static int describe_named(struct chappe_kafka *kafka, rd_kafka_t *admin, const char *const *names, size_t count,
                          int64_t timeout_ms, struct chappe_topic_description **ret_topics, size_t *ret_count,
                          struct chappe_error *error)
{
        struct chappe_topic_description *topics;
        size_t bytes = 0;
        bool embedded = chappe_kafka_embedded(kafka);
        char *kept;
        int status = 0;

        for (size_t i = 0; i < count; i++)
                bytes += strlen(names[i]) + 1;
        topics = room(count, bytes, &kept);
        if (!topics)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "describing topics");
        for (size_t i = 0; status == 0 && i < count; i++)
                status = (embedded ? describe_from_list : describe_one)(kafka, admin, names[i], timeout_ms, &topics[i],
                                                                        keep_name(&kept, names[i]), error);
        if (status < 0) {
                free(topics);
                return status;
        }
        *ret_topics = topics;
        *ret_count = count;
        return 0;
}

int chappe_kafka_topics_describe(struct chappe_broker *broker, const char *const *names, size_t count,
                                 int64_t timeout_ms, struct chappe_topic_description **ret_topics, size_t *ret_count,
                                 struct chappe_error *error)
{
        struct chappe_kafka *kafka = chappe_kafka(broker);
        rd_kafka_t *admin;
        int status = chappe_kafka_admin(kafka, &admin, error);

        if (status < 0)
                return status;
        if (names)
                return describe_named(kafka, admin, names, count, timeout_ms, ret_topics, ret_count, error);
        return describe_all(kafka, admin, timeout_ms, ret_topics, ret_count, error);
}
