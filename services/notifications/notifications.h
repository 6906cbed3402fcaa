/* SPDX-License-Identifier: Apache-2.0 */
/* notifications: tells customers what became of their orders. */
#pragma once

#include <chappe/chappe.h>

#include "shop/order_accepted.h"
#include "shop/order_rejected.h"
#include "shop/order_returned.h"
#include "shop/order_shipped.h"

extern const struct chappe_service_config notifications_service;

enum chappe_decision notifications_on_accepted(struct chappe_context *ctx, const struct shop_order_accepted *order);
enum chappe_decision notifications_on_rejected(struct chappe_context *ctx, const struct shop_order_rejected *order);
enum chappe_decision notifications_on_returned(struct chappe_context *ctx, const struct shop_order_returned *order);
enum chappe_decision notifications_on_shipped(struct chappe_context *ctx, const struct shop_order_shipped *orders,
                                              size_t count);
