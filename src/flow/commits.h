/* SPDX-License-Identifier: Apache-2.0 */
/* Committing what the ledgers say is finished: one commit on its way at a time. Of the poll strand. */
#pragma once

#include "flow/complaints.h"
#include "flow/handover.h"

/* One partition of a commit on its way. */
struct chappe_committing {
        const char *topic;
        int32_t partition;
        uint64_t epoch; /* the share may be another one by the time the answer comes */
        int64_t offset;
        uint64_t changes; /* of the share, that it tells */
        char *metadata;   /* NULL: none */
};

/* Zero-initialise and fill in the first members; chappe_commits_deinit when done. */
struct chappe_commits {
        const struct chappe_runtime *runtime;
        struct chappe_handover *handover;
        struct chappe_assignment *assignment;
        struct chappe_consumer *consumer;
        struct chappe_committing *entries; /* of the commit on its way */
        struct chappe_position *positions;
        size_t count;
        size_t capacity;
        struct chappe_progress progress; /* for gathering, kept from commit to commit */
        struct chappe_complaints complaints;
        uint64_t token;         /* of the latest commit */
        int64_t plain_until_us; /* until then nothing is told beside the offsets */
        int refused;            /* commits with something beside, one after another */
        int64_t began_us;
        bool busy;
        bool failing; /* the latest one that ended was refused, or never answered */
};

/* Starts a commit of everything new. 1: on its way; 0: nothing new, or one is on its way already; negative: refused at
 * once. */
int chappe_commits_start(struct chappe_commits *commits, int64_t now_us);
/* A COMMITTED event. */
void chappe_commits_ended(struct chappe_commits *commits, const struct chappe_consumer_event *event, int64_t now_us);
/* Forgets one whose answer never came. */
void chappe_commits_expire(struct chappe_commits *commits, int64_t now_us);
void chappe_commits_deinit(struct chappe_commits *commits);
