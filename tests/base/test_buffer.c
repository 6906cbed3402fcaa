/* SPDX-License-Identifier: Apache-2.0 */
/* The growing buffer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdint.h>
#include <string.h>

#include <chappe/buffer.h>

#include "base/cleanup.h"

static void test_appended_bytes_follow_each_other_through_growth(void **state)
{
        CHAPPE_CLEANUP(buffer) struct chappe_buffer buffer = { 0 };

        (void)state;
        for (uint32_t i = 0; i < 10000; i++)
                assert_int_equal(chappe_buffer_append(&buffer, &i, sizeof(i)), 0);
        assert_int_equal(buffer.length, 40000);
        for (uint32_t i = 0; i < 10000; i++)
                assert_memory_equal(buffer.at + 4 * i, &i, 4);
}

static void test_reserve_makes_room_and_leaves_the_length(void **state)
{
        CHAPPE_CLEANUP(buffer) struct chappe_buffer buffer = { 0 };
        uint8_t *room = chappe_buffer_reserve(&buffer, 1000);

        (void)state;
        assert_non_null(room);
        memset(room, 1, 1000);
        assert_int_equal(buffer.length, 0);
        assert_non_null(chappe_buffer_reserve(&buffer, 0));
        assert_null(chappe_buffer_reserve(&buffer, SIZE_MAX));
        assert_int_equal(chappe_buffer_append(&buffer, NULL, 0), 0);
}

static void test_printf_appends_without_the_terminator(void **state)
{
        CHAPPE_CLEANUP(buffer) struct chappe_buffer buffer = { 0 };

        (void)state;
        chappe_buffer_printf(&buffer, "%s=", "key");
        chappe_buffer_printf(&buffer, "%0*d", 100, 7);
        assert_int_equal(buffer.length, 104);
        assert_memory_equal(buffer.at, "key=000", 7);
        assert_int_equal(buffer.at[103], '7');
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_appended_bytes_follow_each_other_through_growth),
                cmocka_unit_test(test_reserve_makes_room_and_leaves_the_length),
                cmocka_unit_test(test_printf_appends_without_the_terminator),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
