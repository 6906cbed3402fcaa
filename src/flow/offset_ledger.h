/* SPDX-License-Identifier: Apache-2.0 */
/* Which offsets of one partition are begun and which are finished; how far it may be committed. Pure. */
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero-initialise; chappe_offset_ledger_deinit when done. A ring of the offsets from the first unfinished one on. */
struct chappe_offset_ledger {
        uint64_t *entries; /* offset << 1 | finished, ascending */
        size_t first;
        size_t count;
        size_t capacity; /* a power of two, or 0 */
        size_t unfinished;
        size_t runs;     /* of finished offsets */
        int64_t next;    /* one past the highest offset begun or skipped; 0 until it means something */
        bool positioned; /* next means something */
};

/* Finished offsets beyond the watermark, as a run of begun offsets: from and to included. */
struct chappe_offset_run {
        int64_t from;
        int64_t to;
};

/* Where reading starts: everything before offset counts as finished. Only before the first offset is begun. */
void chappe_offset_ledger_start(struct chappe_offset_ledger *ledger, int64_t offset);
/* Room for twice as many offsets. -CHAPPE_E_NO_MEMORY. */
int chappe_offset_ledger_grow(struct chappe_offset_ledger *ledger);
/* Room for so many more. -CHAPPE_E_NO_MEMORY. */
static inline int chappe_offset_ledger_reserve(struct chappe_offset_ledger *ledger, size_t more)
{
        int status = 0;
        while (status == 0 && ledger->capacity - ledger->count < more)
                status = chappe_offset_ledger_grow(ledger);
        return status;
}
static inline uint64_t *chappe_offset_ledger_entry(const struct chappe_offset_ledger *ledger, size_t n)
{
        return &ledger->entries[(ledger->first + n) & (ledger->capacity - 1)];
}
/* The same as begin, of several, where there is room: each is noted by how many of them come before it, then all of
 * them by the last. */
static inline void chappe_offset_ledger_note(const struct chappe_offset_ledger *ledger, size_t n, int64_t offset)
{
        *chappe_offset_ledger_entry(ledger, ledger->count + n) = (uint64_t)offset << 1;
}
static inline void chappe_offset_ledger_noted(struct chappe_offset_ledger *ledger, size_t count, int64_t last)
{
        assert(last >= ledger->next);
        ledger->count += count;
        ledger->unfinished += count;
        ledger->next = last + 1;
        ledger->positioned = true;
}
/* A record was taken. Offsets ascend, and may leave gaps (transaction markers, compaction). -CHAPPE_E_NO_MEMORY. */
static inline int chappe_offset_ledger_begin(struct chappe_offset_ledger *ledger, int64_t offset)
{
        int status = chappe_offset_ledger_reserve(ledger, 1);
        if (status < 0)
                return status;
        chappe_offset_ledger_note(ledger, 0, offset);
        chappe_offset_ledger_noted(ledger, 1, offset);
        return 0;
}
/* A record that was begun is finished; once each. */
void chappe_offset_ledger_finish(struct chappe_offset_ledger *ledger, int64_t offset);
/* Is this offset, not finished yet, the n-th remembered one? */
static inline bool chappe_offset_ledger_is_open(const struct chappe_offset_ledger *ledger, size_t n, int64_t offset)
{
        return n < ledger->count && *chappe_offset_ledger_entry(ledger, n) == (uint64_t)offset << 1;
}
/* The first remembered ones, so many, none of which was finished. */
void chappe_offset_ledger_finish_first(struct chappe_offset_ledger *ledger, size_t count);
/* The offset to commit: nothing before it is unfinished. -1 when nothing is known yet. */
int64_t chappe_offset_ledger_watermark(const struct chappe_offset_ledger *ledger);
/* The highest offset begun, or -1. */
int64_t chappe_offset_ledger_highest(const struct chappe_offset_ledger *ledger);
/* Offsets remembered: what the ledger costs in memory. */
size_t chappe_offset_ledger_width(const struct chappe_offset_ledger *ledger);
size_t chappe_offset_ledger_unfinished(const struct chappe_offset_ledger *ledger);
/* How many runs of finished offsets there are beyond the watermark. */
size_t chappe_offset_ledger_runs(const struct chappe_offset_ledger *ledger);
/* Walks the finished runs beyond the watermark: *position starts at 0; false after the last run. */
bool chappe_offset_ledger_beyond(const struct chappe_offset_ledger *ledger, size_t *position,
                                 struct chappe_offset_run *ret_run);
void chappe_offset_ledger_deinit(struct chappe_offset_ledger *ledger);
