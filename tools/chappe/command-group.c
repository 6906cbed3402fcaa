/* SPDX-License-Identifier: Apache-2.0 */
/* chappe group ls, show; chappe lag. */
#include <inttypes.h>
#include <string.h>

#include "cluster.h"
#include "instant.h"
#include "lag.h"
#include "table.h"

static int group_ls(const struct command_line *line)
{
        static const struct table_column columns[] = {
                { "group", false }, { "state", false }, { "members", true }, { "clients", false }
        };
        CHAPPE_CLEANUP(client) struct chappe_client *client = NULL;
        CHAPPE_CLEANUP(memory) void *memory = NULL;
        struct chappe_group *groups;
        struct chappe_error error;
        struct table table;
        size_t count;
        int status = cluster_open(line, NULL, false, NULL, &client);

        if (status != EXIT_DONE)
                return status;
        if (chappe_client_groups(client, command_argument(line, 0), &groups, &count, &error) < 0)
                return command_fail(&error);
        memory = groups;
        table_open(&table, line, columns, 4);
        for (size_t i = 0; i < count; i++) {
                table_cell(&table, "%s", groups[i].name);
                table_cell(&table, "%s", groups[i].state);
                table_cell(&table, "%zu", groups[i].member_count);
                table_cell(&table, "%s", groups[i].clients);
        }
        table_close(&table);
        return EXIT_DONE;
}

static const struct table_column show_columns[] = {
        { "topic", false },   { "partition", true }, { "committed", true }, { "end", true },     { "lag", true },
        { "finished", true }, { "failing", true },   { "behind", true },    { "oldest", false }, { "metadata", false },
        { "until", true },    { "ran", true },       { "given_up", true },
};

#define SHOW_ON_SCREEN 8 /* the rest would not fit; programs get all */

static const struct table_column replay_columns[] = {
        { "topic", false }, { "partition", true }, { "committed", true }, { "until", true },
        { "left", true },   { "failing", true },   { "ran", true },       { "given_up", true },
};

/* Of a replay people want to know other things. */
static void replay_row(struct table *table, const struct chappe_group_partition *partition)
{
        table_cell(table, "%s", partition->topic);
        table_cell(table, "%" PRId32, partition->partition);
        table_cell(table, "%" PRId64, partition->committed);
        table_cell(table, "%" PRId64, partition->until);
        table_cell(table, "%" PRId64, partition->lag - partition->finished);
        table_cell(table, "%" PRId64, partition->failing);
        table_cell(table, "%" PRId64, partition->ran);
        table_cell(table, "%" PRId64, partition->given_up);
}

static void show_row(struct table *table, const struct chappe_group_partition *partition, int64_t now_ms)
{
        char behind[24], oldest[40];

        table_cell(table, "%s", partition->topic);
        table_cell(table, "%" PRId32, partition->partition);
        table_cell(table, "%" PRId64, partition->committed);
        table_cell(table, "%" PRId64, partition->high);
        table_cell(table, "%" PRId64, partition->lag);
        table_cell(table, "%" PRId64, partition->finished);
        table_cell(table, "%" PRId64, partition->failing);
        if (table->json && partition->oldest_ms >= 0)
                table_cell(table, "%" PRId64,
                           now_ms > partition->oldest_ms ? (now_ms - partition->oldest_ms) / 1000 : 0);
        else
                table_cell(table, "%s", table->json ? "0" : lag_behind(partition->oldest_ms, now_ms, behind));
        if (!table->json)
                return;
        table_cell(table, "%s", instant_format(partition->oldest_ms, oldest));
        table_cell(table, "%s", partition->foreign ? "foreign" : "");
        table_cell(table, "%" PRId64, partition->until);
        table_cell(table, "%" PRId64, partition->ran);
        table_cell(table, "%" PRId64, partition->given_up);
}

static void print_partitions(const struct command_line *line, const struct chappe_group_partition *partitions,
                             size_t count)
{
        struct table table;
        bool replay = partitions[0].until >= 0;

        table_open(&table, line, show_columns, SHOW_ON_SCREEN);
        if (table.json) {
                table.column_count = sizeof(show_columns) / sizeof(*show_columns);
        } else if (replay) {
                table.columns = replay_columns;
                table.column_count = sizeof(replay_columns) / sizeof(*replay_columns);
        }
        for (size_t i = 0; i < count; i++) {
                if (replay && !table.json)
                        replay_row(&table, &partitions[i]);
                else
                        show_row(&table, &partitions[i], instant_now_ms());
        }
        table_close(&table);
}

static int unknown_group(const char *group)
{
        command_say("group %s has committed nothing", group);
        return EXIT_FAILED;
}

static int group_show(const struct command_line *line)
{
        CHAPPE_CLEANUP(client) struct chappe_client *client = NULL;
        CHAPPE_CLEANUP(memory) void *memory = NULL;
        struct chappe_group_partition *partitions;
        size_t count;
        int status = cluster_group(line, command_argument(line, 0), &client, &partitions, &count);

        if (status != EXIT_DONE)
                return status;
        memory = partitions;
        if (count == 0)
                return unknown_group(command_argument(line, 0));
        print_partitions(line, partitions, count);
        for (size_t i = 0; i < count; i++)
                if (partitions[i].foreign)
                        command_say("%s[%" PRId32 "]: the commit carries metadata that is not Chappe's",
                                    partitions[i].topic, partitions[i].partition);
        return EXIT_DONE;
}

static const struct table_column lag_columns[] = {
        { "group", false },   { "topic", false },  { "lag", true },
        { "finished", true }, { "failing", true }, { "behind", true },
};

/* One row a topic. */
static void lag_rows(struct table *table, const char *group, const struct chappe_group_partition *partitions,
                     size_t count, int64_t now_ms)
{
        char behind[24];

        for (size_t i = 0, next; i < count; i = next) {
                struct chappe_group_partition sum = { .topic = partitions[i].topic, .oldest_ms = -1 };

                for (next = i; next < count && strcmp(partitions[next].topic, sum.topic) == 0; next++)
                        lag_add(&sum, &partitions[next]);
                table_cell(table, "%s", group);
                table_cell(table, "%s", sum.topic);
                table_cell(table, "%" PRId64, sum.lag);
                table_cell(table, "%" PRId64, sum.finished);
                table_cell(table, "%" PRId64, sum.failing);
                if (table->json)
                        table_cell(table, "%" PRId64, sum.oldest_ms < 0 ? 0 : (now_ms - sum.oldest_ms) / 1000);
                else
                        table_cell(table, "%s", lag_behind(sum.oldest_ms, now_ms, behind));
        }
}

static int lag_of_group(struct chappe_client *client, struct table *table, const char *group, bool named)
{
        CHAPPE_CLEANUP(memory) void *memory = NULL;
        struct chappe_group_partition *partitions;
        struct chappe_error error;
        size_t count;

        if (chappe_client_group(client, group, &partitions, &count, &error) < 0)
                return command_fail(&error);
        memory = partitions;
        if (count == 0 && named)
                return unknown_group(group);
        lag_rows(table, group, partitions, count, instant_now_ms());
        return EXIT_DONE;
}

static int lag_of_all(struct chappe_client *client, struct table *table)
{
        CHAPPE_CLEANUP(memory) void *memory = NULL;
        struct chappe_group *groups;
        struct chappe_error error;
        size_t count;
        int status = EXIT_DONE;

        if (chappe_client_groups(client, NULL, &groups, &count, &error) < 0)
                return command_fail(&error);
        memory = groups;
        for (size_t i = 0; i < count && status == EXIT_DONE; i++)
                status = lag_of_group(client, table, groups[i].name, false);
        return status;
}

static int lag(const struct command_line *line)
{
        CHAPPE_CLEANUP(client) struct chappe_client *client = NULL;
        const char *group;
        struct table table;
        int status = cluster_open(line, NULL, false, NULL, &client);

        if (status != EXIT_DONE)
                return status;
        table_open(&table, line, lag_columns, 6);
        if (command_argument_count(line) == 0)
                status = lag_of_all(client, &table);
        for (size_t i = 0; (group = command_argument(line, i)) && status == EXIT_DONE; i++)
                status = lag_of_group(client, &table, group, true);
        if (status == EXIT_DONE)
                table_close(&table);
        else
                table_close_failed(&table);
        return status;
}

#define FIGURES                                                                                                        \
        "lag: offsets from the committed one to the end; finished: of these, those that are finished already, as "     \
        "Chappe notes\nin the commit; failing: records that wait for another attempt; behind: how long ago the "       \
        "oldest "                                                                                                      \
        "unfinished one was written,\nin JSON in seconds."

const struct command command_group_ls = {
        .name = "group ls",
        .arguments = "[PATTERN]",
        .summary = "the consumer groups of a cluster, with their members; PATTERN such as 'shop.*'",
        .most = 1,
        .cluster = true,
        .table = true,
        .run = group_ls,
};

const struct command command_group_show = {
        .name = "group show",
        .arguments = "GROUP",
        .summary = "how far a group is in each partition",
        .details =
                FIGURES "\nOf a replay: until: where its window ends; left: offsets up to there that are not finished; "
                        "ran: records that have\nfinished, given_up: of them the dead letters. Exit code 1 when "
                        "the group has committed nothing.",
        .least = 1,
        .most = 1,
        .cluster = true,
        .table = true,
        .run = group_show,
};

const struct command command_lag = {
        .name = "lag",
        .arguments = "[GROUP…]",
        .summary = "how far groups are behind, by topic; all groups when none is named",
        .details = FIGURES,
        .most = -1,
        .cluster = true,
        .table = true,
        .run = lag,
};
