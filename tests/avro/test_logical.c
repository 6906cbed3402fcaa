/* SPDX-License-Identifier: Apache-2.0 */
/* Logical types to text and back. Expected texts are those of java.math.BigDecimal, java.time and Python's datetime. */
#include <chappe/logical.h>

#include "avro_test.h"

static struct chappe_buffer printed;
static struct chappe_error error;

static void assert_printed(int status, const char *expected)
{
        assert_int_equal(status, 0);
        assert_text((struct chappe_text){ (char *)printed.at, printed.length }, expected);
        printed.length = 0;
}

static int tear_down(void **state)
{
        (void)state;
        chappe_buffer_deinit(&printed);
        return 0;
}

#define BYTES(...)                                                                                                     \
        (struct chappe_bytes)                                                                                          \
        {                                                                                                              \
                (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ })                             \
        }

static const struct {
        const char *text;
        int scale;
        size_t length;
        uint8_t unscaled[18];
} decimals[] = {
        { "0", 0, 1, { 0 } },
        { "0.00", 2, 1, { 0 } },
        { "12.50", 2, 2, { 0x04, 0xE2 } },
        { "-12.50", 2, 2, { 0xFB, 0x1E } },
        { "127", 0, 1, { 0x7F } },
        { "128", 0, 2, { 0x00, 0x80 } },
        { "-128", 0, 1, { 0x80 } },
        { "-129", 0, 2, { 0xFF, 0x7F } },
        { "0.005", 3, 1, { 5 } },
        { "-0.0005", 4, 1, { 0xFB } },
        { "9223372036854775807", 0, 8, { 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF } },
        { "9223372036854775808", 0, 9, { 0x00, 0x80 } },
        { "-9223372036854775808", 0, 8, { 0x80 } },
        { "-9223372036854775809", 0, 9, { 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF } },
        { "4294967296.000000000", 9, 8, { 0x3B, 0x9A, 0xCA, 0x00 } },
        { "-170141183460469231731687303715884105728", 0, 16, { 0x80 } },
        { "-123456789012345678901234567890.12",
          2,
          14,
          { 0xFF, 0x64, 0x2C, 0xF5, 0xC3, 0x9B, 0xA6, 0xBC, 0x22, 0xE9, 0x6F, 0x5F, 0xC5, 0xEC } },
};

static void test_decimals_are_digits_with_a_point(void **state)
{
        (void)state;
        for (size_t i = 0; i < sizeof(decimals) / sizeof(*decimals); i++)
                assert_printed(chappe_decimal_print((struct chappe_bytes){ decimals[i].unscaled, decimals[i].length },
                                                    decimals[i].scale, &printed),
                               decimals[i].text);
        assert_printed(chappe_decimal_print(BYTES(0xFF, 0xFF, 0xFB, 0x1E), 2, &printed), "-12.50");
        assert_printed(chappe_decimal_print(BYTES(0, 0, 0, 0, 0, 0, 0, 0, 0, 1), 0, &printed), "1");
        assert_printed(chappe_decimal_print((struct chappe_bytes){ NULL, 0 }, 2, &printed), "0.00");
}

static void test_decimals_are_read_into_the_fewest_bytes(void **state)
{
        struct chappe_arena *arena = chappe_arena_new(0);
        uint8_t fixed[20];

        (void)state;
        for (size_t i = 0; i < sizeof(decimals) / sizeof(*decimals); i++) {
                struct chappe_bytes unscaled, wide = { fixed, sizeof(fixed) };

                assert_int_equal(chappe_decimal_parse(chappe_text(decimals[i].text), 60, decimals[i].scale, arena,
                                                      &unscaled, &error),
                                 0);
                assert_int_equal(unscaled.length, decimals[i].length);
                assert_memory_equal(unscaled.at, decimals[i].unscaled, unscaled.length);
                assert_int_equal(chappe_decimal_parse_fixed(chappe_text(decimals[i].text), 60, decimals[i].scale, fixed,
                                                            sizeof(fixed), &error),
                                 0);
                assert_printed(chappe_decimal_print(wide, decimals[i].scale, &printed), decimals[i].text);
        }
        chappe_arena_free(arena);
}

static int64_t parsed_decimal(const char *text, int precision, int scale)
{
        uint8_t fixed[8];
        int64_t number = 0;

        if (chappe_decimal_parse_fixed(chappe_text(text), precision, scale, fixed, sizeof(fixed), &error) < 0)
                fail_msg("%s", error.text);
        assert_true(chappe_decimal_to_long((struct chappe_bytes){ fixed, 8 }, &number));
        return number;
}

static void test_decimals_may_be_written_in_other_ways(void **state)
{
        (void)state;
        assert_int_equal(parsed_decimal("+12.5", 9, 2), 1250);
        assert_int_equal(parsed_decimal("12.50000", 9, 2), 1250);
        assert_int_equal(parsed_decimal(".5", 9, 2), 50);
        assert_int_equal(parsed_decimal("1.25e2", 9, 2), 12500);
        assert_int_equal(parsed_decimal("12500E-3", 9, 2), 1250);
        assert_int_equal(parsed_decimal("-0", 9, 2), 0);
        assert_int_equal(parsed_decimal("0e-20000", 9, 2), 0);
        assert_int_equal(parsed_decimal("0e20000", 9, 2), 0);
        assert_int_equal(parsed_decimal("000000000012", 4, 2), 1200);
        assert_int_equal(parsed_decimal("0xfffffffffffffb1e", 9, 2), -1250);
}

static void test_decimals_are_never_rounded_or_cut(void **state)
{
        static const struct {
                const char *text, *reason;
        } refused[] = {
                { "12.505", "more digits behind the point" },
                { "100.00", "more digits than its precision" },
                { "1e99999999999999999999", "more digits than its precision" },
                { "1e-5", "more digits behind the point" },
                { "", "is no decimal" },
                { "-", "is no decimal" },
                { ".", "is no decimal" },
                { "1.", "is no decimal" },
                { "1,5", "is no decimal" },
                { "1.5.0", "is no decimal" },
                { "1e", "is no decimal" },
                { " 1", "is no decimal" },
                { "1e+-1", "is no decimal" },
                { "0x0", "hex digits" },
                { "0x0g", "hex digits" },
        };
        struct chappe_arena *arena = chappe_arena_new(0);
        struct chappe_bytes unscaled = { NULL, 77 };
        uint8_t fixed[1] = { 42 };

        (void)state;
        for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
                assert_int_equal(chappe_decimal_parse(chappe_text(refused[i].text), 4, 2, arena, &unscaled, &error),
                                 -CHAPPE_E_VALUE_INVALID);
                assert_error(&error, CHAPPE_E_VALUE_INVALID, refused[i].reason);
        }
        assert_int_equal(unscaled.length, 77);
        assert_int_equal(chappe_decimal_parse_fixed(chappe_text("1.28"), 4, 2, fixed, 1, &error),
                         -CHAPPE_E_VALUE_INVALID);
        assert_error(&error, CHAPPE_E_VALUE_INVALID, "its fixed can hold");
        assert_int_equal(fixed[0], 42);
        assert_int_equal(chappe_decimal_parse_fixed(chappe_text("-1.28"), 4, 2, fixed, 1, &error), 0);
        assert_int_equal(fixed[0], 0x80);
        chappe_arena_free(arena);
}

static void test_the_longest_decimals_are_hex(void **state)
{
        struct chappe_arena *arena = chappe_arena_new(0);
        uint8_t *long_bytes = test_malloc(CHAPPE_DECIMAL_SIZE + 1);
        struct chappe_bytes unscaled = { long_bytes, CHAPPE_DECIMAL_SIZE }, back;
        struct chappe_text text;

        (void)state;
        memset(long_bytes, 0xA5, CHAPPE_DECIMAL_SIZE + 1);
        for (; unscaled.length <= CHAPPE_DECIMAL_SIZE + 1; unscaled.length++) {
                printed.length = 0;
                assert_int_equal(chappe_decimal_print(unscaled, 3, &printed), 0);
                text = (struct chappe_text){ (char *)printed.at, printed.length };
                assert_int_equal(memcmp(text.at, "0x", 2) == 0, unscaled.length > CHAPPE_DECIMAL_SIZE);
                assert_int_equal(chappe_decimal_parse(text, 10000, 3, arena, &back, &error), 0);
                assert_int_equal(back.length, unscaled.length);
                assert_memory_equal(back.at, long_bytes, back.length);
        }
        printed.length = 0;
        test_free(long_bytes);
        chappe_arena_free(arena);
}

/* Bytes and texts by Conversions.BigDecimalConversion of Apache Avro for Java 1.12.1. */
static const struct {
        const char *text;
        size_t length;
        uint8_t bytes[24];
} big_decimals[] = {
        { "0", 3, { 0x02, 0x00, 0x00 } },
        { "0.00", 3, { 0x02, 0x00, 0x04 } },
        { "12.50", 4, { 0x04, 0x04, 0xE2, 0x04 } },
        { "-12.50", 4, { 0x04, 0xFB, 0x1E, 0x04 } },
        { "1E+3", 3, { 0x02, 0x01, 0x05 } },
        { "-1.5E+4", 3, { 0x02, 0xF1, 0x05 } },
        { "0.000001", 3, { 0x02, 0x01, 0x0C } },
        { "1E-7", 3, { 0x02, 0x01, 0x0E } },
        { "1.23456E-8", 5, { 0x06, 0x01, 0xE2, 0x40, 0x1A } },
        { "-0.00001234", 4, { 0x04, 0xFB, 0x2E, 0x10 } },
        { "0E+3", 3, { 0x02, 0x00, 0x05 } },
        { "0E-9", 3, { 0x02, 0x00, 0x12 } },
        { "-0.5", 3, { 0x02, 0xFB, 0x02 } },
        { "170141183460469231731687303715884105728", 19, { 0x22, 0x00, 0x80, [18] = 0x00 } },
        { "1E+2147483647", 7, { 0x02, 0x01, 0xFD, 0xFF, 0xFF, 0xFF, 0x0F } },
        { "1E-2147483647", 7, { 0x02, 0x01, 0xFE, 0xFF, 0xFF, 0xFF, 0x0F } },
        { "1234567890123456789012345678901234567890.0123456789", 23, { 0x2A, 0x08, 0x72, 0x7F, 0x63, 0x69, 0xAA, 0xF8,
                                                                       0x3C, 0xA1, 0x50, 0x26, 0x74, 0x7A, 0xF8, 0xC7,
                                                                       0xF1, 0x96, 0x8C, 0x04, 0xD5, 0x15, 0x14 } },
};

static void test_decimals_with_a_scale_of_their_own_are_those_of_java(void **state)
{
        struct chappe_arena *arena = chappe_arena_new(0);

        (void)state;
        for (size_t i = 0; i < sizeof(big_decimals) / sizeof(*big_decimals); i++) {
                struct chappe_bytes bytes = { big_decimals[i].bytes, big_decimals[i].length }, back;

                assert_printed(chappe_big_decimal_print(bytes, &printed), big_decimals[i].text);
                assert_int_equal(chappe_big_decimal_parse(chappe_text(big_decimals[i].text), arena, &back, &error), 0);
                assert_int_equal(back.length, bytes.length);
                assert_memory_equal(back.at, bytes.at, bytes.length);
        }
        chappe_arena_free(arena);
}

static void test_bytes_that_are_no_decimal_are_hex(void **state)
{
        const struct chappe_bytes others[] = {
                { NULL, 0 },       BYTES(0x02, 0x01),       BYTES(0x02, 0x01, 0x05, 0x00),
                BYTES(0x00, 0x05), BYTES(0x04, 0x01, 0x80), BYTES(0x03, 0x01, 0x05)
        };
        static const char *const texts[] = { "0x", "0x0201", "0x02010500", "0x0005", "0x040180", "0x030105" };
        struct chappe_arena *arena = chappe_arena_new(0);

        (void)state;
        for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
                struct chappe_bytes back;

                assert_printed(chappe_big_decimal_print(others[i], &printed), texts[i]);
                assert_int_equal(chappe_big_decimal_parse(chappe_text(texts[i]), arena, &back, &error), 0);
                assert_int_equal(back.length, others[i].length);
                assert_true(back.length == 0 || memcmp(back.at, others[i].at, back.length) == 0);
        }
        chappe_arena_free(arena);
}

static void test_what_is_no_decimal_of_any_scale_is_refused(void **state)
{
        static const char *const texts[] = { "",
                                             "-",
                                             ".",
                                             "1.",
                                             "1..2",
                                             "1.2.3",
                                             "1e",
                                             "1e+",
                                             "1x",
                                             "1E+2147483649",
                                             "1E-2147483648",
                                             "e5",
                                             "--1",
                                             "1-2",
                                             "1e5.",
                                             "NaN",
                                             "1E99999999999999999999" };
        struct chappe_arena *arena = chappe_arena_new(0);
        char digits[4000];
        struct chappe_bytes back;

        (void)state;
        for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
                if (chappe_big_decimal_parse(chappe_text(texts[i]), arena, &back, &error) != -CHAPPE_E_VALUE_INVALID)
                        fail_msg("'%s' is taken", texts[i]);
                assert_non_null(strstr(error.text, "is no decimal"));
        }
        memset(digits, '9', sizeof(digits));
        assert_int_equal(chappe_big_decimal_parse((struct chappe_text){ digits, sizeof(digits) }, arena, &back, &error),
                         -CHAPPE_E_VALUE_INVALID);
        assert_non_null(strstr(error.text, "too many digits"));
        chappe_arena_free(arena);
}

static void test_decimals_and_longs_convert(void **state)
{
        static const int64_t numbers[] = { 0, 1, -1, 127, 128, -128, -129, 1250, INT32_MAX, INT64_MAX, INT64_MIN };
        uint8_t bytes[12];
        int64_t back = 0;

        (void)state;
        for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
                for (size_t size = 8; size <= sizeof(bytes); size += 2) {
                        assert_true(chappe_decimal_from_long(numbers[i], bytes, size));
                        assert_true(chappe_decimal_to_long((struct chappe_bytes){ bytes, size }, &back));
                        assert_int_equal(back, numbers[i]);
                }
        }
        assert_true(chappe_decimal_from_long(-128, bytes, 1));
        assert_false(chappe_decimal_from_long(128, bytes, 1));
        assert_false(chappe_decimal_from_long(-129, bytes, 1));
        assert_true(chappe_decimal_from_long(32767, bytes, 2));
        assert_false(chappe_decimal_from_long(32768, bytes, 2));
        assert_false(chappe_decimal_from_long(0, bytes, 0));
        assert_false(chappe_decimal_to_long(BYTES(0, 0x80, 0, 0, 0, 0, 0, 0, 0), &back));
        assert_false(chappe_decimal_to_long(BYTES(0xFF, 0x7F, 0, 0, 0, 0, 0, 0, 0), &back));
}

/* A calendar that counts day by day. */
static void test_dates_follow_the_calendar(void **state)
{
        static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
        int year = 1600, month = 1, day = 1;

        (void)state;
        for (int32_t days = -135140; days < 200000; days++) {
                struct chappe_date date = chappe_date_of_days(days);
                int leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
                int32_t back = 0;

                if (date.year != year || date.month != month || date.day != day)
                        fail_msg("%d is %d-%d-%d", (int)days, (int)date.year, date.month, date.day);
                assert_true(chappe_date_to_days(date, &back));
                assert_int_equal(back, days);
                if (++day > lengths[month - 1] + (month == 2 && leap)) {
                        day = 1;
                        year += month == 12;
                        month = month % 12 + 1;
                }
        }
        assert_false(chappe_date_to_days((struct chappe_date){ 2026, 2, 29 }, &(int32_t){ 0 }));
        assert_false(chappe_date_to_days((struct chappe_date){ 2026, 13, 1 }, &(int32_t){ 0 }));
        assert_false(chappe_date_to_days((struct chappe_date){ 9999999, 1, 1 }, &(int32_t){ 0 }));
}

static void assert_date(int32_t days, const char *text)
{
        int32_t back = 0;

        assert_printed(chappe_date_print(days, &printed), text);
        if (chappe_date_parse(chappe_text(text), &back, &error) < 0)
                fail_msg("%s", error.text);
        assert_int_equal(back, days);
}

static void test_dates_are_written_as_in_java(void **state)
{
        (void)state;
        assert_date(0, "1970-01-01");
        assert_date(-1, "1969-12-31");
        assert_date(20785, "2026-11-28");
        assert_date(-719528, "0000-01-01");
        assert_date(-719529, "-0001-12-31");
        assert_date(2932896, "9999-12-31");
        assert_date(2932897, "+10000-01-01");
        assert_date(INT32_MAX, "+5881580-07-11");
        assert_date(INT32_MIN, "-5877641-06-23");
}

static void assert_timestamp(int64_t count, enum chappe_time_unit unit, bool local, const char *text)
{
        int64_t back = 0;

        assert_printed(chappe_timestamp_print(count, unit, local, &printed), text);
        if (chappe_timestamp_parse(chappe_text(text), unit, local, &back, &error) < 0)
                fail_msg("%s", error.text);
        assert_int_equal(back, count);
}

static void test_timestamps_have_the_digits_of_their_unit(void **state)
{
        (void)state;
        assert_timestamp(0, CHAPPE_MILLIS, false, "1970-01-01T00:00:00.000Z");
        assert_timestamp(-1, CHAPPE_MILLIS, false, "1969-12-31T23:59:59.999Z");
        assert_timestamp(1291191960000, CHAPPE_MILLIS, false, "2010-12-01T08:26:00.000Z");
        assert_timestamp(1291191960000001, CHAPPE_MICROS, false, "2010-12-01T08:26:00.000001Z");
        assert_timestamp(-1, CHAPPE_NANOS, true, "1969-12-31T23:59:59.999999999");
        assert_timestamp(951827696123, CHAPPE_MILLIS, true, "2000-02-29T12:34:56.123");
        assert_timestamp(INT64_MAX, CHAPPE_MILLIS, false, "+292278994-08-17T07:12:55.807Z");
        assert_timestamp(INT64_MIN, CHAPPE_MILLIS, false, "-292275055-05-16T16:47:04.192Z");
        assert_timestamp(INT64_MAX, CHAPPE_NANOS, false, "2262-04-11T23:47:16.854775807Z");
        assert_timestamp(INT64_MIN, CHAPPE_NANOS, false, "1677-09-21T00:12:43.145224192Z");
}

static int64_t parsed_millis(const char *text)
{
        int64_t count = 0;

        if (chappe_timestamp_parse(chappe_text(text), CHAPPE_MILLIS, false, &count, &error) < 0)
                fail_msg("%s", error.text);
        return count;
}

static void test_timestamps_may_be_written_in_other_ways(void **state)
{
        (void)state;
        assert_int_equal(parsed_millis("2010-12-01T09:26:00+01:00"), 1291191960000);
        assert_int_equal(parsed_millis("2010-11-30t22:56-09:30"), 1291191960000);
        assert_int_equal(parsed_millis("2010-12-01 08:26:00.5z"), 1291191960500);
        assert_int_equal(parsed_millis("1969-12-31T23:59:59.9990000000000Z"), -1);
        assert_int_equal(parsed_millis("1970-01-01T00:00:00.001+00:01"), -59999);
}

static void test_what_is_no_timestamp_is_refused(void **state)
{
        static const char *const refused[] = {
                "",
                "2026-11-28",
                "2026-11-28T10:15:30",
                "2026-11-28T10:15:30.1234Z",
                "2026-11-28T24:00:00Z",
                "2026-11-28T10:60:00Z",
                "2026-11-28T10:15:60Z",
                "2026-02-29T10:15:00Z",
                "2026-11-28T10:15:30.Z",
                "2026-11-28T10:15:30Zx",
                "2026-11-28T10:15:30+1:00",
                "2026-11-28T10:15:30+01",
                "26-11-28T10:15:30Z",
                "+292278994-08-17T07:12:55.808Z",
                "-292275055-05-16T16:47:04.191Z",
                "+9999999999-01-01T00:00:00Z",
        };
        int64_t count = 77;

        (void)state;
        for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
                if (chappe_timestamp_parse(chappe_text(refused[i]), CHAPPE_MILLIS, false, &count, &error) >= 0)
                        fail_msg("accepted: %s", refused[i]);
                assert_int_equal(error.code, CHAPPE_E_VALUE_INVALID);
        }
        assert_int_equal(chappe_timestamp_parse((struct chappe_text){ 0 }, CHAPPE_MILLIS, true, &count, &error),
                         -CHAPPE_E_VALUE_INVALID);
        assert_int_equal(
                chappe_timestamp_parse(chappe_text("2026-11-28T10:15:30Z"), CHAPPE_MILLIS, true, &count, &error),
                -CHAPPE_E_VALUE_INVALID);
        assert_int_equal(chappe_date_parse(chappe_text("2026-2-03"), &(int32_t){ 0 }, &error), -CHAPPE_E_VALUE_INVALID);
        assert_int_equal(chappe_date_parse(chappe_text("+5881580-07-12"), &(int32_t){ 0 }, &error),
                         -CHAPPE_E_VALUE_INVALID);
        assert_int_equal(count, 77);
}

static void test_times_of_day(void **state)
{
        int64_t count = 0;

        (void)state;
        assert_printed(chappe_time_print(36930250, CHAPPE_MILLIS, &printed), "10:15:30.250");
        assert_printed(chappe_time_print(86399999999, CHAPPE_MICROS, &printed), "23:59:59.999999");
        assert_printed(chappe_time_print(86400000, CHAPPE_MILLIS, &printed), "86400000");
        assert_printed(chappe_time_print(-5, CHAPPE_MILLIS, &printed), "-5");
        assert_int_equal(chappe_time_parse(chappe_text("10:15:30.250"), CHAPPE_MILLIS, &count, &error), 0);
        assert_int_equal(count, 36930250);
        assert_int_equal(chappe_time_parse(chappe_text("23:59"), CHAPPE_MICROS, &count, &error), 0);
        assert_int_equal(count, 86340000000);
        assert_int_equal(chappe_time_parse(chappe_text("24:00"), CHAPPE_MICROS, &count, &error),
                         -CHAPPE_E_VALUE_INVALID);
        assert_int_equal(chappe_time_parse(chappe_text("10:15:30Z"), CHAPPE_MILLIS, &count, &error),
                         -CHAPPE_E_VALUE_INVALID);
}

static void test_uuids(void **state)
{
        static const char text[] = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6";
        static const char *const refused[] = { "", "f81d4fae-7dec-11d0-a765-00a0c91e6bf",
                                               "f81d4fae-7dec-11d0-a765-00a0c91e6bfg",
                                               "f81d4fae7-dec-11d0-a765-00a0c91e6bf6",
                                               "{f81d4fae-7dec-11d0-a765-00a0c91e6bf}" };
        uint8_t uuid[CHAPPE_UUID_SIZE];

        (void)state;
        assert_int_equal(chappe_uuid_parse(chappe_text("F81D4FAE-7dec-11d0-a765-00a0c91e6bf6"), uuid, &error), 0);
        assert_int_equal(uuid[0], 0xF8);
        assert_int_equal(uuid[15], 0xF6);
        assert_printed(chappe_uuid_print(uuid, &printed), text);
        for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
                assert_int_equal(chappe_uuid_parse(chappe_text(refused[i]), uuid, &error), -CHAPPE_E_VALUE_INVALID);
        assert_printed(chappe_uuid_print(uuid, &printed), text);
}

static struct chappe_duration parsed_duration(const char *text)
{
        struct chappe_duration duration = { 0, 0, 0 };

        if (chappe_duration_parse(chappe_text(text), &duration, &error) < 0)
                fail_msg("%s", error.text);
        return duration;
}

static void assert_duration(uint32_t months, uint32_t days, uint32_t millis, const char *text)
{
        struct chappe_duration duration = { months, days, millis }, back = parsed_duration(text);

        assert_printed(chappe_duration_print(duration, &printed), text);
        assert_memory_equal(&back, &duration, sizeof(duration));
}

static void test_durations(void **state)
{
        static const char *const refused[] = { "",     "P",     "PT",         "1D",           "P1D2W",
                                               "P1H",  "P1.5D", "PT1.0005S",  "PT1S1S",       "P1DT",
                                               "P1D ", "P-1D",  "PT4294968S", "P4294967296M", "PTT1S",
                                               "P1" };
        uint8_t bytes[CHAPPE_DURATION_SIZE];
        struct chappe_duration duration = { 1, 0x01020304, 3 };

        (void)state;
        assert_duration(0, 0, 0, "PT0S");
        assert_duration(14, 3, 4005, "P14M3DT4.005S");
        assert_duration(0, 1, 0, "P1D");
        assert_duration(0, 0, 7, "PT0.007S");
        assert_duration(0, 0, 3600000, "PT1H");
        assert_duration(0, 0, 3660000, "PT1H1M");
        assert_duration(0, 0, 3601001, "PT1H1.001S");
        assert_duration(UINT32_MAX, UINT32_MAX, UINT32_MAX, "P4294967295M4294967295DT1193H2M47.295S");
        assert_int_equal(parsed_duration("P1Y2M").months, 14);
        assert_int_equal(parsed_duration("P2W1D").days, 15);
        assert_int_equal(parsed_duration("PT1M0.5000S").millis, 60500);
        for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
                if (chappe_duration_parse(chappe_text(refused[i]), &duration, &error) >= 0)
                        fail_msg("accepted: %s", refused[i]);
        }
        chappe_duration_put(duration, bytes);
        assert_memory_equal(bytes, "\1\0\0\0\4\3\2\1\3\0\0\0", sizeof(bytes));
        assert_int_equal(chappe_duration_of(bytes).days, 0x01020304);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_decimals_are_digits_with_a_point),
                cmocka_unit_test(test_decimals_are_read_into_the_fewest_bytes),
                cmocka_unit_test(test_decimals_may_be_written_in_other_ways),
                cmocka_unit_test(test_decimals_are_never_rounded_or_cut),
                cmocka_unit_test(test_the_longest_decimals_are_hex),
                cmocka_unit_test(test_decimals_with_a_scale_of_their_own_are_those_of_java),
                cmocka_unit_test(test_bytes_that_are_no_decimal_are_hex),
                cmocka_unit_test(test_what_is_no_decimal_of_any_scale_is_refused),
                cmocka_unit_test(test_decimals_and_longs_convert),
                cmocka_unit_test(test_dates_follow_the_calendar),
                cmocka_unit_test(test_dates_are_written_as_in_java),
                cmocka_unit_test(test_timestamps_have_the_digits_of_their_unit),
                cmocka_unit_test(test_timestamps_may_be_written_in_other_ways),
                cmocka_unit_test(test_what_is_no_timestamp_is_refused),
                cmocka_unit_test(test_times_of_day),
                cmocka_unit_test(test_uuids),
                cmocka_unit_test(test_durations),
        };

        return cmocka_run_group_tests_name("logical", tests, NULL, tear_down);
}
