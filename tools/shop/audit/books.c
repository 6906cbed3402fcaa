/* SPDX-License-Identifier: Apache-2.0 */
/* Facts into the books. */
#include "shop/audit/books_model.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

void *must(void *memory)
{
        if (!memory) {
                fputs("shop-auditor: out of memory\n", stderr);
                exit(70);
        }
        return memory;
}

struct books *books_new(void)
{
        return must(calloc(1, sizeof(struct books)));
}

static void order_free(struct order_book *order)
{
        struct entry *entry, *next;

        for (entry = order->entries; entry; entry = next) {
                next = entry->next;
                free(entry->sku);
                free(entry);
        }
        free(order->id);
        free(order);
}

struct books *books_free(struct books *books)
{
        struct order_book *order, *next_order;
        struct shelf *shelf, *next_shelf;
        struct account *account, *next_account;
        struct reason *reason, *next_reason;

        if (!books)
                return NULL;
        HASH_ITER(hh, books->orders, order, next_order)
        {
                HASH_DEL(books->orders, order);
                order_free(order);
        }
        HASH_ITER(hh, books->shelves, shelf, next_shelf)
        {
                HASH_DEL(books->shelves, shelf);
                free(shelf->sku);
                free(shelf);
        }
        HASH_ITER(hh, books->accounts, account, next_account)
        {
                HASH_DEL(books->accounts, account);
                free(account->name);
                free(account);
        }
        HASH_ITER(hh, books->reasons, reason, next_reason)
        {
                HASH_DEL(books->reasons, reason);
                free(reason->text);
                free(reason);
        }
        free(books);
        return NULL;
}

static struct order_book *order_of(struct books *books, const char *id)
{
        struct order_book *order;

        HASH_FIND_STR(books->orders, id, order);
        if (!order) {
                order = must(calloc(1, sizeof(*order)));
                order->id = must(strdup(id));
                HASH_ADD_KEYPTR(hh, books->orders, order->id, strlen(order->id), order);
        }
        return order;
}

static struct entry *entry_of(struct order_book *order, const char *sku)
{
        struct entry **at = &order->entries;

        while (*at && strcmp((*at)->sku, sku) != 0)
                at = &(*at)->next;
        if (!*at) {
                *at = must(calloc(1, sizeof(**at)));
                (*at)->sku = must(strdup(sku));
        }
        return *at;
}

static bool intend(struct books *books, const json_t *intent)
{
        const char *id, *kind, *currency, *sku;
        json_t *lines, *quantity;
        json_int_t total;

        if (json_unpack((json_t *)intent, "{s:s,s:s,s:I,s:s,s:o}", "order_id", &id, "kind", &kind, "total", &total,
                        "currency", &currency, "lines", &lines) < 0)
                return false;

        struct order_book *order = order_of(books, id);
        if (order->intended) /* a player that was started again plays the same orders */
                return true;
        order->intended = true;
        order->is_return = strcmp(kind, "return") == 0;
        order->total = total;
        snprintf(order->currency, sizeof(order->currency), "%.3s", currency);
        json_object_foreach(lines, sku, quantity)
        {
                entry_of(order, sku)->intended = json_integer_value(quantity);
        }
        books->totals.intents++;
        return true;
}

bool books_intend(struct books *books, const char *file)
{
        FILE *stream = fopen(file, "re");
        char *line = NULL;
        size_t capacity = 0, number = 0;
        bool good = true;

        if (!stream) {
                fprintf(stderr, "shop-auditor: %s: %s\n", file, strerror(errno));
                return false;
        }
        while (good && getline(&line, &capacity, stream) > 0) {
                json_t *intent = json_loads(line, 0, NULL);
                number++;
                good = intent && intend(books, intent);
                json_decref(intent);
        }
        if (!good)
                fprintf(stderr, "shop-auditor: %s:%zu: not an intent\n", file, number);
        free(line);
        fclose(stream);
        return good;
}

/* The position of a name in a list, or count. */
static size_t place_of(const char *name, const char *const *names, size_t count)
{
        size_t n = 0;

        while (n < count && strcmp(name, names[n]) != 0)
                n++;
        return n;
}

void books_placed(struct books *books, const char *order_id)
{
        order_of(books, order_id)->placed++;
        books->totals.placed++;
}

void books_accepted(struct books *books, const char *order_id)
{
        order_of(books, order_id)->accepted++;
        books->totals.accepted++;
}

static void count_reason(struct books *books, const char *text)
{
        struct reason *reason;

        HASH_FIND_STR(books->reasons, text, reason);
        if (!reason) {
                reason = must(calloc(1, sizeof(*reason)));
                reason->text = must(strdup(text));
                HASH_ADD_KEYPTR(hh, books->reasons, reason->text, strlen(reason->text), reason);
        }
        reason->count++;
}

void books_final(struct books *books, const char *order_id, enum final_state state, const char *reason)
{
        size_t *const totals[FINAL_STATES] = { [FINAL_SHIPPED] = &books->totals.shipped,
                                               [FINAL_REJECTED] = &books->totals.rejected,
                                               [FINAL_RETURNED] = &books->totals.returned };

        order_of(books, order_id)->finals[state]++;
        ++*totals[state];
        if (state == FINAL_REJECTED)
                count_reason(books, reason);
}

void books_notified(struct books *books, const char *order_id, const char *about)
{
        static const char *const names[NOTICES] = { "accepted", "rejected", "shipped", "returned" };
        size_t notice = place_of(about, names, NOTICES);

        books->totals.notified++;
        if (notice == NOTICES)
                books->unknown_kinds++;
        else
                order_of(books, order_id)->notices[notice]++;
}

static struct shelf *shelf_of(struct books *books, const char *sku)
{
        struct shelf *shelf;

        HASH_FIND_STR(books->shelves, sku, shelf);
        if (!shelf) {
                shelf = must(calloc(1, sizeof(*shelf)));
                shelf->sku = must(strdup(sku));
                HASH_ADD_KEYPTR(hh, books->shelves, shelf->sku, strlen(shelf->sku), shelf);
                books->totals.products++;
        }
        return shelf;
}

static void move(struct shelf *shelf, enum stock_kind kind, int64_t quantity, int64_t free)
{
        if (kind == SEEDED)
                shelf->seeded++;
        else if (shelf->seeded == 0)
                shelf->unseeded++;
        shelf->free += kind == RESERVED ? -quantity : quantity;
        shelf->below_zero += shelf->free < 0;
        shelf->disagreements += shelf->free != free;
}

void books_stock(struct books *books, const char *sku, const char *order_id, const char *kind_name, int64_t quantity,
                 int64_t free)
{
        static const char *const names[STOCK_KINDS] = { "seeded", "reserved", "released", "returned" };
        int64_t *const totals[STOCK_KINDS] = { &books->totals.pieces_seeded, &books->totals.pieces_reserved,
                                               &books->totals.pieces_released, &books->totals.pieces_returned };
        size_t kind = place_of(kind_name, names, STOCK_KINDS);

        books->totals.stock_moves++;
        if (kind == STOCK_KINDS || quantity < 0) {
                books->unknown_kinds++;
                return;
        }
        *totals[kind] += quantity;
        move(shelf_of(books, sku), (enum stock_kind)kind, quantity, free);
        if (kind != SEEDED)
                entry_of(order_of(books, order_id), sku)->moved[kind] += quantity;
}

static struct account *account_of(struct books *books, const char *name)
{
        struct account *account;

        HASH_FIND_STR(books->accounts, name, account);
        if (!account) {
                account = must(calloc(1, sizeof(*account)));
                account->name = must(strdup(name));
                HASH_ADD_KEYPTR(hh, books->accounts, account->name, strlen(account->name), account);
        }
        return account;
}

void books_payment(struct books *books, const char *order_id, const char *kind_name, int64_t amount,
                   const char *currency, const char *debit, const char *credit)
{
        static const char *const names[PAYMENT_KINDS] = { "authorised", "captured", "released", "refunded" };
        int64_t *const totals[PAYMENT_KINDS] = { &books->totals.authorised, &books->totals.captured,
                                                 &books->totals.released, &books->totals.refunded };
        size_t kind = place_of(kind_name, names, PAYMENT_KINDS);
        struct order_book *order = order_of(books, order_id);

        books->totals.payment_moves++;
        if (kind == PAYMENT_KINDS || amount < 0) {
                books->unknown_kinds++;
                return;
        }
        *totals[kind] += amount;
        order->payments[kind]++;
        order->paid[kind] += amount;
        order->wrong_currency |= order->intended && strcmp(currency, order->currency) != 0;
        account_of(books, debit)->debits += amount;
        account_of(books, credit)->credits += amount;
}

struct book_totals books_totals(const struct books *books)
{
        struct book_totals totals = books->totals;

        for (const struct account *account = books->accounts; account; account = account->hh.next) {
                totals.debits += account->debits;
                totals.credits += account->credits;
                if (strcmp(account->name, "held") == 0)
                        totals.held = account->debits - account->credits;
        }
        return totals;
}

void books_reasons(const struct books *books, void (*each)(void *context, const char *reason, size_t count),
                   void *context)
{
        for (const struct reason *reason = books->reasons; reason; reason = reason->hh.next)
                each(context, reason->text, reason->count);
}
