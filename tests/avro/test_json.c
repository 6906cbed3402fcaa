/* SPDX-License-Identifier: Apache-2.0 */
/* JSON as people write it: plain unions, left-out fields, and errors that say where. */
#include <math.h>

#include "avro_test.h"

#define RECORD                                                                                                         \
        "{\"type\":\"record\",\"name\":\"a.R\",\"fields\":[{\"name\":\"id\",\"type\":\"long\"},"                       \
        "{\"name\":\"note\",\"type\":[\"null\",\"string\"],\"default\":null},"                                         \
        "{\"name\":\"any\",\"type\":[\"null\",\"double\",\"int\",\"bytes\",\"string\",{\"type\":\"map\",\"values\":"   \
        "\"int\"}],"                                                                                                   \
        "\"default\":null},{\"name\":\"size\",\"type\":\"float\",\"default\":1.5},"                                    \
        "{\"name\":\"next\",\"type\":[\"null\",\"R\"],\"default\":null}]}"

/* Reads JSON and prints it in both forms, the plain one second; returns what reading said. */
static int convert_form(const char *text, const char *json, bool plain, char printed[2][800],
                        struct chappe_error *error)
{
        struct chappe_schema *schema = avro_schema(text);
        const struct chappe_layout *layout = chappe_schema_layout(schema, error);
        struct chappe_arena *arena = chappe_arena_new(0);
        struct chappe_buffer buffer = { 0 };
        void *value = test_malloc(layout->size);
        int r = (plain ? chappe_json_read_plain : chappe_json_read)(schema, layout, chappe_text(json), arena, value,
                                                                    error);

        if (r >= 0) {
                assert_int_equal(chappe_json_print(schema, layout, value, &buffer, error), 0);
                snprintf(printed[0], 800, "%.*s", (int)buffer.length, buffer.at);
                buffer.length = 0;
                assert_int_equal(chappe_json_print_plain(schema, layout, value, &buffer, error), 0);
                snprintf(printed[1], 800, "%.*s", (int)buffer.length, buffer.at);
        }
        chappe_buffer_deinit(&buffer);
        chappe_arena_free(arena);
        chappe_schema_unref(schema);
        test_free(value);
        return r;
}

static void assert_converts(const char *schema, const char *json, const char *printed, const char *plain)
{
        struct chappe_error error = { 0 };
        char found[2][800];

        if (convert_form(schema, json, false, found, &error) < 0)
                fail_msg("%s", error.text);
        assert_string_equal(found[0], printed);
        assert_string_equal(found[1], plain);
}

/* What is read as plain JSON and printed as plain JSON. */
static void assert_plain(const char *schema, const char *json, const char *plain)
{
        struct chappe_error error = { 0 };
        char found[2][800];

        if (convert_form(schema, json, true, found, &error) < 0)
                fail_msg("%s", error.text);
        assert_string_equal(found[1], plain);
}

static void assert_refused(const char *schema, const char *json, int code, const char *piece)
{
        struct chappe_error error = { 0 };
        char printed[2][800];

        if (convert_form(schema, json, false, printed, &error) >= 0)
                fail_msg("accepted: %s", json);
        assert_error(&error, code, piece);
}

static void test_unions_may_be_plain_or_wrapped(void **state)
{
        (void)state;
        assert_converts(RECORD, "{\"id\":1}", "{\"id\":1,\"note\":null,\"any\":null,\"size\":1.5,\"next\":null}",
                        "{\"id\":1,\"note\":null,\"any\":null,\"size\":1.5,\"next\":null}");
        assert_converts(
                RECORD, "{\"note\":\"x\",\"id\":-1,\"any\":7,\"next\":{\"id\":2,\"any\":{\"k\":1}}}",
                "{\"id\":-1,\"note\":{\"string\":\"x\"},\"any\":{\"int\":7},\"size\":1.5,\"next\":{\"a.R\":{\"id\":2,"
                "\"note\":null,\"any\":{\"map\":{\"k\":1}},\"size\":1.5,\"next\":null}}}",
                "{\"id\":-1,\"note\":\"x\",\"any\":7,\"size\":1.5,\"next\":{\"id\":2,\"note\":null,\"any\":{\"k\":1},"
                "\"size\":1.5,\"next\":null}}");
        assert_converts(RECORD, "{\"id\":1,\"any\":{\"bytes\":\"\\u00ff\"},\"note\":{\"string\":\"y\"}}",
                        "{\"id\":1,\"note\":{\"string\":\"y\"},\"any\":{\"bytes\":\"ÿ\"},\"size\":1.5,\"next\":null}",
                        "{\"id\":1,\"note\":\"y\",\"any\":\"ÿ\",\"size\":1.5,\"next\":null}");
        assert_converts(RECORD, "{\"id\":1,\"any\":\"text\",\"size\":\"NaN\"}",
                        "{\"id\":1,\"note\":null,\"any\":{\"string\":\"text\"},\"size\":\"NaN\",\"next\":null}",
                        "{\"id\":1,\"note\":null,\"any\":\"text\",\"size\":\"NaN\",\"next\":null}");
}

static void test_errors_name_line_column_and_path(void **state)
{
        (void)state;
        assert_refused(RECORD, "{\"id\":\n \"1\"}", CHAPPE_E_JSON_MISMATCH,
                       "line 2:2: $.id: expected long, found a string");
        assert_refused(RECORD, "{\"id\":1.5}", CHAPPE_E_JSON_MISMATCH, "$.id: 1.5 is no long");
        assert_refused(RECORD, "{}", CHAPPE_E_JSON_MISMATCH, "the field 'id' is missing");
        assert_refused(RECORD, "{\"id\":1,\"idd\":2}", CHAPPE_E_JSON_MISMATCH, "$.idd: a.R has no such field");
        assert_refused(RECORD, "{\"id\":1,\"next\":{\"id\":1,\"next\":{\"id\":null}}}", CHAPPE_E_JSON_MISMATCH,
                       "$.next.next.id");
        assert_refused(RECORD, "{\"id\":1,", CHAPPE_E_JSON_SYNTAX, "line 1:9: the JSON text ends too early");
        assert_refused("{\"type\":\"array\",\"items\":\"int\"}", "[1,2147483648]", CHAPPE_E_JSON_MISMATCH,
                       "$[1]: 2147483648 is no int");
        assert_refused("\"bytes\"", "\"\\u0100\"", CHAPPE_E_JSON_MISMATCH, "\\u00FF");
        assert_refused("{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\"]}", "\"B\"", CHAPPE_E_JSON_MISMATCH,
                       "no symbol");
        assert_refused("{\"type\":\"fixed\",\"name\":\"F\",\"size\":2}", "\"B\"", CHAPPE_E_JSON_MISMATCH, "1 bytes");
}

/* Each level could be either record, and only the innermost value decides: trying all is given up. */
static void test_ambiguous_unions_end_soon(void **state)
{
        char json[4000] = "", *at = json;

        (void)state;
        for (int i = 0; i < 60; i++)
                at += sprintf(at, "{\"n\":");
        at += sprintf(at, "true");
        for (int i = 0; i < 60; i++)
                at += sprintf(at, "}");
        assert_refused("[{\"type\":\"record\",\"name\":\"A\",\"fields\":[{\"name\":\"n\",\"type\":[\"int\",\"A\",{"
                       "\"type\":\"record\","
                       "\"name\":\"B\",\"fields\":[{\"name\":\"n\",\"type\":[\"int\",\"A\",\"B\"]}]}]}]},\"B\"]",
                       json, CHAPPE_E_JSON_MISMATCH, "too long to try");
}

static void test_doubles_print_as_java_prints_them(void **state)
{
        (void)state;
        assert_converts("\"double\"", "0", "0.0", "0.0");
        assert_converts("\"double\"", "-0.0", "-0.0", "-0.0");
        assert_converts("\"double\"", "0.001", "0.001", "0.001");
        assert_converts("\"double\"", "0.0009", "9.0E-4", "9.0E-4");
        assert_converts("\"double\"", "9999999", "9999999.0", "9999999.0");
        assert_converts("\"double\"", "10000000", "1.0E7", "1.0E7");
        assert_converts("\"double\"", "123456.789", "123456.789", "123456.789");
        assert_converts("\"double\"", "\"Infinity\"", "\"Infinity\"", "\"Infinity\"");
        assert_converts("\"double\"", "1.7976931348623157e308", "1.7976931348623157E308", "1.7976931348623157E308");
        assert_converts("\"double\"", "5e-324", "4.9E-324", "4.9E-324");
        assert_converts("\"float\"", "0.1", "0.10000000149011612", "0.1");
}

static void test_no_number_becomes_infinite(void **state)
{
        (void)state;
        assert_refused("\"float\"", "1e39", CHAPPE_E_JSON_MISMATCH, "1e39 is beyond a float");
        assert_refused("\"float\"", "-1e39", CHAPPE_E_JSON_MISMATCH, "-1e39 is beyond a float");
        assert_refused("\"double\"", "1e400", CHAPPE_E_JSON_MISMATCH, "1e400 is beyond a double");
        assert_refused("[\"null\",\"double\"]", "-1e400", CHAPPE_E_JSON_MISMATCH, "-1e400 is beyond a double");
        assert_converts("\"float\"", "3.4028235e38", "3.4028234663852886E38", "3.4028235E38");
        assert_converts("\"float\"", "\"-Infinity\"", "\"-Infinity\"", "\"-Infinity\"");
        assert_converts("[\"float\",\"double\"]", "1e39", "{\"double\":1.0E39}", "1.0E39");
        assert_converts("{\"type\":\"record\",\"name\":\"D\",\"fields\":[{\"name\":\"d\",\"type\":\"float\","
                        "\"default\":1e39}]}",
                        "{}", "{\"d\":\"Infinity\"}", "{\"d\":\"Infinity\"}");
}

#define LOGICAL(...)                                                                                                   \
        "{\"type\":\"record\",\"name\":\"L\",\"fields\":[" __VA_ARGS__                                                 \
        "{\"name\":\"d\",\"type\":\"int\",\"default\":0}]}"
#define FIELD(name, type, rest) "{\"name\":\"" name "\",\"type\":{\"type\":" type ",\"logicalType\":" rest "}},"
#define ALL_LOGICAL                                                                                                    \
        LOGICAL(FIELD("decimal", "\"bytes\"", "\"decimal\",\"precision\":9,\"scale\":2") FIELD(                        \
                "fixed", "\"fixed\",\"name\":\"F\",\"size\":2",                                                        \
                "\"decimal\",\"precision\":4,\"scale\":1") FIELD("uuid", "\"string\"", "\"uuid\"")                     \
                        FIELD("fixed_uuid", "\"fixed\",\"name\":\"U\",\"size\":16", "\"uuid\"") FIELD(                 \
                                "date", "\"int\"", "\"date\"") FIELD("time", "\"int\"", "\"time-millis\"")             \
                                FIELD("time_us", "\"long\"", "\"time-micros\"") FIELD(                                 \
                                        "at", "\"long\"", "\"timestamp-millis\"") FIELD("at_us", "\"long\"",           \
                                                                                        "\"timestamp-micros\"")        \
                                        FIELD("at_ns", "\"long\"", "\"timestamp-nanos\"") FIELD(                       \
                                                "local", "\"long\"", "\"local-timestamp-millis\"")                     \
                                                FIELD("local_us", "\"long\"", "\"local-timestamp-micros\"") FIELD(     \
                                                        "local_ns", "\"long\"", "\"local-timestamp-nanos\"")           \
                                                        FIELD("duration", "\"fixed\",\"name\":\"D\",\"size\":12",      \
                                                              "\"duration\""))
#define PLAIN_LOGICAL                                                                                                  \
        "{\"decimal\":\"-12.50\",\"fixed\":\"1.0\",\"uuid\":\"f81d4fae-7dec-11d0-a765-00a0c91e6bf6\","                 \
        "\"fixed_uuid\":\"f81d4fae-7dec-11d0-a765-00a0c91e6bf6\",\"date\":\"2026-11-28\",\"time\":\"10:15:30.250\","   \
        "\"time_us\":\"10:15:30.250001\",\"at\":\"2026-11-28T10:15:30.250Z\","                                         \
        "\"at_us\":\"2026-11-28T10:15:30.250001Z\",\"at_ns\":\"2026-11-28T10:15:30.250001002Z\","                      \
        "\"local\":\"2026-11-28T10:15:30.250\",\"local_us\":\"2026-11-28T10:15:30.250001\","                           \
        "\"local_ns\":\"2026-11-28T10:15:30.250001002\",\"duration\":\"P14M3DT4.005S\",\"d\":0}"

static void test_logical_types_are_text_in_the_plain_form(void **state)
{
        (void)state;
        assert_plain(ALL_LOGICAL, PLAIN_LOGICAL, PLAIN_LOGICAL);
}

static void test_avros_encoding_knows_no_logical_types(void **state)
{
        (void)state;
        assert_converts(LOGICAL(FIELD("decimal", "\"bytes\"", "\"decimal\",\"precision\":9,\"scale\":2")
                                        FIELD("date", "\"int\"", "\"date\"")),
                        "{\"decimal\":\"12\",\"date\":20785}", "{\"decimal\":\"12\",\"date\":20785,\"d\":0}",
                        "{\"decimal\":\"125.94\",\"date\":\"2026-11-28\",\"d\":0}");
        assert_refused(LOGICAL(FIELD("date", "\"int\"", "\"date\"")), "{\"date\":\"2026-11-28\"}",
                       CHAPPE_E_JSON_MISMATCH, "$.date: expected int, found a string");
}

static void test_numbers_are_taken_for_logical_types_too(void **state)
{
        (void)state;
        assert_plain(LOGICAL(FIELD("decimal", "\"bytes\"", "\"decimal\",\"precision\":9,\"scale\":2")
                                     FIELD("date", "\"int\"", "\"date\"") FIELD("time", "\"int\"", "\"time-millis\"")),
                     "{\"decimal\":12.5,\"date\":20785,\"time\":-1}",
                     "{\"decimal\":\"12.50\",\"date\":\"2026-11-28\",\"time\":-1,\"d\":0}");
}

static void test_decimals_with_a_scale_of_their_own_are_plain_too(void **state)
{
        static const char schema[] = LOGICAL(FIELD("price", "\"bytes\"", "\"big-decimal\""));

        (void)state;
        assert_plain(schema, "{\"price\":\"-12.50\"}", "{\"price\":\"-12.50\",\"d\":0}");
        assert_plain(schema, "{\"price\":12.50}", "{\"price\":\"12.50\",\"d\":0}");
        assert_plain(schema, "{\"price\":1e3}", "{\"price\":\"1E+3\",\"d\":0}");
        assert_plain(schema, "{\"price\":\"0x0201\"}", "{\"price\":\"0x0201\",\"d\":0}");
        assert_plain("[\"null\",{\"type\":\"bytes\",\"logicalType\":\"big-decimal\"}]", "7.0", "\"7.0\"");
        assert_converts(schema, "{\"price\":\"\\u0002\\u0007\\u0002\"}",
                        "{\"price\":\"\\u0002\\u0007\\u0002\",\"d\":0}", "{\"price\":\"0.7\",\"d\":0}");
}

static void test_text_that_is_no_value_of_the_logical_type_says_where(void **state)
{
        struct chappe_error error = { 0 };
        char printed[2][800];

        (void)state;
        assert_int_equal(convert_form(LOGICAL(FIELD("date", "\"int\"", "\"date\"")), "{\n\"date\":\"2026-02-29\"}",
                                      true, printed, &error),
                         -CHAPPE_E_JSON_MISMATCH);
        assert_error(&error, CHAPPE_E_JSON_MISMATCH, "line 2:8: $.date: '2026-02-29' is no date such as 2026-11-28");
        assert_int_equal(convert_form(LOGICAL(FIELD("decimal", "\"bytes\"", "\"decimal\",\"precision\":9,\"scale\":2")),
                                      "{\"decimal\":12.505}", true, printed, &error),
                         -CHAPPE_E_JSON_MISMATCH);
        assert_error(&error, CHAPPE_E_JSON_MISMATCH, "$.decimal: '12.505' is no decimal");
        assert_int_equal(convert_form(LOGICAL(FIELD("uuid", "\"string\"", "\"uuid\"")), "{\"uuid\":\"none\"}", true,
                                      printed, &error),
                         -CHAPPE_E_JSON_MISMATCH);
        assert_error(&error, CHAPPE_E_JSON_MISMATCH, "'none' is no UUID");
}

/* A default has Avro's form in the schema, however the text is written. */
static void test_defaults_of_logical_types_have_avros_form(void **state)
{
        (void)state;
        assert_plain("{\"type\":\"record\",\"name\":\"L\",\"fields\":[{\"name\":\"price\",\"type\":{\"type\":\"bytes\","
                     "\"logicalType\":\"decimal\",\"precision\":9,\"scale\":2},\"default\":\"\\u0004\u00e2\"}]}",
                     "{}", "{\"price\":\"12.50\"}");
}

static void test_unions_of_logical_types_are_found_by_their_text(void **state)
{
        static const char text[] =
                "{\"type\":\"array\",\"items\":[\"null\",{\"type\":\"int\",\"logicalType\":\"date\"},{\"type\":"
                "\"long\","
                "\"logicalType\":\"timestamp-millis\"},{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":9,"
                "\"scale\":2},\"double\"]}";

        (void)state;
        assert_plain(text, "[\"2026-11-28\",null,\"1970-01-01T00:00:01.000Z\",\"12.50\",{\"bytes\":\"7\"},7]",
                     "[\"2026-11-28\",null,\"1970-01-01T00:00:01.000Z\",\"12.50\",\"7.00\",\"1970-01-08\"]");
}

static void test_plain_floats_have_the_digits_that_people_wrote(void **state)
{
        static const char *const floats[] = { "0.1",   "1.15",  "-0.55",     "3.4028235E38", "1.4E-45",
                                              "1.0E7", "0.001", "16777.217", "9.999999E-4",  "123456.79" };

        (void)state;
        for (size_t i = 0; i < sizeof(floats) / sizeof(*floats); i++)
                assert_plain("\"float\"", floats[i], floats[i]);
}

/* Numbers of few digits take a short way, both in and out: it must find what the C library finds. */
static void test_short_numbers_are_exact(void **state)
{
        uint64_t random = 88172645463325252u;

        (void)state;
        for (int i = 0; i < 30000; i++) {
                char text[60], printed[2][800];
                struct chappe_error error = { 0 };
                double number;

                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                snprintf(text, sizeof(text), "%llue%d", (unsigned long long)(random >> (random & 63)),
                         (int)(random % 50) - 25);
                number = strtod(text, NULL);
                assert_int_equal(convert_form("\"double\"", text, false, printed, &error), 0);
                if (strtod(printed[0], NULL) != number)
                        fail_msg("%s became %s", text, printed[0]);
                bool beyond = isinf(strtof(text, NULL));
                assert_int_equal(convert_form("\"float\"", text, true, printed, &error),
                                 beyond ? -CHAPPE_E_JSON_MISMATCH : 0);
                if (!beyond && strtof(printed[1], NULL) != strtof(text, NULL))
                        fail_msg("%s became the float %s", text, printed[1]);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_unions_may_be_plain_or_wrapped),
                cmocka_unit_test(test_errors_name_line_column_and_path),
                cmocka_unit_test(test_ambiguous_unions_end_soon),
                cmocka_unit_test(test_doubles_print_as_java_prints_them),
                cmocka_unit_test(test_no_number_becomes_infinite),
                cmocka_unit_test(test_logical_types_are_text_in_the_plain_form),
                cmocka_unit_test(test_avros_encoding_knows_no_logical_types),
                cmocka_unit_test(test_numbers_are_taken_for_logical_types_too),
                cmocka_unit_test(test_decimals_with_a_scale_of_their_own_are_plain_too),
                cmocka_unit_test(test_text_that_is_no_value_of_the_logical_type_says_where),
                cmocka_unit_test(test_defaults_of_logical_types_have_avros_form),
                cmocka_unit_test(test_unions_of_logical_types_are_found_by_their_text),
                cmocka_unit_test(test_plain_floats_have_the_digits_that_people_wrote),
                cmocka_unit_test(test_short_numbers_are_exact),
        };

        return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
