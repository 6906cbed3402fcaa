/* SPDX-License-Identifier: Apache-2.0 */
/* What orders consumes, calls and produces. */
#include "orders/orders.h"

#include "orders/migrations.h"
#include "shop/inventory.h"
#include "shop/order_accepted.h"
#include "shop/order_rejected.h"
#include "shop/order_returned.h"
#include "shop/payments.h"

/* No ceiling: the handler itself ends an order as unavailable, so that it has a final state and no dead letter. */
/* No breaker: an order that nobody can decide is rejected after so many attempts, so that attempts must go on. */
static const struct chappe_retry_policy patient = {
        .backoff_ms = 100, .backoff_maximum_ms = 2000, .attempts = -1, .breaker_percent = -1
};

static const struct chappe_operation operations[] = {
        SHOP_ORDER_PLACED_CONSUMES("shop.orders.placed", orders_on_placed, .retry = &patient),
        SHOP_INVENTORY_RESERVE_CALLS("shop.inventory"),
        SHOP_PAYMENTS_AUTHORISE_CALLS("shop.payments"),
        SHOP_ORDER_ACCEPTED_PRODUCES("shop.orders.accepted"),
        SHOP_ORDER_REJECTED_PRODUCES("shop.orders.rejected"),
        SHOP_ORDER_RETURNED_PRODUCES("shop.orders.returned"),
        { 0 },
};

static const struct chappe_setting settings[] = {
        { .name = "unavailable_after",
          .default_value = "40",
          .integer = true,
          .help = "attempts after which an order is rejected because inventory or payments do not answer" },
        { 0 },
};

const struct chappe_service_config orders_service = {
        .name = "orders",
        .version = "1.0.0",
        .description = "drives an order through its life",
        .operations = operations,
        .settings = settings,
        .migrations = orders_migrations,
};
