/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The relay: a strand that publishes the outbox. Rows are sent in order, at most one of each key at a time, and deleted
 * once they are delivered. A row that was sent and not deleted, because the process died, is sent again with the same
 * ce_id.
 */
#pragma once

#include "store/store_file.h"

struct chappe_relay;

/* Makes it; starts nothing. */
int chappe_relay_new(struct chappe_store_file *store, struct chappe_relay **ret_relay, struct chappe_error *error);
int chappe_relay_start(struct chappe_relay *relay, struct chappe_error *error);
/* Rows were committed. Any strand. */
void chappe_relay_wake(struct chappe_relay *relay);
/* Publishes what is there for at most timeout_ms more, then ends. Does nothing when it does not run. */
int chappe_relay_stop(struct chappe_relay *relay, int64_t timeout_ms, struct chappe_error *error);
/* No delivery may still report. Takes NULL; returns NULL. */
struct chappe_relay *chappe_relay_free(struct chappe_relay *relay);
