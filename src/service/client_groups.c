/* SPDX-License-Identifier: Apache-2.0 */
/* Consumer groups, as a tool asks for them. */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include <chappe/group.h>

#include "base/cleanup.h"
#include "flow/progress.h"
#include "service/client.h"

static int by_name(const void *a, const void *b)
{
        const struct chappe_group *one = a, *two = b;

        return strcmp(one->name, two->name);
}

static const char *keep(char **at, const char *text)
{
        char *kept = *at;

        *at = stpcpy(kept, text) + 1;
        return kept;
}

/* The list and its texts in one allocation. */
static struct chappe_group *copy_list(const struct chappe_group_description *groups, size_t count, const char *pattern,
                                      size_t *ret_count)
{
        struct chappe_group *list;
        size_t size = sizeof(*list), used = 0;
        char *texts;

        for (size_t i = 0; i < count; i++)
                size += sizeof(*list) + strlen(groups[i].name) + strlen(groups[i].state) + strlen(groups[i].clients) +
                        3;
        list = malloc(size);
        if (!list)
                return NULL;
        texts = (char *)(list + count + 1);
        for (size_t i = 0; i < count; i++) {
                if (pattern && fnmatch(pattern, groups[i].name, FNM_NOESCAPE) != 0)
                        continue;
                list[used].name = keep(&texts, groups[i].name);
                list[used].state = keep(&texts, groups[i].state);
                list[used].clients = keep(&texts, groups[i].clients);
                list[used++].member_count = groups[i].member_count;
        }
        qsort(list, used, sizeof(*list), by_name);
        *ret_count = used;
        return list;
}

int chappe_client_groups(struct chappe_client *client, const char *pattern, struct chappe_group **ret_groups,
                         size_t *ret_count, struct chappe_error *error)
{
        CHAPPE_CLEANUP(memory) void *found = NULL;
        struct chappe_group_description *groups;
        struct chappe_broker *broker;
        size_t count;
        int status = chappe_client_broker(client, &broker, error);

        if (status >= 0)
                status = broker->operations->groups_describe(broker, NULL, chappe_client_timeout_ms(client), &groups,
                                                             &count, error);
        if (status < 0)
                return status;
        found = groups;
        *ret_groups = copy_list(groups, count, pattern, ret_count);
        return *ret_groups ? 0 : chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for %zu groups", count);
}

int chappe_client_group_reset(struct chappe_client *client, const char *group,
                              const struct chappe_client_position *positions, size_t count, struct chappe_error *error)
{
        CHAPPE_CLEANUP(memory) void *memory = NULL;
        struct chappe_position *committing = memory = calloc(count + 1, sizeof(*committing));
        struct chappe_broker *broker;
        int status = committing ? chappe_client_broker(client, &broker, error)
                                : chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for %zu offsets", count);

        for (size_t i = 0; i < count && status >= 0; i++)
                committing[i] = (struct chappe_position){ positions[i].topic, positions[i].partition,
                                                          positions[i].offset, NULL };
        if (status >= 0 && count > 0)
                status = broker->operations->group_commit(broker, group, committing, count,
                                                          chappe_client_timeout_ms(client), error);
        return status;
}

static int64_t finished_before(const struct chappe_position *committed, int64_t offset)
{
        struct chappe_progress progress = { 0 };
        int64_t finished = 0;

        if (committed->offset < 0 || !committed->metadata)
                return 0;
        (void)chappe_progress_parse(&progress, committed->metadata, committed->offset);
        for (size_t i = 0; i < progress.run_count && progress.runs[i].from < offset; i++) {
                int64_t last = progress.runs[i].to < offset ? progress.runs[i].to : offset - 1;

                finished += last - progress.runs[i].from + 1;
        }
        chappe_progress_deinit(&progress);
        return finished;
}

int chappe_client_group_finished(struct chappe_client *client, const char *group,
                                 const struct chappe_client_position *positions, size_t count, int64_t *ret_finished,
                                 struct chappe_error *error)
{
        CHAPPE_CLEANUP(memory) void *memory = NULL;
        CHAPPE_CLEANUP(memory) void *metadata = NULL;
        struct chappe_position *committed = memory = calloc(count + 1, sizeof(*committed));
        struct chappe_broker *broker;
        int status = committed ? chappe_client_broker(client, &broker, error)
                               : chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for %zu offsets", count);

        for (size_t i = 0; i < count && status >= 0; i++)
                committed[i] = (struct chappe_position){ positions[i].topic, positions[i].partition, CHAPPE_OFFSET_NONE,
                                                         NULL };
        if (status >= 0 && count > 0)
                status = broker->operations->group_committed(broker, group, committed, count,
                                                             chappe_client_timeout_ms(client), &metadata, error);
        for (size_t i = 0; i < count && status >= 0; i++)
                ret_finished[i] = finished_before(&committed[i], positions[i].offset);
        return status;
}
