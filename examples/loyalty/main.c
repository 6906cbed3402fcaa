/* SPDX-License-Identifier: Apache-2.0 */
/* loyalty: one point for every whole unit of money that an accepted order is worth. */
#include <chappe/chappe.h>
#include <sqlite3.h>

#include "migrations.h"
#include "shop/order_accepted.h"
#include "shop/points_granted.h"

static enum chappe_decision on_order_accepted(struct chappe_context *ctx, const struct shop_order_accepted *order)
{
        struct shop_points_granted granted = {
                .customer = order->customer, .order_id = order->order_id, .points = order->total / 100
        };
        sqlite3_stmt *add = chappe_store_statement(ctx, "INSERT INTO points VALUES (?1, ?2)"
                                                        " ON CONFLICT DO UPDATE SET points = points + ?2");

        if (!add)
                return chappe_retry(ctx, "no store: %s", chappe_context_error(ctx)->text);
        sqlite3_bind_text(add, 1, order->customer.at, (int)order->customer.length, SQLITE_STATIC);
        sqlite3_bind_int64(add, 2, granted.points);
        if (sqlite3_step(add) != SQLITE_DONE || shop_points_granted_publish(ctx, &granted) < 0)
                return chappe_retry(ctx, "points not written");
        return CHAPPE_DONE; /* inbox row, points and event become durable together, once */
}

static const struct chappe_operation operations[] = {
        SHOP_ORDER_ACCEPTED_CONSUMES("shop.orders.accepted", on_order_accepted),
        SHOP_POINTS_GRANTED_PRODUCES("shop.points.granted"),
        { 0 },
};

int main(int argc, char **argv)
{
        return chappe_main(argc, argv, &(struct chappe_service_config){
                .name = "loyalty", .version = "1.0.0", .operations = operations, .migrations = loyalty_migrations });
}
