/* SPDX-License-Identifier: Apache-2.0 */
/* What inventory answers, consumes and produces. */
#include "inventory/inventory.h"

#include "inventory/migrations.h"
#include "shop/stock_moved.h"

/* Books are not closed with a dead letter in them: no ceiling. */
static const struct chappe_retry_policy patient = { .backoff_ms = 100, .backoff_maximum_ms = 2000, .attempts = -1 };

static const struct chappe_operation operations[] = {
        SHOP_INVENTORY_RESERVE_ANSWERS("shop.inventory", inventory_reserve),
        SHOP_ORDER_REJECTED_CONSUMES("shop.orders.rejected", inventory_on_rejected, .retry = &patient),
        SHOP_ORDER_RETURNED_CONSUMES("shop.orders.returned", inventory_on_returned, .retry = &patient),
        SHOP_STOCK_MOVED_PRODUCES("shop.stock.moved"),
        { 0 },
};

static const struct chappe_setting settings[] = {
        { .name = "stock_per_product",
          .default_value = "1500",
          .integer = true,
          .help = "pieces on the shelf when a product is first asked for: from half to one and a half times this" },
        { 0 },
};

const struct chappe_service_config inventory_service = {
        .name = "inventory",
        .version = "1.0.0",
        .description = "holds the stock",
        .operations = operations,
        .settings = settings,
        .migrations = inventory_migrations,
};
