/* SPDX-License-Identifier: Apache-2.0 */
/* The book: every entry moves an amount from one account to another, as a row and as a PaymentMoved of the same
 * transaction. */
#pragma once

#include <chappe/chappe.h>

#include "shop/payment_moved.h"

struct sqlite3;

enum payments_state { PAYMENTS_UNKNOWN, PAYMENTS_HELD, PAYMENTS_CAPTURED, PAYMENTS_CLOSED };

struct payments_payment {
        enum payments_state state; /* UNKNOWN: there is no such payment, and nothing else is filled in */
        struct chappe_text order_id;
        struct chappe_text customer; /* this and currency: in the context's arena when found */
        int64_t amount;
        struct chappe_text currency;
};

/* Fills in the order's payment. Negative when the store failed. */
int payments_find(struct chappe_context *ctx, struct sqlite3 *database, struct chappe_text order_id,
                  struct payments_payment *ret_payment);
/* Makes it so. */
int payments_set(struct sqlite3 *database, const struct payments_payment *payment, enum payments_state state);
/* One entry of the payment's whole amount; which accounts, the kind tells. */
int payments_enter(struct chappe_context *ctx, struct sqlite3 *database, const struct payments_payment *payment,
                   enum shop_payment_move kind);
