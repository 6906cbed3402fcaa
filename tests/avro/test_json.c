/* SPDX-License-Identifier: Apache-2.0 */
/* JSON as people write it: plain unions, left-out fields, and errors that say where. */
#include "avro_test.h"

#define RECORD                                                                                                         \
        "{\"type\":\"record\",\"name\":\"a.R\",\"fields\":[{\"name\":\"id\",\"type\":\"long\"},"                       \
        "{\"name\":\"note\",\"type\":[\"null\",\"string\"],\"default\":null},"                                         \
        "{\"name\":\"any\",\"type\":[\"null\",\"double\",\"int\",\"bytes\",\"string\",{\"type\":\"map\",\"values\":"   \
        "\"int\"}],"                                                                                                   \
        "\"default\":null},{\"name\":\"size\",\"type\":\"float\",\"default\":1.5},"                                    \
        "{\"name\":\"next\",\"type\":[\"null\",\"R\"],\"default\":null}]}"

/* Reads JSON and prints it in both forms; returns what reading said. */
static int convert(const char *text, const char *json, char printed[500], char plain[500], struct chappe_error *error)
{
        struct chappe_schema *schema = avro_schema(text);
        const struct chappe_layout *layout = chappe_schema_layout(schema, error);
        struct chappe_arena *arena = chappe_arena_new(0);
        struct chappe_buffer buffer = { 0 };
        void *value = test_malloc(layout->size);
        int r = chappe_json_read(schema, layout, chappe_text(json), arena, value, error);

        if (r >= 0) {
                assert_int_equal(chappe_json_print(schema, layout, value, &buffer, error), 0);
                snprintf(printed, 500, "%.*s", (int)buffer.length, buffer.at);
                buffer.length = 0;
                assert_int_equal(chappe_json_print_plain(schema, layout, value, &buffer, error), 0);
                snprintf(plain, 500, "%.*s", (int)buffer.length, buffer.at);
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
        char found[500], found_plain[500];

        if (convert(schema, json, found, found_plain, &error) < 0)
                fail_msg("%s", error.text);
        assert_string_equal(found, printed);
        assert_string_equal(found_plain, plain);
}

static void assert_refused(const char *schema, const char *json, int code, const char *piece)
{
        struct chappe_error error = { 0 };
        char printed[500], plain[500];

        if (convert(schema, json, printed, plain, &error) >= 0)
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
        assert_converts("\"double\"", "1e400", "\"Infinity\"", "\"Infinity\"");
        assert_converts("\"double\"", "1.7976931348623157e308", "1.7976931348623157E308", "1.7976931348623157E308");
        assert_converts("\"double\"", "5e-324", "4.9E-324", "4.9E-324");
        assert_converts("\"float\"", "0.1", "0.10000000149011612", "0.10000000149011612");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_unions_may_be_plain_or_wrapped),
                cmocka_unit_test(test_errors_name_line_column_and_path),
                cmocka_unit_test(test_ambiguous_unions_end_soon),
                cmocka_unit_test(test_doubles_print_as_java_prints_them),
        };

        return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
