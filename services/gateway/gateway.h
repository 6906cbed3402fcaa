/* SPDX-License-Identifier: Apache-2.0 */
/* gateway: the shop's door. Takes orders over HTTP, publishes them, and shows what became of them from its own
 * projection. */
#pragma once

#include <chappe/chappe.h>

#include "shop/order_accepted.h"
#include "shop/order_placed.h"
#include "shop/order_rejected.h"
#include "shop/order_returned.h"
#include "shop/order_shipped.h"

extern const struct chappe_service_config gateway_service;

enum chappe_decision gateway_on_accepted(struct chappe_context *ctx, const struct shop_order_accepted *order);
enum chappe_decision gateway_on_rejected(struct chappe_context *ctx, const struct shop_order_rejected *order);
enum chappe_decision gateway_on_returned(struct chappe_context *ctx, const struct shop_order_returned *order);
enum chappe_decision gateway_on_shipped(struct chappe_context *ctx, const struct shop_order_shipped *order);
