/* SPDX-License-Identifier: Apache-2.0 */
/* What notifications consumes and produces. */
#include "notifications/notifications.h"

#include "notifications/migrations.h"
#include "shop/customer_notified.h"

static const struct chappe_operation operations[] = {
        SHOP_ORDER_ACCEPTED_CONSUMES("shop.orders.accepted", notifications_on_accepted),
        SHOP_ORDER_REJECTED_CONSUMES("shop.orders.rejected", notifications_on_rejected),
        SHOP_ORDER_RETURNED_CONSUMES("shop.orders.returned", notifications_on_returned),
        SHOP_ORDER_SHIPPED_CONSUMES_BATCH("shop.orders.shipped", notifications_on_shipped, .order = CHAPPE_ORDER_NONE),
        SHOP_CUSTOMER_NOTIFIED_PRODUCES("shop.customers.notified"),
        { 0 },
};

const struct chappe_service_config notifications_service = {
        .name = "notifications",
        .version = "1.0.0",
        .description = "tells customers what became of their orders",
        .operations = operations,
        .migrations = notifications_migrations,
};
