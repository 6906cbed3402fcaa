/* SPDX-License-Identifier: Apache-2.0 */
/* The partitions that are ours at the moment. Each time one is gained it is a new share with a new epoch. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/alarm.h"
#include "flow/lanes.h"
#include "flow/offset_ledger.h"
#include "flow/progress.h"

struct chappe_meters;

enum chappe_share_state {
        CHAPPE_SHARE_ACTIVE,
        CHAPPE_SHARE_DRAINING, /* no intake; what runs may finish */
        CHAPPE_SHARE_GONE,     /* no longer ours: completions are late, and count for nothing */
};

/* One partition between being gained and being given up. */
struct chappe_share {
        const char *topic; /* borrowed from the shell */
        int32_t partition;
        uint64_t epoch; /* never used twice */
        enum chappe_share_state state;
        _Atomic bool closing; /* no longer ACTIVE: nothing of it begins. Read by workers, without the lock */
        struct chappe_offset_ledger ledger;
        struct chappe_trial trial;     /* the poll strand's */
        int64_t condemned;             /* this offset is set aside when it is given; -1: none */
        struct chappe_progress before; /* what an earlier owner had finished beyond its commit */
        size_t before_run;             /* its runs in front of this one are behind us */
        size_t before_failure;
        struct chappe_window window; /* of a replay, until 0: none; how much has finished is counted always */
        struct chappe_alarm stalled; /* this and the next: the watchdog's */
        uint64_t watched_changes;
        bool wants_room;   /* intake waits until there is some for this share */
        uint64_t changes;  /* what a commit could tell: records finished, records put off */
        int64_t committed; /* what the group has; -1: nothing */
        uint64_t committed_changes;
        int64_t committing; /* on its way; -1: nothing */
        uint64_t committing_changes;
        size_t tasks;  /* in hand, in any state */
        size_t bytes;  /* of them */
        void *context; /* this and the next: the shell's */
        const struct chappe_meters *meters;
        struct chappe_lane *ready; /* lanes to run, first to last */
        struct chappe_lane *ready_last;
        size_t ready_lanes;
        size_t lanes;                  /* of any state */
        struct chappe_lane *common;    /* holds whatever was added since it began; NULL: each key has its own */
        bool merged;                   /* what is added goes there */
        int64_t merge_us;              /* until then it may wait for other lanes to end */
        uint32_t crowded;              /* so often in a row it held more than one worker does at a time */
        int64_t apart;                 /* so many records more have lanes of their own in any case */
        struct chappe_lane *gathering; /* lanes that wait for more, first come first */
        size_t gathering_loose;        /* of them, those that hold loose tasks */
        uint32_t together;             /* tasks that run together, at most; below 2: each runs by itself */
        size_t troubled;               /* lanes */
        struct chappe_lane *troubled_lanes;
        bool held;                         /* nothing of it begins */
        bool probe;                        /* but one task may, of the shares of its topic that may */
        struct chappe_share *probe_before; /* this and the next: in the list of those that may */
        struct chappe_share *probe_behind;
        bool scouts;               /* though it is held and has nothing in hand, one record is taken, to probe */
        bool paused;               /* held on request */
        bool recalled;             /* draining to begin elsewhere, and not to go */
        struct chappe_share *turn; /* the next share in the dispatcher's round */
        bool in_round;
};

/* Zero-initialise; chappe_assignment_deinit when done. */
struct chappe_assignment {
        struct chappe_share **shares; /* active and draining, in the order gained */
        size_t count;
        size_t capacity;
        uint64_t epochs;
};

/* A partition is ours, to be read from offset on (negative: not known yet). It must not be ours already. NULL: no
 * memory. */
struct chappe_share *chappe_assignment_gain(struct chappe_assignment *assignment, const char *topic, int32_t partition,
                                            int64_t offset);
/* The share of a partition, or NULL. */
struct chappe_share *chappe_assignment_find(const struct chappe_assignment *assignment, const char *topic,
                                            int32_t partition);
/* The share leaves the assignment and is GONE; it is freed with its last task (chappe_share_free by whoever finds tasks
 * == 0). */
void chappe_assignment_remove(struct chappe_assignment *assignment, struct chappe_share *share);
/* The offset to commit now, or -1 when that would say nothing new. */
int64_t chappe_share_commit(const struct chappe_share *share);
/* The share begins where an earlier owner's commit says; takes what progress holds. */
void chappe_share_resume(struct chappe_share *share, struct chappe_progress *progress);
/* Did an earlier owner tell anything of what is still to come? */
static inline bool chappe_share_remembers(const struct chappe_share *share)
{
        return share->before_run < share->before.run_count || share->before_failure < share->before.failure_count;
}
/* Had an earlier owner finished this offset? Asked with ascending offsets. */
bool chappe_share_finished_before(struct chappe_share *share, int64_t offset);
/* How often an earlier owner had seen it fail; NULL: not that it told. Asked with ascending offsets. */
const struct chappe_failures *chappe_share_failed_before(struct chappe_share *share, int64_t offset);
/* The share drains: its parked records go, and this is remembered of one, instead of what is read again by now. */
void chappe_share_forget_failures(struct chappe_share *share);
void chappe_share_keep_failures(struct chappe_share *share, struct chappe_failures failures);
/* All that is finished beyond the watermark, here or before. -CHAPPE_E_NO_MEMORY. */
int chappe_share_progress(const struct chappe_share *share, struct chappe_progress *progress);
/* How many more records may be taken for all progress to fit into a commit, three quarters of which may be used. */
size_t chappe_share_room(const struct chappe_share *share);
struct chappe_share *chappe_share_free(struct chappe_share *share);
/* Frees the list; the shares in it too. */
void chappe_assignment_deinit(struct chappe_assignment *assignment);
