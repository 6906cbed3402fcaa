/* SPDX-License-Identifier: Apache-2.0 */
/* What each worker is at. A worker writes its own line only; anybody may look, without a lock. */
#pragma once

#include "flow/channels.h"

struct chappe_job;
struct chappe_at_work;

/* A handler that is running. */
struct chappe_run {
        int64_t began_us;
        const struct chappe_channel *channel;
        int32_t partition;
        int64_t offset;
};

/* Zero-initialise; chappe_runs_deinit when done. */
struct chappe_runs {
        struct chappe_at_work *workers;
        int count;
};

int chappe_runs_init(struct chappe_runs *runs, int workers, struct chappe_error *error);
void chappe_runs_deinit(struct chappe_runs *runs);
/* A worker (by number, from 0) begins a job; NULL: it has come back. */
void chappe_runs_note(struct chappe_runs *runs, int worker, const struct chappe_job *job, int64_t now_us);
/* Up to maximum handlers that are running, the longest first; returns how many were stored. */
size_t chappe_runs_list(const struct chappe_runs *runs, struct chappe_run *ret_runs, size_t maximum);
/* The same as text: "orders[0]@17 for 12 s, …"; "no handler" when none runs. */
void chappe_runs_print(const struct chappe_runs *runs, int64_t now_us, char *ret_text, size_t size);
