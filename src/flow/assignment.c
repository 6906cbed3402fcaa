/* SPDX-License-Identifier: Apache-2.0 */
/* Shares: gained with a new epoch, found, removed. */
#include "flow/assignment.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static int make_room(struct chappe_assignment *assignment)
{
        if (assignment->count < assignment->capacity)
                return 0;
        size_t capacity = assignment->capacity ? 2 * assignment->capacity : 8;
        struct chappe_share **shares = realloc(assignment->shares, capacity * sizeof(struct chappe_share *));
        if (!shares)
                return -1;
        assignment->shares = shares;
        assignment->capacity = capacity;
        return 0;
}

struct chappe_share *chappe_assignment_gain(struct chappe_assignment *assignment, const char *topic, int32_t partition,
                                            int64_t offset)
{
        assert(!chappe_assignment_find(assignment, topic, partition));
        if (make_room(assignment) < 0)
                return NULL;
        struct chappe_share *share = calloc(1, sizeof(*share));
        if (!share)
                return NULL;
        share->topic = topic;
        share->partition = partition;
        share->epoch = ++assignment->epochs;
        share->committed = -1;
        share->committing = -1;
        if (offset >= 0)
                chappe_offset_ledger_start(&share->ledger, offset);
        assignment->shares[assignment->count++] = share;
        return share;
}

struct chappe_share *chappe_assignment_find(const struct chappe_assignment *assignment, const char *topic,
                                            int32_t partition)
{
        for (size_t i = 0; i < assignment->count; i++) {
                struct chappe_share *share = assignment->shares[i];
                if (share->partition == partition && strcmp(share->topic, topic) == 0)
                        return share;
        }
        return NULL;
}

void chappe_assignment_remove(struct chappe_assignment *assignment, struct chappe_share *share)
{
        size_t at = 0;
        while (assignment->shares[at] != share) {
                at++;
                assert(at < assignment->count);
        }
        memmove(&assignment->shares[at], &assignment->shares[at + 1],
                (assignment->count - at - 1) * sizeof(struct chappe_share *));
        assignment->count--;
        share->state = CHAPPE_SHARE_GONE;
}

int64_t chappe_share_commit(const struct chappe_share *share)
{
        int64_t watermark = chappe_offset_ledger_watermark(&share->ledger);
        int64_t known = share->committing > share->committed ? share->committing : share->committed;
        return share->state != CHAPPE_SHARE_GONE && watermark > known ? watermark : -1;
}

struct chappe_share *chappe_share_free(struct chappe_share *share)
{
        if (share)
                chappe_offset_ledger_deinit(&share->ledger);
        free(share);
        return NULL;
}

void chappe_assignment_deinit(struct chappe_assignment *assignment)
{
        for (size_t i = 0; i < assignment->count; i++)
                chappe_share_free(assignment->shares[i]);
        free(assignment->shares);
        *assignment = (struct chappe_assignment){ 0 };
}
