/* SPDX-License-Identifier: Apache-2.0 */
/* inventory, asked by orders, with payments as the test wants them. */
#include "sample.h"

#include "inventory/inventory.h"
#include "orders/orders.h"
#include "shop/payments.h"
#include "shop/stock_moved.h"
#include "sql/statement.h"

static int refuse(struct chappe_context *ctx, const void *request, void *ret_reply)
{
        const struct shop_authorise_request *authorise = request;
        struct shop_authorise_reply *reply = ret_reply;

        (void)ctx;
        reply->declined = (struct shop_declined){ .order_id = authorise->order_id, .reason = chappe_text("no money") };
        return SHOP_DECLINED;
}

static int approve(struct chappe_context *ctx, const void *request, void *ret_reply)
{
        const struct shop_authorise_request *authorise = request;
        struct shop_authorise_reply *reply = ret_reply;

        (void)ctx;
        reply->response =
                (struct shop_authorisation){ .order_id = authorise->order_id, .reference = chappe_text("A-1") };
        return 0;
}

static struct chappe_testkit *kit_with(chappe_request_handler *authorise)
{
        struct chappe_testkit *kit = chappe_testkit_new(SEED, &orders_service, &inventory_service, NULL);

        chappe_testkit_stub(kit, "shop.payments", &shop_payments_authorise_message, authorise);
        return kit;
}

static int64_t free_stock(struct chappe_testkit *kit, const char *sku)
{
        int64_t free = -1;

        assert_true(shop_sql_integer(chappe_testkit_database(kit, "inventory"), &free,
                                     "SELECT free FROM stock WHERE sku = ?", "s", sku) >= 0);
        return free;
}

static struct shop_stock_moved move_at(struct chappe_testkit *kit, size_t n)
{
        struct shop_stock_moved moved;

        assert_int_equal(chappe_testkit_read(kit, "shop.stock.moved", n, &shop_stock_moved_type, &moved), 0);
        return moved;
}

static void test_a_reservation_takes_from_a_shelf_that_is_filled_first(void **state)
{
        struct chappe_testkit *kit = kit_with(approve);

        (void)state;
        place(kit, "o-1", 3);
        assert_int_equal(chappe_testkit_run_until_idle(kit), 0);
        assert_published(kit, "shop.stock.moved", 2);
        assert_int_equal(move_at(kit, 0).kind, SHOP_STOCK_MOVE_SEEDED);
        assert_int_equal(move_at(kit, 1).kind, SHOP_STOCK_MOVE_RESERVED);
        assert_int_equal(move_at(kit, 1).quantity, 3);
        assert_int_equal(free_stock(kit, "A"), move_at(kit, 0).quantity - 3);
        assert_published(kit, "shop.orders.accepted", 1);
        chappe_testkit_free(kit);
}

static void test_a_payment_refused_releases_the_stock(void **state)
{
        struct chappe_testkit *kit = kit_with(refuse);

        (void)state;
        place(kit, "o-1", 3);
        assert_int_equal(chappe_testkit_run_until_idle(kit), 0);
        assert_published(kit, "shop.stock.moved", 3);
        assert_int_equal(move_at(kit, 2).kind, SHOP_STOCK_MOVE_RELEASED);
        assert_int_equal(free_stock(kit, "A"), move_at(kit, 0).quantity);
        chappe_testkit_free(kit);
}

static void test_more_than_there_is_is_refused_and_nothing_is_taken(void **state)
{
        struct chappe_testkit *kit = kit_with(approve);

        (void)state;
        place(kit, "o-1", 1000000);
        assert_int_equal(chappe_testkit_run_until_idle(kit), 0);
        assert_published(kit, "shop.orders.rejected", 1);
        assert_published(kit, "shop.stock.moved", 1);
        assert_int_equal(free_stock(kit, "A"), move_at(kit, 0).quantity);
        chappe_testkit_free(kit);
}

/* The rejection overtakes the request: orders gave up before inventory ever saw it. */
static void test_a_reservation_after_its_release_is_refused(void **state)
{
        struct chappe_testkit *kit = kit_with(approve);
        const struct shop_order_rejected rejected = { .order_id = chappe_text("o-1"),
                                                      .reason = SHOP_REJECT_REASON_UNAVAILABLE };

        (void)state;
        assert_int_equal(chappe_testkit_feed(kit, "shop.orders.rejected", &shop_order_rejected_type, &rejected), 0);
        assert_int_equal(chappe_testkit_run_until_idle(kit), 0);
        place(kit, "o-1", 3);
        assert_int_equal(chappe_testkit_run_until_idle(kit), 0);
        assert_published(kit, "shop.stock.moved", 0);
        assert_published(kit, "shop.orders.accepted", 0);
        chappe_testkit_free(kit);
}

static void test_what_comes_back_goes_on_the_shelf_once(void **state)
{
        struct chappe_testkit *kit = kit_with(approve);
        struct shop_order_line line;
        struct shop_order_placed order = sample_order("o-1", &line, 4);
        const struct shop_order_returned returned = { .order_id = order.order_id,
                                                      .currency = order.currency,
                                                      .total = order.total,
                                                      .lines = { .items = &line, .count = 1 } };

        (void)state;
        for (int i = 0; i < 2; i++)
                assert_int_equal(chappe_testkit_feed(kit, "shop.orders.returned", &shop_order_returned_type, &returned),
                                 0);
        assert_int_equal(chappe_testkit_run_until_idle(kit), 0);
        assert_published(kit, "shop.stock.moved", 2);
        assert_int_equal(move_at(kit, 1).kind, SHOP_STOCK_MOVE_RETURNED);
        assert_int_equal(free_stock(kit, "A"), move_at(kit, 0).quantity + 4);
        chappe_testkit_free(kit);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_reservation_takes_from_a_shelf_that_is_filled_first),
                cmocka_unit_test(test_a_payment_refused_releases_the_stock),
                cmocka_unit_test(test_more_than_there_is_is_refused_and_nothing_is_taken),
                cmocka_unit_test(test_a_reservation_after_its_release_is_refused),
                cmocka_unit_test(test_what_comes_back_goes_on_the_shelf_once),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
