/* SPDX-License-Identifier: Apache-2.0 */
/* orders alone, with inventory and payments as the test wants them. */
#include "sample.h"

#include "orders/orders.h"
#include "shop/inventory.h"
#include "shop/order_accepted.h"
#include "shop/order_rejected.h"
#include "shop/payments.h"

static int reserve_all(struct chappe_context *ctx, const void *request, void *ret_reply)
{
        const struct shop_reserve_request *reserve = request;
        struct shop_reserve_reply *reply = ret_reply;

        (void)ctx;
        reply->response = (struct shop_reservation){ .order_id = reserve->order_id, .pieces = 1 };
        return 0;
}

static int reserve_nothing(struct chappe_context *ctx, const void *request, void *ret_reply)
{
        const struct shop_reserve_request *reserve = request;
        struct shop_reserve_reply *reply = ret_reply;

        (void)ctx;
        reply->out_of_stock = (struct shop_out_of_stock){ .sku = reserve->lines.items[0].sku, .wanted = 2, .free = 1 };
        return SHOP_OUT_OF_STOCK;
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

static int refuse(struct chappe_context *ctx, const void *request, void *ret_reply)
{
        const struct shop_authorise_request *authorise = request;
        struct shop_authorise_reply *reply = ret_reply;

        (void)ctx;
        reply->declined = (struct shop_declined){ .order_id = authorise->order_id, .reason = chappe_text("no money") };
        return SHOP_DECLINED;
}

static int break_down(struct chappe_context *ctx, const void *request, void *ret_reply)
{
        (void)ctx, (void)request, (void)ret_reply;
        return -CHAPPE_E_AGAIN;
}

static struct chappe_testkit *kit_with(chappe_request_handler *reserve, chappe_request_handler *authorise)
{
        struct chappe_testkit *kit = chappe_testkit_new(SEED, &orders_service, NULL);

        chappe_testkit_stub(kit, "shop.inventory", &shop_inventory_reserve_message, reserve);
        chappe_testkit_stub(kit, "shop.payments", &shop_payments_authorise_message, authorise);
        return kit;
}

static struct shop_order_rejected only_rejection(struct chappe_testkit *kit)
{
        struct shop_order_rejected rejected;

        assert_published(kit, "shop.orders.rejected", 1);
        assert_int_equal(chappe_testkit_read(kit, "shop.orders.rejected", 0, &shop_order_rejected_type, &rejected), 0);
        return rejected;
}

static void test_an_order_is_accepted_when_it_is_reserved_and_authorised(void **state)
{
        struct chappe_testkit *kit = kit_with(reserve_all, approve);
        struct shop_order_accepted accepted;

        (void)state;
        place(kit, "o-1", 3);
        assert_int_equal(chappe_testkit_run_until_idle(kit), 0);
        assert_published(kit, "shop.orders.accepted", 1);
        assert_int_equal(chappe_testkit_read(kit, "shop.orders.accepted", 0, &shop_order_accepted_type, &accepted), 0);
        assert_int_equal(accepted.total, 300);
        assert_int_equal(accepted.lines.items[0].quantity, 3);
        assert_published(kit, "shop.orders.rejected", 0);
        chappe_testkit_free(kit);
}

static void test_an_order_is_rejected_when_stock_is_short(void **state)
{
        struct chappe_testkit *kit = kit_with(reserve_nothing, approve);

        (void)state;
        place(kit, "o-1", 2);
        assert_int_equal(chappe_testkit_run_until_idle(kit), 0);
        struct shop_order_rejected rejected = only_rejection(kit);
        assert_int_equal(rejected.reason, SHOP_REJECT_REASON_OUT_OF_STOCK);
        assert_true(chappe_text_equal(rejected.detail, chappe_text("A: 2 wanted, 1 there")));
        chappe_testkit_free(kit);
}

static void test_an_order_is_rejected_when_the_payment_is_declined(void **state)
{
        struct chappe_testkit *kit = kit_with(reserve_all, refuse);

        (void)state;
        place(kit, "o-1", 2);
        assert_int_equal(chappe_testkit_run_until_idle(kit), 0);
        struct shop_order_rejected rejected = only_rejection(kit);
        assert_int_equal(rejected.reason, SHOP_REJECT_REASON_DECLINED);
        assert_published(kit, "shop.orders.accepted", 0);
        chappe_testkit_free(kit);
}

static void test_an_order_ends_as_unavailable_when_payments_never_answer(void **state)
{
        struct chappe_testkit *kit = chappe_testkit_new(SEED, NULL, NULL);

        (void)state;
        chappe_testkit_add(kit, &orders_service, (const char *const[]){ "unavailable_after=5", NULL });
        chappe_testkit_stub(kit, "shop.inventory", &shop_inventory_reserve_message, reserve_all);
        chappe_testkit_stub(kit, "shop.payments", &shop_payments_authorise_message, break_down);
        place(kit, "o-1", 2);
        assert_int_equal(chappe_testkit_run_until_idle(kit), 0);
        assert_int_equal(only_rejection(kit).reason, SHOP_REJECT_REASON_UNAVAILABLE);
        chappe_testkit_free(kit);
}

static void test_an_order_sent_twice_is_decided_once(void **state)
{
        struct chappe_testkit *kit = kit_with(reserve_all, approve);

        (void)state;
        place(kit, "o-1", 2);
        place(kit, "o-1", 2);
        assert_int_equal(chappe_testkit_run_until_idle(kit), 0);
        assert_published(kit, "shop.orders.accepted", 1);
        chappe_testkit_free(kit);
}

static void test_a_return_calls_nobody(void **state)
{
        struct chappe_testkit *kit = kit_with(break_down, break_down);
        struct shop_order_line line;
        struct shop_order_placed order = sample_order("o-1", &line, 2);

        (void)state;
        order.kind = SHOP_ORDER_KIND_RETURN;
        assert_int_equal(chappe_testkit_feed(kit, "shop.orders.placed", &shop_order_placed_type, &order), 0);
        assert_int_equal(chappe_testkit_run_until_idle(kit), 0);
        assert_published(kit, "shop.orders.returned", 1);
        chappe_testkit_free(kit);
}

static void test_an_order_that_does_not_add_up_is_rejected_as_invalid(void **state)
{
        struct chappe_testkit *kit = kit_with(reserve_all, approve);
        struct shop_order_line line;
        struct shop_order_placed order = sample_order("o-1", &line, 2);

        (void)state;
        order.total++;
        assert_int_equal(chappe_testkit_feed(kit, "shop.orders.placed", &shop_order_placed_type, &order), 0);
        assert_int_equal(chappe_testkit_run_until_idle(kit), 0);
        assert_int_equal(only_rejection(kit).reason, SHOP_REJECT_REASON_INVALID);
        chappe_testkit_free(kit);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_an_order_is_accepted_when_it_is_reserved_and_authorised),
                cmocka_unit_test(test_an_order_is_rejected_when_stock_is_short),
                cmocka_unit_test(test_an_order_is_rejected_when_the_payment_is_declined),
                cmocka_unit_test(test_an_order_ends_as_unavailable_when_payments_never_answer),
                cmocka_unit_test(test_an_order_sent_twice_is_decided_once),
                cmocka_unit_test(test_a_return_calls_nobody),
                cmocka_unit_test(test_an_order_that_does_not_add_up_is_rejected_as_invalid),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
