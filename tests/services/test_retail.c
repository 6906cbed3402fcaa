/* SPDX-License-Identifier: Apache-2.0 */
/* Order lines from CSV, with all that real files have in them; and orders made up from a seed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>

#include "shop/invent.h"
#include "shop/order.h"
#include "shop/retail.h"

#define HEADING "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"

struct reading {
        struct orders orders;
        struct retail_report report;
        bool usable;
};

static void write_file(const char *file, const char *text, size_t length, bool compressed)
{
        gzFile stream = gzopen(file, compressed ? "wb" : "wbT");

        assert_non_null(stream);
        assert_int_equal(gzwrite(stream, text, (unsigned int)length), length);
        gzclose(stream);
}

static struct reading read_text(const char *text, bool compressed)
{
        char file[] = "/tmp/test-retail-XXXXXX";
        struct reading reading = { 0 };

        close(mkstemp(file));
        write_file(file, text, strlen(text), compressed);
        reading.usable = retail_read(file, &reading.orders, &reading.report);
        unlink(file);
        return reading;
}

static void test_lines_of_one_invoice_become_one_order(void **state)
{
        struct reading reading = read_text(HEADING "7,A,apple,2,2010-12-01 08:34:00,4.95,17850.0,United Kingdom\n"
                                                   "8,C,cake,1,2010-12-01 08:35:00,0.5,,France\n"
                                                   "7,B,box,1,2010-12-01 08:34:00,1,17850.0,United Kingdom\n",
                                           false);
        const struct order *order = reading.orders.at[0];

        (void)state;
        assert_true(reading.usable);
        assert_int_equal(reading.orders.count, 2);
        assert_string_equal(order->id, "7");
        assert_string_equal(order->customer, "17850");
        assert_int_equal(order->line_count, 2);
        assert_int_equal(order_total(order), 2 * 495 + 100);
        assert_int_equal(order->placed_at_ms, 1291192440000);
        assert_string_equal(reading.orders.at[1]->customer, "");
        orders_free(&reading.orders);
}

static void test_a_repeated_product_is_added_up(void **state)
{
        struct reading reading = read_text(HEADING "7,A,apple,2,2010-12-01 08:34:00,4.95,,UK\n"
                                                   "7,A,apple,3,2010-12-01 08:34:00,4.95,,UK\n",
                                           false);

        (void)state;
        assert_int_equal(reading.orders.at[0]->line_count, 1);
        assert_int_equal(reading.orders.at[0]->lines[0].quantity, 5);
        orders_free(&reading.orders);
}

static void test_a_cancellation_is_a_return_with_quantities_above_zero(void **state)
{
        struct reading reading = read_text(HEADING "C9,A,apple,-2,2010-12-01 08:34:00,4.95,,UK\n"
                                                   "C10,A,apple,2,2010-12-01 08:34:00,4.95,,UK\n",
                                           false);

        (void)state;
        assert_int_equal(reading.orders.count, 1);
        assert_true(reading.orders.at[0]->is_return);
        assert_int_equal(reading.orders.at[0]->lines[0].quantity, 2);
        assert_int_equal(reading.report.bad_rows, 1);
        orders_free(&reading.orders);
}

static void test_bad_rows_are_counted_and_the_rest_goes_on(void **state)
{
        struct reading reading = read_text(HEADING "1,A,apple,-2,2010-12-01 08:34:00,4.95,,UK\n"
                                                   "2,A,apple,two,2010-12-01 08:34:00,4.95,,UK\n"
                                                   "3,A,apple,2,yesterday,4.95,,UK\n"
                                                   "4,A,apple,2,2010-12-01 08:34:00,-1,,UK\n"
                                                   "5,A,apple\n"
                                                   "6,,apple,2,2010-12-01 08:34:00,4.95,,UK\n"
                                                   "7,A,\"ap\"ple,2,2010-12-01 08:34:00,4.95,,UK\n"
                                                   "8,A,\xff,2,2010-12-01 08:34:00,4.95,,UK\n"
                                                   "9,A,apple,99999999999,2010-12-01 08:34:00,4.95,,UK\n"
                                                   "10,A,apple,2,2010-12-01 08:34:00,4.95,,UK\n",
                                           false);

        (void)state;
        assert_true(reading.usable);
        assert_int_equal(reading.report.rows, 10);
        assert_int_equal(reading.report.bad_rows, 9);
        assert_int_equal(reading.orders.count, 1);
        assert_string_equal(reading.orders.at[0]->id, "10");
        orders_free(&reading.orders);
}

static void test_quoted_fields_may_hold_commas_quotes_and_line_breaks(void **state)
{
        struct reading reading =
                read_text(HEADING "7,A,\"a \"\"big\"\",\r\nred apple\",2,12/1/2010 8:34,0.038,,UK\r\n", true);

        (void)state;
        assert_int_equal(reading.orders.count, 1);
        assert_string_equal(reading.orders.at[0]->lines[0].description, "a \"big\",\r\nred apple");
        assert_int_equal(reading.orders.at[0]->lines[0].unit_price, 4);
        assert_int_equal(reading.orders.at[0]->placed_at_ms, 1291192440000);
        orders_free(&reading.orders);
}

static void test_a_stray_quote_costs_its_own_line_and_no_other(void **state)
{
        struct reading unclosed = read_text(HEADING "7,A,apple,1,2010-12-01 08:34:00,4.95,,UK\n"
                                                    "8,B,\"box,1,2010-12-01 08:34:00,1,,UK\n"
                                                    "9,C,\"cake, small\",1,2010-12-01 08:35:00,0.5,,France\n"
                                                    "10,D,date,1,2010-12-01 08:35:00,0.5,,France\n",
                                            false);
        struct reading last = read_text(HEADING "\"7,A,apple,1,2010-12-01 08:34:00,4.95,,UK\n"
                                                "8,B,box,1,2010-12-01 08:34:00,1,,UK\n"
                                                "9,C,cake,1,2010-12-01 08:35:00,0.5,,France",
                                        true);

        (void)state;
        assert_int_equal(unclosed.report.bad_rows, 1);
        assert_int_equal(unclosed.orders.count, 3);
        assert_string_equal(unclosed.orders.at[1]->id, "9");
        assert_int_equal(last.report.bad_rows, 1);
        assert_int_equal(last.orders.count, 2);
        orders_free(&unclosed.orders);
        orders_free(&last.orders);
}

static void test_many_stray_quotes_are_as_many_bad_rows(void **state)
{
        enum { ROWS = 3000 };
        static const char stray[] = "\"7,A,apple,1,2010-12-01 08:34:00,4.95,,UK\n";
        char *text = malloc(sizeof(HEADING) + ROWS * sizeof(stray) + 100);
        char *at = stpcpy(text, HEADING);

        (void)state;
        for (int i = 0; i < ROWS; i++)
                at = stpcpy(at, stray);
        stpcpy(at, "8,B,box,1,2010-12-01 08:34:00,1,,UK\n");
        struct reading reading = read_text(text, false);
        assert_int_equal(reading.report.bad_rows, ROWS);
        assert_int_equal(reading.orders.count, 1);
        orders_free(&reading.orders);
        free(text);
}

static void test_a_gift_has_a_price_of_zero(void **state)
{
        struct reading reading = read_text(HEADING "7,A,,2,2010-12-01 08:34:00,0.0,,UK", false);

        (void)state;
        assert_int_equal(reading.report.bad_rows, 0);
        assert_int_equal(order_total(reading.orders.at[0]), 0);
        orders_free(&reading.orders);
}

static void test_a_file_with_other_columns_is_refused(void **state)
{
        struct reading reading = read_text("Invoice,StockCode\n1,2\n", false);

        (void)state;
        assert_false(reading.usable);
        assert_int_equal(reading.orders.count, 0);
}

static void test_an_archive_that_was_cut_off_is_refused(void **state)
{
        char file[] = "/tmp/test-retail-XXXXXX", text[20000] = HEADING;
        struct reading reading = { 0 };

        (void)state;
        for (size_t i = strlen(text); i < sizeof(text) - 1; i++)
                text[i] = (char)('0' + (i * i + i / 7) % 10);
        close(mkstemp(file));
        write_file(file, text, strlen(text), true);
        assert_int_equal(truncate(file, 60), 0);
        assert_false(retail_read(file, &reading.orders, &reading.report));
        unlink(file);
        orders_free(&reading.orders);
}

static void test_the_same_seed_makes_the_same_orders(void **state)
{
        struct orders one = { 0 }, same = { 0 }, other = { 0 };

        (void)state;
        invent_orders(&one, 50, 7);
        invent_orders(&same, 50, 7);
        invent_orders(&other, 50, 8);
        size_t different = 0;
        for (size_t i = 0; i < 50; i++) {
                char *a = order_body(one.at[i], "r"), *b = order_body(same.at[i], "r"),
                     *c = order_body(other.at[i], "r");
                assert_string_equal(a, b);
                different += strcmp(a, c) != 0;
                free(a);
                free(b);
                free(c);
        }
        assert_true(different > 40);
        orders_free(&one);
        orders_free(&same);
        orders_free(&other);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_lines_of_one_invoice_become_one_order),
                cmocka_unit_test(test_a_repeated_product_is_added_up),
                cmocka_unit_test(test_a_cancellation_is_a_return_with_quantities_above_zero),
                cmocka_unit_test(test_bad_rows_are_counted_and_the_rest_goes_on),
                cmocka_unit_test(test_quoted_fields_may_hold_commas_quotes_and_line_breaks),
                cmocka_unit_test(test_a_stray_quote_costs_its_own_line_and_no_other),
                cmocka_unit_test(test_many_stray_quotes_are_as_many_bad_rows),
                cmocka_unit_test(test_a_gift_has_a_price_of_zero),
                cmocka_unit_test(test_a_file_with_other_columns_is_refused),
                cmocka_unit_test(test_an_archive_that_was_cut_off_is_refused),
                cmocka_unit_test(test_the_same_seed_makes_the_same_orders),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
