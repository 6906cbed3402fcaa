/* SPDX-License-Identifier: Apache-2.0 */
/* chappe group reset: where a group goes on. */
#include <fnmatch.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <chappe/group.h>

#include "cluster.h"
#include "place.h"
#include "table.h"

struct resetting {
        struct chappe_client *client;
        bool shift;
        int64_t distance;  /* where shift says so */
        struct place to;   /* else */
        int64_t partition; /* only this one; -1: all */
        struct chappe_group_partition *partitions;
        size_t count;
        struct chappe_client_position *positions; /* one for each, where it goes on */
        int64_t *finished;                        /* and what is finished from the commit to there */
};

/* --to WHERE, or --shift N. */
static bool parse_target(const struct command_line *line, struct resetting *resetting)
{
        const char *to = command_value(line, "to");

        resetting->shift = !to;
        if (command_given(line, "shift") == (to != NULL)) {
                command_misuse("where to? Give either --to or --shift");
                return false;
        }
        return to ? place_parse("to", to, &resetting->to)
                  : command_integer(line, "shift", INT64_MIN, INT64_MAX, &resetting->distance);
}

/* A group that has committed nothing there may be given a place to begin: that topic has to be named. */
static int find_topic(struct resetting *resetting, const char *topic)
{
        CHAPPE_CLEANUP(memory) void *memory = NULL;
        struct chappe_client_topic *topics;
        struct chappe_error error;
        size_t count;

        if (chappe_client_topics(resetting->client, topic, &topics, &count, &error) < 0)
                return command_fail(&error);
        memory = topics;
        if (count != 1 || strcmp(topics[0].name, topic) != 0)
                return EXIT_DONE;
        if (cluster_partition(&topics[0], resetting->partition) != EXIT_DONE)
                return EXIT_FAILED;
        free(resetting->partitions);
        resetting->partitions = calloc((size_t)topics[0].partition_count, sizeof(*resetting->partitions));
        for (int32_t p = 0; resetting->partitions && p < topics[0].partition_count; p++) {
                struct chappe_group_partition *partition = &resetting->partitions[resetting->count];

                if (resetting->partition >= 0 && p != resetting->partition)
                        continue;
                *partition = (struct chappe_group_partition){ .topic = topic, .partition = p, .committed = -1 };
                if (chappe_client_watermarks(resetting->client, topic, p, &partition->low, &partition->high, &error) <
                    0)
                        return command_fail(&error);
                resetting->count++;
        }
        return EXIT_DONE;
}

/* Only those that are meant stay in the list. */
static int find_partitions(const struct command_line *line, struct resetting *resetting)
{
        const char *group = command_argument(line, 0), *topic = command_value(line, "topic");
        struct chappe_error error;
        int status = EXIT_DONE;
        size_t count;

        if (chappe_client_group(resetting->client, group, &resetting->partitions, &count, &error) < 0)
                return command_fail(&error);
        for (size_t i = 0; i < count; i++) {
                const struct chappe_group_partition *partition = &resetting->partitions[i];

                if ((!topic || fnmatch(topic, partition->topic, FNM_NOESCAPE) == 0) &&
                    (resetting->partition < 0 || partition->partition == resetting->partition))
                        resetting->partitions[resetting->count++] = *partition;
        }
        if (resetting->count == 0 && topic)
                status = find_topic(resetting, topic);
        if (status != EXIT_DONE || resetting->count > 0)
                return status;
        command_say("group %s has committed nothing%s", group, count ? " there" : "; name a topic for it to begin in");
        return EXIT_FAILED;
}

/* Where it is now; a group that has committed nothing is in front of the first record. */
static int64_t base_of(const struct chappe_group_partition *partition)
{
        return partition->committed < 0 ? partition->low : partition->committed;
}

/* No overflow: distances beyond the log end at its ends. */
static int64_t shifted(const struct chappe_group_partition *partition, int64_t distance)
{
        int64_t base = base_of(partition);

        if (distance > partition->high - base)
                return partition->high;
        return distance < partition->low - base ? partition->low : base + distance;
}

static int find_targets(struct resetting *resetting)
{
        int status = EXIT_DONE;

        resetting->positions = calloc(resetting->count + 1, sizeof(*resetting->positions));
        if (!resetting->positions)
                return EXIT_FAILED;
        for (size_t i = 0; i < resetting->count && status == EXIT_DONE; i++) {
                const struct chappe_group_partition *partition = &resetting->partitions[i];

                struct chappe_client_position *position = &resetting->positions[i];

                *position = (struct chappe_client_position){ partition->topic, partition->partition, 0 };
                if (resetting->shift)
                        position->offset = shifted(partition, resetting->distance);
                else
                        status = place_find(resetting->client, &resetting->to, position, partition->low,
                                            partition->high, &position->offset);
        }
        return status;
}

static int find_finished(const struct command_line *line, struct resetting *resetting)
{
        struct chappe_error error;

        resetting->finished = calloc(resetting->count + 1, sizeof(*resetting->finished));
        if (!resetting->finished) {
                chappe_fail(&error, CHAPPE_E_NO_MEMORY, "no memory for %zu partitions", resetting->count);
                return command_fail(&error);
        }
        return chappe_client_group_finished(resetting->client, command_argument(line, 0), resetting->positions,
                                            resetting->count, resetting->finished, &error) < 0
                       ? command_fail(&error)
                       : EXIT_DONE;
}

/* Offsets that will run once more: those from the new place to the old one, and what is finished beyond, for that is
 * forgotten. */
static int64_t again(const struct resetting *resetting, size_t i)
{
        const struct chappe_group_partition *partition = &resetting->partitions[i];
        int64_t back = base_of(partition) - resetting->positions[i].offset;

        return (back > 0 ? back : 0) + partition->finished - resetting->finished[i];
}

static void show_plan(const struct command_line *line, const struct resetting *resetting)
{
        static const struct table_column columns[] = {
                { "topic", false }, { "partition", true }, { "committed", true },
                { "new", true },    { "again", true },     { "skipped", true },
        };
        struct table table;

        table_open(&table, line, columns, 6);
        for (size_t i = 0; i < resetting->count; i++) {
                const struct chappe_group_partition *partition = &resetting->partitions[i];
                int64_t distance = resetting->positions[i].offset - base_of(partition);

                table_cell(&table, "%s", partition->topic);
                table_cell(&table, "%" PRId32, partition->partition);
                table_cell(&table, "%" PRId64, partition->committed);
                table_cell(&table, "%" PRId64, resetting->positions[i].offset);
                table_cell(&table, "%" PRId64, again(resetting, i));
                table_cell(&table, "%" PRId64, distance > 0 ? distance - resetting->finished[i] : 0);
        }
        table_close(&table);
}

static int carry_out(const struct command_line *line, const struct resetting *resetting)
{
        struct chappe_error error;

        if (!command_given(line, "execute")) {
                command_say("nothing is changed; --execute does it");
                return EXIT_DONE;
        }
        if (chappe_client_group_reset(resetting->client, command_argument(line, 0), resetting->positions,
                                      resetting->count, &error) < 0)
                return command_fail(&error);
        command_say("%zu partitions are reset", resetting->count);
        return EXIT_DONE;
}

static int group_reset(const struct command_line *line)
{
        CHAPPE_CLEANUP(client) struct chappe_client *client = NULL;
        struct resetting resetting = { 0 };
        int status;

        resetting.partition = -1;
        if (!parse_target(line, &resetting) || !command_integer(line, "partition", 0, INT32_MAX, &resetting.partition))
                return EXIT_USAGE;
        if (command_given(line, "execute") && command_given(line, "dry-run"))
                return command_misuse("either --dry-run or --execute");
        status = cluster_open(line, NULL, false, NULL, &client);
        resetting.client = client;
        if (status == EXIT_DONE)
                status = find_partitions(line, &resetting);
        if (status == EXIT_DONE)
                status = find_targets(&resetting);
        if (status == EXIT_DONE)
                status = find_finished(line, &resetting);
        if (status == EXIT_DONE) {
                show_plan(line, &resetting);
                status = carry_out(line, &resetting);
        }
        free(resetting.partitions);
        free(resetting.positions);
        free(resetting.finished);
        return status;
}

static const struct command_option options[] = {
        { "to", 0, "WHERE", "earliest, latest, an offset, a time, or -10m", NULL },
        { "shift", 0, "N", "so many offsets on (back with a minus) instead", NULL },
        { "topic", 't', "PATTERN", "in these topics only; a group that has committed nothing begins in the one named",
          NULL },
        { "partition", 'p', "N", "in this partition only", NULL },
        { "dry-run", 0, NULL, "only show what would be done, as without --execute", NULL },
        { "execute", 0, NULL, "do it", NULL },
        { 0 },
};

const struct command command_group_reset = {
        .name = "group reset",
        .arguments = "GROUP",
        .summary = "move a group to other offsets; without --execute only the plan is shown",
        .details =
                "again: offsets that the group will handle once more; skipped: those that it has not handled and will "
                "not. What it had finished\nbeyond its commits is forgotten. A service with an inbox (a store) ignores "
                "events that "
                "it has handled before, until its inbox\nforgets them. Refused while the group has members. Offsets "
                "outside a partition become its first or its end.",
        .options = options,
        .least = 1,
        .most = 1,
        .cluster = true,
        .table = true,
        .run = group_reset,
};
