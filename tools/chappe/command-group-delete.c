/* SPDX-License-Identifier: Apache-2.0 */
/* chappe group delete: a group with all that it has committed is forgotten. */
#include "cluster.h"

/* What would be forgotten. */
static int look(const struct command_line *line)
{
        CHAPPE_CLEANUP(client) struct chappe_client *client = NULL;
        CHAPPE_CLEANUP(memory) void *memory = NULL;
        const char *group = command_argument(line, 0);
        struct chappe_group_partition *partitions;
        size_t count;
        int status = cluster_group(line, group, &client, &partitions, &count);

        if (status != EXIT_DONE)
                return status;
        memory = partitions;
        if (count == 0) {
                command_say("there is no group %s that has committed anything", group);
                return EXIT_FAILED;
        }
        command_say("group %s has committed in %zu partitions; nothing is changed, --execute forgets it", group, count);
        return EXIT_DONE;
}

static int group_delete(const struct command_line *line)
{
        CHAPPE_CLEANUP(client) struct chappe_client *client = NULL;
        const char *group = command_argument(line, 0);
        struct chappe_error error;
        int status = command_given(line, "execute") ? cluster_open(line, NULL, false, NULL, &client) : look(line);

        if (status != EXIT_DONE || !client)
                return status;
        status = chappe_client_group_delete(client, group, &error);
        if (status < 0)
                return command_fail(&error);
        command_say(status == 0 ? "group %s is forgotten" : "there is no group %s", group);
        return status == 0 ? EXIT_DONE : EXIT_FAILED;
}

static const struct command_option options[] = { { "execute", 0, NULL, "do it", NULL }, { 0 } };

const struct command command_group_delete = {
        .name = "group delete",
        .arguments = "GROUP",
        .summary = "forget a group and what it has committed; without --execute nothing is done",
        .details = "A service of this group would begin where start_from says. For groups of replays that are over, "
                   "and of services that are\ngone. Refused while the group has members.",
        .options = options,
        .least = 1,
        .most = 1,
        .cluster = true,
        .run = group_delete,
};
