/* SPDX-License-Identifier: Apache-2.0 */
/* Errors: status, text, prefix, the list of codes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include <chappe/error.h>

static void test_fail_returns_the_negative_code_and_fills_in_the_text(void **state)
{
        struct chappe_error error = { 0 };

        (void)state;
        assert_int_equal(chappe_fail(&error, CHAPPE_E_LIMIT, "topic %s: %d", "orders", 7), -CHAPPE_E_LIMIT);
        assert_int_equal(error.code, CHAPPE_E_LIMIT);
        assert_string_equal(error.text, "topic orders: 7");
        assert_int_equal(chappe_fail(NULL, CHAPPE_E_IO, "nobody listens"), -CHAPPE_E_IO);
}

static void test_prefix_says_where_and_keeps_the_code(void **state)
{
        struct chappe_error error;

        (void)state;
        chappe_fail(&error, CHAPPE_E_IO, "disk full");
        assert_int_equal(chappe_error_prefix(&error, "store %s", "orders.db"), -CHAPPE_E_IO);
        assert_string_equal(error.text, "store orders.db: disk full");
}

static void test_text_is_one_line_and_cut_at_its_size(void **state)
{
        struct chappe_error error;
        char longer[2 * sizeof(error.text)];

        (void)state;
        memset(longer, 'x', sizeof(longer));
        longer[sizeof(longer) - 1] = '\0';
        chappe_fail(&error, CHAPPE_E_IO, "a\nb\r%s", longer);
        assert_int_equal(strlen(error.text), sizeof(error.text) - 1);
        assert_memory_equal(error.text, "a b x", 5);
        chappe_error_prefix(&error, "%s", longer);
        assert_int_equal(strlen(error.text), sizeof(error.text) - 1);
}

static void test_codes_are_listed_once_in_ascending_order_with_summary_and_advice(void **state)
{
        int code, previous = 0;
        size_t n;

        (void)state;
        for (n = 0; (code = chappe_error_code_at(n)) != 0; n++) {
                assert_true(code > previous);
                assert_non_null(chappe_error_summary(code));
                assert_true(strlen(chappe_error_advice(code)) > 0);
                previous = code;
        }
        assert_true(n >= 7);
        assert_null(chappe_error_summary(1));
        assert_null(chappe_error_advice(1));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_fail_returns_the_negative_code_and_fills_in_the_text),
                cmocka_unit_test(test_prefix_says_where_and_keeps_the_code),
                cmocka_unit_test(test_text_is_one_line_and_cut_at_its_size),
                cmocka_unit_test(test_codes_are_listed_once_in_ascending_order_with_summary_and_advice),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
