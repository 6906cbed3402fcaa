/* SPDX-License-Identifier: Apache-2.0 */
/* chappe topic ls, show, create. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cluster.h"
#include "table.h"

static int topic_ls(const struct command_line *line)
{
        static const struct table_column columns[] = { { "topic", false },
                                                       { "partitions", true },
                                                       { "replication", true } };
        CHAPPE_CLEANUP(client) struct chappe_client *client = NULL;
        CHAPPE_CLEANUP(memory) void *memory = NULL;
        struct chappe_client_topic *topics;
        struct table table;
        size_t count;
        int status = cluster_topics(line, command_argument(line, 0), &client, &topics, &count);

        if (status != EXIT_DONE)
                return status;
        memory = topics;
        table_open(&table, line, columns, 3);
        for (size_t i = 0; i < count; i++) {
                if (topics[i].internal && !command_given(line, "all"))
                        continue;
                table_cell(&table, "%s", topics[i].name);
                table_cell(&table, "%" PRId32, topics[i].partition_count);
                table_cell(&table, "%" PRId32, topics[i].replication);
        }
        table_close(&table);
        return EXIT_DONE;
}

static int show_partitions(const struct command_line *line, struct chappe_client *client,
                           const struct chappe_client_topic *topic)
{
        static const struct table_column columns[] = {
                { "partition", true }, { "first", true }, { "end", true }, { "records", true }
        };
        struct chappe_error error;
        struct table table;
        int64_t low, high;
        int status = EXIT_DONE;

        table_open(&table, line, columns, 4);
        for (int32_t p = 0; p < topic->partition_count && status == EXIT_DONE; p++) {
                if (chappe_client_watermarks(client, topic->name, p, &low, &high, &error) < 0) {
                        status = command_fail(&error);
                        break;
                }
                table_cell(&table, "%" PRId32, p);
                table_cell(&table, "%" PRId64, low);
                table_cell(&table, "%" PRId64, high);
                table_cell(&table, "%" PRId64, high - low);
        }
        table_close(&table);
        return status;
}

static int topic_show(const struct command_line *line)
{
        CHAPPE_CLEANUP(client) struct chappe_client *client = NULL;
        CHAPPE_CLEANUP(memory) void *memory = NULL;
        struct chappe_client_topic *topics;
        struct chappe_error error;
        size_t count;
        int status = cluster_topics(line, NULL, &client, &topics, &count);

        if (status != EXIT_DONE)
                return status;
        memory = topics;
        for (size_t i = 0; i < count; i++) {
                if (strcmp(topics[i].name, command_argument(line, 0)) == 0)
                        return show_partitions(line, client, &topics[i]);
        }
        chappe_fail(&error, CHAPPE_E_TOPIC_MISSING, "there is no topic %s", command_argument(line, 0));
        return command_fail(&error);
}

/* As Kafka sees it; an embedded broker would take anything. */
static bool is_topic_name(const char *name)
{
        size_t length = strlen(name);

        return length >= 1 && length <= 249 && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
               strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == length;
}

/* An embedded broker makes topics in its own way, whatever is asked for. */
static int tell_created(struct chappe_client *client, const char *name, int32_t wanted)
{
        struct chappe_client_topic *topics = NULL;
        struct chappe_error error;
        size_t count = 0;
        int32_t partitions = wanted;

        if (chappe_client_topics(client, name, &topics, &count, &error) < 0)
                return command_fail(&error);
        if (count == 1)
                partitions = topics[0].partition_count;
        free(topics);
        if (partitions != wanted) {
                chappe_fail(&error, CHAPPE_E_BROKER_UNSUPPORTED,
                            "%s is created, but with %" PRId32 " partitions, not %" PRId32
                            ": an embedded broker makes no others",
                            name, partitions, wanted);
                return command_fail(&error);
        }
        command_say("%s is created, with %" PRId32 " partitions", name, partitions);
        return EXIT_DONE;
}

static int topic_create(const struct command_line *line)
{
        CHAPPE_CLEANUP(client) struct chappe_client *client = NULL;
        const char *properties[64] = { NULL };
        int64_t partitions = 4, replication = -1;
        struct chappe_error error;
        int status;

        if (!command_integer(line, "partitions", 1, 100000, &partitions) ||
            !command_integer(line, "replication", -1, 1000, &replication))
                return EXIT_USAGE;
        if (!is_topic_name(command_argument(line, 0)))
                return command_misuse("'%s' is no name for a topic: 1 to 249 letters, digits, '.', '_' and '-'",
                                      command_argument(line, 0));
        for (size_t i = 0; i < 63 && (properties[i] = command_value_at(line, "property", i)); i++)
                ;
        status = cluster_open(line, NULL, false, NULL, &client);
        if (status != EXIT_DONE)
                return status;
        status = chappe_client_topic_create(client, command_argument(line, 0), (int32_t)partitions,
                                            (int32_t)replication, properties, &error);
        if (status < 0)
                return command_fail(&error);
        if (status == 0)
                return tell_created(client, command_argument(line, 0), (int32_t)partitions);
        command_say("%s is there already, and left as it is", command_argument(line, 0));
        return EXIT_DONE;
}

static const struct command_option ls_options[] = { { "all", 'a', NULL, "internal topics too", NULL }, { 0 } };

static const struct command_option create_options[] = {
        { "partitions", 'p', "N", "4 when not given", NULL },
        { "replication", 'r', "N", "the cluster's default when not given", NULL },
        { "property", 'P', "NAME=VALUE", "a property of the topic, such as cleanup.policy=compact; repeatable", NULL },
        { 0 },
};

const struct command command_topic_ls = {
        .name = "topic ls",
        .arguments = "[PATTERN]",
        .summary = "the topics of a cluster; PATTERN such as 'shop.orders.*'",
        .options = ls_options,
        .most = 1,
        .cluster = true,
        .table = true,
        .run = topic_ls,
};

const struct command command_topic_show = {
        .name = "topic show",
        .arguments = "TOPIC",
        .summary = "a topic's partitions with their first and end offsets",
        .least = 1,
        .most = 1,
        .cluster = true,
        .table = true,
        .run = topic_show,
};

const struct command command_topic_create = {
        .name = "topic create",
        .arguments = "TOPIC",
        .summary = "create a topic; one that is there already is left as it is",
        .options = create_options,
        .least = 1,
        .most = 1,
        .cluster = true,
        .run = topic_create,
};
