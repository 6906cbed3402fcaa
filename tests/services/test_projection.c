/* SPDX-License-Identifier: Apache-2.0 */
/* The gateway's projection: events in whatever order, a later state is never overwritten by an earlier. */
#include "sample.h"

#include "gateway/gateway.h"
#include "gateway/projection.h"
#include "sql/statement.h"

static struct chappe_testkit *kit_with_gateway(void)
{
        struct chappe_testkit *kit = chappe_testkit_new(SEED, NULL, NULL);

        chappe_testkit_add(kit, &gateway_service, (const char *const[]){ "http_port=-1", NULL });
        return kit;
}

static void feed_accepted(struct chappe_testkit *kit, const char *id)
{
        const struct shop_order_accepted accepted = { .order_id = chappe_text(id) };

        assert_int_equal(chappe_testkit_feed(kit, "shop.orders.accepted", &shop_order_accepted_type, &accepted), 0);
}

static void feed_shipped(struct chappe_testkit *kit, const char *id)
{
        const struct shop_order_shipped shipped = { .order_id = chappe_text(id), .parcel = chappe_text("P-1") };

        assert_int_equal(chappe_testkit_feed(kit, "shop.orders.shipped", &shop_order_shipped_type, &shipped), 0);
}

static int64_t state_of(struct chappe_testkit *kit, const char *id)
{
        int64_t state = -1;

        assert_true(shop_sql_integer(chappe_testkit_database(kit, "gateway"), &state,
                                     "SELECT state FROM orders WHERE order_id = ?", "s", id) >= 0);
        return state;
}

static void test_a_state_grows(void **state)
{
        struct chappe_testkit *kit = kit_with_gateway();

        (void)state;
        feed_accepted(kit, "o-1");
        assert_int_equal(chappe_testkit_run_until_idle(kit), 0);
        assert_int_equal(state_of(kit, "o-1"), GATEWAY_ACCEPTED);
        feed_shipped(kit, "o-1");
        assert_int_equal(chappe_testkit_run_until_idle(kit), 0);
        assert_int_equal(state_of(kit, "o-1"), GATEWAY_SHIPPED);
        chappe_testkit_free(kit);
}

static void test_an_event_that_comes_late_changes_nothing(void **state)
{
        struct chappe_testkit *kit = kit_with_gateway();

        (void)state;
        feed_shipped(kit, "o-1");
        assert_int_equal(chappe_testkit_run_until_idle(kit), 0);
        feed_accepted(kit, "o-1");
        assert_int_equal(chappe_testkit_run_until_idle(kit), 0);
        assert_int_equal(state_of(kit, "o-1"), GATEWAY_SHIPPED);
        chappe_testkit_free(kit);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_state_grows),
                cmocka_unit_test(test_an_event_that_comes_late_changes_nothing),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
