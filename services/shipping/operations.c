/* SPDX-License-Identifier: Apache-2.0 */
/* What shipping consumes and produces. */
#include "shipping/shipping.h"

#include "shipping/migrations.h"
#include "shop/order_shipped.h"

static const struct chappe_retry_policy patient = { .backoff_ms = 100, .backoff_maximum_ms = 2000, .attempts = -1 };

static const struct chappe_operation operations[] = {
        SHOP_ORDER_ACCEPTED_CONSUMES("shop.orders.accepted", shipping_on_accepted, .retry = &patient),
        SHOP_ORDER_SHIPPED_PRODUCES("shop.orders.shipped"),
        { 0 },
};

const struct chappe_service_config shipping_service = {
        .name = "shipping",
        .version = "1.0.0",
        .description = "sends accepted orders on their way",
        .operations = operations,
        .migrations = shipping_migrations,
};
