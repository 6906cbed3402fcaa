/* SPDX-License-Identifier: Apache-2.0 */
/* traceparent, as the W3C recommendation says. */
#include "wire_test.h"

#include "wire/trace.h"

#define EXAMPLE "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

static void test_example_of_the_recommendation_is_read_and_written(void **state)
{
        struct chappe_trace trace;
        char text[CHAPPE_TRACEPARENT_SIZE];

        (void)state;
        assert_true(chappe_trace_parse(chappe_text(EXAMPLE), &trace));
        assert_memory_equal(trace.trace_id, "\x0a\xf7\x65\x19\x16\xcd\x43\xdd\x84\x48\xeb\x21\x1c\x80\x31\x9c", 16);
        assert_memory_equal(trace.span_id, "\xb7\xad\x6b\x71\x69\x20\x33\x31", 8);
        assert_int_equal(trace.flags, 1);
        chappe_trace_format(&trace, text);
        assert_string_equal(text, EXAMPLE);
}

static void test_invalid_ones_are_no_trace(void **state)
{
        static const char *const invalid[] = {
                "",
                "00",
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0",
                "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                "00-00000000000000000000000000000000-b7ad6b7169203331-01",
                "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
                "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01more",
                "00 0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0x",
        };
        struct chappe_trace trace;

        (void)state;
        for (size_t i = 0; i < COUNT(invalid); i++) {
                memset(&trace, 0xff, sizeof(trace));
                assert_false(chappe_trace_parse(chappe_text(invalid[i]), &trace));
                assert_false(chappe_trace_is_set(&trace));
        }
}

static void test_later_versions_may_go_on_behind_the_flags(void **state)
{
        struct chappe_trace trace;

        (void)state;
        assert_true(chappe_trace_parse(chappe_text("01"
                                                   "-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more"),
                                       &trace));
}

static void test_child_keeps_the_trace_and_has_its_own_span(void **state)
{
        struct chappe_random random;
        struct chappe_trace parent, child;

        (void)state;
        chappe_random_init(&random, 7);
        assert_true(chappe_trace_parse(chappe_text(EXAMPLE), &parent));
        child = chappe_trace_child(&parent, &random);
        assert_memory_equal(child.trace_id, parent.trace_id, 16);
        assert_memory_not_equal(child.span_id, parent.span_id, 8);
        assert_int_equal(child.flags, parent.flags);
}

static void test_child_of_no_trace_begins_one(void **state)
{
        const struct chappe_trace nothing = { { 0 } };
        struct chappe_random random;
        struct chappe_trace child;

        (void)state;
        chappe_random_init(&random, 7);
        child = chappe_trace_child(&nothing, &random);
        assert_true(chappe_trace_is_set(&child));
        assert_int_equal(child.flags, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_example_of_the_recommendation_is_read_and_written),
                cmocka_unit_test(test_invalid_ones_are_no_trace),
                cmocka_unit_test(test_later_versions_may_go_on_behind_the_flags),
                cmocka_unit_test(test_child_keeps_the_trace_and_has_its_own_span),
                cmocka_unit_test(test_child_of_no_trace_begins_one),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
