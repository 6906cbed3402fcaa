/* SPDX-License-Identifier: Apache-2.0 */
/* payments among its neighbours: what is held is captured or let go, and its book adds up. */
#include "sample.h"

#include "inventory/inventory.h"
#include "orders/orders.h"
#include "payments/payments.h"
#include "shipping/shipping.h"
#include "shop/payment_moved.h"
#include "sql/statement.h"

static struct chappe_testkit *kit_with_all(void)
{
        return chappe_testkit_new(SEED, &orders_service, &inventory_service, &payments_service, &shipping_service,
                                  NULL);
}

static struct shop_payment_moved move_at(struct chappe_testkit *kit, size_t n)
{
        struct shop_payment_moved moved;

        assert_int_equal(chappe_testkit_read(kit, "shop.payments.moved", n, &shop_payment_moved_type, &moved), 0);
        return moved;
}

static int64_t balance(struct chappe_testkit *kit, const char *account)
{
        int64_t sum = -1;

        assert_int_equal(
                shop_sql_integer(chappe_testkit_database(kit, "payments"), &sum,
                                 "SELECT coalesce(sum(amount * ((debit = ?1) - (credit = ?1))), 0) FROM entries", "s",
                                 account),
                1);
        return sum;
}

static void test_a_shipped_order_is_captured(void **state)
{
        struct chappe_testkit *kit = kit_with_all();

        (void)state;
        place(kit, "o-1", 3);
        assert_int_equal(chappe_testkit_run_until_idle(kit), 0);
        assert_published(kit, "shop.payments.moved", 2);
        assert_int_equal(move_at(kit, 0).kind, SHOP_PAYMENT_MOVE_AUTHORISED);
        assert_int_equal(move_at(kit, 1).kind, SHOP_PAYMENT_MOVE_CAPTURED);
        assert_int_equal(balance(kit, "sales"), 300);
        assert_int_equal(balance(kit, "held"), 0);
        assert_int_equal(balance(kit, "customer:17850"), -300);
        chappe_testkit_free(kit);
}

static void test_too_large_an_amount_is_declined(void **state)
{
        struct chappe_testkit *kit = kit_with_all();

        (void)state;
        place(kit, "o-1", 301);
        assert_int_equal(chappe_testkit_run_until_idle(kit), 0);
        assert_published(kit, "shop.payments.moved", 0);
        assert_published(kit, "shop.orders.rejected", 1);
        chappe_testkit_free(kit);
}

static void test_an_authorisation_after_the_rejection_is_refused(void **state)
{
        struct chappe_testkit *kit = kit_with_all();
        const struct shop_order_rejected rejected = { .order_id = chappe_text("o-1"),
                                                      .reason = SHOP_REJECT_REASON_UNAVAILABLE };

        (void)state;
        assert_int_equal(chappe_testkit_feed(kit, "shop.orders.rejected", &shop_order_rejected_type, &rejected), 0);
        assert_int_equal(chappe_testkit_run_until_idle(kit), 0);
        place(kit, "o-1", 3);
        assert_int_equal(chappe_testkit_run_until_idle(kit), 0);
        assert_published(kit, "shop.payments.moved", 0);
        assert_published(kit, "shop.orders.shipped", 0);
        chappe_testkit_free(kit);
}

static void test_a_rejection_lets_go_of_what_is_held(void **state)
{
        struct chappe_testkit *kit =
                chappe_testkit_new(SEED, &orders_service, &inventory_service, &payments_service, NULL);
        const struct shop_order_rejected rejected = { .order_id = chappe_text("o-1"),
                                                      .reason = SHOP_REJECT_REASON_UNAVAILABLE };

        (void)state;
        place(kit, "o-1", 3);
        assert_int_equal(chappe_testkit_run_until_idle(kit), 0);
        assert_int_equal(balance(kit, "held"), 300);
        for (int i = 0; i < 2; i++)
                assert_int_equal(chappe_testkit_feed(kit, "shop.orders.rejected", &shop_order_rejected_type, &rejected),
                                 0);
        assert_int_equal(chappe_testkit_run_until_idle(kit), 0);
        assert_published(kit, "shop.payments.moved", 2);
        assert_int_equal(balance(kit, "held"), 0);
        assert_int_equal(balance(kit, "customer:17850"), 0);
        chappe_testkit_free(kit);
}

static void test_a_return_is_refunded(void **state)
{
        struct chappe_testkit *kit = kit_with_all();
        struct shop_order_line line;
        struct shop_order_placed order = sample_order("o-1", &line, 2);

        (void)state;
        order.kind = SHOP_ORDER_KIND_RETURN;
        assert_int_equal(chappe_testkit_feed(kit, "shop.orders.placed", &shop_order_placed_type, &order), 0);
        assert_int_equal(chappe_testkit_run_until_idle(kit), 0);
        assert_int_equal(move_at(kit, 0).kind, SHOP_PAYMENT_MOVE_REFUNDED);
        assert_int_equal(balance(kit, "customer:17850"), 200);
        chappe_testkit_free(kit);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_shipped_order_is_captured),
                cmocka_unit_test(test_too_large_an_amount_is_declined),
                cmocka_unit_test(test_an_authorisation_after_the_rejection_is_refused),
                cmocka_unit_test(test_a_rejection_lets_go_of_what_is_held),
                cmocka_unit_test(test_a_return_is_refunded),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
