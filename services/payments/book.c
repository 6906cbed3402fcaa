/* SPDX-License-Identifier: Apache-2.0 */
/* The book: payments and the entries they caused. */
#include "payments/book.h"

#include "sql/statement.h"

static void fill_in(struct chappe_arena *arena, sqlite3_stmt *statement, struct payments_payment *ret_payment)
{
        ret_payment->state = (enum payments_state)sqlite3_column_int(statement, 0);
        ret_payment->customer = chappe_arena_text(arena, shop_sql_column(statement, 1));
        ret_payment->amount = sqlite3_column_int64(statement, 2);
        ret_payment->currency = chappe_arena_text(arena, shop_sql_column(statement, 3));
}

int payments_find(struct chappe_context *ctx, sqlite3 *database, struct chappe_text order_id,
                  struct payments_payment *ret_payment)
{
        sqlite3_stmt *statement = shop_sql_prepare(
                database, "SELECT state, customer, amount, currency FROM payments WHERE order_id = ?", "t", order_id);
        if (!statement)
                return -1;

        int status = sqlite3_step(statement);
        *ret_payment = (struct payments_payment){ .state = PAYMENTS_UNKNOWN, .order_id = order_id };
        if (status == SQLITE_ROW)
                fill_in(chappe_context_arena(ctx), statement, ret_payment);
        sqlite3_finalize(statement);
        return status == SQLITE_ROW || status == SQLITE_DONE ? 0 : -1;
}

int payments_set(sqlite3 *database, const struct payments_payment *payment, enum payments_state state)
{
        return shop_sql_run(database,
                            "INSERT INTO payments (order_id, state, customer, amount, currency) VALUES (?, ?, ?, ?, ?)"
                            " ON CONFLICT DO UPDATE SET state = excluded.state",
                            "titit", payment->order_id, (int64_t)state, payment->customer, payment->amount,
                            payment->currency);
}

static struct chappe_text customer_account(struct chappe_context *ctx, const struct payments_payment *payment)
{
        struct chappe_text who = payment->customer.length ? payment->customer : chappe_text("guest");

        return chappe_arena_printf(chappe_context_arena(ctx), "customer:%.*s", CHAPPE_TEXT(who));
}

int payments_enter(struct chappe_context *ctx, sqlite3 *database, const struct payments_payment *payment,
                   enum shop_payment_move kind)
{
        struct chappe_text customer = customer_account(ctx, payment);
        struct chappe_text held = chappe_text("held"), sales = chappe_text("sales");
        struct chappe_text debit = kind == SHOP_PAYMENT_MOVE_AUTHORISED ? held
                                   : kind == SHOP_PAYMENT_MOVE_CAPTURED ? sales
                                                                        : customer;
        struct chappe_text credit = kind == SHOP_PAYMENT_MOVE_AUTHORISED ? customer
                                    : kind == SHOP_PAYMENT_MOVE_REFUNDED ? sales
                                                                         : held;
        int64_t now = chappe_context_now_ms(ctx);

        if (!customer.at)
                return -1;
        if (shop_sql_run(database,
                         "INSERT INTO entries (order_id, kind, amount, currency, debit, credit, entered_at)"
                         " VALUES (?, ?, ?, ?, ?, ?, ?)",
                         "tiittti", payment->order_id, (int64_t)kind, payment->amount, payment->currency, debit, credit,
                         now) < 0)
                return -1;
        return shop_payment_moved_publish(ctx, &(struct shop_payment_moved){ .order_id = payment->order_id,
                                                                             .kind = kind,
                                                                             .amount = payment->amount,
                                                                             .currency = payment->currency,
                                                                             .debit = debit,
                                                                             .credit = credit,
                                                                             .moved_at = now });
}
