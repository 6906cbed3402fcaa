/* SPDX-License-Identifier: Apache-2.0 */
/* The auditor's books: facts go in as they are read from topics, and every order, shelf and account is judged at the
 * end. No I/O but the intents' file and the faults that are printed. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct books;

enum final_state { FINAL_SHIPPED, FINAL_REJECTED, FINAL_RETURNED, FINAL_STATES };

struct book_totals {
        size_t intents, placed, accepted, shipped, rejected, returned, notified;
        size_t products, stock_moves, payment_moves;
        int64_t pieces_seeded, pieces_reserved, pieces_released, pieces_returned;
        int64_t authorised, captured, released, refunded, debits, credits, held;
};

struct books *books_new(void);
struct books *books_free(struct books *books);

/* One line of JSON an order; false, with a line on standard error, when the file does not read. */
bool books_intend(struct books *books, const char *file);

/* Facts, each told once (repeated deliveries are the reader's to drop). Texts are copied. */
void books_placed(struct books *books, const char *order_id);
void books_accepted(struct books *books, const char *order_id);
void books_final(struct books *books, const char *order_id, enum final_state state, const char *reason);
void books_notified(struct books *books, const char *order_id, const char *about);
void books_stock(struct books *books, const char *sku, const char *order_id, const char *kind, int64_t quantity,
                 int64_t free);
void books_payment(struct books *books, const char *order_id, const char *kind, int64_t amount, const char *currency,
                   const char *debit, const char *credit);

/* How many faults the books show now; each is printed as a line when stream is given, at most limit of them. What is
 * not there yet is a fault like any other. */
size_t books_judge(struct books *books, FILE *stream, size_t limit);
struct book_totals books_totals(const struct books *books);
/* Calls back for each reason of rejection, in the order of their first appearance. */
void books_reasons(const struct books *books, void (*each)(void *context, const char *reason, size_t count),
                   void *context);

/* What malloc and its kin gave, or the end of the program. */
void *must(void *memory);
