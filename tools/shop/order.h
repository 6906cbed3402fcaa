/* SPDX-License-Identifier: Apache-2.0 */
/* An order as the player holds it before it posts it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct line {
        char *sku;
        char *description;
        int64_t quantity;   /* above zero, in a return too */
        int64_t unit_price; /* minor units */
};

struct order {
        char *id; /* without the run's prefix */
        bool is_return;
        char *customer;
        char *country;
        const char *currency; /* static */
        int64_t placed_at_ms;
        struct line *lines;
        size_t line_count, line_capacity;
};

struct orders {
        struct order **at;
        size_t count, capacity;
};

/* A new order at the end of the list; texts are copied. Memory that is short ends the program: it is a tool. */
struct order *order_add(struct orders *orders, const char *id, bool is_return, const char *customer,
                        const char *country, const char *currency, int64_t placed_at_ms);
/* Adds a line; a product that the order has at this price already is added up. False when the order would be too large.
 */
bool order_line_add(struct order *order, const char *sku, const char *description, int64_t quantity,
                    int64_t unit_price);
int64_t order_total(const struct order *order);
/* The body of POST /orders; freed with free. */
char *order_body(const struct order *order, const char *run);
/* What the auditor is told of it: one line of JSON. */
void order_intent(const struct order *order, const char *run, FILE *stream);
/* Bytes that its events take in the fullest topics, estimated generously: the placed order, and its stock moves. */
size_t order_event_size(const struct order *order);
size_t order_move_size(const struct order *order);
void orders_free(struct orders *orders);

/* As malloc, realloc and strdup, but the program ends when memory is short. */
void *must(void *memory);
