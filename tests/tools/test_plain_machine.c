/* SPDX-License-Identifier: Apache-2.0 */
/* Straight-line code where the compiler has no instruction for sixteen bytes at once: the same answers. */
#undef __SSE2__
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <chappe/straight.h>

#include "base/random.h"

static void test_bytes_that_are_not_ascii_are_found(void **state)
{
        struct chappe_random random;
        uint8_t bytes[16];

        (void)state;
        chappe_random_init(&random, 16);
        for (int round = 0; round < 100000; round++) {
                uint32_t expected = 0;

                for (unsigned i = 0; i < 16; i++) {
                        bytes[i] = (uint8_t)chappe_random_next(&random);
                        expected |= (uint32_t)(bytes[i] >> 7) << i;
                }
                assert_int_equal(chappe_high_bits(bytes), expected);
        }
}

static void test_texts_are_taken(void **state)
{
        uint8_t bytes[64] = { 0 };

        (void)state;
        for (size_t length = 0; length <= 20; length++) {
                for (size_t odd = 0; odd <= length; odd++) { /* one of them is not ASCII, or the one behind the text */
                        struct chappe_text text = { 0 };

                        memset(bytes, 'a', sizeof(bytes));
                        bytes[0] = (uint8_t)(2 * length);
                        bytes[1 + odd] = 0xFF;
                        const uint8_t *end = chappe_take_text(bytes, bytes + sizeof(bytes), &text);
                        assert_ptr_equal(end, odd < length ? NULL : bytes + 1 + length);
                        assert_int_equal(text.length, odd < length ? 0 : length);
                }
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_bytes_that_are_not_ascii_are_found),
                cmocka_unit_test(test_texts_are_taken),
        };

        return cmocka_run_group_tests_name("plain machine", tests, NULL, NULL);
}
