/* SPDX-License-Identifier: Apache-2.0 */
/* Reserving on request; releasing and restocking on events. */
#include "inventory/inventory.h"

#include "inventory/stock.h"

/* The lines on the order's sheet, their shelves filled for the first time where need be. */
static int note_lines(struct chappe_context *ctx, struct sqlite3 *database, struct chappe_text order_id,
                      const struct shop_order_line *lines, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                if (inventory_stock_seed(ctx, database, lines[i].sku) < 0 ||
                    inventory_line_add(database, order_id, lines[i].sku, lines[i].quantity) < 0)
                        return -1;
        }
        return 0;
}

static int64_t pieces_of(const struct shop_reserve_request *request)
{
        int64_t pieces = 0;

        for (size_t i = 0; i < request->lines.count; i++) {
                if (request->lines.items[i].quantity <= 0)
                        return -1;
                pieces += request->lines.items[i].quantity;
        }
        return pieces;
}

static int reserve_lines(struct chappe_context *ctx, struct sqlite3 *database,
                         const struct shop_reserve_request *request, struct shop_out_of_stock *ret_lacking)
{
        struct chappe_text order_id = request->order_id;

        if (note_lines(ctx, database, order_id, request->lines.items, request->lines.count) < 0)
                return -CHAPPE_E_AGAIN;
        int lacking = inventory_lines_lacking(ctx, database, order_id, &ret_lacking->sku, &ret_lacking->wanted,
                                              &ret_lacking->free);
        if (lacking < 0)
                return -CHAPPE_E_AGAIN;
        /* The shelves that were filled stay so; the order has nothing. */
        if (lacking)
                return inventory_lines_drop(database, order_id) < 0 ? -CHAPPE_E_AGAIN : SHOP_OUT_OF_STOCK;
        if (inventory_lines_move(ctx, database, order_id, SHOP_STOCK_MOVE_RESERVED) < 0 ||
            inventory_order_set(database, order_id, INVENTORY_ORDER_RESERVED) < 0)
                return -CHAPPE_E_AGAIN;
        return 0;
}

int inventory_reserve(struct chappe_context *ctx, const struct shop_reserve_request *request,
                      struct shop_reserve_reply *ret_reply)
{
        struct sqlite3 *database = chappe_store(ctx);
        int64_t pieces = pieces_of(request);

        if (!database)
                return -CHAPPE_E_AGAIN;
        if (pieces <= 0)
                return -CHAPPE_E_USAGE;
        switch (inventory_order_find(database, request->order_id, &pieces)) {
        case INVENTORY_ORDER_RESERVED:
                ret_reply->response = (struct shop_reservation){ .order_id = request->order_id, .pieces = pieces };
                return 0;
        case INVENTORY_ORDER_CLOSED:
                ret_reply->reservation_closed = (struct shop_reservation_closed){ .order_id = request->order_id };
                return SHOP_RESERVATION_CLOSED;
        case INVENTORY_ORDER_UNKNOWN:
                break;
        default:
                return -CHAPPE_E_AGAIN;
        }

        struct shop_out_of_stock lacking;
        int outcome = reserve_lines(ctx, database, request, &lacking);
        if (outcome == 0)
                ret_reply->response = (struct shop_reservation){ .order_id = request->order_id, .pieces = pieces };
        else if (outcome == SHOP_OUT_OF_STOCK)
                ret_reply->out_of_stock = lacking;
        return outcome;
}

static enum chappe_decision again(struct chappe_context *ctx)
{
        return chappe_retry(ctx, "the stock could not be moved: %s", chappe_context_error(ctx)->text);
}

/* The row stays behind as a marker, also of an order that never had a reservation: its request may still be on the way.
 */
enum chappe_decision inventory_on_rejected(struct chappe_context *ctx, const struct shop_order_rejected *order)
{
        struct sqlite3 *database = chappe_store(ctx);
        int64_t pieces;

        if (!database)
                return again(ctx);
        int state = inventory_order_find(database, order->order_id, &pieces);
        if (state < 0)
                return again(ctx);
        if (state == INVENTORY_ORDER_RESERVED &&
            inventory_lines_move(ctx, database, order->order_id, SHOP_STOCK_MOVE_RELEASED) < 0)
                return again(ctx);
        return inventory_order_set(database, order->order_id, INVENTORY_ORDER_CLOSED) < 0 ? again(ctx) : CHAPPE_DONE;
}

enum chappe_decision inventory_on_returned(struct chappe_context *ctx, const struct shop_order_returned *order)
{
        struct sqlite3 *database = chappe_store(ctx);
        int64_t pieces;

        if (!database)
                return again(ctx);
        int state = inventory_order_find(database, order->order_id, &pieces);
        if (state == INVENTORY_ORDER_CLOSED)
                return CHAPPE_DONE;
        if (state < 0 || note_lines(ctx, database, order->order_id, order->lines.items, order->lines.count) < 0 ||
            inventory_lines_move(ctx, database, order->order_id, SHOP_STOCK_MOVE_RETURNED) < 0 ||
            inventory_order_set(database, order->order_id, INVENTORY_ORDER_CLOSED) < 0)
                return again(ctx);
        return CHAPPE_DONE;
}
