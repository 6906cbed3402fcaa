/* SPDX-License-Identifier: Apache-2.0 */
/* payments: who holds the money. Authorises on request; captures, releases and refunds on events. */
#pragma once

#include <chappe/chappe.h>

#include "shop/order_rejected.h"
#include "shop/order_returned.h"
#include "shop/order_shipped.h"
#include "shop/payments.h"

extern const struct chappe_service_config payments_service;

int payments_authorise(struct chappe_context *ctx, const struct shop_authorise_request *request,
                       struct shop_authorise_reply *ret_reply);
enum chappe_decision payments_on_shipped(struct chappe_context *ctx, const struct shop_order_shipped *order);
enum chappe_decision payments_on_rejected(struct chappe_context *ctx, const struct shop_order_rejected *order);
enum chappe_decision payments_on_returned(struct chappe_context *ctx, const struct shop_order_returned *order);
