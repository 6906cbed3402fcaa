/* SPDX-License-Identifier: Apache-2.0 */
/* The one outcome of an order: written and published together, once. */
#include "orders/outcome.h"

#include "sql/statement.h"

#include "shop/order_accepted.h"
#include "shop/order_returned.h"

enum decided { DECIDED_NOW, DECIDED_BEFORE, NOT_DECIDED };

/* Whatever led here twice (an order sent again under another event id), only the first outcome stands. */
static enum decided decide(struct chappe_context *ctx, const struct shop_order_placed *order, const char *outcome)
{
        sqlite3 *database = chappe_store(ctx);

        if (!database)
                return NOT_DECIDED;
        int changes = shop_sql_run(database,
                                   "INSERT INTO orders (order_id, outcome, decided_at) VALUES (?, ?, ?)"
                                   " ON CONFLICT DO NOTHING",
                                   "tsi", order->order_id, outcome, chappe_context_now_ms(ctx));
        if (changes < 0)
                return NOT_DECIDED;
        return changes ? DECIDED_NOW : DECIDED_BEFORE;
}

static enum chappe_decision answer(struct chappe_context *ctx, enum decided decided, int published)
{
        if (decided == NOT_DECIDED)
                return chappe_retry(ctx, "the store is not usable: %s", chappe_context_error(ctx)->text);
        if (decided == DECIDED_NOW && published < 0)
                return chappe_retry(ctx, "not published: %s", chappe_context_error(ctx)->text);
        return CHAPPE_DONE;
}

enum chappe_decision orders_accept(struct chappe_context *ctx, const struct shop_order_placed *order)
{
        enum decided decided = decide(ctx, order, "accepted");
        int published = 0;

        if (decided == DECIDED_NOW)
                published = shop_order_accepted_publish(
                        ctx, &(struct shop_order_accepted){
                                     .order_id = order->order_id,
                                     .customer = order->customer,
                                     .country = order->country,
                                     .currency = order->currency,
                                     .total = order->total,
                                     .accepted_at = chappe_context_now_ms(ctx),
                                     .lines = { .items = order->lines.items, .count = order->lines.count } });
        return answer(ctx, decided, published);
}

enum chappe_decision orders_reject(struct chappe_context *ctx, const struct shop_order_placed *order,
                                   enum shop_reject_reason reason, struct chappe_text detail)
{
        enum decided decided = decide(ctx, order, "rejected");
        int published = 0;

        if (decided == DECIDED_NOW)
                published = shop_order_rejected_publish(
                        ctx, &(struct shop_order_rejected){ .order_id = order->order_id,
                                                            .customer = order->customer,
                                                            .reason = reason,
                                                            .detail = detail,
                                                            .rejected_at = chappe_context_now_ms(ctx) });
        return answer(ctx, decided, published);
}

enum chappe_decision orders_return(struct chappe_context *ctx, const struct shop_order_placed *order)
{
        enum decided decided = decide(ctx, order, "returned");
        int published = 0;

        if (decided == DECIDED_NOW)
                published = shop_order_returned_publish(
                        ctx, &(struct shop_order_returned){
                                     .order_id = order->order_id,
                                     .customer = order->customer,
                                     .currency = order->currency,
                                     .total = order->total,
                                     .returned_at = chappe_context_now_ms(ctx),
                                     .lines = { .items = order->lines.items, .count = order->lines.count } });
        return answer(ctx, decided, published);
}
