/* SPDX-License-Identifier: Apache-2.0 */
/* The offset ledger: a ring of offsets, popped from the front as they finish. */
#include "flow/offset_ledger.h"

#include <assert.h>
#include <stdlib.h>

#include <chappe/error.h>

#define FINISHED              1u
#define LEDGER_FIRST_CAPACITY 64

static uint64_t *entry_at(const struct chappe_offset_ledger *ledger, size_t n)
{
        return chappe_offset_ledger_entry(ledger, n);
}

static int64_t entry_offset(uint64_t entry)
{
        return (int64_t)(entry >> 1);
}

int chappe_offset_ledger_grow(struct chappe_offset_ledger *ledger)
{
        size_t capacity = ledger->capacity ? 2 * ledger->capacity : LEDGER_FIRST_CAPACITY;
        uint64_t *entries = malloc(capacity * sizeof(*entries));
        if (!entries)
                return -CHAPPE_E_NO_MEMORY;
        for (size_t i = 0; i < ledger->count; i++)
                entries[i] = *entry_at(ledger, i);
        free(ledger->entries);
        ledger->entries = entries;
        ledger->capacity = capacity;
        ledger->first = 0;
        return 0;
}

void chappe_offset_ledger_start(struct chappe_offset_ledger *ledger, int64_t offset)
{
        assert(ledger->count == 0 && offset >= 0);
        ledger->next = offset;
        ledger->positioned = true;
}

/* Gaps in the log only bring it nearer to the front. */
static size_t search(const struct chappe_offset_ledger *ledger, int64_t offset, size_t high)
{
        size_t low = 0;
        while (low < high) {
                size_t middle = low + (high - low) / 2;
                if (entry_offset(*entry_at(ledger, middle)) < offset)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

/* Without gaps in the log the distance from the front is the place. */
static inline size_t find(const struct chappe_offset_ledger *ledger, int64_t offset)
{
        uint64_t distance = (uint64_t)(offset - entry_offset(*entry_at(ledger, 0)));
        if (distance < ledger->count && entry_offset(*entry_at(ledger, (size_t)distance)) == offset)
                return (size_t)distance;
        return search(ledger, offset, distance < ledger->count ? (size_t)distance : ledger->count - 1);
}

/* From the front, which is finished, to the first that is not. */
static inline void pop_finished(struct chappe_offset_ledger *ledger)
{
        const uint64_t *entries = ledger->entries;
        size_t first = ledger->first, count = ledger->count, mask = ledger->capacity - 1;
        do {
                first = (first + 1) & mask;
                count--;
        } while (count > 0 && (entries[first] & FINISHED));
        ledger->first = first;
        ledger->count = count;
}

/* Beyond the front it is a run by itself, prolongs one, or joins two; at the front it ends one if that follows it. */
void chappe_offset_ledger_finish(struct chappe_offset_ledger *ledger, int64_t offset)
{
        assert(ledger->count > 0);
        size_t n = find(ledger, offset), mask = ledger->capacity - 1, at = (ledger->first + n) & mask;
        uint64_t *entries = ledger->entries;
        bool right = n + 1 < ledger->count && (entries[(at + 1) & mask] & FINISHED);
        bool left = n > 0 && (entries[(at - 1) & mask] & FINISHED);
        assert(entries[at] == (uint64_t)offset << 1);
        entries[at] |= FINISHED;
        ledger->unfinished--;
        if (n == 0) {
                ledger->runs -= right;
                pop_finished(ledger);
        } else {
                ledger->runs += 1 - (size_t)left - (size_t)right;
        }
}

void chappe_offset_ledger_finish_first(struct chappe_offset_ledger *ledger, size_t count)
{
        ledger->first = (ledger->first + count) & (ledger->capacity - 1);
        ledger->count -= count;
        ledger->unfinished -= count;
        if (ledger->count == 0 || !(*entry_at(ledger, 0) & FINISHED))
                return;
        ledger->runs--;
        pop_finished(ledger);
}

int64_t chappe_offset_ledger_watermark(const struct chappe_offset_ledger *ledger)
{
        if (ledger->count > 0)
                return entry_offset(*entry_at(ledger, 0));
        return ledger->positioned ? ledger->next : -1;
}

int64_t chappe_offset_ledger_highest(const struct chappe_offset_ledger *ledger)
{
        return ledger->positioned ? ledger->next - 1 : -1;
}

size_t chappe_offset_ledger_width(const struct chappe_offset_ledger *ledger)
{
        return ledger->count;
}

size_t chappe_offset_ledger_unfinished(const struct chappe_offset_ledger *ledger)
{
        return ledger->unfinished;
}

size_t chappe_offset_ledger_runs(const struct chappe_offset_ledger *ledger)
{
        return ledger->runs;
}

bool chappe_offset_ledger_beyond(const struct chappe_offset_ledger *ledger, size_t *position,
                                 struct chappe_offset_run *ret_run)
{
        size_t n = *position;
        while (n < ledger->count && !(*entry_at(ledger, n) & FINISHED))
                n++;
        if (n == ledger->count)
                return false;
        ret_run->from = entry_offset(*entry_at(ledger, n));
        while (n < ledger->count && (*entry_at(ledger, n) & FINISHED))
                ret_run->to = entry_offset(*entry_at(ledger, n++));
        *position = n;
        return true;
}

void chappe_offset_ledger_deinit(struct chappe_offset_ledger *ledger)
{
        free(ledger->entries);
        *ledger = (struct chappe_offset_ledger){ 0 };
}
