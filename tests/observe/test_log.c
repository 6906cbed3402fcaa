/* SPDX-License-Identifier: Apache-2.0 */
/* Log lines: shape, level filter, escaping, cutting. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "observe/escape.h"
#include "observe/log.h"

static int64_t fixed_wall_ms(const struct chappe_clock *clock)
{
        (void)clock;
        return 1760000000123; /* 2025-10-09T08:53:20.123Z */
}

static const struct chappe_clock_operations fixed_operations = { .wall_ms = fixed_wall_ms };
static const struct chappe_clock fixed_clock = { &fixed_operations };

struct fixture {
        int read_end, write_end;
        struct chappe_log *log;
        char text[16384];
};

static struct fixture *fixture_new(enum chappe_log_format format, enum chappe_log_level level)
{
        struct fixture *fixture = calloc(1, sizeof(*fixture));
        int ends[2];

        assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
        fixture->read_end = ends[0];
        fixture->write_end = ends[1];
        struct chappe_log_config config = {
                .clock = &fixed_clock,
                .service = "orders",
                .instance = "orders-1",
                .level = level,
                .format = format,
                .descriptor = ends[1],
        };
        assert_int_equal(chappe_log_new(&config, &fixture->log, NULL), 0);
        return fixture;
}

static const char *fixture_read(struct fixture *fixture)
{
        ssize_t length = read(fixture->read_end, fixture->text, sizeof(fixture->text) - 1);
        fixture->text[length > 0 ? length : 0] = '\0';
        return fixture->text;
}

static void fixture_free(struct fixture *fixture)
{
        chappe_log_free(fixture->log);
        close(fixture->read_end);
        close(fixture->write_end);
        free(fixture);
}

static void test_a_pipe_gets_json_lines(void **state)
{
        (void)state;
        struct fixture *fixture = fixture_new(CHAPPE_LOG_AUTO, CHAPPE_LEVEL_INFO);

        chappe_log_write(fixture->log, CHAPPE_LOG_HANDLER, "order %d shipped", 42);
        assert_string_equal(fixture_read(fixture),
                            "{\"time\":\"2025-10-09T08:53:20.123Z\",\"level\":\"info\",\"id\":\"L0100\","
                            "\"service\":\"orders\",\"instance\":\"orders-1\",\"message\":\"order 42 shipped\"}\n");
        fixture_free(fixture);
}

static void test_pretty_lines_carry_fields(void **state)
{
        (void)state;
        struct fixture *fixture = fixture_new(CHAPPE_LOG_PRETTY, CHAPPE_LEVEL_INFO);
        struct chappe_log_field fields[] = { { "topic", "shop.orders" }, { "key", NULL }, { "trace", "ab\n" } };

        chappe_log_write_fields(fixture->log, CHAPPE_LOG_HANDLER_WARNING, fields, 3, "slow");
        assert_string_equal(fixture_read(fixture), "08:53:20.123Z WARN  L0101 slow topic=shop.orders trace=ab\\n\n");
        fixture_free(fixture);
}

static void test_lines_below_the_level_are_dropped(void **state)
{
        (void)state;
        struct fixture *fixture = fixture_new(CHAPPE_LOG_JSON, CHAPPE_LEVEL_WARNING);

        chappe_log_write(fixture->log, CHAPPE_LOG_HANDLER, "not wanted");
        chappe_log_write(NULL, CHAPPE_LOG_HANDLER_ERROR, "no log");
        assert_string_equal(fixture_read(fixture), "");
        chappe_log_write(fixture->log, CHAPPE_LOG_HANDLER_ERROR, "wanted");
        assert_non_null(strstr(fixture_read(fixture), "\"wanted\""));
        fixture_free(fixture);
}

static void test_a_reader_that_stops_reading_stops_nobody_and_hears_what_it_missed(void **state)
{
        enum { LINES = 3000 };
        struct fixture *fixture = fixture_new(CHAPPE_LOG_PRETTY, CHAPPE_LEVEL_INFO);
        unsigned int missed = 0, read_lines = 0;
        const char *told;

        (void)state;
        assert_int_equal(fcntl(fixture->write_end, F_SETFL, 0), 0); /* as standard error is: a write may block */
        for (int i = 0; i < LINES; i++)
                chappe_log_write(fixture->log, CHAPPE_LOG_HANDLER, "a line of some length that fills the pipe");
        while (*fixture_read(fixture)) {
                for (const char *at = fixture->text; (at = strchr(at, '\n')); at++)
                        read_lines++;
        }
        assert_in_range(read_lines, 1, LINES - 1);
        chappe_log_write(fixture->log, CHAPPE_LOG_HANDLER, "goes on");
        told = strstr(fixture_read(fixture), "L0110 ");
        assert_non_null(told);
        assert_int_equal(sscanf(told, "L0110 %u lines were dropped", &missed), 1);
        assert_int_equal(missed + read_lines, LINES);
        assert_non_null(strstr(told, "goes on"));
        fixture_free(fixture);
}

static void test_an_error_carries_its_code(void **state)
{
        (void)state;
        struct fixture *fixture = fixture_new(CHAPPE_LOG_JSON, CHAPPE_LEVEL_INFO);
        struct chappe_error error = { 0 };

        chappe_fail(&error, CHAPPE_E_TIMEOUT, "no answer");
        chappe_log_error(fixture->log, CHAPPE_LOG_HANDLER_ERROR, &error);
        assert_non_null(strstr(fixture_read(fixture), "\"message\":\"no answer\",\"code\":\"E1003\"}\n"));
        fixture_free(fixture);
}

static void test_a_line_is_never_forged_nor_longer_than_4_kib(void **state)
{
        (void)state;
        char hostile[9000];
        enum chappe_log_format formats[] = { CHAPPE_LOG_JSON, CHAPPE_LOG_PRETTY };

        for (size_t i = 0; i < sizeof(hostile) - 1; i++)
                hostile[i] = "\n\x1b\"\\\xff{}\xe2\x80"[i % 9];
        hostile[sizeof(hostile) - 1] = '\0';
        struct chappe_log_field fields[] = {
                { "a", hostile }, { "b", hostile }, { hostile, hostile }, { "d", hostile }
        };

        for (size_t i = 0; i < 2; i++) {
                struct fixture *fixture = fixture_new(formats[i], CHAPPE_LEVEL_INFO);
                chappe_log_write_fields(fixture->log, CHAPPE_LOG_HANDLER, fields, 4, "%s", hostile);
                const char *line = fixture_read(fixture);
                assert_true(strlen(line) > 2000 && strlen(line) <= 4096);
                assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
                assert_null(strchr(line, '\x1b'));
                assert_null(strchr(line, '\xff'));
                if (formats[i] == CHAPPE_LOG_JSON)
                        assert_string_equal(line + strlen(line) - 3, "\"}\n");
                fixture_free(fixture);
        }
}

static void test_a_terminal_gets_colour_unless_no_colour_is_asked_for(void **state)
{
        (void)state;
        char text[512];
        int controller = posix_openpt(O_RDWR | O_NOCTTY);

        assert_true(controller >= 0 && grantpt(controller) == 0 && unlockpt(controller) == 0);
        int terminal = open(ptsname(controller), O_RDWR | O_NOCTTY);
        assert_true(terminal >= 0);
        for (int refused = 0; refused < 2; refused++) {
                struct chappe_log_config config = { .clock = &fixed_clock,
                                                    .level = CHAPPE_LEVEL_INFO,
                                                    .descriptor = terminal };
                struct chappe_log *log;

                setenv("NO_COLOR", refused ? "1" : "", 1);
                assert_int_equal(chappe_log_new(&config, &log, NULL), 0);
                chappe_log_write(log, CHAPPE_LOG_HANDLER_ERROR, "bad");
                ssize_t length = read(controller, text, sizeof(text) - 1);
                assert_true(length > 0);
                text[length] = '\0';
                assert_int_equal(strstr(text, "\x1b[31mERROR") != NULL, !refused);
                chappe_log_free(log);
        }
        close(terminal);
        close(controller);
}

static void test_escaping_keeps_utf8_and_shows_everything_else(void **state)
{
        (void)state;
        static const struct {
                const char *text, *plain, *json;
        } cases[] = {
                { "café ☕ 𝄞", "café ☕ 𝄞", "café ☕ 𝄞" },
                { "a\tb\"c\\d", "a\\tb\"c\\d", "a\\tb\\\"c\\\\d" },
                { "\x01\x7f", "\\x01\\x7f", "\\u0001\\u007f" },
                { "\xc2\x85", "\\u0085", "\\u0085" },                           /* C1 control */
                { "\xe2\x80\xae", "\\u202e", "\\u202e" },                       /* right-to-left override */
                { "\xc0\xaf", "\\xc0\\xaf", "\\\\xc0\\\\xaf" },                 /* overlong */
                { "\xed\xa0\x80", "\\xed\\xa0\\x80", "\\\\xed\\\\xa0\\\\x80" }, /* surrogate */
                { "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80", "\\\\xf4\\\\x90\\\\x80\\\\x80" },
                { "x\xe2\x82", "x\\xe2\\x82", "x\\\\xe2\\\\x82" }, /* cut character */
        };

        for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
                char out[128];
                size_t length = chappe_escape(CHAPPE_ESCAPE_PLAIN, chappe_text(cases[i].text), out, sizeof(out), NULL);
                out[length] = '\0';
                assert_string_equal(out, cases[i].plain);
                length = chappe_escape(CHAPPE_ESCAPE_JSON, chappe_text(cases[i].text), out, sizeof(out), NULL);
                out[length] = '\0';
                assert_string_equal(out, cases[i].json);
        }
}

static void test_escaping_never_splits_a_character(void **state)
{
        (void)state;
        char out[4];
        bool cut;

        assert_int_equal(chappe_escape(CHAPPE_ESCAPE_PLAIN, chappe_text("aé☕"), out, 4, &cut), 3);
        assert_true(cut);
        assert_int_equal(chappe_escape(CHAPPE_ESCAPE_PLAIN, chappe_text("aé"), out, 4, &cut), 3);
        assert_false(cut);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_pipe_gets_json_lines),
                cmocka_unit_test(test_pretty_lines_carry_fields),
                cmocka_unit_test(test_lines_below_the_level_are_dropped),
                cmocka_unit_test(test_an_error_carries_its_code),
                cmocka_unit_test(test_a_reader_that_stops_reading_stops_nobody_and_hears_what_it_missed),
                cmocka_unit_test(test_a_line_is_never_forged_nor_longer_than_4_kib),
                cmocka_unit_test(test_a_terminal_gets_colour_unless_no_colour_is_asked_for),
                cmocka_unit_test(test_escaping_keeps_utf8_and_shows_everything_else),
                cmocka_unit_test(test_escaping_never_splits_a_character),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
