/* SPDX-License-Identifier: Apache-2.0 */
/* Two versions of a contract side by side: OrderAccepted 2 has one more field than 1. */
#include "sample.h"

#include "inventory/inventory.h"
#include "orders/orders.h"
#include "payments/payments.h"
#include "shipping/shipping.h"

/* The same services, built against version 2 (see meson.build). */
extern const struct chappe_service_config orders_service_2, shipping_service_2;
extern const struct chappe_type shop_order_accepted_type_2;

static void ship_one(const struct chappe_service_config *orders, const struct chappe_service_config *shipping)
{
        struct chappe_testkit *kit =
                chappe_testkit_new(SEED, orders, &inventory_service, &payments_service, shipping, NULL);

        place(kit, "o-1", 3);
        place(kit, "o-2", 2);
        assert_int_equal(chappe_testkit_run_until_idle(kit), 0);
        assert_published(kit, "shop.orders.accepted", 2);
        assert_published(kit, "shop.orders.shipped", 2);
        assert_published(kit, "shop.orders.accepted-dlt", 0);
        chappe_testkit_free(kit);
}

static void test_the_versions_are_two(void **state)
{
        (void)state;
        assert_int_not_equal(shop_order_accepted_type.fingerprint, shop_order_accepted_type_2.fingerprint);
        assert_ptr_not_equal(&orders_service, &orders_service_2);
}

static void test_shipping_with_version_1_understands_orders_with_version_2(void **state)
{
        (void)state;
        ship_one(&orders_service_2, &shipping_service);
}

static void test_shipping_with_version_2_understands_orders_with_version_1(void **state)
{
        (void)state;
        ship_one(&orders_service, &shipping_service_2);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_versions_are_two),
                cmocka_unit_test(test_shipping_with_version_1_understands_orders_with_version_2),
                cmocka_unit_test(test_shipping_with_version_2_understands_orders_with_version_1),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
