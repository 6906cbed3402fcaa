/* SPDX-License-Identifier: Apache-2.0 */
/* chappe group delete: a group with all that it has committed is forgotten. */
#include <chappe/group.h>

#include "cluster.h"

static int look(struct chappe_client *client, const char *group)
{
        CHAPPE_CLEANUP(memory) void *memory = NULL;
        struct chappe_group_partition *partitions;
        struct chappe_error error;
        size_t count;

        if (chappe_client_group(client, group, &partitions, &count, &error) < 0)
                return command_fail(&error);
        memory = partitions;
        command_say("group %s has committed in %zu partitions; nothing is changed, --execute forgets it", group, count);
        return EXIT_DONE;
}

static int group_delete(const struct command_line *line)
{
        CHAPPE_CLEANUP(client) struct chappe_client *client = NULL;
        const char *group = command_argument(line, 0);
        struct chappe_error error;
        int status = cluster_open(line, NULL, false, NULL, &client);

        if (status != EXIT_DONE)
                return status;
        if (!command_given(line, "execute"))
                return look(client, group);
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
