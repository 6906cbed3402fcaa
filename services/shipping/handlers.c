/* SPDX-License-Identifier: Apache-2.0 */
/* An accepted order: pack one parcel and send it. */
#include "shipping/shipping.h"

#include "sql/statement.h"

#include "shop/order_shipped.h"

static int64_t pieces_of(const struct shop_order_accepted *order)
{
        int64_t pieces = 0;

        for (size_t i = 0; i < order->lines.count; i++)
                pieces += order->lines.items[i].quantity;
        return pieces;
}

static int send(struct chappe_context *ctx, const struct shop_order_accepted *order, struct chappe_text parcel,
                int64_t pieces)
{
        return shop_order_shipped_publish(ctx,
                                          &(struct shop_order_shipped){ .order_id = order->order_id,
                                                                        .customer = order->customer,
                                                                        .country = order->country,
                                                                        .parcel = parcel,
                                                                        .pieces = pieces,
                                                                        .shipped_at = chappe_context_now_ms(ctx) });
}

enum chappe_decision shipping_on_accepted(struct chappe_context *ctx, const struct shop_order_accepted *order)
{
        struct sqlite3 *database = chappe_store(ctx);
        struct chappe_text parcel =
                chappe_arena_printf(chappe_context_arena(ctx), "P-%.*s", CHAPPE_TEXT(order->order_id));
        int64_t pieces = pieces_of(order);

        if (!database || !parcel.at)
                return chappe_retry(ctx, "the store is not usable: %s", chappe_context_error(ctx)->text);
        int packed = shop_sql_run(database,
                                  "INSERT INTO parcels (order_id, parcel, country, pieces, shipped_at)"
                                  " VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                                  "tttii", order->order_id, parcel, order->country, pieces, chappe_context_now_ms(ctx));
        if (packed < 0)
                return chappe_retry(ctx, "the parcel could not be noted: %s", sqlite3_errmsg(database));
        if (packed > 0 && send(ctx, order, parcel, pieces) < 0)
                return chappe_retry(ctx, "not published: %s", chappe_context_error(ctx)->text);
        return CHAPPE_DONE;
}
