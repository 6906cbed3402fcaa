/* SPDX-License-Identifier: Apache-2.0 */
/* The sanity of an operations table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "service/service.h"

#define CONSUMES(name)                                                                                                 \
        {                                                                                                              \
                .kind = CHAPPE_CONSUMES, .topic = name, .type = &ping_type, .on_event = on_nothing                     \
        }
#define PRODUCES(name)                                                                                                 \
        {                                                                                                              \
                .kind = CHAPPE_PRODUCES, .topic = name, .type = &pong_type                                             \
        }
#define CALLS(name)                                                                                                    \
        {                                                                                                              \
                .kind = CHAPPE_CALLS, .topic = name, .message = &square_message                                        \
        }
#define ANSWERS(name)                                                                                                  \
        {                                                                                                              \
                .kind = CHAPPE_ANSWERS, .topic = name, .message = &square_message, .on_request = answer_nothing        \
        }

static void assert_refused(const struct chappe_operation *operations, const char *why)
{
        struct chappe_error error = { 0 };

        assert_int_equal(chappe_operations_check(operations, "", &error), -CHAPPE_E_OPERATION_INVALID);
        if (!strstr(error.text, why))
                fail_msg("'%s' does not contain '%s'", error.text, why);
}

#define REFUSED(why, ...) assert_refused((const struct chappe_operation[]){ __VA_ARGS__, { 0 } }, why)

static void test_a_complete_table_passes(void **state)
{
        (void)state;
        const struct chappe_operation operations[] = {
                CONSUMES("test.pings"), PRODUCES("test.pongs"), CALLS("test.squares"), ANSWERS("test.squares"), { 0 }
        };

        assert_int_equal(chappe_operations_check(operations, "run-1.", NULL), 0);
        assert_int_equal(chappe_operations_check(NULL, "", NULL), 0);
}

static void test_an_incomplete_entry_is_named_with_what_is_missing(void **state)
{
        (void)state;
        REFUSED("operation 2 (consumes test.Ping on b): it has no handler", CONSUMES("a"),
                { .kind = CHAPPE_CONSUMES, .topic = "b", .type = &ping_type });
        REFUSED("it has no type", { .kind = CHAPPE_PRODUCES, .topic = "a" });
        REFUSED("it has no message", { .kind = CHAPPE_CALLS, .topic = "a" });
        REFUSED("it has no handler", { .kind = CHAPPE_ANSWERS, .topic = "a", .message = &square_message });
        REFUSED("it names no topic", { .kind = CHAPPE_PRODUCES, .type = &pong_type });
        REFUSED("letters, digits", PRODUCES("shop/orders"));
        REFUSED("cannot be negative", { .kind = CHAPPE_PRODUCES, .topic = "a", .type = &pong_type, .partitions = -1 });
}

static void test_a_key_must_be_a_string_field_of_what_is_sent(void **state)
{
        (void)state;
        static const struct chappe_layout symbols = { .kind = CHAPPE_LAYOUT_ENUM, .size = 4, .count = 2 };
        static const struct chappe_type colour = { .name = "test.Colour", .schema = "", .layout = &symbols };

        REFUSED("is no string field", { .kind = CHAPPE_PRODUCES, .topic = "a", .type = &ping_type, .key = "missing" });
        REFUSED("is no string field", { .kind = CHAPPE_PRODUCES, .topic = "a", .type = &ping_type, .key = "number" });
        REFUSED("is no string field", { .kind = CHAPPE_PRODUCES, .topic = "a", .type = &colour, .key = "id" });
        REFUSED("is no string field",
                { .kind = CHAPPE_CALLS, .topic = "a", .message = &square_message, .key = "missing" });
}

static void test_a_topic_name_must_fit_with_its_prefix(void **state)
{
        (void)state;
        char topic[250];
        struct chappe_operation operations[] = { PRODUCES(topic), { 0 } };
        struct chappe_error error = { 0 };

        memset(topic, 'a', 249);
        topic[249] = '\0';
        assert_int_equal(chappe_operations_check(operations, "", &error), 0);
        assert_int_equal(chappe_operations_check(operations, "x", &error), -CHAPPE_E_OPERATION_INVALID);
        topic[1] = '\0';
        assert_int_equal(chappe_operations_check(operations, "team/", &error), -CHAPPE_E_OPERATION_INVALID);
        assert_non_null(strstr(error.text, "topic_prefix"));
}

static void test_entries_must_not_contradict_each_other(void **state)
{
        (void)state;
        REFUSED("consumed from this topic by an earlier entry", CONSUMES("a"), CONSUMES("a"));
        REFUSED("produced to this topic by an earlier entry", PRODUCES("a"), PRODUCES("a"));
        REFUSED("an earlier entry has this message", ANSWERS("a"), ANSWERS("a"));
        REFUSED("events or requests, not both", CONSUMES("a"), ANSWERS("a"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_complete_table_passes),
                cmocka_unit_test(test_an_incomplete_entry_is_named_with_what_is_missing),
                cmocka_unit_test(test_a_key_must_be_a_string_field_of_what_is_sent),
                cmocka_unit_test(test_a_topic_name_must_fit_with_its_prefix),
                cmocka_unit_test(test_entries_must_not_contradict_each_other),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
