/* SPDX-License-Identifier: Apache-2.0 */
/* The cluster that a command works on. */
#include "cluster.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SETTINGS_LIMIT 128

static struct chappe_client *volatile signalled_client;
static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
        (void)number;
        if (interrupted) /* the second time: now */
                _Exit(EXIT_INTERRUPTED);
        interrupted = 1;
        if (signalled_client)
                chappe_client_interrupt(signalled_client);
}

bool cluster_interrupted(void)
{
        return interrupted;
}

int cluster_open(const struct command_line *line, const struct chappe_operation *operations, bool create,
                 const char *setting, struct chappe_client **ret_client)
{
        const char *settings[SETTINGS_LIMIT + 1], *brokers = command_value(line, "brokers"), *value;
        struct chappe_client_options options = { command_value(line, "config"), settings, operations, NULL, create };
        CHAPPE_CLEANUP(string) char *named = NULL;
        struct chappe_error error;
        size_t count = 0;

        if (setting)
                settings[count++] = setting;
        if (brokers && asprintf(&named, "brokers=%s", brokers) >= 0)
                settings[count++] = named;
        for (size_t i = 0; (value = command_value_at(line, "set", i)); i++) {
                if (count == SETTINGS_LIMIT)
                        return command_misuse("more than %d settings", SETTINGS_LIMIT);
                settings[count++] = value;
        }
        settings[count] = NULL;
        if (chappe_client_open(&options, ret_client, &error) < 0)
                return command_fail(&error);
        signalled_client = *ret_client;
        struct sigaction action = { .sa_handler = on_signal };

        sigaction(SIGINT, &action, NULL);
        sigaction(SIGTERM, &action, NULL);
        return EXIT_DONE;
}

/* The exit code of a question that was asked. */
static int answered(int status, const struct chappe_error *error)
{
        return status < 0 ? command_fail(error) : EXIT_DONE;
}

int cluster_topics(const struct command_line *line, const char *pattern, struct chappe_client **ret_client,
                   struct chappe_client_topic **ret_topics, size_t *ret_count)
{
        struct chappe_error error;
        int status = cluster_open(line, NULL, false, NULL, ret_client);

        return status != EXIT_DONE
                       ? status
                       : answered(chappe_client_topics(*ret_client, pattern, ret_topics, ret_count, &error), &error);
}

int cluster_group(const struct command_line *line, const char *group, struct chappe_client **ret_client,
                  struct chappe_group_partition **ret_partitions, size_t *ret_count)
{
        struct chappe_error error;
        int status = cluster_open(line, NULL, false, NULL, ret_client);

        return status != EXIT_DONE
                       ? status
                       : answered(chappe_client_group(*ret_client, group, ret_partitions, ret_count, &error), &error);
}

int cluster_partition(const struct chappe_client_topic *topic, int64_t partition)
{
        struct chappe_error error;

        if (partition < topic->partition_count)
                return EXIT_DONE;
        chappe_fail(&error, CHAPPE_E_TOPIC_MISSING, "%s has partitions 0 to %" PRId32 ", not %" PRId64, topic->name,
                    topic->partition_count - 1, partition);
        return command_fail(&error);
}
