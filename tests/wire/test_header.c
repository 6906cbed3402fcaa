/* SPDX-License-Identifier: Apache-2.0 */
/* Record headers: found by name, numbers exact, limits kept. */
#include "wire_test.h"

#include <stdlib.h>

static void test_last_header_of_a_name_counts(void **state)
{
        const struct chappe_header headers[] = { HEADER("a", "1"), HEADER("b", "2"), HEADER("a", "3") };

        (void)state;
        assert_bytes(chappe_header_bytes(chappe_header_find(headers, 3, "a")), "3");
        assert_null(chappe_header_find(headers, 3, "c"));
        assert_null(chappe_header_find(NULL, 0, "a"));
        assert_null(chappe_header_text(NULL).at);
}

static void test_numbers_are_big_endian_of_exactly_their_size(void **state)
{
        int32_t small;
        int64_t large;

        (void)state;
        assert_true(chappe_header_int32(BYTES("\x01\x02\x03\x04"), &small));
        assert_int_equal(small, 0x01020304);
        assert_true(chappe_header_int32(BYTES("\xff\xff\xff\xfe"), &small));
        assert_int_equal(small, -2);
        assert_true(chappe_header_int64(BYTES("\x80\0\0\0\0\0\0\x01"), &large));
        assert_true(large == INT64_MIN + 1);
        assert_false(chappe_header_int32(BYTES("\x01\x02\x03"), &small));
        assert_false(chappe_header_int64(BYTES("\x01\x02\x03\x04"), &large));
}

static void test_decimals_are_digits_within_int64(void **state)
{
        int64_t number;

        (void)state;
        assert_true(chappe_header_decimal(BYTES("9223372036854775807"), &number));
        assert_true(number == INT64_MAX);
        assert_true(chappe_header_decimal(BYTES("007"), &number));
        assert_int_equal(number, 7);
        assert_false(chappe_header_decimal(BYTES("9223372036854775808"), &number));
        assert_false(chappe_header_decimal(BYTES("10000000000000000000"), &number));
        assert_false(chappe_header_decimal(BYTES(""), &number));
        assert_false(chappe_header_decimal(BYTES("-1"), &number));
        assert_false(chappe_header_decimal(BYTES(" 1"), &number));
        assert_false(chappe_header_decimal(BYTES("1\0"), &number));
}

static void test_list_holds_exact_bytes_in_order(void **state)
{
        struct chappe_header_list list;

        (void)state;
        chappe_header_list_init(&list);
        chappe_header_list_int32(&list, "small", -2);
        chappe_header_list_int64(&list, "large", 0x0102030405060708);
        chappe_header_list_decimal(&list, "digits", 1767225600000);
        chappe_header_list_text(&list, "text", chappe_text("as it is"));
        assert_header(&list, 0, "small", "\xff\xff\xff\xfe");
        assert_header(&list, 1, "large", "\x01\x02\x03\x04\x05\x06\x07\x08");
        assert_header(&list, 2, "digits", "1767225600000");
        assert_header(&list, 3, "text", "as it is");
        assert_int_equal(list.count, 4);
}

static void test_too_many_headers_are_refused_unread(void **state)
{
        struct chappe_error error = { 0 };

        (void)state;
        assert_int_equal(chappe_headers_check(NULL, CHAPPE_HEADERS_MAXIMUM + 1, &error), -CHAPPE_E_HEADERS_LIMIT);
        assert_int_equal(error.code, CHAPPE_E_HEADERS_LIMIT);
}

static void test_headers_too_long_together_are_refused(void **state)
{
        size_t half = CHAPPE_HEADERS_BYTES_MAXIMUM / 2;
        char *value = calloc(1, half);
        struct chappe_header headers[] = { { "a", value, half - 1 }, { "b", value, half - 1 } };
        struct chappe_error error = { 0 };

        (void)state;
        assert_int_equal(chappe_headers_check(headers, 2, &error), 0);
        headers[1].length++;
        assert_int_equal(chappe_headers_check(headers, 2, &error), -CHAPPE_E_HEADERS_LIMIT);
        free(value);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_last_header_of_a_name_counts),
                cmocka_unit_test(test_numbers_are_big_endian_of_exactly_their_size),
                cmocka_unit_test(test_decimals_are_digits_within_int64),
                cmocka_unit_test(test_list_holds_exact_bytes_in_order),
                cmocka_unit_test(test_too_many_headers_are_refused_unread),
                cmocka_unit_test(test_headers_too_long_together_are_refused),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
