/* SPDX-License-Identifier: Apache-2.0 */
/* Topics read from their first record to their end. */
#include "shop/audit/reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shop/audit/books.h"

#define QUESTION_TIMEOUT_MS 10000

struct partition {
        char *topic;
        int32_t number;
        int64_t next;
        bool compacted, at_end;
};

struct reader {
        rd_kafka_t *client;
        struct partition *partitions;
        size_t count;
};

static bool set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
        char why[200];

        if (rd_kafka_conf_set(conf, name, value, why, sizeof(why)) == RD_KAFKA_CONF_OK)
                return true;
        fprintf(stderr, "shop-auditor: %s: %s\n", name, why);
        return false;
}

struct reader *reader_new(const char *brokers)
{
        rd_kafka_conf_t *conf = rd_kafka_conf_new();
        char why[200];

        /* A group name is asked for, though none is joined. */
        if (!set(conf, "bootstrap.servers", brokers) || !set(conf, "group.id", "shop-auditor") ||
            !set(conf, "enable.auto.commit", "false") || !set(conf, "enable.partition.eof", "true") ||
            !set(conf, "auto.offset.reset", "error") || !set(conf, "fetch.wait.max.ms", "50")) {
                rd_kafka_conf_destroy(conf);
                return NULL;
        }
        rd_kafka_t *client = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof(why));
        if (!client) {
                fprintf(stderr, "shop-auditor: %s\n", why);
                rd_kafka_conf_destroy(conf);
                return NULL;
        }
        rd_kafka_poll_set_consumer(client);

        struct reader *reader = must(calloc(1, sizeof(*reader)));
        reader->client = client;
        return reader;
}

struct reader *reader_free(struct reader *reader)
{
        if (!reader)
                return NULL;
        rd_kafka_consumer_close(reader->client);
        rd_kafka_destroy(reader->client);
        for (size_t i = 0; i < reader->count; i++)
                free(reader->partitions[i].topic);
        free(reader->partitions);
        free(reader);
        return NULL;
}

static bool is_whole(struct reader *reader, const struct partition *partition)
{
        int64_t low, high;
        rd_kafka_resp_err_t status = rd_kafka_query_watermark_offsets(
                reader->client, partition->topic, partition->number, &low, &high, QUESTION_TIMEOUT_MS);

        if (status) {
                fprintf(stderr, "shop-auditor: %s[%d]: %s\n", partition->topic, partition->number,
                        rd_kafka_err2str(status));
                return false;
        }
        if (low > 0 && !partition->compacted) {
                fprintf(stderr, "shop-auditor: %s[%d]: the first %lld records are gone; no verdict is possible\n",
                        partition->topic, partition->number, (long long)low);
                return false;
        }
        return true;
}

static bool assign(struct reader *reader)
{
        rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)reader->count);

        for (size_t i = 0; i < reader->count; i++) {
                struct partition *partition = &reader->partitions[i];
                rd_kafka_topic_partition_list_add(list, partition->topic, partition->number)->offset =
                        partition->next > 0 ? partition->next : RD_KAFKA_OFFSET_BEGINNING;
                partition->at_end = false;
        }
        rd_kafka_resp_err_t status = rd_kafka_assign(reader->client, list);
        rd_kafka_topic_partition_list_destroy(list);
        if (status)
                fprintf(stderr, "shop-auditor: assign: %s\n", rd_kafka_err2str(status));
        return !status;
}

static int partitions_of(struct reader *reader, const char *topic)
{
        const struct rd_kafka_metadata *metadata;
        rd_kafka_topic_t *handle = rd_kafka_topic_new(reader->client, topic, NULL);
        rd_kafka_resp_err_t status = rd_kafka_metadata(reader->client, 0, handle, &metadata, QUESTION_TIMEOUT_MS);
        int count = -1;

        if (status)
                fprintf(stderr, "shop-auditor: %s: %s\n", topic, rd_kafka_err2str(status));
        else {
                count = metadata->topic_cnt == 1 && !metadata->topics[0].err ? metadata->topics[0].partition_cnt : 0;
                rd_kafka_metadata_destroy(metadata);
        }
        rd_kafka_topic_destroy(handle);
        return count;
}

enum reader_added reader_add(struct reader *reader, const char *topic, bool compacted)
{
        int count = partitions_of(reader, topic);

        if (count <= 0)
                return count < 0 ? READER_FAILED : READER_NOT_THERE;
        reader->partitions =
                must(realloc(reader->partitions, (reader->count + (size_t)count) * sizeof(struct partition)));
        for (int32_t number = 0; number < count; number++) {
                struct partition *partition = &reader->partitions[reader->count++];
                *partition =
                        (struct partition){ .topic = must(strdup(topic)), .number = number, .compacted = compacted };
                if (!is_whole(reader, partition))
                        return READER_CUT_OFF;
        }
        return assign(reader) ? READER_ADDED : READER_FAILED;
}

static struct partition *partition_of(struct reader *reader, const rd_kafka_message_t *message)
{
        const char *topic = message->rkt ? rd_kafka_topic_name(message->rkt) : "";

        for (size_t i = 0; i < reader->count; i++) {
                if (reader->partitions[i].number == message->partition &&
                    strcmp(reader->partitions[i].topic, topic) == 0)
                        return &reader->partitions[i];
        }
        return NULL;
}

rd_kafka_message_t *reader_next(struct reader *reader, int timeout_ms)
{
        rd_kafka_message_t *message;

        while ((message = rd_kafka_consumer_poll(reader->client, timeout_ms))) {
                struct partition *partition = partition_of(reader, message);

                if (partition && message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
                        partition->at_end = true;
                        if (reader_at_end(reader))
                                timeout_ms = 0;
                } else if (message->err)
                        fprintf(stderr, "shop-auditor: %s\n", rd_kafka_message_errstr(message));
                else if (partition && message->offset >= partition->next) {
                        partition->next = message->offset + 1;
                        partition->at_end = false;
                        return message;
                }
                rd_kafka_message_destroy(message);
        }
        return NULL;
}

bool reader_at_end(const struct reader *reader)
{
        for (size_t i = 0; i < reader->count; i++) {
                if (!reader->partitions[i].at_end)
                        return false;
        }
        return true;
}

bool reader_still_whole(struct reader *reader)
{
        for (size_t i = 0; i < reader->count; i++) {
                if (!is_whole(reader, &reader->partitions[i]))
                        return false;
        }
        return true;
}

static bool is_named(const char *name, const char *prefix, const char *suffix)
{
        size_t length = strlen(name), tail = strlen(suffix);

        return strncmp(name, prefix, strlen(prefix)) == 0 && length > tail && strcmp(name + length - tail, suffix) == 0;
}

static int64_t count_topic(struct reader *reader, const rd_kafka_metadata_topic_t *topic)
{
        int64_t sum = 0;

        for (int i = 0; i < topic->partition_cnt; i++) {
                int64_t low, high;
                if (rd_kafka_query_watermark_offsets(reader->client, topic->topic, topic->partitions[i].id, &low, &high,
                                                     QUESTION_TIMEOUT_MS))
                        return -1;
                sum += high - low;
        }
        return sum;
}

int64_t reader_count(struct reader *reader, const char *prefix, const char *suffix)
{
        const struct rd_kafka_metadata *metadata;
        int64_t sum = 0;

        if (rd_kafka_metadata(reader->client, 1, NULL, &metadata, QUESTION_TIMEOUT_MS))
                return -1;
        for (int i = 0; i < metadata->topic_cnt && sum >= 0; i++) {
                if (is_named(metadata->topics[i].topic, prefix, suffix)) {
                        int64_t count = count_topic(reader, &metadata->topics[i]);
                        sum = count < 0 ? -1 : sum + count;
                }
        }
        rd_kafka_metadata_destroy(metadata);
        return sum;
}
