/* SPDX-License-Identifier: Apache-2.0 */
/* What the books hold: shared by those who write them and those who judge them. */
#pragma once

#include "shop/audit/books.h"

#include <uthash.h>

enum stock_kind { SEEDED, RESERVED, RELEASED, RETURNED, STOCK_KINDS };
enum payment_kind { AUTHORISED, CAPTURED, VOIDED, REFUNDED, PAYMENT_KINDS };
enum notice { NOTICE_ACCEPTED, NOTICE_REJECTED, NOTICE_SHIPPED, NOTICE_RETURNED, NOTICES };

/* One product of one order: what was meant, and what was moved. */
struct entry {
        char *sku;
        int64_t intended;
        int64_t moved[STOCK_KINDS];
        struct entry *next;
};

struct order_book {
        char *id;
        bool intended, is_return;
        int64_t total;
        char currency[4];
        size_t placed, accepted, finals[FINAL_STATES], notices[NOTICES];
        size_t payments[PAYMENT_KINDS];
        int64_t paid[PAYMENT_KINDS];
        bool wrong_currency;
        struct entry *entries;
        UT_hash_handle hh;
};

struct shelf {
        char *sku;
        int64_t free;
        size_t seeded;
        size_t below_zero, disagreements, unseeded; /* moves that were wrong */
        UT_hash_handle hh;
};

struct account {
        char *name;
        int64_t debits, credits;
        UT_hash_handle hh;
};

struct reason {
        char *text;
        size_t count;
        UT_hash_handle hh;
};

struct books {
        struct order_book *orders;
        struct shelf *shelves;
        struct account *accounts;
        struct reason *reasons;
        struct book_totals totals;
        size_t unknown_kinds; /* facts that the auditor cannot place: faults */
};
