/* SPDX-License-Identifier: Apache-2.0 */
/* Events into the projection. */
#include "gateway/gateway.h"

#include "gateway/projection.h"

static enum chappe_decision note(struct chappe_context *ctx, struct chappe_text order_id, enum gateway_state state,
                                 struct chappe_text detail)
{
        struct sqlite3 *database = chappe_store(ctx);

        if (!database || gateway_projection_note(ctx, database, order_id, state, detail) < 0)
                return chappe_retry(ctx, "the projection could not be written: %s", chappe_context_error(ctx)->text);
        return CHAPPE_DONE;
}

enum chappe_decision gateway_on_accepted(struct chappe_context *ctx, const struct shop_order_accepted *order)
{
        return note(ctx, order->order_id, GATEWAY_ACCEPTED, chappe_text(""));
}

enum chappe_decision gateway_on_rejected(struct chappe_context *ctx, const struct shop_order_rejected *order)
{
        return note(ctx, order->order_id, GATEWAY_REJECTED, order->detail);
}

enum chappe_decision gateway_on_returned(struct chappe_context *ctx, const struct shop_order_returned *order)
{
        return note(ctx, order->order_id, GATEWAY_RETURNED, chappe_text(""));
}

enum chappe_decision gateway_on_shipped(struct chappe_context *ctx, const struct shop_order_shipped *order)
{
        return note(ctx, order->order_id, GATEWAY_SHIPPED, order->parcel);
}
