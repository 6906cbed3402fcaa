/* SPDX-License-Identifier: Apache-2.0 */
/* Placing and finding an order. */
#include "gateway/place.h"

#include <stdio.h>
#include <stdlib.h>

#include "gateway/order_json.h"

#define ARENA_LIMIT (4 << 20)

static int64_t timeout_of(struct chappe_service *service)
{
        return strtoll(chappe_service_setting(service, "http_timeout_ms"), NULL, 10);
}

static int store_failed(struct chappe_context *ctx, struct chappe_error *error)
{
        const struct chappe_error *why = chappe_context_error(ctx);

        return chappe_fail(error, why->code ? why->code : CHAPPE_E_AGAIN, "the order could not be stored: %s",
                           why->text);
}

/* In the context's transaction: the post, its row and its event, or none of them. */
static int post(struct chappe_context *ctx, const struct shop_order_placed *order, int64_t fingerprint,
                struct chappe_error *error)
{
        struct sqlite3 *database = chappe_store(ctx);
        int posted = database ? gateway_projection_post(ctx, database, order->order_id, fingerprint) : -1;

        if (posted < 0)
                return store_failed(ctx, error);
        if (posted == 2)
                return GATEWAY_CONFLICT;
        if (posted == 1 && shop_order_placed_publish(ctx, order) < 0)
                return store_failed(ctx, error);
        int status = chappe_context_finish(ctx, error);
        return status < 0 ? status : GATEWAY_TAKEN;
}

int gateway_place(struct chappe_service *service, struct chappe_text body, char *ret_order_id,
                  struct chappe_error *error)
{
        struct shop_order_placed order;
        int64_t fingerprint;
        struct chappe_arena *arena = chappe_arena_new(ARENA_LIMIT);
        int status;

        if (!arena)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "out of memory");
        status = gateway_order_read(body, 0, arena, &order, &fingerprint, error);
        if (status == 0) {
                snprintf(ret_order_id, 81, "%.*s", CHAPPE_TEXT(order.order_id));
                struct chappe_context *ctx = chappe_context_open(service, ret_order_id, timeout_of(service));
                if (ctx && order.placed_at == 0)
                        order.placed_at = chappe_context_now_ms(ctx);
                status = ctx ? post(ctx, &order, fingerprint, error)
                             : chappe_fail(error, CHAPPE_E_STOPPED, "the gateway is stopping");
                chappe_context_close(ctx);
        }
        chappe_arena_free(arena);
        return status;
}

int gateway_find(struct chappe_service *service, const char *order_id, enum gateway_state *ret_state, char **ret_detail,
                 int64_t *ret_changed_at_ms, struct chappe_error *error)
{
        struct chappe_context *ctx = chappe_context_open(service, NULL, timeout_of(service));
        struct gateway_row row;
        int found;

        if (!ctx)
                return chappe_fail(error, CHAPPE_E_STOPPED, "the gateway is stopping");
        struct sqlite3 *database = chappe_store(ctx);
        found = database ? gateway_projection_find(ctx, database, chappe_text(order_id), &row) : -1;
        if (found < 0)
                found = store_failed(ctx, error);
        if (found > 0) {
                *ret_state = row.state;
                *ret_changed_at_ms = row.changed_at_ms;
                *ret_detail = strndup(row.detail.at ? row.detail.at : "", row.detail.length);
                if (!*ret_detail)
                        found = chappe_fail(error, CHAPPE_E_NO_MEMORY, "out of memory");
        }
        chappe_context_close(ctx);
        return found;
}
