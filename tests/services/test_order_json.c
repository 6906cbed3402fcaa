/* SPDX-License-Identifier: Apache-2.0 */
/* Orders as clients post them: what is right is read, what is wrong is told by member. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/order_json.h"

#define LINES "\"lines\":[{\"sku\":\"A\",\"quantity\":2,\"unit_price\":495}]"
#define HEAD  "\"order_id\":\"r-1\",\"country\":\"France\",\"currency\":\"EUR\""

struct reading {
        struct chappe_arena *arena;
        struct shop_order_placed order;
        int64_t fingerprint;
        struct chappe_error error;
        int status;
};

static struct reading read_body(const char *body)
{
        struct reading reading = { .arena = chappe_arena_new(0) };

        reading.status = gateway_order_read(chappe_text(body), 77, reading.arena, &reading.order, &reading.fingerprint,
                                            &reading.error);
        return reading;
}

static void test_an_order_is_read_and_added_up(void **state)
{
        struct reading reading =
                read_body("{" HEAD ",\"kind\":\"return\",\"customer\":\"c\",\"placed_at\":5," LINES "}");

        (void)state;
        assert_int_equal(reading.status, 0);
        assert_int_equal(reading.order.kind, SHOP_ORDER_KIND_RETURN);
        assert_int_equal(reading.order.total, 990);
        assert_int_equal(reading.order.placed_at, 5);
        assert_int_equal(reading.order.lines.count, 1);
        assert_true(chappe_text_equal(reading.order.lines.items[0].sku, chappe_text("A")));
        chappe_arena_free(reading.arena);
}

static void test_what_may_be_left_out_has_a_default(void **state)
{
        struct reading reading = read_body("{" HEAD "," LINES "}");

        (void)state;
        assert_int_equal(reading.status, 0);
        assert_int_equal(reading.order.kind, SHOP_ORDER_KIND_SALE);
        assert_int_equal(reading.order.placed_at, 77);
        assert_int_equal(reading.order.customer.length, 0);
        chappe_arena_free(reading.arena);
}

static void test_spacing_and_order_of_members_do_not_change_the_fingerprint(void **state)
{
        struct reading one = read_body("{" HEAD "," LINES "}"), same = read_body("{" LINES " ,\n " HEAD "}"),
                       other = read_body("{" HEAD ",\"customer\":\"c\"," LINES "}");

        (void)state;
        assert_int_equal(one.fingerprint, same.fingerprint);
        assert_int_not_equal(one.fingerprint, other.fingerprint);
        chappe_arena_free(one.arena);
        chappe_arena_free(same.arena);
        chappe_arena_free(other.arena);
}

static void test_wrong_orders_are_refused_by_member(void **state)
{
        static const struct {
                const char *body, *told;
        } wrong[] = {
                { "", "not JSON" },
                { "{", "not JSON" },
                { "[]", "not a JSON object" },
                { "{\"order_id\":\"a\",\"order_id\":\"b\"}", "not JSON" },
                { "{" HEAD "}", "lines" },
                { "{" HEAD ",\"lines\":[]}", "lines" },
                { "{" HEAD ",\"lines\":[1]}", "lines[0]: not an object" },
                { "{" HEAD ",\"colour\":1," LINES "}", "colour: unknown" },
                { "{" HEAD ",\"kind\":\"gift\"," LINES "}", "kind" },
                { "{" HEAD ",\"placed_at\":-1," LINES "}", "placed_at" },
                { "{\"order_id\":\"a/b\",\"country\":\"F\",\"currency\":\"EUR\"," LINES "}", "order_id" },
                { "{\"order_id\":7,\"country\":\"F\",\"currency\":\"EUR\"," LINES "}", "order_id: not a string" },
                { "{\"order_id\":\"a\",\"country\":\"F\",\"currency\":\"EURO\"," LINES "}", "currency" },
                { "{" HEAD ",\"lines\":[{\"sku\":\"A\",\"quantity\":0,\"unit_price\":1}]}", "lines[0].quantity" },
                { "{" HEAD ",\"lines\":[{\"sku\":\"A\",\"quantity\":1.5,\"unit_price\":1}]}",
                  "lines[0].quantity: not an integer" },
                { "{" HEAD ",\"lines\":[{\"sku\":\"A\",\"quantity\":1,\"unit_price\":-1}]}", "lines[0].unit_price" },
                { "{" HEAD ",\"lines\":[{\"sku\":\"\",\"quantity\":1,\"unit_price\":1}]}", "lines[0].sku: empty" },
                { "{" HEAD ",\"lines\":[{\"sku\":\"A\",\"quantity\":3,\"unit_price\":9223372036854775807}]}",
                  "64 bits" },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
                struct reading reading = read_body(wrong[i].body);
                assert_int_equal(reading.status, -CHAPPE_E_USAGE);
                if (!strstr(reading.error.text, wrong[i].told))
                        fail_msg("%s: told '%s', not '%s'", wrong[i].body, reading.error.text, wrong[i].told);
                chappe_arena_free(reading.arena);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_an_order_is_read_and_added_up),
                cmocka_unit_test(test_what_may_be_left_out_has_a_default),
                cmocka_unit_test(test_spacing_and_order_of_members_do_not_change_the_fingerprint),
                cmocka_unit_test(test_wrong_orders_are_refused_by_member),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
