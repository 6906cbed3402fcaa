/* SPDX-License-Identifier: Apache-2.0 */
/* Which events have taken effect, and the replies that requests were given. For the holder of the turn. */
#pragma once

#include "flow/context.h"
#include "store/store_file.h"

/* Inside an open part. 0: noted; CHAPPE_WORK_SEEN: it was there already. */
int chappe_inbox_note(struct chappe_store_file *store, const struct chappe_operation *operation, struct chappe_text id,
                      const struct chappe_outgoing *reply, struct chappe_error *error);
/* CHAPPE_WORK_SEEN or 0. A stored reply is copied into the arena: value and headers; the rest of *ret_reply is left
 * alone. */
int chappe_inbox_find(struct chappe_store_file *store, const struct chappe_operation *operation, struct chappe_text id,
                      struct chappe_arena *arena, struct chappe_outgoing *ret_reply, struct chappe_error *error);
/* Inside an open part: forgets what is older, at most limit rows. Returns how many. */
int chappe_inbox_prune(struct chappe_store_file *store, int64_t before_ms, int limit, struct chappe_error *error);
