/* SPDX-License-Identifier: Apache-2.0 */
/* The one outcome of an order: written and published together, once. */
#pragma once

#include "orders/orders.h"
#include "shop/order_rejected.h"

enum chappe_decision orders_accept(struct chappe_context *ctx, const struct shop_order_placed *order);
enum chappe_decision orders_reject(struct chappe_context *ctx, const struct shop_order_placed *order,
                                   enum shop_reject_reason reason, struct chappe_text detail);
enum chappe_decision orders_return(struct chappe_context *ctx, const struct shop_order_placed *order);
