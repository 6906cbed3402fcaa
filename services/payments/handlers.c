/* SPDX-License-Identifier: Apache-2.0 */
/* Authorising on request; capturing, releasing and refunding on events. */
#include "payments/payments.h"

#include "payments/book.h"

static int approve(struct chappe_context *ctx, struct chappe_text order_id, struct shop_authorise_reply *ret_reply)
{
        struct chappe_text reference = chappe_arena_printf(chappe_context_arena(ctx), "A-%.*s", CHAPPE_TEXT(order_id));

        if (!reference.at)
                return -CHAPPE_E_NO_MEMORY;
        ret_reply->response = (struct shop_authorisation){ .order_id = order_id, .reference = reference };
        return 0;
}

static int decline(const struct shop_authorise_request *request, struct shop_authorise_reply *ret_reply)
{
        ret_reply->declined =
                (struct shop_declined){ .order_id = request->order_id, .reason = chappe_text("the limit is exceeded") };
        return SHOP_DECLINED;
}

static int hold(struct chappe_context *ctx, struct sqlite3 *database, const struct shop_authorise_request *request)
{
        struct payments_payment payment = { .order_id = request->order_id,
                                            .customer = request->customer,
                                            .amount = request->amount,
                                            .currency = request->currency };

        if (payments_set(database, &payment, PAYMENTS_HELD) < 0 ||
            payments_enter(ctx, database, &payment, SHOP_PAYMENT_MOVE_AUTHORISED) < 0)
                return -CHAPPE_E_AGAIN;
        return 0;
}

int payments_authorise(struct chappe_context *ctx, const struct shop_authorise_request *request,
                       struct shop_authorise_reply *ret_reply)
{
        struct sqlite3 *database = chappe_store(ctx);
        struct payments_payment payment;

        if (request->amount < 0)
                return -CHAPPE_E_USAGE;
        if (!database || payments_find(ctx, database, request->order_id, &payment) < 0)
                return -CHAPPE_E_AGAIN;
        switch (payment.state) {
        case PAYMENTS_HELD:
        case PAYMENTS_CAPTURED:
                return approve(ctx, request->order_id, ret_reply);
        case PAYMENTS_CLOSED:
                ret_reply->authorisation_closed = (struct shop_authorisation_closed){ .order_id = request->order_id };
                return SHOP_AUTHORISATION_CLOSED;
        case PAYMENTS_UNKNOWN:
                break;
        }

        if (request->amount > chappe_context_setting_integer(ctx, "decline_above"))
                return decline(request, ret_reply);
        int status = hold(ctx, database, request);
        return status < 0 ? status : approve(ctx, request->order_id, ret_reply);
}

static enum chappe_decision again(struct chappe_context *ctx)
{
        return chappe_retry(ctx, "the payment could not be moved: %s", chappe_context_error(ctx)->text);
}

enum chappe_decision payments_on_shipped(struct chappe_context *ctx, const struct shop_order_shipped *order)
{
        struct sqlite3 *database = chappe_store(ctx);
        struct payments_payment payment;

        if (!database || payments_find(ctx, database, order->order_id, &payment) < 0)
                return again(ctx);
        if (payment.state == PAYMENTS_CAPTURED)
                return CHAPPE_DONE;
        if (payment.state != PAYMENTS_HELD)
                return chappe_dead_letter(ctx, "an order was shipped for which nothing is held");
        if (payments_enter(ctx, database, &payment, SHOP_PAYMENT_MOVE_CAPTURED) < 0 ||
            payments_set(database, &payment, PAYMENTS_CAPTURED) < 0)
                return again(ctx);
        return CHAPPE_DONE;
}

/* The row stays behind as a marker, also of an order that was never authorised: its request may still be on the way. */
enum chappe_decision payments_on_rejected(struct chappe_context *ctx, const struct shop_order_rejected *order)
{
        struct sqlite3 *database = chappe_store(ctx);
        struct payments_payment payment;

        if (!database || payments_find(ctx, database, order->order_id, &payment) < 0)
                return again(ctx);
        if (payment.state == PAYMENTS_CAPTURED)
                return chappe_dead_letter(ctx, "an order was rejected that is paid for");
        if (payment.state == PAYMENTS_HELD && payments_enter(ctx, database, &payment, SHOP_PAYMENT_MOVE_RELEASED) < 0)
                return again(ctx);
        return payments_set(database, &payment, PAYMENTS_CLOSED) < 0 ? again(ctx) : CHAPPE_DONE;
}

enum chappe_decision payments_on_returned(struct chappe_context *ctx, const struct shop_order_returned *order)
{
        struct sqlite3 *database = chappe_store(ctx);
        struct payments_payment payment;

        if (!database || payments_find(ctx, database, order->order_id, &payment) < 0)
                return again(ctx);
        if (payment.state != PAYMENTS_UNKNOWN)
                return CHAPPE_DONE;
        payment.customer = order->customer;
        payment.amount = order->total;
        payment.currency = order->currency;
        if (payments_enter(ctx, database, &payment, SHOP_PAYMENT_MOVE_REFUNDED) < 0 ||
            payments_set(database, &payment, PAYMENTS_CLOSED) < 0)
                return again(ctx);
        return CHAPPE_DONE;
}
