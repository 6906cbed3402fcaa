/* SPDX-License-Identifier: Apache-2.0 */
/* An order as the player holds it. */
#include "shop/order.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* A record's own overhead, the two headers of an event, its key, and the head of a batch that it may have to itself. */
#define EVENT_OVERHEAD   280
/* The gateway's own limits, or well within them. */
#define LINES_MAXIMUM    1000
#define QUANTITY_MAXIMUM 10000000

void *must(void *memory)
{
        if (!memory) {
                fputs("shop-player: out of memory\n", stderr);
                exit(70);
        }
        return memory;
}

struct order *order_add(struct orders *orders, const char *id, bool is_return, const char *customer,
                        const char *country, const char *currency, int64_t placed_at_ms)
{
        if (orders->count == orders->capacity) {
                orders->capacity = orders->capacity ? 2 * orders->capacity : 1024;
                orders->at = must(realloc(orders->at, orders->capacity * sizeof(struct order *)));
        }
        struct order *order = must(calloc(1, sizeof(*order)));
        *order = (struct order){ .id = must(strdup(id)),
                                 .is_return = is_return,
                                 .customer = must(strdup(customer)),
                                 .country = must(strdup(country)),
                                 .currency = currency,
                                 .placed_at_ms = placed_at_ms };
        orders->at[orders->count++] = order;
        return order;
}

bool order_line_add(struct order *order, const char *sku, const char *description, int64_t quantity, int64_t unit_price)
{
        for (size_t i = 0; i < order->line_count; i++) {
                struct line *line = &order->lines[i];
                if (strcmp(line->sku, sku) == 0 && line->unit_price == unit_price) {
                        if (quantity > QUANTITY_MAXIMUM - line->quantity)
                                return false;
                        line->quantity += quantity;
                        return true;
                }
        }
        if (order->line_count == LINES_MAXIMUM)
                return false;
        if (order->line_count == order->line_capacity) {
                order->line_capacity = order->line_capacity ? 2 * order->line_capacity : 4;
                order->lines = must(realloc(order->lines, order->line_capacity * sizeof(*order->lines)));
        }
        order->lines[order->line_count++] = (struct line){ .sku = must(strdup(sku)),
                                                           .description = must(strdup(description)),
                                                           .quantity = quantity,
                                                           .unit_price = unit_price };
        return true;
}

int64_t order_total(const struct order *order)
{
        int64_t total = 0;

        for (size_t i = 0; i < order->line_count; i++)
                total += order->lines[i].quantity * order->lines[i].unit_price;
        return total;
}

char *order_body(const struct order *order, const char *run)
{
        json_t *lines = must(json_array());

        for (size_t i = 0; i < order->line_count; i++) {
                const struct line *line = &order->lines[i];
                json_array_append_new(lines, must(json_pack("{s:s,s:s,s:I,s:I}", "sku", line->sku, "description",
                                                            line->description, "quantity", (json_int_t)line->quantity,
                                                            "unit_price", (json_int_t)line->unit_price)));
        }
        json_t *body = must(json_pack("{s:s+++,s:s,s:s,s:s,s:s,s:I,s:o}", "order_id", run, "-", order->id, "", "kind",
                                      order->is_return ? "return" : "sale", "customer", order->customer, "country",
                                      order->country, "currency", order->currency, "placed_at",
                                      (json_int_t)order->placed_at_ms, "lines", lines));
        char *text = must(json_dumps(body, JSON_COMPACT));
        json_decref(body);
        return text;
}

void order_intent(const struct order *order, const char *run, FILE *stream)
{
        json_t *lines = must(json_object());

        for (size_t i = 0; i < order->line_count; i++) {
                int64_t before = json_integer_value(json_object_get(lines, order->lines[i].sku));
                json_object_set_new(lines, order->lines[i].sku, json_integer(before + order->lines[i].quantity));
        }
        json_t *intent = must(json_pack("{s:s++,s:s,s:I,s:s,s:o}", "order_id", run, "-", order->id, "kind",
                                        order->is_return ? "return" : "sale", "total", (json_int_t)order_total(order),
                                        "currency", order->currency, "lines", lines));
        json_dumpf(intent, stream, JSON_COMPACT);
        fputc('\n', stream);
        json_decref(intent);
}

size_t order_event_size(const struct order *order)
{
        size_t size = EVENT_OVERHEAD + strlen(order->customer) + strlen(order->country) + 60;

        for (size_t i = 0; i < order->line_count; i++)
                size += strlen(order->lines[i].sku) + strlen(order->lines[i].description) + 10;
        return size;
}

/* One move a line, and as much again for the lines that are given back. */
size_t order_move_size(const struct order *order)
{
        return order->line_count * (EVENT_OVERHEAD + 60) * 5 / 4;
}

static void order_free(struct order *order)
{
        for (size_t i = 0; i < order->line_count; i++) {
                free(order->lines[i].sku);
                free(order->lines[i].description);
        }
        free(order->lines);
        free(order->id);
        free(order->customer);
        free(order->country);
        free(order);
}

void orders_free(struct orders *orders)
{
        for (size_t i = 0; i < orders->count; i++)
                order_free(orders->at[i]);
        free(orders->at);
        *orders = (struct orders){ 0 };
}
