/* SPDX-License-Identifier: Apache-2.0 */
/* shipping: every accepted order leaves the house in one parcel. */
#pragma once

#include <chappe/chappe.h>

#include "shop/order_accepted.h"

extern const struct chappe_service_config shipping_service;

enum chappe_decision shipping_on_accepted(struct chappe_context *ctx, const struct shop_order_accepted *order);
