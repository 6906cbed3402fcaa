/* SPDX-License-Identifier: Apache-2.0 */
/* One message to the customer for each thing that happens to an order, recorded and published together. */
#include "notifications/notifications.h"

#include "sql/statement.h"

#include "shop/customer_notified.h"

static enum chappe_decision notify(struct chappe_context *ctx, const struct shop_customer_notified *notice)
{
        sqlite3 *database = chappe_store(ctx);

        if (!database || !notice->text.at)
                return chappe_retry(ctx, "the store is not usable: %s", chappe_context_error(ctx)->text);
        int noted = shop_sql_run(database,
                                 "INSERT INTO notices (order_id, about, customer, text, sent_at) VALUES (?, ?, ?, ?, ?)"
                                 " ON CONFLICT DO NOTHING",
                                 "titti", notice->order_id, (int64_t)notice->about, notice->customer, notice->text,
                                 notice->sent_at);
        if (noted < 0)
                return chappe_retry(ctx, "the notice could not be noted: %s", sqlite3_errmsg(database));
        if (noted > 0 && shop_customer_notified_publish(ctx, notice) < 0)
                return chappe_retry(ctx, "not published: %s", chappe_context_error(ctx)->text);
        return CHAPPE_DONE;
}

enum chappe_decision notifications_on_accepted(struct chappe_context *ctx, const struct shop_order_accepted *order)
{
        return notify(ctx, &(struct shop_customer_notified){
                                   .order_id = order->order_id,
                                   .customer = order->customer,
                                   .about = SHOP_NOTICE_ACCEPTED,
                                   .text = chappe_arena_printf(
                                           chappe_context_arena(ctx), "Order %.*s is accepted: %lld.%02lld %.*s.",
                                           CHAPPE_TEXT(order->order_id), (long long)order->total / 100,
                                           (long long)order->total % 100, CHAPPE_TEXT(order->currency)),
                                   .sent_at = chappe_context_now_ms(ctx) });
}

enum chappe_decision notifications_on_rejected(struct chappe_context *ctx, const struct shop_order_rejected *order)
{
        return notify(ctx, &(struct shop_customer_notified){
                                   .order_id = order->order_id,
                                   .customer = order->customer,
                                   .about = SHOP_NOTICE_REJECTED,
                                   .text = chappe_arena_printf(
                                           chappe_context_arena(ctx), "Sorry, order %.*s cannot be served: %.*s.",
                                           CHAPPE_TEXT(order->order_id), CHAPPE_TEXT(order->detail)),
                                   .sent_at = chappe_context_now_ms(ctx) });
}

enum chappe_decision notifications_on_returned(struct chappe_context *ctx, const struct shop_order_returned *order)
{
        return notify(ctx,
                      &(struct shop_customer_notified){
                              .order_id = order->order_id,
                              .customer = order->customer,
                              .about = SHOP_NOTICE_RETURNED,
                              .text = chappe_arena_printf(chappe_context_arena(ctx),
                                                          "Return %.*s has arrived: %lld.%02lld %.*s are on their way.",
                                                          CHAPPE_TEXT(order->order_id), (long long)order->total / 100,
                                                          (long long)order->total % 100, CHAPPE_TEXT(order->currency)),
                              .sent_at = chappe_context_now_ms(ctx) });
}

static enum chappe_decision notify_shipped(struct chappe_context *ctx, const struct shop_order_shipped *order)
{
        return notify(ctx, &(struct shop_customer_notified){
                                   .order_id = order->order_id,
                                   .customer = order->customer,
                                   .about = SHOP_NOTICE_SHIPPED,
                                   .text = chappe_arena_printf(chappe_context_arena(ctx),
                                                               "Order %.*s is on its way to %.*s in parcel %.*s.",
                                                               CHAPPE_TEXT(order->order_id),
                                                               CHAPPE_TEXT(order->country), CHAPPE_TEXT(order->parcel)),
                                   .sent_at = chappe_context_now_ms(ctx) });
}

/* Parcels leave in loads: one transaction for all of them. */
enum chappe_decision notifications_on_shipped(struct chappe_context *ctx, const struct shop_order_shipped *orders,
                                              size_t count)
{
        enum chappe_decision decision = CHAPPE_DONE;

        for (size_t i = 0; i < count && decision == CHAPPE_DONE; i++) {
                chappe_context_select(ctx, i);
                decision = notify_shipped(ctx, &orders[i]);
        }
        return decision;
}
