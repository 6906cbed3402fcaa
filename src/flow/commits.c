/* SPDX-License-Identifier: Apache-2.0 */
/* Commits: gathered from the shares, told apart by token and epoch. */
#include "flow/commits.h"

#include <stdlib.h>
#include <string.h>

#include "observe/log.h"

#define PLAIN_US  60000000 /* how long a broker that may dislike metadata is spared it */
#define REFUSALS  3        /* that make us think so */
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

/* What there is to tell beside the offset; without memory nothing, which is safe. */
static char *tell_progress(const struct chappe_commits *commits, int64_t now_us)
{
        char text[CHAPPE_PROGRESS_SIZE];
        bool plain = now_us < commits->plain_until_us && commits->progress.window.until == 0;
        if (plain || chappe_progress_print(&commits->progress, text) == 0)
                return NULL;
        return strdup(text);
}

static void gather(struct chappe_commits *commits, int64_t now_us)
{
        commits->count = 0;
        for (size_t i = 0; i < commits->assignment->count; i++) {
                struct chappe_share *share = commits->assignment->shares[i];
                uint64_t changes;
                int64_t offset = chappe_handover_commit(commits->handover, share, &commits->progress, &changes);
                if (offset < 0)
                        continue;
                char *metadata = tell_progress(commits, now_us);
                if (!metadata && commits->progress.window.until > 0)
                        continue; /* without it the replay would know no end */
                share->committing = offset;
                share->committing_changes = changes;
                commits->entries[commits->count] =
                        (struct chappe_committing){ share->topic, share->partition, share->epoch,
                                                    offset,       changes,          metadata };
                commits->positions[commits->count++] =
                        (struct chappe_position){ share->topic, share->partition, offset, metadata };
        }
}

/* Frees what the entries own; returns whether there was any metadata. */
static bool forget(struct chappe_commits *commits)
{
        bool told = false;
        for (size_t i = 0; i < commits->count; i++) {
                told |= commits->entries[i].metadata != NULL;
                free(commits->entries[i].metadata);
        }
        commits->count = 0;
        return told;
}

/* What becomes of the shares of a commit that has ended. True when it told something beside offsets. */
static bool conclude(struct chappe_commits *commits, bool committed)
{
        for (size_t i = 0; i < commits->count; i++) {
                const struct chappe_committing *entry = &commits->entries[i];
                struct chappe_share *share =
                        chappe_assignment_find(commits->assignment, entry->topic, entry->partition);
                if (!share || share->epoch != entry->epoch)
                        continue;
                share->committing = -1;
                if (committed) {
                        share->committed = entry->offset;
                        share->committed_changes = entry->changes;
                }
        }
        commits->busy = false;
        commits->failing = !committed;
        return forget(commits);
}

/* While they fail, they do so every second. */
static void complain(struct chappe_commits *commits, const struct chappe_error *told, int64_t now_us)
{
        struct chappe_error error = *told;
        if (chappe_complaints_tell_error(&commits->complaints, &error, now_us))
                chappe_log_error(commits->runtime->log, CHAPPE_LOG_COMMIT_FAILED, &error);
}

int chappe_commits_start(struct chappe_commits *commits, int64_t now_us)
{
        if (commits->busy || make_room(commits) < 0)
                return 0;
        gather(commits, now_us);
        if (commits->count == 0) {
                commits->failing = false; /* whom the last one was for may have gone since */
                return 0;
        }
        if (!chappe_step(commits->runtime->world, "commit.offsets")) {
                forget(commits);
                return -CHAPPE_E_STOPPED;
        }
        struct chappe_error error;
        commits->busy = true;
        commits->began_us = now_us;
        commits->token++;
        int status = commits->runtime->broker->operations->consumer_commit(
                commits->consumer, commits->positions, commits->count, (void *)(uintptr_t)commits->token, &error);
        if (status == 0)
                return 1;
        (void)conclude(commits, false);
        if (status != -CHAPPE_E_STOPPED)
                complain(commits, &error, now_us);
        return status;
}

void chappe_commits_ended(struct chappe_commits *commits, const struct chappe_consumer_event *event, int64_t now_us)
{
        if (!commits->busy || (uintptr_t)event->token != commits->token)
                return;
        bool told = conclude(commits, event->error.code == 0);
        /* offset.metadata.max.bytes may be lower than we know: offsets alone must get through. */
        commits->refused = told && event->error.code != 0 ? commits->refused + 1 : 0;
        if (commits->refused == REFUSALS) {
                commits->refused = 0;
                commits->plain_until_us = now_us + PLAIN_US;
        }
        if (event->error.code != 0)
                complain(commits, &event->error, now_us);
}

void chappe_commits_expire(struct chappe_commits *commits, int64_t now_us)
{
        if (commits->busy && now_us - commits->began_us > ANSWER_US)
                (void)conclude(commits, false);
}

void chappe_commits_deinit(struct chappe_commits *commits)
{
        forget(commits);
        chappe_progress_deinit(&commits->progress);
        free(commits->entries);
        free(commits->positions);
        commits->entries = NULL;
        commits->positions = NULL;
}
