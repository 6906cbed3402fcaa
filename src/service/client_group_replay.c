/* SPDX-License-Identifier: Apache-2.0 */
/* Replays, as a tool prepares them: the window in the commits of a group that is theirs alone. */
#include <inttypes.h>
#include <stdlib.h>

#include <chappe/group.h>

#include "base/cleanup.h"
#include "flow/progress.h"
#include "flow/replay.h"
#include "service/client.h"

static int no_memory(struct chappe_error *error)
{
        return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a replay");
}

struct preparing {
        struct chappe_position *positions;
        char (*texts)[CHAPPE_PROGRESS_SIZE];
        size_t count;
};

static int prepare(struct preparing *preparing, const struct chappe_client_window *windows, size_t count, int64_t id,
                   struct chappe_error *error)
{
        preparing->positions = calloc(count + 1, sizeof(*preparing->positions));
        preparing->texts = calloc(count + 1, sizeof(*preparing->texts));
        if (!preparing->positions || !preparing->texts)
                return no_memory(error);
        for (size_t i = 0; i < count; i++) {
                struct chappe_progress progress = { 0 };

                if (windows[i].from < 0 || windows[i].from >= windows[i].until)
                        continue;
                chappe_progress_reset(&progress, windows[i].from);
                progress.window = (struct chappe_window){ .until = windows[i].until, .id = id };
                chappe_progress_print(&progress, preparing->texts[preparing->count]);
                preparing->positions[preparing->count] =
                        (struct chappe_position){ windows[i].topic, windows[i].partition, windows[i].from,
                                                  preparing->texts[preparing->count] };
                preparing->count++;
        }
        return preparing->count > 0 ? 0 : chappe_fail(error, CHAPPE_E_USAGE, "there is nothing in the window");
}

/* A second window of one name would begin where the first one is, and pass over what its inbox knows; beside it, no
 * instance could tell which of them is meant. */
static int check_fresh(struct chappe_client *client, const char *group, struct chappe_error *error)
{
        CHAPPE_CLEANUP(memory) void *memory = NULL;
        struct chappe_group_partition *committed;
        size_t count = 0;
        int status = chappe_client_group(client, group, &committed, &count, error);

        if (status < 0)
                return status;
        memory = committed;
        return count == 0 ? 0
                          : chappe_fail(error, CHAPPE_E_REPLAY_THERE,
                                        "group %s has committed %s[%" PRId32 "]@%" PRId64 " already", group,
                                        committed->topic, committed->partition, committed->committed);
}

static int commit(struct chappe_client *client, const char *group, const struct preparing *preparing,
                  struct chappe_error *error)
{
        struct chappe_broker *broker;
        int status = check_fresh(client, group, error);

        if (status >= 0)
                status = chappe_client_broker(client, &broker, error);
        if (status >= 0)
                status = broker->operations->group_commit(broker, group, preparing->positions, preparing->count,
                                                          chappe_client_timeout_ms(client), error);
        return status;
}

int chappe_client_group_replay_check(const char *name, struct chappe_error *error)
{
        return chappe_replay_check_name(name, error);
}

int chappe_client_group_replay(struct chappe_client *client, const char *group, const char *name,
                               const struct chappe_client_window *windows, size_t count, struct chappe_error *error)
{
        CHAPPE_CLEANUP(string) char *replaying = NULL;
        struct preparing preparing = { 0 };
        int status = chappe_replay_check_name(name, error);

        if (status >= 0 && !(replaying = chappe_replay_group(group, name)))
                status = no_memory(error);
        if (status >= 0)
                status = prepare(&preparing, windows, count,
                                 chappe_clock_wall_ms(client->service->runtime.world->clock), error);
        if (status >= 0)
                status = commit(client, replaying, &preparing, error);
        free(preparing.positions);
        free(preparing.texts);
        return status;
}

int chappe_client_group_delete(struct chappe_client *client, const char *group, struct chappe_error *error)
{
        struct chappe_broker *broker;
        int status = chappe_client_broker(client, &broker, error);

        return status < 0 ? status
                          : broker->operations->group_delete(broker, group, chappe_client_timeout_ms(client), error);
}
