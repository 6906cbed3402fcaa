/* SPDX-License-Identifier: Apache-2.0 */
/* The open store: its connection, whose turn it is, and the transaction that a group of records shares. */
#pragma once

#include <chappe/buffer.h>

#include "store/database.h"
#include "store/store.h"
#include "store/turn.h"

struct chappe_metric;
struct chappe_relay;

struct chappe_store_file {
        /* constant after open */
        struct chappe_runtime *runtime;
        int64_t wait_us;      /* for a turn */
        int64_t group_age_us; /* how long others may add to an open transaction */
        struct chappe_relay *relay;
        struct chappe_metric *commits;
        struct chappe_metric *units;
        struct chappe_metric *repeated;
        struct chappe_metric *relayed;

        struct chappe_turn turn;

        /* of the holder of the turn */
        struct chappe_database database;
        int64_t group_began_us;      /* when the open transaction began */
        bool outbox_written;         /* in the open transaction */
        struct chappe_buffer packed; /* headers being written */
};

/* Waits for the turn; then the caller's part of a transaction is open, and others' finished parts may be in it. */
int chappe_part_begin(struct chappe_store_file *store, int64_t deadline_us, struct chappe_error *error);
/* Ends the caller's part and gives the turn away. 0: it is durable. Waits while others add their parts. */
int chappe_part_commit(struct chappe_store_file *store, struct chappe_error *error);
/* Takes back the caller's part only, and gives the turn away. */
void chappe_part_rollback(struct chappe_store_file *store);
/* The same, because what it would have done was done before, perhaps in this very transaction; waits until that is
 * durable. */
int chappe_part_yield(struct chappe_store_file *store, struct chappe_error *error);
/* Takes the turn without beginning a part, for reading. */
int chappe_look_begin(struct chappe_store_file *store, int64_t deadline_us, struct chappe_error *error);
/* relied: what was seen may be the finished part of others in the open transaction; waits until that is durable. */
int chappe_look_end(struct chappe_store_file *store, bool relied, struct chappe_error *error);

/* When a wait that begins now for the turn must end. */
int64_t chappe_store_deadline_us(const struct chappe_store_file *store);

extern const struct chappe_unit_of_work_operations chappe_store_work;
