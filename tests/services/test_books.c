/* SPDX-License-Identifier: Apache-2.0 */
/* The auditor's judgement: a run in which all is well balances, and every kind of wrong is seen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "shop/audit/books.h"

static struct books *books_with_intents(void)
{
        static const char intents[] =
                "{\"order_id\":\"r-1\",\"kind\":\"sale\",\"total\":500,\"currency\":\"GBP\",\"lines\":{\"A\":2,\"B\":1}"
                "}\n"
                "{\"order_id\":\"r-2\",\"kind\":\"sale\",\"total\":900,\"currency\":\"GBP\",\"lines\":{\"A\":4}}\n"
                "{\"order_id\":\"r-3\",\"kind\":\"return\",\"total\":100,\"currency\":\"GBP\",\"lines\":{\"B\":1}}\n";
        char file[] = "/tmp/test-books-XXXXXX";
        int descriptor = mkstemp(file);
        struct books *books = books_new();

        assert_int_equal(write(descriptor, intents, sizeof(intents) - 1), sizeof(intents) - 1);
        close(descriptor);
        assert_true(books_intend(books, file));
        unlink(file);
        return books;
}

static void pay(struct books *books, const char *order_id, const char *kind, int64_t amount)
{
        const char *debit = kind[0] == 'a' ? "held" : kind[0] == 'c' ? "sales" : "customer:1";
        const char *credit = kind[0] == 'a' ? "customer:1" : kind[2] == 'f' ? "sales" : "held";

        books_payment(books, order_id, kind, amount, "GBP", debit, credit);
}

static void ship_first(struct books *books)
{
        books_placed(books, "r-1");
        books_stock(books, "A", "", "seeded", 5, 5);
        books_stock(books, "A", "r-1", "reserved", 2, 3);
        books_stock(books, "B", "", "seeded", 1, 1);
        books_stock(books, "B", "r-1", "reserved", 1, 0);
        pay(books, "r-1", "authorised", 500);
        books_accepted(books, "r-1");
        books_final(books, "r-1", FINAL_SHIPPED, NULL);
        books_notified(books, "r-1", "accepted");
        books_notified(books, "r-1", "shipped");
}

static void reject_second(struct books *books)
{
        books_placed(books, "r-2");
        books_final(books, "r-2", FINAL_REJECTED, "out_of_stock");
        books_notified(books, "r-2", "rejected");
}

static void return_third(struct books *books)
{
        books_placed(books, "r-3");
        books_final(books, "r-3", FINAL_RETURNED, NULL);
        books_stock(books, "B", "r-3", "returned", 1, 1);
        pay(books, "r-3", "refunded", 100);
        books_notified(books, "r-3", "returned");
}

/* All is well. */
static struct books *balanced(void)
{
        struct books *books = books_with_intents();

        ship_first(books);
        pay(books, "r-1", "captured", 500);
        reject_second(books);
        return_third(books);
        return books;
}

static void assert_faulty(struct books *books)
{
        assert_true(books_judge(books, NULL, 0) > 0);
        books_free(books);
}

static void test_books_of_a_good_run_balance(void **state)
{
        struct books *books = balanced();
        struct book_totals totals = books_totals(books);

        (void)state;
        assert_int_equal(books_judge(books, stderr, 20), 0);
        assert_int_equal(totals.intents, 3);
        assert_int_equal(totals.debits, totals.credits);
        assert_int_equal(totals.held, 0);
        books_free(books);
}

static void test_an_order_without_final_state_is_a_fault(void **state)
{
        struct books *books = books_with_intents();

        (void)state;
        ship_first(books);
        pay(books, "r-1", "captured", 500);
        return_third(books);
        books_placed(books, "r-2");
        assert_faulty(books);
}

static void test_an_order_that_was_never_placed_is_a_fault(void **state)
{
        struct books *books = books_with_intents();

        (void)state;
        ship_first(books);
        pay(books, "r-1", "captured", 500);
        return_third(books);
        assert_faulty(books);
}

static void test_two_final_states_are_a_fault(void **state)
{
        struct books *books = balanced();

        (void)state;
        books_final(books, "r-1", FINAL_REJECTED, "declined");
        assert_faulty(books);
}

static void test_shipping_twice_is_a_fault(void **state)
{
        struct books *books = balanced();

        (void)state;
        books_final(books, "r-1", FINAL_SHIPPED, NULL);
        assert_faulty(books);
}

static void test_an_order_that_nobody_intended_is_a_fault(void **state)
{
        struct books *books = balanced();

        (void)state;
        books_placed(books, "r-9");
        assert_faulty(books);
}

static void test_money_that_stays_held_is_a_fault(void **state)
{
        struct books *books = books_with_intents();

        (void)state;
        ship_first(books);
        reject_second(books);
        return_third(books);
        assert_faulty(books);
}

static void test_paying_twice_is_a_fault(void **state)
{
        struct books *books = balanced();

        (void)state;
        pay(books, "r-1", "authorised", 500);
        pay(books, "r-1", "captured", 500);
        assert_faulty(books);
}

static void test_paying_less_than_the_total_is_a_fault(void **state)
{
        struct books *books = books_with_intents();

        (void)state;
        ship_first(books);
        pay(books, "r-1", "captured", 499);
        pay(books, "r-1", "released", 1);
        reject_second(books);
        return_third(books);
        assert_faulty(books);
}

static void test_stock_below_zero_is_a_fault(void **state)
{
        struct books *books = balanced();

        (void)state;
        books_stock(books, "A", "r-2", "reserved", 4, -1);
        books_stock(books, "A", "r-2", "released", 4, 3);
        assert_faulty(books);
}

static void test_stock_that_a_rejected_order_keeps_is_a_fault(void **state)
{
        struct books *books = books_with_intents();

        (void)state;
        books_stock(books, "A", "", "seeded", 9, 9);
        books_stock(books, "A", "r-2", "reserved", 4, 5);
        reject_second(books);
        assert_faulty(books);
}

static void test_a_count_that_inventory_reports_wrongly_is_a_fault(void **state)
{
        struct books *books = books_with_intents();

        (void)state;
        ship_first(books);
        pay(books, "r-1", "captured", 500);
        reject_second(books);
        books_placed(books, "r-3");
        books_final(books, "r-3", FINAL_RETURNED, NULL);
        books_stock(books, "B", "r-3", "returned", 1, 2);
        pay(books, "r-3", "refunded", 100);
        books_notified(books, "r-3", "returned");
        assert_faulty(books);
}

static void test_a_customer_told_twice_is_a_fault(void **state)
{
        struct books *books = balanced();

        (void)state;
        books_notified(books, "r-1", "shipped");
        assert_faulty(books);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_books_of_a_good_run_balance),
                cmocka_unit_test(test_an_order_without_final_state_is_a_fault),
                cmocka_unit_test(test_an_order_that_was_never_placed_is_a_fault),
                cmocka_unit_test(test_two_final_states_are_a_fault),
                cmocka_unit_test(test_shipping_twice_is_a_fault),
                cmocka_unit_test(test_an_order_that_nobody_intended_is_a_fault),
                cmocka_unit_test(test_money_that_stays_held_is_a_fault),
                cmocka_unit_test(test_paying_twice_is_a_fault),
                cmocka_unit_test(test_paying_less_than_the_total_is_a_fault),
                cmocka_unit_test(test_stock_below_zero_is_a_fault),
                cmocka_unit_test(test_stock_that_a_rejected_order_keeps_is_a_fault),
                cmocka_unit_test(test_a_count_that_inventory_reports_wrongly_is_a_fault),
                cmocka_unit_test(test_a_customer_told_twice_is_a_fault),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
