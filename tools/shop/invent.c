/* SPDX-License-Identifier: Apache-2.0 */
/* Orders out of nothing but a seed. */
#include "shop/invent.h"

#define PRODUCTS          240
#define CUSTOMERS         900
#define FIRST_ORDER_AT_MS INT64_C(1733043600000) /* 1 December 2024, nine in the morning */

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

struct dice {
        uint64_t state;
};

/* splitmix64 */
static uint64_t roll(struct dice *dice)
{
        uint64_t value = dice->state += 0x9e3779b97f4a7c15u;

        value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
        value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
        return value ^ (value >> 31);
}

static uint64_t below(struct dice *dice, uint64_t bound)
{
        return (uint64_t)(((unsigned __int128)roll(dice) * bound) >> 64);
}

/* Small numbers often, large ones seldom: a product of two evenly spread ones. */
static uint64_t skewed_below(struct dice *dice, uint64_t bound)
{
        return below(dice, below(dice, bound) + 1);
}

struct product {
        char sku[16];
        char description[64];
        int64_t price;
        int64_t pack; /* what it is usually ordered in */
};

static void invent_product(struct product *product, size_t n)
{
        static const char *const colours[] = { "RED", "WHITE", "BLUE", "PINK", "GREEN", "VINTAGE", "SILVER", "WOODEN" };
        static const char *const things[] = {
                "HANGING HEART HOLDER", "LUNCH BAG",      "CAKE STAND", "HAND WARMER",   "JAM JAR",
                "ALARM CLOCK",          "TEA TOWEL",      "BUNTING",    "PICTURE FRAME", "STORAGE TIN",
                "NAPKIN RING",          "GARDEN LANTERN", "DOOR MAT",   "PENCIL CASE",   "CANDLE",
                "PAPER CHAIN KIT"
        };
        static const int64_t packs[] = { 1, 1, 2, 4, 6, 12 };
        struct dice dice = { 0xcafe0000u + n }; /* the catalogue is the same whatever the seed of the orders */

        snprintf(product->sku, sizeof(product->sku), "%05zu%s", 20000 + 7 * n, n % 5 ? "" : "A");
        snprintf(product->description, sizeof(product->description), "%s %s", colours[below(&dice, COUNT(colours))],
                 things[below(&dice, COUNT(things))]);
        product->price = 29 + (int64_t)skewed_below(&dice, 1400);
        product->pack = packs[below(&dice, COUNT(packs))];
}

static const char *invent_country(struct dice *dice)
{
        static const char *const countries[] = { "United Kingdom", "United Kingdom", "United Kingdom", "Germany",
                                                 "France",         "Ireland",        "Spain",          "Netherlands",
                                                 "Norway",         "Portugal" };

        return countries[below(dice, COUNT(countries))];
}

static void invent_lines(struct order *order, struct dice *dice, const struct product *products)
{
        size_t lines = 1 + skewed_below(dice, 9);

        for (size_t i = 0; i < lines; i++) {
                const struct product *product = &products[skewed_below(dice, PRODUCTS)];
                int64_t packs = 1 + (int64_t)skewed_below(dice, order->is_return ? 2 : 6);
                order_line_add(order, product->sku, product->description, packs * product->pack, product->price);
        }
}

void invent_orders(struct orders *orders, size_t count, uint64_t seed)
{
        struct product products[PRODUCTS];
        struct dice dice = { seed };
        int64_t at_ms = FIRST_ORDER_AT_MS;

        for (size_t i = 0; i < PRODUCTS; i++)
                invent_product(&products[i], i);
        for (size_t i = 0; i < count; i++) {
                char id[32], customer[32] = "";
                bool is_return = below(&dice, 25) == 0;

                at_ms += (int64_t)below(&dice, 120000);
                snprintf(id, sizeof(id), "%s%06zu", is_return ? "R" : "", i + 1);
                if (below(&dice, 8) != 0)
                        snprintf(customer, sizeof(customer), "%llu", 12000ull + skewed_below(&dice, CUSTOMERS));
                invent_lines(order_add(orders, id, is_return, customer, invent_country(&dice), "GBP", at_ms), &dice,
                             products);
        }
}
