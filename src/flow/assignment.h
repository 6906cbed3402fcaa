/* SPDX-License-Identifier: Apache-2.0 */
/* The partitions that are ours at the moment. Each time one is gained it is a new share with a new epoch. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/lanes.h"
#include "flow/offset_ledger.h"

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
        struct chappe_offset_ledger ledger;
        int64_t committed;         /* what the group has; -1: nothing */
        int64_t committing;        /* on its way; -1: nothing */
        size_t tasks;              /* in hand, in any state */
        void *context;             /* the shell's */
        struct chappe_lane *ready; /* lanes to run, first to last */
        struct chappe_lane *ready_last;
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
struct chappe_share *chappe_share_free(struct chappe_share *share);
/* Frees the list; the shares in it too. */
void chappe_assignment_deinit(struct chappe_assignment *assignment);
