/* SPDX-License-Identifier: Apache-2.0 */
/* Events that are committed and wait to be published, and the lease of who publishes them. For the holder of the turn.
 */
#pragma once

#include "flow/context.h"
#include "store/store_file.h"

struct chappe_outbox_row {
        int64_t id; /* ascending: the order of publishing */
        struct chappe_outgoing outgoing;
};

/* Inside an open part. Copies. */
int chappe_outbox_add(struct chappe_store_file *store, const struct chappe_outgoing *outgoing,
                      struct chappe_error *error);
/* The oldest rows, copied into the arena; at most maximum. Returns how many. */
int chappe_outbox_read(struct chappe_store_file *store, struct chappe_arena *arena, struct chappe_outbox_row *ret_rows,
                       int maximum, struct chappe_error *error);
/* Inside an open part. */
int chappe_outbox_remove(struct chappe_store_file *store, int64_t id, struct chappe_error *error);
int64_t chappe_outbox_count(struct chappe_store_file *store, struct chappe_error *error);
/* 1: there are rows; 0: none. Cheaper than the count. */
int chappe_outbox_waits(struct chappe_store_file *store, struct chappe_error *error);

/* Inside an open part. One instance at a time publishes: a row with a time, on the wall clock, because all instances
 * and the simulation see it alike. 1: it is ours for CHAPPE_LEASE_MS; 0: another's. Two that overlap (a clock that
 * jumped, a process that slept) publish twice, and consumers' inboxes take the second away. */
#define CHAPPE_LEASE_MS 3000
int chappe_lease_take(struct chappe_store_file *store, struct chappe_error *error);
/* Gives it back early. */
int chappe_lease_release(struct chappe_store_file *store, struct chappe_error *error);
