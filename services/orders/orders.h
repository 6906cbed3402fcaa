/* SPDX-License-Identifier: Apache-2.0 */
/* orders: drives an order through its life, from placed to accepted, rejected or returned. */
#pragma once

#include <chappe/chappe.h>

#include "shop/order_placed.h"

extern const struct chappe_service_config orders_service;

enum chappe_decision orders_on_placed(struct chappe_context *ctx, const struct shop_order_placed *order);
