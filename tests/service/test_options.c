/* SPDX-License-Identifier: Apache-2.0 */
/* The command line, the help and the printed configuration. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "service/answers.h"
#include "service/options.h"

static int read_words(const char *const *words, struct chappe_options *ret_options, struct chappe_error *error)
{
        int count = 0;

        while (words[count])
                count++;
        return chappe_options_read(count, (char **)(uintptr_t)words, ret_options, error);
}

#define READ(ret_options, error, ...)                                                                                  \
        read_words((const char *const[]){ "orders", __VA_ARGS__, NULL }, ret_options, error)

static void assert_refused(const char *word, const char *message)
{
        struct chappe_options options;
        struct chappe_error error = { 0 };

        assert_int_equal(READ(&options, &error, word), -CHAPPE_E_USAGE);
        assert_string_equal(error.text, message);
}

static void test_settings_are_options(void **state)
{
        (void)state;
        struct chappe_options options;

        assert_int_equal(
                READ(&options, NULL, "--workers=3", "--set", "linger.ms=5", "--log-level=a-b", "--config", "x.cfg"), 0);
        assert_int_equal(options.setting_count, 3);
        assert_string_equal(options.settings[0], "workers=3");
        assert_string_equal(options.settings[1], "linger.ms=5");
        assert_string_equal(options.settings[2], "log_level=a-b");
        assert_null(options.settings[3]);
        assert_string_equal(options.config_file, "x.cfg");
        assert_int_equal(options.action, CHAPPE_ACTION_RUN);
        chappe_options_deinit(&options);
}

static void test_what_to_do_is_chosen_once(void **state)
{
        (void)state;
        struct chappe_options options;
        struct chappe_error error = { 0 };

        assert_int_equal(READ(&options, NULL, "--check", "--offline"), 0);
        assert_int_equal(options.action, CHAPPE_ACTION_CHECK);
        assert_true(options.offline);
        assert_int_equal(READ(&options, NULL, "-h"), 0);
        assert_int_equal(options.action, CHAPPE_ACTION_HELP);
        assert_int_equal(READ(&options, &error, "--check", "--describe"), -CHAPPE_E_USAGE);
}

static void test_wrong_options_are_told_with_the_nearest_known(void **state)
{
        (void)state;
        assert_refused("--chekc", "unknown option '--chekc': did you mean '--check'?");
        assert_refused("--workes", "unknown option '--workes': did you mean '--workers=VALUE'?");
        assert_refused("--elephants", "unknown option '--elephants' (--help lists all)");
        assert_refused("run", "'run' is no option (--help lists all)");
        assert_refused("--config", "--config needs FILE");
        assert_refused("--check=yes", "--check takes no value");
        assert_refused("--offline", "--offline belongs to --check");
}

static const struct chappe_setting own[] = { { "currency", "GBP", "of the shop", false, false }, { 0 } };

static void test_help_lists_every_setting(void **state)
{
        (void)state;
        const struct chappe_service_config config = { .name = "orders", .version = "1.4.0", .settings = own };
        CHAPPE_CLEANUP(buffer) struct chappe_buffer buffer = { 0 };

        assert_true(chappe_options_help(&config, &buffer) >= 0);
        const char *help = (const char *)buffer.at;
        assert_non_null(strstr(help, "orders 1.4.0\n"));
        assert_non_null(strstr(help, "--currency=GBP\n        of the shop\n"));
        for (const struct chappe_setting_rule *rule = chappe_settings; rule->name; rule++) {
                char line[100];
                snprintf(line, sizeof(line), "  --%s=%s\n", rule->name, rule->default_value);
                assert_non_null(strstr(help, line));
        }
}

static void test_help_fits_a_terminal(void **state)
{
        (void)state;
        const struct chappe_service_config config = { .name = "orders", .version = "1.4.0", .settings = own };
        CHAPPE_CLEANUP(buffer) struct chappe_buffer buffer = { 0 };
        size_t column = 0;

        assert_true(chappe_options_help(&config, &buffer) >= 0);
        for (size_t i = 0; i < buffer.length; i++) {
                column = buffer.at[i] == '\n' ? 0 : column + ((buffer.at[i] & 0xc0) != 0x80);
                assert_true(column <= 80);
        }
}

static struct chappe_config *load(const char *file, const char *const *settings, char *const *environment)
{
        struct chappe_config_sources sources = { .file = file, .settings = settings, .environment = environment };
        struct chappe_config *config = NULL;
        struct chappe_error error = { 0 };

        if (chappe_config_load(&sources, &config, &error) < 0)
                fail_msg("%s", error.text);
        return config;
}

static void test_a_printed_configuration_can_be_read_again(void **state)
{
        (void)state;
        const char *settings[] = {
                "workers=3", "in_flight_bytes=4294967296", "topic_prefix=a\"b\\c\n", "linger.ms=9", "acks=all", NULL
        };
        char *environment[] = { (char *)(uintptr_t) "CHAPPE_KAFKA_SASL_PASSWORD=geheim", NULL };
        CHAPPE_CLEANUP(buffer) struct chappe_buffer printed = { 0 };
        CHAPPE_CLEANUP(buffer) struct chappe_buffer again = { 0 };
        char path[] = "/tmp/chappe-print-XXXXXX";

        struct chappe_config *config = load(NULL, settings, environment);
        assert_true(chappe_print_config(config, &printed) >= 0);
        assert_null(strstr((char *)printed.at, "geheim"));
        assert_non_null(strstr((char *)printed.at, "workers = 3; "));
        assert_non_null(strstr((char *)printed.at, "# command line\n"));
        chappe_config_free(config);

        FILE *file = fdopen(mkstemp(path), "w");
        assert_int_equal(fwrite(printed.at, 1, printed.length, file), printed.length);
        fclose(file);
        config = load(path, NULL, NULL);
        unlink(path);
        assert_int_equal(chappe_config_integer(config, "in_flight_bytes"), 4294967296);
        assert_string_equal(chappe_config_text(config, "topic_prefix"), "a\"b\\c\n");
        assert_int_equal(chappe_config_kafka_count(config), 3); /* acks, bootstrap.servers, linger.ms */
        assert_true(chappe_print_config(config, &again) >= 0);
        assert_non_null(strstr((char *)again.at, "linger.ms=9"));
        chappe_config_free(config);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_settings_are_options),
                cmocka_unit_test(test_what_to_do_is_chosen_once),
                cmocka_unit_test(test_wrong_options_are_told_with_the_nearest_known),
                cmocka_unit_test(test_help_lists_every_setting),
                cmocka_unit_test(test_help_fits_a_terminal),
                cmocka_unit_test(test_a_printed_configuration_can_be_read_again),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
