/* SPDX-License-Identifier: Apache-2.0 */
/* What the gateway knows of orders: its own rows, fed by its own posts and by events in whatever order they come. */
#pragma once

#include <chappe/chappe.h>

struct sqlite3;

/* In the order of an order's life: a later one is not overwritten by an earlier. */
enum gateway_state { GATEWAY_PLACED, GATEWAY_ACCEPTED, GATEWAY_REJECTED, GATEWAY_RETURNED, GATEWAY_SHIPPED };

struct gateway_row {
        enum gateway_state state;
        struct chappe_text detail; /* in the context's arena */
        int64_t changed_at_ms;
};

const char *gateway_state_name(enum gateway_state state);

/* Notes an event. Negative when the store failed. */
int gateway_projection_note(struct chappe_context *ctx, struct sqlite3 *database, struct chappe_text order_id,
                            enum gateway_state state, struct chappe_text detail);
/* 1 with the row, 0 for an order nobody has heard of, or negative. */
int gateway_projection_find(struct chappe_context *ctx, struct sqlite3 *database, struct chappe_text order_id,
                            struct gateway_row *ret_row);
/* A new post: 1 when it is new, 0 when the same was posted before, 2 when that id was posted with other content, or
 * negative. */
int gateway_projection_post(struct chappe_context *ctx, struct sqlite3 *database, struct chappe_text order_id,
                            int64_t fingerprint);
