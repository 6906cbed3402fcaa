/* SPDX-License-Identifier: Apache-2.0 */
/* chappe group replay: a bounded window for a service to run once more. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <chappe/group.h>

#include "cluster.h"
#include "place.h"
#include "table.h"

#define TOPICS_LIMIT 64

struct planning {
        struct chappe_client *client;
        struct place from, to;
        int64_t partition;  /* only this one; -1: all */
        struct table table; /* of the plan */
        struct chappe_client_window *windows;
        size_t count;
        int64_t offsets;
};

/* A row of the plan, whatever there is in it. */
static int plan_partition(struct planning *planning, const char *topic, int32_t partition)
{
        struct chappe_client_window *window = &planning->windows[planning->count];
        struct chappe_client_position position = { topic, partition, 0 };
        struct chappe_error error;
        int64_t low, high;
        int status;

        *window = (struct chappe_client_window){ .topic = topic, .partition = partition };
        if (chappe_client_watermarks(planning->client, topic, partition, &low, &high, &error) < 0)
                return command_fail(&error);
        status = place_find(planning->client, &planning->from, &position, low, high, &window->from);
        if (status == EXIT_DONE)
                status = place_find(planning->client, &planning->to, &position, low, high, &window->until);
        if (status != EXIT_DONE)
                return status;
        if (window->until < window->from)
                window->until = window->from;
        planning->count++;
        planning->offsets += window->until - window->from;
        table_cell(&planning->table, "%s", topic);
        table_cell(&planning->table, "%" PRId32, partition);
        table_cell(&planning->table, "%" PRId64, window->from);
        table_cell(&planning->table, "%" PRId64, window->until);
        table_cell(&planning->table, "%" PRId64, window->until - window->from);
        return EXIT_DONE;
}

static int plan_topic(struct planning *planning, const char *name)
{
        CHAPPE_CLEANUP(memory) void *memory = NULL;
        struct chappe_client_topic *topics;
        struct chappe_client_window *grown;
        struct chappe_error error;
        size_t count;
        int status = EXIT_DONE;

        if (chappe_client_topics(planning->client, name, &topics, &count, &error) < 0)
                return command_fail(&error);
        memory = topics;
        if (count != 1 || strcmp(topics[0].name, name) != 0) {
                chappe_fail(&error, CHAPPE_E_TOPIC_MISSING, "there is no topic %s", name);
                return command_fail(&error);
        }
        status = cluster_partition(&topics[0], planning->partition);
        if (status != EXIT_DONE)
                return status;
        grown = realloc(planning->windows, (planning->count + (size_t)topics[0].partition_count) * sizeof(*grown));
        if (!grown) {
                chappe_fail(&error, CHAPPE_E_NO_MEMORY, "no memory for the partitions of %s", name);
                return command_fail(&error);
        }
        planning->windows = grown;
        for (int32_t p = 0; p < topics[0].partition_count && status == EXIT_DONE; p++) {
                if (planning->partition < 0 || p == planning->partition)
                        status = plan_partition(planning, name, p);
        }
        return status;
}

static int plan(const struct command_line *line, struct planning *planning)
{
        static const struct table_column columns[] = {
                { "topic", false }, { "partition", true }, { "from", true }, { "until", true }, { "offsets", true },
        };
        const char *topic;
        int status = EXIT_DONE;

        table_open(&planning->table, line, columns, 5);
        for (size_t i = 0; i < TOPICS_LIMIT && (topic = command_value_at(line, "topic", i)) && status == EXIT_DONE; i++)
                status = plan_topic(planning, topic);
        if (status == EXIT_DONE)
                table_close(&planning->table);
        else
                table_close_failed(&planning->table);
        return status;
}

/* A replay of a group that is yet to come can be meant; more often its name is mistyped, and nobody would ever run it.
 */
static int look_at_group(struct chappe_client *client, const char *group)
{
        CHAPPE_CLEANUP(memory) void *memory = NULL;
        struct chappe_group_partition *partitions;
        struct chappe_error error;
        size_t count;

        if (chappe_client_group(client, group, &partitions, &count, &error) < 0)
                return command_fail(&error);
        memory = partitions;
        if (count == 0)
                command_say("warning: group %s has committed nothing; is its name mistyped?", group);
        return EXIT_DONE;
}

static int carry_out(const struct command_line *line, const struct planning *planning)
{
        const char *group = command_argument(line, 0), *name = command_argument(line, 1);
        struct chappe_error error;

        if (planning->offsets == 0) {
                command_say("there is nothing in this window");
                return EXIT_FAILED;
        }
        if (!command_given(line, "execute")) {
                command_say("nothing is prepared; --execute does it");
                return EXIT_DONE;
        }
        if (chappe_client_group_replay(planning->client, group, name, planning->windows, planning->count, &error) < 0)
                return command_fail(&error);
        command_say("group %s-replay-%s is prepared; the service runs it when it is started with --replay=%s", group,
                    name, name);
        return EXIT_DONE;
}

/* What the words alone show to be empty is a slip. */
static bool check_order(const struct command_line *line, const struct place *from, const struct place *to)
{
        bool reversed = to->kind == PLACE_EARLIEST ||
                        (from->kind == to->kind && (from->kind == PLACE_OFFSET || from->kind == PLACE_TIME) &&
                         from->value >= to->value);

        if (reversed)
                command_misuse("--from %s does not come before --to %s", command_value(line, "from"),
                               command_value(line, "to"));
        return !reversed;
}

static int group_replay(const struct command_line *line)
{
        CHAPPE_CLEANUP(client) struct chappe_client *client = NULL;
        struct planning planning = { .partition = -1, .to.kind = PLACE_LATEST };
        struct chappe_error error;
        const char *from = command_value(line, "from"), *to = command_value(line, "to");
        int status;

        if (!command_value_at(line, "topic", 0) || !from)
                return command_misuse("of which topic, and from where? Give --topic and --from");
        if (!place_parse("from", from, &planning.from) || (to && !place_parse("to", to, &planning.to)) ||
            !command_integer(line, "partition", 0, INT32_MAX, &planning.partition) ||
            !check_order(line, &planning.from, &planning.to))
                return EXIT_USAGE;
        if (chappe_client_group_replay_check(command_argument(line, 1), &error) < 0)
                return command_fail(&error);
        status = cluster_open(line, NULL, false, NULL, &client);
        planning.client = client;
        if (status == EXIT_DONE)
                status = plan(line, &planning);
        if (status == EXIT_DONE && planning.offsets > 0)
                status = look_at_group(client, command_argument(line, 0));
        if (status == EXIT_DONE)
                status = carry_out(line, &planning);
        free(planning.windows);
        return status;
}

static const struct command_option options[] = {
        { "topic", 't', "TOPIC", "the records of this topic; repeatable", NULL },
        { "from", 0, "WHERE", "the first of them: earliest, an offset, a time, or -10m", NULL },
        { "to", 0, "WHERE", "the first one behind them; the present end when not given", NULL },
        { "partition", 'p', "N", "in this partition only", NULL },
        { "execute", 0, NULL, "prepare it; otherwise the plan is shown", NULL },
        { 0 },
};

const struct command command_group_replay = {
        .name = "group replay",
        .arguments = "GROUP NAME",
        .summary = "prepare a window of the log for a service to run once more",
        .details =
                "The window is committed for a group of its own, GROUP-replay-NAME; GROUP and its commits are not "
                "touched, and may be at\nwork. A service of that group that is started with --replay=NAME runs the "
                "window through its handlers, beside the\nlive ones, and ends; killed, it goes on where it was. Its "
                "inbox is another than the live one's, so that what took\neffect before runs again. How far it is: "
                "chappe group show GROUP-replay-NAME. Afterwards chappe group delete\nremoves that group; the cluster "
                "does so by itself after a week, unless it was told otherwise.",
        .options = options,
        .least = 2,
        .most = 2,
        .cluster = true,
        .table = true,
        .run = group_replay,
};
