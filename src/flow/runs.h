/* SPDX-License-Identifier: Apache-2.0 */
/* What each worker is at, and has in its hand. A worker writes its own line only, but for what is taken out of its
 * hand; anybody may look, without a lock. */
#pragma once

#include <stdatomic.h>

#include "flow/channels.h"
#include "flow/hand.h"

/* What one worker is at. A look in the middle of a change may mix two records: began_us is written last and read first.
 */
struct chappe_at_work {
        _Alignas(64) _Atomic int64_t began_us; /* 0: at nothing */
        const struct chappe_channel *_Atomic channel;
        _Atomic int32_t partition;
        _Atomic int64_t offset;
        struct chappe_hand hand;
};

/* A handler that is running. */
struct chappe_run {
        int64_t began_us;
        const struct chappe_channel *channel;
        int32_t partition;
        int64_t offset;
};

/* Zero-initialise; chappe_runs_deinit when done. */
struct chappe_runs {
        struct chappe_at_work *workers; /* by number, from 0 */
        int count;
};

int chappe_runs_init(struct chappe_runs *runs, int workers, struct chappe_error *error);
void chappe_runs_deinit(struct chappe_runs *runs);
/* A worker begins a record. */
static inline void chappe_runs_begin(struct chappe_at_work *at_work, const struct chappe_channel *channel,
                                     int32_t partition, int64_t offset, int64_t now_us)
{
        atomic_store_explicit(&at_work->channel, channel, memory_order_relaxed);
        atomic_store_explicit(&at_work->partition, partition, memory_order_relaxed);
        atomic_store_explicit(&at_work->offset, offset, memory_order_relaxed);
        atomic_store_explicit(&at_work->began_us, now_us, memory_order_release);
}
/* It is at nothing any more. */
static inline void chappe_runs_end(struct chappe_at_work *at_work)
{
        atomic_store_explicit(&at_work->began_us, 0, memory_order_release);
}
/* Up to maximum handlers that are running, the longest first; returns how many were stored. */
size_t chappe_runs_list(const struct chappe_runs *runs, struct chappe_run *ret_runs, size_t maximum);
/* The same as text: "orders[0]@17 for 12 s, …"; "no handler" when none runs. */
void chappe_runs_print(const struct chappe_runs *runs, int64_t now_us, char *ret_text, size_t size);
