/* SPDX-License-Identifier: Apache-2.0 */
/* What the gateway produces and consumes; its HTTP front starts and stops with it. */
#include "gateway/gateway.h"

#include "gateway/http.h"
#include "gateway/migrations.h"

static const struct chappe_operation operations[] = {
        SHOP_ORDER_PLACED_PRODUCES("shop.orders.placed"),
        SHOP_ORDER_ACCEPTED_CONSUMES("shop.orders.accepted", gateway_on_accepted),
        SHOP_ORDER_REJECTED_CONSUMES("shop.orders.rejected", gateway_on_rejected),
        SHOP_ORDER_RETURNED_CONSUMES("shop.orders.returned", gateway_on_returned),
        SHOP_ORDER_SHIPPED_CONSUMES("shop.orders.shipped", gateway_on_shipped),
        { 0 },
};

static const struct chappe_setting settings[] = {
        { .name = "http_port",
          .default_value = "8080",
          .integer = true,
          .help = "port of the HTTP front; 0: the kernel's choice, -1: no front" },
        { .name = "http_bind", .default_value = "127.0.0.1", .help = "IPv4 address of the HTTP front" },
        { .name = "http_threads", .default_value = "8", .integer = true, .help = "requests served at a time" },
        { .name = "http_port_file", .default_value = "", .help = "file that gets the front's port as decimal text" },
        { .name = "http_timeout_ms",
          .default_value = "5000",
          .integer = true,
          .help = "an order must be stored by then, or the client is told to come back" },
        { 0 },
};

const struct chappe_service_config gateway_service = {
        .name = "gateway",
        .version = "1.0.0",
        .description = "takes orders over HTTP and shows what became of them",
        .operations = operations,
        .settings = settings,
        .migrations = gateway_migrations,
        .state_new = gateway_http_new,
        .state_free = gateway_http_free,
        .started = gateway_http_started,
        .stopping = gateway_http_stopping,
};
