/* SPDX-License-Identifier: Apache-2.0 */
/* inventory: who holds the stock. Reserves on request; lets go of what a rejected order had; restocks what comes back.
 */
#pragma once

#include <chappe/chappe.h>

#include "shop/inventory.h"
#include "shop/order_rejected.h"
#include "shop/order_returned.h"

extern const struct chappe_service_config inventory_service;

int inventory_reserve(struct chappe_context *ctx, const struct shop_reserve_request *request,
                      struct shop_reserve_reply *ret_reply);
enum chappe_decision inventory_on_rejected(struct chappe_context *ctx, const struct shop_order_rejected *order);
enum chappe_decision inventory_on_returned(struct chappe_context *ctx, const struct shop_order_returned *order);
