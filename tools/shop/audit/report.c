/* SPDX-License-Identifier: Apache-2.0 */
/* What the auditor found. */
#include "shop/audit/report.h"

#include <jansson.h>

static void print_money(const char *what, int64_t amount)
{
        printf("  %-22s %14lld.%02lld\n", what, (long long)(amount / 100), (long long)(amount % 100));
}

static void print_reason(void *context, const char *reason, size_t count)
{
        (void)context;
        printf("    %-20s %17zu\n", reason, count);
}

static void print_count(const char *what, int64_t count)
{
        printf("  %-22s %17lld\n", what, (long long)count);
}

static void print_table(const struct report *report, const struct books *books)
{
        struct book_totals totals = books_totals(books);

        puts("orders");
        print_count("placed", (int64_t)totals.placed);
        print_count("accepted", (int64_t)totals.accepted);
        print_count("shipped", (int64_t)totals.shipped);
        print_count("returned", (int64_t)totals.returned);
        print_count("rejected", (int64_t)totals.rejected);
        books_reasons(books, print_reason, NULL);
        print_count("customers told", (int64_t)totals.notified);
        puts("stock (pieces)");
        print_count("seeded", totals.pieces_seeded);
        print_count("reserved", totals.pieces_reserved);
        print_count("released", totals.pieces_released);
        print_count("returned", totals.pieces_returned);
        puts("payments");
        print_money("authorised", totals.authorised);
        print_money("captured", totals.captured);
        print_money("released", totals.released);
        print_money("refunded", totals.refunded);
        print_money("debits", totals.debits);
        print_money("credits", totals.credits);
        puts("topics");
        print_count("records", (int64_t)report->records);
        print_count("delivered again", (int64_t)report->repeated);
        print_count("dead letters", report->dead_letters);
        if (report->faults)
                printf("the books do not balance: %zu faults\n", report->faults);
        else
                puts("the books balance");
}

static void add_reason(void *context, const char *reason, size_t count)
{
        json_object_set_new(context, reason, json_integer((json_int_t)count));
}

static void print_json(const struct report *report, const struct books *books)
{
        struct book_totals totals = books_totals(books);
        json_t *reasons = must(json_object());

        books_reasons(books, add_reason, reasons);
        json_t *orders =
                json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:o,s:I}", "intended", (json_int_t)totals.intents, "placed",
                          (json_int_t)totals.placed, "accepted", (json_int_t)totals.accepted, "shipped",
                          (json_int_t)totals.shipped, "returned", (json_int_t)totals.returned, "rejected",
                          (json_int_t)totals.rejected, "reasons", reasons, "notified", (json_int_t)totals.notified);
        json_t *stock =
                json_pack("{s:I,s:I,s:I,s:I,s:I}", "products", (json_int_t)totals.products, "seeded",
                          (json_int_t)totals.pieces_seeded, "reserved", (json_int_t)totals.pieces_reserved, "released",
                          (json_int_t)totals.pieces_released, "returned", (json_int_t)totals.pieces_returned);
        json_t *payments = json_pack("{s:I,s:I,s:I,s:I,s:I,s:I}", "authorised", (json_int_t)totals.authorised,
                                     "captured", (json_int_t)totals.captured, "released", (json_int_t)totals.released,
                                     "refunded", (json_int_t)totals.refunded, "debits", (json_int_t)totals.debits,
                                     "credits", (json_int_t)totals.credits);
        json_t *all = must(json_pack("{s:o,s:o,s:o,s:I,s:I,s:I,s:I,s:b}", "orders", must(orders), "stock", must(stock),
                                     "payments", must(payments), "records", (json_int_t)report->records, "repeated",
                                     (json_int_t)report->repeated, "dead_letters", (json_int_t)report->dead_letters,
                                     "faults", (json_int_t)report->faults, "balanced", report->faults == 0));

        json_dumpf(all, stdout, JSON_COMPACT);
        putchar('\n');
        json_decref(all);
}

void report_print(const struct report *report, const struct books *books, bool json)
{
        if (json)
                print_json(report, books);
        else
                print_table(report, books);
}
