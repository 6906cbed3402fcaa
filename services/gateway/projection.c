/* SPDX-License-Identifier: Apache-2.0 */
/* What the gateway knows of orders. */
#include "gateway/projection.h"

#include "sql/statement.h"

const char *gateway_state_name(enum gateway_state state)
{
        static const char *const names[] = {
                [GATEWAY_PLACED] = "placed",     [GATEWAY_ACCEPTED] = "accepted", [GATEWAY_REJECTED] = "rejected",
                [GATEWAY_RETURNED] = "returned", [GATEWAY_SHIPPED] = "shipped",
        };
        return names[state];
}

int gateway_projection_note(struct chappe_context *ctx, sqlite3 *database, struct chappe_text order_id,
                            enum gateway_state state, struct chappe_text detail)
{
        return shop_sql_run(database,
                            "INSERT INTO orders (order_id, state, detail, changed_at) VALUES (?, ?, ?, ?)"
                            " ON CONFLICT DO UPDATE SET state = excluded.state, detail = excluded.detail,"
                            " changed_at = excluded.changed_at WHERE excluded.state > state",
                            "titi", order_id, (int64_t)state, detail, chappe_context_now_ms(ctx));
}

int gateway_projection_find(struct chappe_context *ctx, sqlite3 *database, struct chappe_text order_id,
                            struct gateway_row *ret_row)
{
        sqlite3_stmt *statement = shop_sql_prepare(
                database, "SELECT state, detail, changed_at FROM orders WHERE order_id = ?", "t", order_id);
        if (!statement)
                return -1;

        int status = sqlite3_step(statement);
        if (status == SQLITE_ROW)
                *ret_row = (struct gateway_row){
                        .state = (enum gateway_state)sqlite3_column_int(statement, 0),
                        .detail = chappe_arena_text(chappe_context_arena(ctx), shop_sql_column(statement, 1)),
                        .changed_at_ms = sqlite3_column_int64(statement, 2),
                };
        sqlite3_finalize(statement);
        return status == SQLITE_ROW ? 1 : status == SQLITE_DONE ? 0 : -1;
}

int gateway_projection_post(struct chappe_context *ctx, sqlite3 *database, struct chappe_text order_id,
                            int64_t fingerprint)
{
        int64_t posted;
        int found =
                shop_sql_integer(database, &posted, "SELECT fingerprint FROM posts WHERE order_id = ?", "t", order_id);

        if (found < 0)
                return -1;
        if (found)
                return posted == fingerprint ? 0 : 2;
        if (shop_sql_run(database, "INSERT INTO posts (order_id, fingerprint) VALUES (?, ?)", "ti", order_id,
                         fingerprint) < 0 ||
            gateway_projection_note(ctx, database, order_id, GATEWAY_PLACED, chappe_text("")) < 0)
                return -1;
        return 1;
}
