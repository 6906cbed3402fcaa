/* SPDX-License-Identifier: Apache-2.0 */
/* The shelves. */
#include "inventory/stock.h"

#include "sql/statement.h"

int inventory_order_find(sqlite3 *database, struct chappe_text order_id, int64_t *ret_pieces)
{
        int64_t state = INVENTORY_ORDER_UNKNOWN;

        if (shop_sql_integer(database, &state, "SELECT state FROM orders WHERE order_id = ?", "t", order_id) < 0)
                return -1;
        if (state == INVENTORY_ORDER_RESERVED &&
            shop_sql_integer(database, ret_pieces, "SELECT sum(quantity) FROM lines WHERE order_id = ?", "t",
                             order_id) < 0)
                return -1;
        return (int)state;
}

int inventory_order_set(sqlite3 *database, struct chappe_text order_id, enum inventory_order_state state)
{
        return shop_sql_run(database,
                            "INSERT INTO orders (order_id, state) VALUES (?, ?)"
                            " ON CONFLICT DO UPDATE SET state = excluded.state",
                            "ti", order_id, (int64_t)state);
}

static int publish_move(struct chappe_context *ctx, enum shop_stock_move kind, struct chappe_text order_id,
                        struct chappe_text sku, int64_t quantity, int64_t free)
{
        return shop_stock_moved_publish(ctx, &(struct shop_stock_moved){ .sku = sku,
                                                                         .order_id = order_id,
                                                                         .kind = kind,
                                                                         .quantity = quantity,
                                                                         .free = free,
                                                                         .moved_at = chappe_context_now_ms(ctx) });
}

/* From half to one and a half times the setting, by the product's name alone: the same in every run. (FNV-1a) */
static int64_t first_stock(int64_t per_product, struct chappe_text sku)
{
        uint32_t hash = 2166136261u;

        for (size_t i = 0; i < sku.length; i++)
                hash = (hash ^ (uint8_t)sku.at[i]) * 16777619u;
        return per_product * (50 + (hash >> 8) % 101) / 100;
}

int inventory_stock_seed(struct chappe_context *ctx, sqlite3 *database, struct chappe_text sku)
{
        int64_t quantity = first_stock(chappe_context_setting_integer(ctx, "stock_per_product"), sku);
        int changes = shop_sql_run(database, "INSERT INTO stock (sku, free) VALUES (?, ?) ON CONFLICT DO NOTHING", "ti",
                                   sku, quantity);

        if (changes <= 0)
                return changes;
        return publish_move(ctx, SHOP_STOCK_MOVE_SEEDED, chappe_text(""), sku, quantity, quantity);
}

int inventory_line_add(sqlite3 *database, struct chappe_text order_id, struct chappe_text sku, int64_t quantity)
{
        return shop_sql_run(database,
                            "INSERT INTO lines (order_id, sku, quantity) VALUES (?, ?, ?)"
                            " ON CONFLICT DO UPDATE SET quantity = quantity + excluded.quantity",
                            "tti", order_id, sku, quantity);
}

int inventory_lines_drop(sqlite3 *database, struct chappe_text order_id)
{
        return shop_sql_run(database, "DELETE FROM lines WHERE order_id = ?", "t", order_id);
}

int inventory_lines_lacking(struct chappe_context *ctx, sqlite3 *database, struct chappe_text order_id,
                            struct chappe_text *ret_sku, int64_t *ret_wanted, int64_t *ret_free)
{
        sqlite3_stmt *statement = shop_sql_prepare(database,
                                                   "SELECT sku, quantity, free FROM lines JOIN stock USING (sku)"
                                                   " WHERE order_id = ? AND quantity > free ORDER BY sku LIMIT 1",
                                                   "t", order_id);
        if (!statement)
                return -1;

        int status = sqlite3_step(statement);
        if (status == SQLITE_ROW) {
                *ret_sku = chappe_arena_text(chappe_context_arena(ctx), shop_sql_column(statement, 0));
                *ret_wanted = sqlite3_column_int64(statement, 1);
                *ret_free = sqlite3_column_int64(statement, 2);
        }
        sqlite3_finalize(statement);
        return status == SQLITE_ROW ? 1 : status == SQLITE_DONE ? 0 : -1;
}

static int publish_moves(struct chappe_context *ctx, sqlite3 *database, struct chappe_text order_id,
                         enum shop_stock_move kind)
{
        sqlite3_stmt *statement = shop_sql_prepare(database,
                                                   "SELECT sku, quantity, free FROM lines JOIN stock USING (sku)"
                                                   " WHERE order_id = ? ORDER BY sku",
                                                   "t", order_id);
        int status = statement ? SQLITE_ROW : SQLITE_ERROR;

        while (status == SQLITE_ROW && (status = sqlite3_step(statement)) == SQLITE_ROW) {
                if (publish_move(ctx, kind, order_id, shop_sql_column(statement, 0), sqlite3_column_int64(statement, 1),
                                 sqlite3_column_int64(statement, 2)) < 0)
                        status = SQLITE_ERROR;
        }
        sqlite3_finalize(statement);
        return status == SQLITE_DONE ? 0 : -1;
}

int inventory_lines_move(struct chappe_context *ctx, sqlite3 *database, struct chappe_text order_id,
                         enum shop_stock_move kind)
{
        int64_t sign = kind == SHOP_STOCK_MOVE_RESERVED ? -1 : 1;
        int changes = shop_sql_run(database,
                                   "UPDATE stock SET free = free + ?1 * (SELECT quantity FROM lines"
                                   " WHERE lines.order_id = ?2 AND lines.sku = stock.sku)"
                                   " WHERE sku IN (SELECT sku FROM lines WHERE order_id = ?2)",
                                   "it", sign, order_id);

        return changes < 0 ? -1 : publish_moves(ctx, database, order_id, kind);
}
