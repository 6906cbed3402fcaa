/* SPDX-License-Identifier: Apache-2.0 */
/* Settings: sources and their order, checks, messages, secrets, dumps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "config/config.h"
#include "config/starred.h"

CHAPPE_CLEANUP_DEFINE(config, struct chappe_config *, (void)chappe_config_free)

/* A directory of files that is gone afterwards. */
struct fixture {
        char directory[64];
        char path[128]; /* of orders.cfg in it */
        struct chappe_error error;
};

static int setup(void **state)
{
        struct fixture *fixture = calloc(1, sizeof(*fixture));

        strcpy(fixture->directory, "/tmp/chappe-config-XXXXXX");
        if (!mkdtemp(fixture->directory))
                return -1;
        snprintf(fixture->path, sizeof(fixture->path), "%s/orders.cfg", fixture->directory);
        *state = fixture;
        return 0;
}

static int teardown(void **state)
{
        struct fixture *fixture = *state;
        static const char *const names[] = { "orders.cfg", "sub/more.cfg", "password", "sub" };
        char path[160];

        for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
                snprintf(path, sizeof(path), "%s/%s", fixture->directory, names[i]);
                remove(path);
        }
        rmdir(fixture->directory);
        free(fixture);
        return 0;
}

static void write_file(struct fixture *fixture, const char *name, const char *text)
{
        char path[160];

        snprintf(path, sizeof(path), "%s/%s", fixture->directory, name);
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        fputs(text, file);
        fclose(file);
}

static int load_file(struct fixture *fixture, const char *text, struct chappe_config **ret_config)
{
        struct chappe_config_sources sources = { .file = fixture->path };

        write_file(fixture, "orders.cfg", text);
        return chappe_config_load(&sources, ret_config, &fixture->error);
}

static void assert_refused(struct fixture *fixture, const char *text, int code, const char *message)
{
        struct chappe_config *config = NULL;

        assert_int_equal(load_file(fixture, text, &config), -code);
        assert_null(config);
        if (!strstr(fixture->error.text, message))
                fail_msg("'%s' does not contain '%s'", fixture->error.text, message);
}

static void test_later_sources_win_and_each_value_knows_its_origin(void **state)
{
        struct fixture *fixture = *state;
        char *environment[] = { (char *)"CHAPPE_WORKERS=3", (char *)"CHAPPE_LOG_LEVEL=debug", (char *)"HOME=/", NULL };
        const char *settings[] = { "log_level=error", NULL };
        struct chappe_config_sources sources = { .file = fixture->path,
                                                 .environment = environment,
                                                 .settings = settings };
        CHAPPE_CLEANUP(config) struct chappe_config *config = NULL;

        write_file(fixture, "orders.cfg", "# comment\nworkers = 2;\nlinger_ms = 7;\nlog_level = \"warning\";\n");
        assert_int_equal(chappe_config_load(&sources, &config, &fixture->error), 0);
        assert_int_equal(chappe_config_integer(config, "commit_interval_ms"), 1000);
        assert_int_equal(chappe_config_integer(config, "linger_ms"), 7);
        assert_int_equal(chappe_config_integer(config, "workers"), 3);
        assert_string_equal(chappe_config_text(config, "log_level"), "error");

        size_t seen = 0;
        for (size_t i = 0; i < chappe_config_count(config); i++) {
                struct chappe_config_value value;
                chappe_config_at(config, i, &value);
                const char *origin = strcmp(value.name, "commit_interval_ms") == 0 ? "default"
                                     : strcmp(value.name, "linger_ms") == 0        ? "/orders.cfg:3"
                                     : strcmp(value.name, "workers") == 0          ? "CHAPPE_WORKERS"
                                     : strcmp(value.name, "log_level") == 0        ? "command line"
                                                                                   : NULL;
                if (!origin)
                        continue;
                assert_non_null(strstr(value.origin, origin));
                seen++;
        }
        assert_int_equal(seen, 4);
}

static void test_an_unknown_setting_names_file_line_and_the_nearest_known(void **state)
{
        struct fixture *fixture = *state;

        assert_refused(fixture, "brokers = \"a\";\n\nworker = 3;\n", CHAPPE_E_SETTING_UNKNOWN,
                       "/orders.cfg:3: unknown setting 'worker': did you mean 'workers'?");
        assert_refused(fixture, "lgo_level = \"info\";\n", CHAPPE_E_SETTING_UNKNOWN, "did you mean 'log_level'?");
        assert_refused(fixture, "elephant = { a = 1; };\n", CHAPPE_E_SETTING_UNKNOWN,
                       "unknown setting 'elephant' (--help");
}

static void test_unknown_names_outside_the_file_are_refused_too(void **state)
{
        struct fixture *fixture = *state;
        char *environment[] = { (char *)"CHAPPE_WORKER=3", NULL };
        char *reserved[] = { (char *)"CHAPPE_CONFIG=x", (char *)"CHAPPE_TEST_KAFKA=y", NULL };
        const char *settings[] = { "worker=3", NULL };
        struct chappe_config *config = NULL;

        assert_int_equal(chappe_config_load(&(struct chappe_config_sources){ .environment = environment }, &config,
                                            &fixture->error),
                         -CHAPPE_E_SETTING_UNKNOWN);
        assert_string_equal(fixture->error.text, "CHAPPE_WORKER: unknown setting 'worker': did you mean 'workers'?");
        assert_int_equal(
                chappe_config_load(&(struct chappe_config_sources){ .settings = settings }, &config, &fixture->error),
                -CHAPPE_E_SETTING_UNKNOWN);
        assert_string_equal(fixture->error.text, "command line: unknown setting 'worker': did you mean 'workers'?");
        assert_int_equal(chappe_config_load(&(struct chappe_config_sources){ .environment = reserved }, &config, NULL),
                         0);
        chappe_config_free(config);
}

static void test_values_are_checked(void **state)
{
        struct fixture *fixture = *state;

        assert_refused(fixture, "workers = 0;\n", CHAPPE_E_SETTING_VALUE, ":1: workers = 0 is not from 1 to 1000");
        assert_refused(fixture, "workers = \"12x\";\n", CHAPPE_E_SETTING_VALUE, "workers = '12x' is not an integer");
        assert_refused(fixture, "workers = \" 1\";\n", CHAPPE_E_SETTING_VALUE, "not an integer");
        assert_refused(fixture, "workers = \"99999999999999999999\";\n", CHAPPE_E_SETTING_VALUE, "not an integer");
        assert_refused(fixture, "admin = \"maybe\";\n", CHAPPE_E_SETTING_VALUE, "neither true nor false");
        assert_refused(fixture, "log_level = \"warnin\";\n", CHAPPE_E_SETTING_VALUE,
                       "is none of error,warning,info,debug: did you mean 'warning'?");
        assert_refused(fixture, "workers = [ 1 ];\n", CHAPPE_E_CONFIG_FILE,
                       "a setting's value is a text, an integer, true or false");
        assert_refused(fixture, "workers = 1.5;\n", CHAPPE_E_CONFIG_FILE, "a setting's value is a text");
        assert_refused(fixture, "workers = ;\n", CHAPPE_E_CONFIG_FILE, "/orders.cfg:1: syntax error");
}

static void test_booleans_have_one_normal_form(void **state)
{
        struct fixture *fixture = *state;
        CHAPPE_CLEANUP(config) struct chappe_config *config = NULL;

        assert_int_equal(load_file(fixture, "admin = \"off\"; instance_static = true;\n", &config), 0);
        assert_false(chappe_config_boolean(config, "admin"));
        assert_string_equal(chappe_config_text(config, "admin"), "false");
        assert_true(chappe_config_boolean(config, "instance_static"));
        config = chappe_config_free(config);
        assert_int_equal(load_file(fixture, "topics_create = false;\n", &config), 0);
        assert_string_equal(chappe_config_text(config, "topics_create"), "no");
}

static void test_numbers_that_libconfig_would_cut_or_misread_are_refused(void **state)
{
        struct fixture *fixture = *state;
        CHAPPE_CLEANUP(config) struct chappe_config *config = NULL;

        assert_refused(fixture, "# 010\nin_flight_bytes = 3000000000;\n", CHAPPE_E_CONFIG_FILE,
                       "/orders.cfg:2: the number 3000000000 needs an L at its end: 3000000000L");
        assert_refused(fixture, "workers = 010;\n", CHAPPE_E_CONFIG_FILE, "the number 010 starts with 0");
        assert_refused(fixture, "workers = 99999999999999999999L;\n", CHAPPE_E_CONFIG_FILE, "is too large");
        assert_int_equal(
                load_file(fixture,
                          "/* 010 \n 3000000000 */ // 010\nbrokers = \"010, \\\" 010\"; in_flight_bytes = 3000000000L; "
                          "workers = 0x10; linger_ms = 0;\n",
                          &config),
                0);
        assert_int_equal(chappe_config_integer(config, "in_flight_bytes"), 3000000000);
        assert_int_equal(chappe_config_integer(config, "workers"), 16);
        assert_int_equal(chappe_config_integer(config, "linger_ms"), 0);
}

static void test_includes_are_relative_to_the_file_and_checked_like_it(void **state)
{
        struct fixture *fixture = *state;
        char directory[160];
        CHAPPE_CLEANUP(config) struct chappe_config *config = NULL;

        snprintf(directory, sizeof(directory), "%s/sub", fixture->directory);
        assert_int_equal(mkdir(directory, 0700), 0);
        write_file(fixture, "sub/more.cfg", "workers = 5;\n");
        assert_int_equal(load_file(fixture, "linger_ms = 1;\n@include \"sub/more.cfg\"\n", &config), 0);
        assert_int_equal(chappe_config_integer(config, "workers"), 5);

        write_file(fixture, "sub/more.cfg", "\nworker = 5;\n");
        assert_refused(fixture, "@include \"sub/more.cfg\"\n", CHAPPE_E_SETTING_UNKNOWN,
                       "sub/more.cfg:2: unknown setting 'worker'");
        write_file(fixture, "sub/more.cfg", "\nworkers = 05;\n");
        assert_refused(fixture, "@include \"sub/more.cfg\"\n", CHAPPE_E_CONFIG_FILE, "sub/more.cfg:2: the number 05");
}

static void test_a_missing_file_is_named(void **state)
{
        struct fixture *fixture = *state;
        struct chappe_config_sources sources = { .file = "/nowhere/orders.cfg" };
        struct chappe_config *config = NULL;

        assert_int_equal(chappe_config_load(&sources, &config, &fixture->error), -CHAPPE_E_CONFIG_FILE);
        assert_string_equal(fixture->error.text, "cannot read /nowhere/orders.cfg: No such file or directory");
}

static void test_kafka_properties_pass_through_under_their_own_names(void **state)
{
        struct fixture *fixture = *state;
        char *environment[] = { (char *)"CHAPPE_KAFKA_SOCKET_KEEPALIVE_ENABLE=true", NULL };
        const char *settings[] = { "linger.ms=9", "debug=broker", NULL };
        struct chappe_config_sources sources = { .file = fixture->path,
                                                 .environment = environment,
                                                 .settings = settings };
        CHAPPE_CLEANUP(config) struct chappe_config *config = NULL;
        static const char *const expected[][2] = { { "acks", "all" },
                                                   { "bootstrap.servers", "here:1" },
                                                   { "debug", "broker" },
                                                   { "linger.ms", "9" },
                                                   { "socket.keepalive.enable", "true" } };

        write_file(fixture, "orders.cfg", "kafka = ( \"linger.ms=5\", \"acks=all\", \"bootstrap.servers=here:1\" );\n");
        assert_int_equal(chappe_config_load(&sources, &config, &fixture->error), 0);
        assert_int_equal(chappe_config_kafka_count(config), 5);
        for (size_t i = 0; i < 5; i++) {
                const char *name, *value;
                chappe_config_kafka_at(config, i, &name, &value);
                assert_string_equal(name, expected[i][0]);
                assert_string_equal(value, expected[i][1]);
        }
        assert_string_equal(chappe_config_text(config, "brokers"), "here:1");
}

static void test_a_kafka_list_of_the_wrong_form_is_explained(void **state)
{
        struct fixture *fixture = *state;

        assert_refused(fixture, "kafka = { linger_ms = 5; };\n", CHAPPE_E_CONFIG_FILE,
                       "kafka is a list of librdkafka properties");
        assert_refused(fixture, "kafka = ( 5 );\n", CHAPPE_E_CONFIG_FILE, "kafka is a list of librdkafka properties");
        assert_refused(fixture, "kafka = (\n\"linger.ms\" );\n", CHAPPE_E_SETTING_VALUE,
                       ":2: 'linger.ms' is not name=value");
}

static const struct chappe_setting_rule own[] = {
        { .name = "currency", .kind = CHAPPE_SETTING_TEXT, .default_value = "GBP", .help = "of the shop" },
        { .name = "api_key", .kind = CHAPPE_SETTING_TEXT, .default_value = "", .secret = true, .help = "of the bank" },
        { 0 },
};

static void test_a_services_own_settings_are_like_chappes(void **state)
{
        struct fixture *fixture = *state;
        static const struct chappe_setting_rule clash[] = { { .name = "workers", .default_value = "1" }, { 0 } };
        const char *settings[] = { "currency=EUR", NULL };
        struct chappe_config_sources sources = { .extra = own, .settings = settings };
        CHAPPE_CLEANUP(config) struct chappe_config *config = NULL;
        struct chappe_config *none = NULL;

        assert_int_equal(chappe_config_load(&sources, &config, &fixture->error), 0);
        assert_string_equal(chappe_config_text(config, "currency"), "EUR");
        assert_null(chappe_config_find(config, "colour"));
        sources.extra = clash;
        assert_int_equal(chappe_config_load(&sources, &none, &fixture->error), -CHAPPE_E_SETTING_VALUE);
}

static void assert_hidden(const struct chappe_config *config, const char *name)
{
        for (size_t i = 0; i < chappe_config_count(config); i++) {
                struct chappe_config_value value;
                chappe_config_at(config, i, &value);
                if (strcmp(value.name, name) == 0) {
                        assert_string_equal(value.value, "(hidden)");
                        return;
                }
        }
        fail_msg("no %s", name);
}

static void test_secrets_come_from_files_and_stay_hidden(void **state)
{
        struct fixture *fixture = *state;
        char credentials[128];
        snprintf(credentials, sizeof(credentials), "CREDENTIALS_DIRECTORY=%s", fixture->directory);
        char *environment[] = { credentials, (char *)"CHAPPE_API_KEY=@password", NULL };
        struct chappe_config_sources sources = { .extra = own, .file = fixture->path, .environment = environment };
        CHAPPE_CLEANUP(config) struct chappe_config *config = NULL;

        write_file(fixture, "password", "open sesame\n");
        write_file(fixture, "orders.cfg", "kafka = ( \"sasl.password=@./password\" );\n");
        assert_int_equal(chappe_config_load(&sources, &config, &fixture->error), 0);
        assert_string_equal(chappe_config_text(config, "api_key"), "open sesame");
        const char *name, *value;
        chappe_config_kafka_at(config, 1, &name, &value);
        assert_string_equal(name, "sasl.password");
        assert_string_equal(value, "open sesame");
        assert_hidden(config, "api_key");
        assert_hidden(config, "sasl.password");
}

static void test_a_secret_on_the_command_line_is_refused_unshown(void **state)
{
        struct fixture *fixture = *state;
        const char *pairs[] = { "api_key=geheim", "sasl.password=geheim", "ssl.key.password=geheim" };

        for (size_t i = 0; i < 3; i++) {
                const char *settings[] = { pairs[i], NULL };
                struct chappe_config_sources sources = { .extra = own, .settings = settings };
                struct chappe_config *config = NULL;

                assert_int_equal(chappe_config_load(&sources, &config, &fixture->error), -CHAPPE_E_SECRET_EXPOSED);
                assert_null(strstr(fixture->error.text, "geheim"));
        }
}

static void test_every_default_fits_its_own_rule(void **state)
{
        struct fixture *fixture = *state;
        CHAPPE_CLEANUP(config) struct chappe_config *config = NULL;

        assert_int_equal(chappe_config_load(&(struct chappe_config_sources){ 0 }, &config, &fixture->error), 0);
        for (const struct chappe_setting_rule *rule = chappe_settings; rule->name; rule++)
                assert_true(rule->help && *rule->help);
}

static void test_a_starred_name_is_made_and_found_again(void **state)
{
        static const char *const patterns[] = { "*-dlt", "dead.*", "a.*.b" };
        (void)state;

        for (size_t i = 0; i < sizeof(patterns) / sizeof(*patterns); i++) {
                char *made = chappe_starred_make(patterns[i], "shop.orders");
                struct chappe_text origin = chappe_starred_origin(patterns[i], made);

                assert_int_equal(origin.length, strlen("shop.orders"));
                assert_memory_equal(origin.at, "shop.orders", origin.length);
                assert_int_equal(chappe_starred_origin(patterns[i], "shop.orders").length, 0);
                assert_int_equal(chappe_starred_check("x", patterns[i], NULL), 0);
                free(made);
        }
        assert_int_equal(chappe_starred_origin("*-dlt", "-dlt").length, 0);
        assert_int_equal(chappe_starred_origin("a*a", "a").length, 0);
        assert_int_equal(chappe_starred_check("x", "*", NULL), -CHAPPE_E_SETTING_VALUE);
        assert_int_equal(chappe_starred_check("x", "dlt", NULL), -CHAPPE_E_SETTING_VALUE);
        assert_int_equal(chappe_starred_check("x", "*-*", NULL), -CHAPPE_E_SETTING_VALUE);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
                TEST(test_later_sources_win_and_each_value_knows_its_origin),
                TEST(test_an_unknown_setting_names_file_line_and_the_nearest_known),
                TEST(test_unknown_names_outside_the_file_are_refused_too),
                TEST(test_values_are_checked),
                TEST(test_booleans_have_one_normal_form),
                TEST(test_numbers_that_libconfig_would_cut_or_misread_are_refused),
                TEST(test_includes_are_relative_to_the_file_and_checked_like_it),
                TEST(test_a_missing_file_is_named),
                TEST(test_kafka_properties_pass_through_under_their_own_names),
                TEST(test_a_kafka_list_of_the_wrong_form_is_explained),
                TEST(test_a_services_own_settings_are_like_chappes),
                TEST(test_secrets_come_from_files_and_stay_hidden),
                TEST(test_a_secret_on_the_command_line_is_refused_unshown),
                TEST(test_a_starred_name_is_made_and_found_again),
                TEST(test_every_default_fits_its_own_rule),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
