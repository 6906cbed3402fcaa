/* SPDX-License-Identifier: Apache-2.0 */
/* The auditor's books, filled from a kit's topics. */
#include "shop_orders.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "shop/audit/books.h"

#include "shop/customer_notified.h"
#include "shop/order_accepted.h"
#include "shop/order_placed.h"
#include "shop/order_rejected.h"
#include "shop/order_returned.h"
#include "shop/order_shipped.h"
#include "shop/payment_moved.h"
#include "shop/stock_moved.h"

#define RECORDS_MAXIMUM 2000
#define FAULTS_SHOWN    5

union event {
        struct shop_order_placed placed;
        struct shop_order_accepted accepted;
        struct shop_order_rejected rejected;
        struct shop_order_returned returned;
        struct shop_order_shipped shipped;
        struct shop_customer_notified notified;
        struct shop_stock_moved stock;
        struct shop_payment_moved payment;
};

/* A terminated copy that lives until the next but seven. */
static const char *string(struct chappe_text text)
{
        static char copies[8][64];
        static unsigned int next;
        char *copy = copies[next++ % 8];

        snprintf(copy, sizeof(copies[0]), "%.*s", CHAPPE_TEXT(text));
        return copy;
}

static void placed(struct books *books, const union event *event)
{
        books_placed(books, string(event->placed.order_id));
}

static void accepted(struct books *books, const union event *event)
{
        books_accepted(books, string(event->accepted.order_id));
}

static void rejected(struct books *books, const union event *event)
{
        books_final(books, string(event->rejected.order_id), FINAL_REJECTED, "");
}

static void returned(struct books *books, const union event *event)
{
        books_final(books, string(event->returned.order_id), FINAL_RETURNED, "");
}

static void shipped(struct books *books, const union event *event)
{
        books_final(books, string(event->shipped.order_id), FINAL_SHIPPED, "");
}

static void notified(struct books *books, const union event *event)
{
        static const char *const abouts[] = { "accepted", "rejected", "shipped", "returned" };

        books_notified(books, string(event->notified.order_id), abouts[event->notified.about]);
}

static void stock_moved(struct books *books, const union event *event)
{
        static const char *const kinds[] = { "seeded", "reserved", "released", "returned" };

        books_stock(books, string(event->stock.sku), string(event->stock.order_id), kinds[event->stock.kind],
                    event->stock.quantity, event->stock.free);
}

static void payment_moved(struct books *books, const union event *event)
{
        static const char *const kinds[] = { "authorised", "captured", "released", "refunded" };

        books_payment(books, string(event->payment.order_id), kinds[event->payment.kind], event->payment.amount,
                      string(event->payment.currency), string(event->payment.debit), string(event->payment.credit));
}

static const struct page {
        const char *topic;
        const struct chappe_type *type;
        void (*enter)(struct books *books, const union event *event);
} pages[] = {
        { "shop.orders.placed", &shop_order_placed_type, placed },
        { "shop.orders.accepted", &shop_order_accepted_type, accepted },
        { "shop.orders.rejected", &shop_order_rejected_type, rejected },
        { "shop.orders.returned", &shop_order_returned_type, returned },
        { "shop.orders.shipped", &shop_order_shipped_type, shipped },
        { "shop.customers.notified", &shop_customer_notified_type, notified },
        { "shop.stock.moved", &shop_stock_moved_type, stock_moved },
        { "shop.payments.moved", &shop_payment_moved_type, payment_moved },
};

/* 1: this event was read before; negative: under its id something else was. */
static int repeated(struct chappe_testkit *kit, const char *topic, size_t n, struct chappe_text *ids,
                    struct chappe_bytes *values, struct chappe_error *error)
{
        ids[n] = chappe_testkit_read_header(kit, topic, n, "ce_id");
        values[n] = chappe_testkit_read_bytes(kit, topic, n);
        for (size_t i = 0; i < n; i++) {
                if (!chappe_text_equal(ids[i], ids[n]))
                        continue;
                if (values[i].length == values[n].length && memcmp(values[i].at, values[n].at, values[n].length) == 0)
                        return 1;
                /* The same order placed twice differs in its time; everything the fleet says under one id is one thing.
                 */
                if (strcmp(topic, "shop.orders.placed") == 0)
                        return 1;
                return chappe_fail(error, CHAPPE_E_USAGE,
                                   "%s: record %zu says otherwise than record %zu under the same id", topic, n, i);
        }
        return 0;
}

static int read_page(struct chappe_testkit *kit, const struct page *page, struct books *books,
                     struct chappe_error *error)
{
        static struct chappe_text ids[RECORDS_MAXIMUM];
        static struct chappe_bytes values[RECORDS_MAXIMUM];
        size_t count = chappe_testkit_published(kit, page->topic);

        if (count > RECORDS_MAXIMUM)
                return chappe_fail(error, CHAPPE_E_LIMIT, "%s: %zu records", page->topic, count);
        for (size_t n = 0; n < count; n++) {
                union event event;
                int status = repeated(kit, page->topic, n, ids, values, error);

                if (status < 0)
                        return status;
                if (status == 1)
                        continue;
                if (chappe_testkit_read(kit, page->topic, n, page->type, &event) < 0)
                        return chappe_fail(error, CHAPPE_E_PAYLOAD_INVALID, "%s: record %zu does not read", page->topic,
                                           n);
                page->enter(books, &event);
        }
        return 0;
}

/* The auditor wants what was intended as a file. */
static bool intend(struct books *books, const struct chappe_testkit *kit, int orders)
{
        int descriptor = memfd_create("intents", 0);
        FILE *file = fdopen(descriptor, "w");
        char path[64];
        bool good;

        for (int n = 0; n < orders; n++) {
                struct drawn_order order;

                if (!chappe_testkit_feeds(kit, n))
                        continue;
                shop_order_draw(chappe_testkit_seed(kit), n, &order);
                fprintf(file, "{\"order_id\":\"%s\",\"kind\":\"%s\",\"total\":%lld,\"currency\":\"EUR\",\"lines\":{",
                        order.id, order.is_return ? "return" : "sale", (long long)order.total);
                for (size_t i = 0; i < order.line_count; i++)
                        fprintf(file, "%s\"%s\":%d", i ? "," : "", order.lines[i].sku, order.lines[i].quantity);
                fprintf(file, "}}\n");
        }
        fflush(file);
        snprintf(path, sizeof(path), "/proc/self/fd/%d", descriptor);
        good = books_intend(books, path);
        fclose(file);
        return good;
}

int shop_check(struct chappe_testkit *kit, int orders, struct chappe_error *error)
{
        struct books *books = books_new();
        int status = 0;

        if (!intend(books, kit, orders))
                status = chappe_fail(error, CHAPPE_E_USAGE, "the intents do not read");
        for (size_t i = 0; status == 0 && i < sizeof(pages) / sizeof(pages[0]); i++)
                status = read_page(kit, &pages[i], books, error);
        if (status == 0 && books_judge(books, NULL, 0) > 0) {
                books_judge(books, stderr, FAULTS_SHOWN);
                status = chappe_fail(error, CHAPPE_E_USAGE, "the books do not balance");
        }
        books_free(books);
        return status;
}
