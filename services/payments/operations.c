/* SPDX-License-Identifier: Apache-2.0 */
/* What payments answers, consumes and produces. */
#include "payments/payments.h"

#include "payments/migrations.h"
#include "shop/payment_moved.h"

/* Books are not closed with a dead letter in them: no ceiling. */
static const struct chappe_retry_policy patient = { .backoff_ms = 100, .backoff_maximum_ms = 2000, .attempts = -1 };

static const struct chappe_operation operations[] = {
        SHOP_PAYMENTS_AUTHORISE_ANSWERS("shop.payments", payments_authorise),
        SHOP_ORDER_SHIPPED_CONSUMES("shop.orders.shipped", payments_on_shipped, .retry = &patient),
        SHOP_ORDER_REJECTED_CONSUMES("shop.orders.rejected", payments_on_rejected, .retry = &patient),
        SHOP_ORDER_RETURNED_CONSUMES("shop.orders.returned", payments_on_returned, .retry = &patient),
        SHOP_PAYMENT_MOVED_PRODUCES("shop.payments.moved"),
        { 0 },
};

static const struct chappe_setting settings[] = {
        { .name = "decline_above",
          .default_value = "30000",
          .integer = true,
          .help = "amounts above this many minor units are declined" },
        { 0 },
};

const struct chappe_service_config payments_service = {
        .name = "payments",
        .version = "1.0.0",
        .description = "holds the money",
        .operations = operations,
        .settings = settings,
        .migrations = payments_migrations,
};
