/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An order as a client posts it:
 *
 *   { "order_id": "A-1", "kind": "sale", "customer": "17850", "country": "France", "currency": "EUR", "placed_at":
 * 1291190400000, "lines": [ { "sku": "85123A", "description": "…", "quantity": 6, "unit_price": 255 } ] }
 *
 * kind (sale), customer, description and placed_at (now) may be left out; money is in minor units; the total is the
 * gateway's to compute.
 */
#pragma once

#include <chappe/chappe.h>

#include "shop/order_placed.h"

/* The order in the arena's memory, and a fingerprint of what was posted. An error's text is one line for the client. */
int gateway_order_read(struct chappe_text body, int64_t now_ms, struct chappe_arena *arena,
                       struct shop_order_placed *ret_order, int64_t *ret_fingerprint, struct chappe_error *error);
/* Letters, digits, '.', '_', '-'; 1 to 80 of them. */
bool gateway_order_id_valid(struct chappe_text order_id);
