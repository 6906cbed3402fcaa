/* SPDX-License-Identifier: Apache-2.0 */
/* A placed order: reserve the stock, then have the payment authorised, then decide. Calls first, then the store. */
#include "orders/outcome.h"

#include "shop/inventory.h"
#include "shop/payments.h"

/* The gateway checks as much, but anyone may write to the topic. NULL: nothing wrong. */
static const char *fault_of(const struct shop_order_placed *order)
{
        int64_t total = 0;

        if (order->order_id.length == 0)
                return "the order has no id";
        if (order->lines.count == 0)
                return "the order has no lines";
        for (size_t i = 0; i < order->lines.count; i++) {
                const struct shop_order_line *line = &order->lines.items[i];
                int64_t price;

                if (line->quantity <= 0)
                        return "a quantity is not above zero";
                if (line->unit_price < 0)
                        return "a price is below zero";
                if (__builtin_mul_overflow(line->unit_price, line->quantity, &price) ||
                    __builtin_add_overflow(total, price, &total))
                        return "the total is beyond 64 bits";
        }
        return total == order->total ? NULL : "the total is not the sum of the lines";
}

/* Nobody answered: patience first. Once the order is rejected, whatever the calls did is undone by the rejected event.
 */
static enum chappe_decision unavailable(struct chappe_context *ctx, const struct shop_order_placed *order,
                                        const char *who)
{
        const char *why = chappe_context_error(ctx)->text;

        if (chappe_context_attempt(ctx) < chappe_context_setting_integer(ctx, "unavailable_after"))
                return chappe_retry(ctx, "%s did not answer: %s", who, why);
        return orders_reject(ctx, order, SHOP_REJECT_REASON_UNAVAILABLE,
                             chappe_arena_printf(chappe_context_arena(ctx), "%s does not answer", who));
}

static enum chappe_decision out_of_stock(struct chappe_context *ctx, const struct shop_order_placed *order,
                                         const struct shop_out_of_stock *refusal)
{
        struct chappe_text detail =
                chappe_arena_printf(chappe_context_arena(ctx), "%.*s: %lld wanted, %lld there",
                                    CHAPPE_TEXT(refusal->sku), (long long)refusal->wanted, (long long)refusal->free);

        return orders_reject(ctx, order, SHOP_REJECT_REASON_OUT_OF_STOCK, detail);
}

static enum chappe_decision pay(struct chappe_context *ctx, const struct shop_order_placed *order)
{
        struct shop_authorise_request request = { .order_id = order->order_id,
                                                  .customer = order->customer,
                                                  .amount = order->total,
                                                  .currency = order->currency };
        struct shop_authorise_reply reply;

        switch (shop_payments_authorise(ctx, &request, &reply)) {
        case 0:
                return orders_accept(ctx, order);
        case SHOP_DECLINED:
                return orders_reject(ctx, order, SHOP_REJECT_REASON_DECLINED, reply.declined.reason);
        case SHOP_AUTHORISATION_CLOSED:
                return orders_reject(ctx, order, SHOP_REJECT_REASON_DECLINED,
                                     chappe_text("the order was closed before"));
        default:
                return unavailable(ctx, order, "payments");
        }
}

enum chappe_decision orders_on_placed(struct chappe_context *ctx, const struct shop_order_placed *order)
{
        const char *fault = fault_of(order);

        if (fault)
                return orders_reject(ctx, order, SHOP_REJECT_REASON_INVALID, chappe_text(fault));
        if (order->kind == SHOP_ORDER_KIND_RETURN)
                return orders_return(ctx, order);

        struct shop_reserve_request request = { .order_id = order->order_id,
                                                .lines = { .items = order->lines.items, .count = order->lines.count } };
        struct shop_reserve_reply reply;

        switch (shop_inventory_reserve(ctx, &request, &reply)) {
        case 0:
                return pay(ctx, order);
        case SHOP_OUT_OF_STOCK:
                return out_of_stock(ctx, order, &reply.out_of_stock);
        case SHOP_RESERVATION_CLOSED:
                return orders_reject(ctx, order, SHOP_REJECT_REASON_OUT_OF_STOCK,
                                     chappe_text("the order was closed before"));
        default:
                return unavailable(ctx, order, "inventory");
        }
}
