/* SPDX-License-Identifier: Apache-2.0 */
/* The judgement: what must be true of every order, shelf and account. */
#include <stdarg.h>
#include <string.h>

#include "shop/audit/books_model.h"

struct judge {
        FILE *stream;
        size_t limit;
        size_t faults;
};

static void __attribute__((format(printf, 2, 3))) fault(struct judge *judge, const char *format, ...)
{
        va_list values;

        if (judge->faults++ >= judge->limit || !judge->stream)
                return;
        va_start(values, format);
        fputs("  ", judge->stream);
        vfprintf(judge->stream, format, values);
        fputc('\n', judge->stream);
        va_end(values);
}

/* Everything of this product that the order should have moved, by how it ended. */
static void judge_entry(struct judge *judge, const struct order_book *order, const struct entry *entry)
{
        bool shipped = order->finals[FINAL_SHIPPED] > 0, returned = order->finals[FINAL_RETURNED] > 0;
        int64_t gone = entry->moved[RESERVED] - entry->moved[RELEASED];

        if (gone != (shipped ? entry->intended : 0))
                fault(judge, "order %s: %lld of %s are off the shelf for it, not %lld", order->id, (long long)gone,
                      entry->sku, (long long)(shipped ? entry->intended : 0));
        if (entry->moved[RESERVED] != 0 && entry->moved[RESERVED] != entry->intended)
                fault(judge, "order %s: %lld of %s were reserved, %lld ordered", order->id,
                      (long long)entry->moved[RESERVED], entry->sku, (long long)entry->intended);
        if (entry->moved[RETURNED] != (returned ? entry->intended : 0))
                fault(judge, "order %s: %lld of %s were put back, not %lld", order->id,
                      (long long)entry->moved[RETURNED], entry->sku, (long long)(returned ? entry->intended : 0));
}

static void judge_money(struct judge *judge, const struct order_book *order)
{
        static const char *const names[PAYMENT_KINDS] = { "authorised", "captured", "released", "refunded" };
        bool shipped = order->finals[FINAL_SHIPPED] > 0, returned = order->finals[FINAL_RETURNED] > 0;
        bool authorised = order->payments[AUTHORISED] > 0;
        const size_t expected[PAYMENT_KINDS] = { [AUTHORISED] = shipped || authorised,
                                                 [CAPTURED] = shipped,
                                                 [VOIDED] = authorised && !shipped,
                                                 [REFUNDED] = returned };

        for (int kind = 0; kind < PAYMENT_KINDS; kind++) {
                int64_t amount = expected[kind] ? order->total : 0;
                if (order->payments[kind] != expected[kind] || order->paid[kind] != amount)
                        fault(judge, "order %s: %s %zu times, %lld in all; expected %zu, %lld", order->id, names[kind],
                              order->payments[kind], (long long)order->paid[kind], expected[kind], (long long)amount);
        }
        if (order->wrong_currency)
                fault(judge, "order %s: paid in another currency", order->id);
}

static void judge_notices(struct judge *judge, const struct order_book *order)
{
        const size_t expected[NOTICES] = { [NOTICE_ACCEPTED] = order->accepted > 0,
                                           [NOTICE_REJECTED] = order->finals[FINAL_REJECTED] > 0,
                                           [NOTICE_SHIPPED] = order->finals[FINAL_SHIPPED] > 0,
                                           [NOTICE_RETURNED] = order->finals[FINAL_RETURNED] > 0 };

        for (int notice = 0; notice < NOTICES; notice++) {
                if (order->notices[notice] != expected[notice])
                        fault(judge, "order %s: the customer was told %zu times, not %zu (notice %d)", order->id,
                              order->notices[notice], expected[notice], notice);
        }
}

static void judge_order(struct judge *judge, const struct order_book *order)
{
        size_t shipped = order->finals[FINAL_SHIPPED], rejected = order->finals[FINAL_REJECTED],
               returned = order->finals[FINAL_RETURNED];

        if (!order->intended) {
                fault(judge, "order %s: nobody intended it", order->id);
                return;
        }
        if (order->placed != 1)
                fault(judge, "order %s: placed %zu times", order->id, order->placed);
        if (shipped + rejected + returned != 1)
                fault(judge, "order %s: %zu final states (shipped %zu, rejected %zu, returned %zu)", order->id,
                      shipped + rejected + returned, shipped, rejected, returned);
        if (order->accepted != shipped)
                fault(judge, "order %s: accepted %zu times, shipped %zu times", order->id, order->accepted, shipped);
        if (order->is_return ? shipped > 0 : returned > 0)
                fault(judge, "order %s: a %s was %s", order->id, order->is_return ? "return" : "sale",
                      order->is_return ? "shipped" : "returned");
        for (const struct entry *entry = order->entries; entry; entry = entry->next)
                judge_entry(judge, order, entry);
        judge_money(judge, order);
        judge_notices(judge, order);
}

static void judge_shelf(struct judge *judge, const struct shelf *shelf)
{
        if (shelf->seeded != 1)
                fault(judge, "product %s: its shelf was first filled %zu times", shelf->sku, shelf->seeded);
        if (shelf->unseeded)
                fault(judge, "product %s: %zu moves before its shelf was filled", shelf->sku, shelf->unseeded);
        if (shelf->below_zero)
                fault(judge, "product %s: its stock was below zero after %zu moves", shelf->sku, shelf->below_zero);
        if (shelf->disagreements)
                fault(judge, "product %s: inventory's own count disagrees with the moves %zu times", shelf->sku,
                      shelf->disagreements);
}

size_t books_judge(struct books *books, FILE *stream, size_t limit)
{
        struct judge judge = { .stream = stream, .limit = limit };
        struct book_totals totals = books_totals(books);

        for (const struct order_book *order = books->orders; order; order = order->hh.next)
                judge_order(&judge, order);
        for (const struct shelf *shelf = books->shelves; shelf; shelf = shelf->hh.next)
                judge_shelf(&judge, shelf);
        if (totals.debits != totals.credits)
                fault(&judge, "accounts: debits %lld, credits %lld", (long long)totals.debits,
                      (long long)totals.credits);
        if (totals.held != 0)
                fault(&judge, "accounts: %lld are still held for no order", (long long)totals.held);
        if (totals.authorised != totals.captured + totals.released)
                fault(&judge, "payments: %lld authorised, %lld captured and released", (long long)totals.authorised,
                      (long long)(totals.captured + totals.released));
        if (books->unknown_kinds)
                fault(&judge, "%zu moves or notices of an unknown kind", books->unknown_kinds);
        if (judge.faults > limit && stream)
                fprintf(stream, "  … and %zu more\n", judge.faults - limit);
        return judge.faults;
}
