/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The service's database: SQLite, with inbox, outbox and the service's own tables. In the order of use:
 *
 *   chappe_store_open         opens or makes it, applies migrations; sets runtime->store and runtime->work
 *   (chappe_flow_start)
 *   chappe_store_relay_start  from here on the outbox is published
 *   (chappe_flow_drain)
 *   chappe_store_relay_stop   what is still in the outbox leaves after the next start
 *   (chappe_flow_stop)
 *   chappe_store_close
 *
 * Settings used: database, synchronous, database_wait_ms, inbox_days, relay_poll_ms. Steps told to the simulation:
 * store.begin, store.commit, relay.publish, relay.delete.
 */
#pragma once

#include <chappe/store.h>

#include "flow/context.h"

/* migrations: ends with { 0 }. Waits for other instances that migrate, at most timeout_ms. Needs world, config, service
 * and instance of the runtime, which must outlive the store; log and metrics may be NULL. */
int chappe_store_open(struct chappe_runtime *runtime, const struct chappe_migration *migrations, int64_t timeout_ms,
                      struct chappe_error *error);
/* Needs runtime->publisher. */
int chappe_store_relay_start(struct chappe_runtime *runtime, struct chappe_error *error);
/* Waits at most timeout_ms for deliveries that are under way. Negative: some remained; their rows are sent again after
 * the next start. Does nothing when it was not started. */
int chappe_store_relay_stop(struct chappe_runtime *runtime, int64_t timeout_ms, struct chappe_error *error);
/* Every context must be gone and the publisher closed, because deliveries report into the store. Rolls back what is
 * open. Does nothing when it was not opened. */
void chappe_store_close(struct chappe_runtime *runtime);

/* Rows that wait in the outbox; negative: why it could not be read. Any strand; waits for its turn. */
int64_t chappe_store_outbox_count(struct chappe_runtime *runtime, struct chappe_error *error);

/* Keeps an in-memory database ("file:/orders?vfs=memdb") alive while every process that uses it is dead: simulation's
 * disk. */
struct chappe_store_anchor;
int chappe_store_anchor_open(const char *uri, struct chappe_store_anchor **ret_anchor, struct chappe_error *error);
/* Takes NULL; returns NULL. */
struct chappe_store_anchor *chappe_store_anchor_close(struct chappe_store_anchor *anchor);
