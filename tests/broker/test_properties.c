/* SPDX-License-Identifier: Apache-2.0 */
/* Properties are refused as this librdkafka refuses them, with the name that was meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "broker/kafka/open.h"

static void assert_refused(const char *name, const char *value, int code, const char *message)
{
        struct chappe_property property = { name, value };
        struct chappe_error error = { 0 };

        assert_int_equal(chappe_kafka_check_property(&property, &error), -code);
        if (!strstr(error.text, message))
                fail_msg("'%s' does not contain '%s'", error.text, message);
}

static void test_what_librdkafka_knows_is_taken(void **state)
{
        static const struct chappe_property known[] = {
                { "linger.ms", "5" },          { "acks", "all" },        { "bootstrap.servers", "a:1,b:2" },
                { "compression.type", "lz4" }, { "sasl.username", "x" }, { "session.timeout.ms", "6000" },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
                assert_int_equal(chappe_kafka_check_property(&known[i], NULL), 0);
}

static void test_a_misspelled_name_names_the_nearest(void **state)
{
        (void)state;
        assert_refused("lnger.ms", "5", CHAPPE_E_SETTING_UNKNOWN,
                       "unknown librdkafka property 'lnger.ms': did you mean 'linger.ms'?");
        assert_refused("fetch.wait.ms", "5", CHAPPE_E_SETTING_UNKNOWN, "did you mean 'fetch.wait.max.ms'?");
}

static void test_a_name_without_a_default_can_be_the_nearest(void **state)
{
        (void)state;
        assert_refused("sasl.usrename", "x", CHAPPE_E_SETTING_UNKNOWN, "did you mean 'sasl.username'?");
}

static void test_a_name_like_no_other_has_no_nearest(void **state)
{
        (void)state;
        assert_refused("elephant.in.the.room", "1", CHAPPE_E_SETTING_UNKNOWN,
                       "unknown librdkafka property 'elephant.in.the.room' (its CONFIGURATION.md lists all)");
}

static void test_a_wrong_value_is_told_with_what_is_allowed(void **state)
{
        (void)state;
        assert_refused("linger.ms", "soon", CHAPPE_E_SETTING_VALUE, "linger.ms");
        assert_refused("session.timeout.ms", "99999999", CHAPPE_E_SETTING_VALUE, "1..3600000");
        assert_refused("compression.type", "zip", CHAPPE_E_SETTING_VALUE, "\"zip\"");
        assert_refused("error_cb", "x", CHAPPE_E_SETTING_VALUE, "error_cb");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_librdkafka_knows_is_taken),
                cmocka_unit_test(test_a_misspelled_name_names_the_nearest),
                cmocka_unit_test(test_a_name_without_a_default_can_be_the_nearest),
                cmocka_unit_test(test_a_name_like_no_other_has_no_nearest),
                cmocka_unit_test(test_a_wrong_value_is_told_with_what_is_allowed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
