/* SPDX-License-Identifier: Apache-2.0 */
/* Commits: gathered from the shares, told apart by token and epoch. */
#include "flow/commits.h"

#include <stdlib.h>

#include "observe/log.h"

#define ANSWER_US 30000000 /* a commit without an answer by then is taken for failed */

static int make_room(struct chappe_commits *commits)
{
        size_t needed = commits->assignment->count;
        if (needed <= commits->capacity)
                return 0;
        struct chappe_committing *entries = realloc(commits->entries, needed * sizeof(*entries));
        if (entries)
                commits->entries = entries;
        struct chappe_position *positions = realloc(commits->positions, needed * sizeof(*positions));
        if (positions)
                commits->positions = positions;
        if (!entries || !positions)
                return -CHAPPE_E_NO_MEMORY;
        commits->capacity = needed;
        return 0;
}

static void gather(struct chappe_commits *commits)
{
        commits->count = 0;
        for (size_t i = 0; i < commits->assignment->count; i++) {
                struct chappe_share *share = commits->assignment->shares[i];
                int64_t offset = chappe_handover_commit(commits->handover, share);
                if (offset < 0)
                        continue;
                share->committing = offset;
                commits->entries[commits->count] =
                        (struct chappe_committing){ share->topic, share->partition, share->epoch, offset };
                commits->positions[commits->count++] = (struct chappe_position){ .topic = share->topic,
                                                                                 .partition = share->partition,
                                                                                 .offset = offset };
        }
}

/* What becomes of the shares of a commit that has ended. */
static void conclude(struct chappe_commits *commits, bool committed)
{
        for (size_t i = 0; i < commits->count; i++) {
                const struct chappe_committing *entry = &commits->entries[i];
                struct chappe_share *share =
                        chappe_assignment_find(commits->assignment, entry->topic, entry->partition);
                if (!share || share->epoch != entry->epoch)
                        continue;
                share->committing = -1;
                if (committed)
                        share->committed = entry->offset;
        }
        commits->busy = false;
}

int chappe_commits_start(struct chappe_commits *commits, int64_t now_us)
{
        if (commits->busy || make_room(commits) < 0)
                return 0;
        gather(commits);
        if (commits->count == 0)
                return 0;
        if (!chappe_step(commits->runtime->world, "commit.offsets"))
                return -CHAPPE_E_STOPPED;
        struct chappe_error error;
        commits->busy = true;
        commits->began_us = now_us;
        commits->token++;
        int status = commits->runtime->broker->operations->consumer_commit(
                commits->consumer, commits->positions, commits->count, (void *)(uintptr_t)commits->token, &error);
        if (status == 0)
                return 1;
        conclude(commits, false);
        if (status != -CHAPPE_E_STOPPED)
                chappe_log_error(commits->runtime->log, CHAPPE_LOG_COMMIT_FAILED, &error);
        return status;
}

void chappe_commits_ended(struct chappe_commits *commits, const struct chappe_consumer_event *event)
{
        if (!commits->busy || (uintptr_t)event->token != commits->token)
                return;
        conclude(commits, event->error.code == 0);
        if (event->error.code != 0)
                chappe_log_error(commits->runtime->log, CHAPPE_LOG_COMMIT_FAILED, &event->error);
}

void chappe_commits_expire(struct chappe_commits *commits, int64_t now_us)
{
        if (commits->busy && now_us - commits->began_us > ANSWER_US)
                conclude(commits, false);
}

void chappe_commits_deinit(struct chappe_commits *commits)
{
        free(commits->entries);
        free(commits->positions);
        commits->entries = NULL;
        commits->positions = NULL;
}
