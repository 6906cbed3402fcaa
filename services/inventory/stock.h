/* SPDX-License-Identifier: Apache-2.0 */
/* The shelves: every change is a row and a StockMoved of the same transaction. All return negative when the store or
 * the publishing failed; the transaction is then to be rolled back. */
#pragma once

#include <chappe/chappe.h>

#include "shop/stock_moved.h"

struct sqlite3;

enum inventory_order_state { INVENTORY_ORDER_UNKNOWN, INVENTORY_ORDER_RESERVED, INVENTORY_ORDER_CLOSED };

/* What is known of the order: a status of enum inventory_order_state; for a reserved one, its pieces. */
int inventory_order_find(struct sqlite3 *database, struct chappe_text order_id, int64_t *ret_pieces);
int inventory_order_set(struct sqlite3 *database, struct chappe_text order_id, enum inventory_order_state state);

/* Puts the first stock of a product on its shelf, unless that was done before. */
int inventory_stock_seed(struct chappe_context *ctx, struct sqlite3 *database, struct chappe_text sku);
/* Notes that the order wants (or brings) quantity more of the product. */
int inventory_line_add(struct sqlite3 *database, struct chappe_text order_id, struct chappe_text sku, int64_t quantity);
int inventory_lines_drop(struct sqlite3 *database, struct chappe_text order_id);
/* Moves every line of the order: RESERVED takes from the shelves, RELEASED and RETURNED put back. */
int inventory_lines_move(struct chappe_context *ctx, struct sqlite3 *database, struct chappe_text order_id,
                         enum shop_stock_move kind);
/* 1 with the first line that the shelf cannot serve, its sku in the context's arena; 0 when all can be served. */
int inventory_lines_lacking(struct chappe_context *ctx, struct sqlite3 *database, struct chappe_text order_id,
                            struct chappe_text *ret_sku, int64_t *ret_wanted, int64_t *ret_free);
