/* SPDX-License-Identifier: Apache-2.0 */
/* Parsing schemas: what is accepted, what is refused and where, canonical form, fingerprint, walking. */
#include "avro_test.h"

static void assert_canonical(const char *text, const char *expected)
{
        struct chappe_schema *schema = avro_schema(text);

        assert_text(chappe_schema_canonical(schema), expected);
        assert_text(chappe_schema_text(schema), text);
        chappe_schema_unref(schema);
}

static void assert_refused(const char *text, int code, const char *piece)
{
        struct chappe_schema *schema = NULL;
        struct chappe_error error = { 0 };

        if (chappe_schema_parse("bad.avsc", chappe_text(text), &schema, &error) >= 0)
                fail_msg("accepted: %.200s", text);
        assert_error(&error, code, piece);
        assert_null(schema);
}

static void test_canonical_form_drops_what_reading_does_not_need(void **state)
{
        (void)state;
        assert_canonical(" {\"type\" : \"int\"} ", "\"int\"");
        assert_canonical("[\"null\", {\"type\":\"string\",\"logicalType\":\"uuid\"}]", "[\"null\",\"string\"]");
        assert_canonical(
                "{\"type\":\"enum\",\"doc\":\"x\",\"symbols\":[\"B\",\"A\"],\"name\":\"E\",\"namespace\":\"a.b\"}",
                "{\"name\":\"a.b.E\",\"type\":\"enum\",\"symbols\":[\"B\",\"A\"]}");
        assert_canonical("{\"size\":16,\"type\":\"fixed\",\"name\":\"a.F\",\"aliases\":[\"G\"]}",
                         "{\"name\":\"a.F\",\"type\":\"fixed\",\"size\":16}");
        assert_canonical("{\"type\":\"map\",\"values\":{\"items\":\"long\",\"type\":\"array\"},\"x\":1}",
                         "{\"type\":\"map\",\"values\":{\"type\":\"array\",\"items\":\"long\"}}");
        assert_canonical(
                "{\"type\":\"error\",\"name\":\"a.R\",\"fields\":[{\"name\":\"next\",\"type\":[\"null\",\"R\"],"
                "\"default\":null},{\"type\":{\"type\":\"fixed\",\"name\":\"F\",\"size\":2},\"name\":\"f\"}]}",
                "{\"name\":\"a.R\",\"type\":\"record\",\"fields\":[{\"name\":\"next\",\"type\":[\"null\",\"a.R\"]},"
                "{\"name\":\"f\",\"type\":{\"name\":\"a.F\",\"type\":\"fixed\",\"size\":2}}]}");
}

static void test_fingerprint_is_crc_64_avro_of_the_canonical_form(void **state)
{
        struct chappe_schema *schema = avro_schema("\"int\"");
        uint64_t fingerprint = chappe_schema_fingerprint(schema);
        const uint8_t expected[8] = { 0x8f, 0x5c, 0x39, 0x3f, 0x1a, 0xd5, 0x75, 0x72 };

        (void)state;
        for (int i = 0; i < 8; i++)
                assert_int_equal(fingerprint >> (8 * i) & 255, expected[i]);
        chappe_schema_unref(schema);
}

static void test_names_without_a_namespace_are_found_from_within_one(void **state)
{
        (void)state;
        assert_canonical("[{\"type\":\"fixed\",\"name\":\"F\",\"size\":1},{\"type\":\"record\",\"name\":\"a.R\","
                         "\"fields\":[{\"name\":\"f\",\"type\":\"F\"}]}]",
                         "[{\"name\":\"F\",\"type\":\"fixed\",\"size\":1},{\"name\":\"a.R\",\"type\":\"record\","
                         "\"fields\":[{\"name\":\"f\",\"type\":\"F\"}]}]");
}

/* Found by comparing with Java, where it is the one way to say so within a namespace. */
static void test_a_dot_in_front_of_an_alias_means_no_namespace(void **state)
{
        struct chappe_schema *writer = avro_schema("{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\"]}");
        struct chappe_schema *reader =
                avro_schema("{\"type\":\"enum\",\"name\":\"a.F\",\"aliases\":[\".E\"],\"symbols\":[\"A\"]}");
        struct chappe_schema *within =
                avro_schema("{\"type\":\"enum\",\"name\":\"a.F\",\"aliases\":[\"E\"],\"symbols\":[\"A\"]}");
        struct chappe_error error = { 0 };

        (void)state;
        assert_int_equal(chappe_schema_check(writer, reader, &error), 0);
        assert_true(chappe_schema_check(writer, within, &error) < 0);
        assert_refused("{\"type\":\"fixed\",\"name\":\"F\",\"aliases\":[\".\"],\"size\":1}", CHAPPE_E_SCHEMA_INVALID,
                       "$.aliases[0]");
        assert_refused("{\"type\":\"fixed\",\"name\":\"F\",\"aliases\":[\"..G\"],\"size\":1}", CHAPPE_E_SCHEMA_INVALID,
                       "$.aliases[0]");
        assert_refused("{\"type\":\"fixed\",\"name\":\"..F\",\"size\":1}", CHAPPE_E_SCHEMA_INVALID, "$.name");
        chappe_schema_unref(writer);
        chappe_schema_unref(reader);
        chappe_schema_unref(within);
}

/* Java takes any text for one; none but a name can be a writer's. */
static void test_an_alias_of_a_field_that_is_no_name_is_nobodys(void **state)
{
        struct chappe_schema *writer =
                avro_schema("{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":\"int\"}]}");
        struct chappe_schema *reader = avro_schema("{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"b\","
                                                   "\"type\":\"int\",\"aliases\":[\"a\\u0000c\",\"a-\",\"\"]}]}");
        struct chappe_schema *named = avro_schema("{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"b\","
                                                  "\"type\":\"int\",\"aliases\":[\"x-\",\"a\"]}]}");
        struct chappe_error error = { 0 };

        (void)state;
        assert_true(chappe_schema_check(writer, reader, &error) < 0);
        assert_int_equal(chappe_schema_check(writer, named, &error), 0);
        chappe_schema_unref(writer);
        chappe_schema_unref(reader);
        chappe_schema_unref(named);
}

static void test_syntax_errors_name_line_and_column(void **state)
{
        (void)state;
        assert_refused("", CHAPPE_E_SCHEMA_SYNTAX, "bad.avsc:1:1");
        assert_refused("{\"type\":\n  \"int\",}", CHAPPE_E_SCHEMA_SYNTAX, "bad.avsc:2:9: a member");
        assert_refused("\"int\" 1", CHAPPE_E_SCHEMA_SYNTAX, "behind the end");
        assert_refused("[\"int\"", CHAPPE_E_SCHEMA_SYNTAX, "ends too early");
        assert_refused("\"in\xff\"", CHAPPE_E_SCHEMA_SYNTAX, "UTF-8");
        assert_refused("\"\\ud800\"", CHAPPE_E_SCHEMA_SYNTAX, "surrogates");
        assert_refused("\"a\nb\"", CHAPPE_E_SCHEMA_SYNTAX, "control character");
        assert_refused("{\"type\":01}", CHAPPE_E_SCHEMA_SYNTAX, "1:10");
}

static void test_broken_rules_name_the_json_path(void **state)
{
        (void)state;
        assert_refused("3", CHAPPE_E_SCHEMA_INVALID, "$: a type is a name");
        assert_refused("\"integer\"", CHAPPE_E_SCHEMA_INVALID, "unknown type 'integer'");
        assert_refused("{\"name\":\"x\"}", CHAPPE_E_SCHEMA_INVALID, "'type' is missing");
        assert_refused("{\"type\":\"record\",\"name\":\"R\"}", CHAPPE_E_SCHEMA_INVALID, "'fields' is missing");
        assert_refused(
                "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":\"int\"},\n{\"name\":\"b\","
                "\"type\":\"nope\"}]}",
                CHAPPE_E_SCHEMA_INVALID, "bad.avsc:2:20: $.fields[1].type: unknown type 'nope'");
        assert_refused(
                "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":\"int\"},{\"name\":\"a\","
                "\"type\":\"int\"}]}",
                CHAPPE_E_SCHEMA_INVALID, "the field 'a' is there twice");
        assert_refused("{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\",\"A\"]}", CHAPPE_E_SCHEMA_INVALID,
                       "symbol 'A'");
        assert_refused("{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A-B\"]}", CHAPPE_E_SCHEMA_INVALID,
                       "$.symbols[0]");
        assert_refused("{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\"],\"default\":\"B\"}",
                       CHAPPE_E_SCHEMA_INVALID, "$.default");
        assert_refused("{\"type\":\"enum\",\"name\":\"1E\",\"symbols\":[\"A\"]}", CHAPPE_E_SCHEMA_INVALID, "$.name");
        assert_refused("{\"type\":\"enum\",\"name\":\"int\",\"symbols\":[\"A\"]}", CHAPPE_E_SCHEMA_INVALID,
                       "primitive");
        assert_refused("{\"type\":\"enum\",\"name\":\"E\",\"namespace\":\"a..b\",\"symbols\":[\"A\"]}",
                       CHAPPE_E_SCHEMA_INVALID, "$.namespace");
        assert_refused(
                "[{\"type\":\"fixed\",\"name\":\"F\",\"size\":1},{\"type\":\"fixed\",\"name\":\"F\",\"size\":2}]",
                CHAPPE_E_SCHEMA_INVALID, "defined twice");
        assert_refused("[\"int\",[\"null\"]]", CHAPPE_E_SCHEMA_INVALID, "union directly");
        assert_refused("[\"int\",\"null\",{\"type\":\"int\"}]", CHAPPE_E_SCHEMA_INVALID,
                       "$[2]: a second branch of type int");
        assert_refused("{\"type\":\"array\"}", CHAPPE_E_SCHEMA_INVALID, "'items' is missing");
        assert_refused("{\"type\":\"int\",\"type\":\"long\"}", CHAPPE_E_SCHEMA_INVALID, "twice");
        assert_refused(
                "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":\"int\",\"order\":\"up\"}]}",
                CHAPPE_E_SCHEMA_INVALID, "$.fields[0].order");
}

static void test_hostile_schemas_are_refused(void **state)
{
        char *big = malloc(300000);

        (void)state;
        assert_refused("{\"type\":\"fixed\",\"name\":\"F\",\"size\":-1}", CHAPPE_E_SCHEMA_INVALID, "$.size");
        assert_refused("{\"type\":\"fixed\",\"name\":\"F\",\"size\":4611686018427387904}", CHAPPE_E_SCHEMA_LIMIT,
                       "$.size");
        assert_refused("{\"type\":\"fixed\",\"name\":\"F\",\"size\":1048577}", CHAPPE_E_SCHEMA_LIMIT, "$.size");
        assert_refused("{\"type\":\"fixed\",\"name\":\"F\",\"size\":1.5}", CHAPPE_E_SCHEMA_INVALID, "$.size");
        assert_refused("{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"r\",\"type\":\"R\"}]}",
                       CHAPPE_E_SCHEMA_INVALID, "record R contains itself");
        assert_refused("{\"type\":\"record\",\"name\":\"A\",\"fields\":[{\"name\":\"b\",\"type\":[{\"type\":\"record\","
                       "\"name\":\"B\",\"fields\":[{\"name\":\"a\",\"type\":\"A\"}]}]}]}",
                       CHAPPE_E_SCHEMA_INVALID, "contains itself");
        memset(big, '[', 300000);
        big[299999] = '\0';
        assert_refused(big, CHAPPE_E_SCHEMA_LIMIT, "at most 262144");
        big[200000] = '\0';
        assert_refused(big, CHAPPE_E_SCHEMA_SYNTAX, "too deeply");
        for (int i = 0; i < 70; i++)
                memcpy(big + 25 * i, "{\"type\":\"array\",\"items\": ", 25);
        strcpy(big + 25 * 70, "\"int\"");
        memset(big + 25 * 70 + 5, '}', 70);
        big[25 * 70 + 75] = '\0';
        assert_refused(big, CHAPPE_E_SCHEMA_LIMIT, "64 deep");
        strcpy(big, "[\"null\"");
        for (int i = 0; i < 256; i++)
                sprintf(big + strlen(big), ",{\"type\":\"fixed\",\"name\":\"F%d\",\"size\":1}", i);
        strcat(big, "]");
        assert_refused(big, CHAPPE_E_SCHEMA_LIMIT, "256 branches");
        free(big);
}

static int parse_within(const char *text, struct chappe_schema_limits limits, struct chappe_error *error)
{
        struct chappe_schema *schema = NULL;
        int r = chappe_schema_parse_within("test", chappe_text(text), &limits, &schema, error);

        chappe_schema_unref(schema);
        return r;
}

static void assert_limit(const char *text, struct chappe_schema_limits low, struct chappe_schema_limits high,
                         const char *name)
{
        struct chappe_error error = { 0 };

        assert_int_equal(parse_within(text, low, &error), -CHAPPE_E_SCHEMA_LIMIT);
        assert_error(&error, CHAPPE_E_SCHEMA_LIMIT, name);
        if (parse_within(text, high, &error) < 0)
                fail_msg("%s", error.text);
}

static void test_limits_are_named_and_can_be_changed(void **state)
{
        static const struct chappe_schema_limits most = CHAPPE_SCHEMA_LIMITS_MOST;
        char *text = malloc(400000), *at = text;
        struct chappe_error error;

        (void)state;
        assert_limit("\"int\"", (struct chappe_schema_limits){ .schema_text = 4 },
                     (struct chappe_schema_limits){ .schema_text = 5 }, "(schema_text)");
        assert_limit("{\"type\":\"array\",\"items\":{\"type\":\"array\",\"items\":\"int\"}}",
                     (struct chappe_schema_limits){ .schema_depth = 2 },
                     (struct chappe_schema_limits){ .schema_depth = 3 }, "(schema_depth)");
        assert_limit("{\"type\":\"fixed\",\"name\":\"F\",\"size\":9}",
                     (struct chappe_schema_limits){ .schema_fixed = 8 },
                     (struct chappe_schema_limits){ .schema_fixed = 9 }, "(schema_fixed)");
        assert_limit("[\"null\",\"int\",\"long\"]", (struct chappe_schema_limits){ .schema_branches = 2 },
                     (struct chappe_schema_limits){ .schema_branches = 3 }, "(schema_branches)");
        assert_limit("{\"type\":\"fixed\",\"name\":\"F\",\"size\":1048577}", (struct chappe_schema_limits){ 0 }, most,
                     "(schema_fixed)");
        at += sprintf(at, "[\"null\"");
        for (int i = 0; i < 4000; i++)
                at += sprintf(at, ",{\"type\":\"fixed\",\"name\":\"F%d\",\"size\":1}", i);
        strcpy(at, "]");
        assert_limit(text, (struct chappe_schema_limits){ 0 }, most, "(schema_branches)");
        memset(text, ' ', 399999);
        memcpy(text, "\"int\"", 5);
        text[399999] = '\0';
        assert_limit(text, (struct chappe_schema_limits){ 0 }, most, "(schema_text)");
        for (int i = 0; i < 128; i++)
                memcpy(text + 25 * i, "{\"type\":\"array\",\"items\": ", 25);
        strcpy(text + 25 * 128, "\"int\"");
        memset(text + 25 * 128 + 5, '}', 128);
        text[25 * 128 + 133] = '\0';
        assert_int_equal(parse_within(text, most, &error), -CHAPPE_E_SCHEMA_LIMIT);
        assert_error(&error, CHAPPE_E_SCHEMA_LIMIT, "128 deep");
        text[25 * 128 + 132] = '\0'; /* one level less */
        assert_limit(text + 25, (struct chappe_schema_limits){ 0 }, most, "(schema_depth)");
        free(text);
}

/* Each record's default needs the next one's twice: checked in a handful of steps or refused, never tried for ever. */
static void test_defaults_that_multiply_end_soon(void **state)
{
        char text[16384] = "\"int\"", next[16384], again[16] = "\"int\"";

        (void)state;
        for (int i = 0; i < 20; i++) {
                const char *value = i ? "{}" : "1";

                snprintf(next, sizeof(next),
                         "{\"type\":\"record\",\"name\":\"R%d\",\"fields\":[{\"name\":\"a\",\"type\":%.12000s,"
                         "\"default\":%s},"
                         "{\"name\":\"b\",\"type\":%s,\"default\":%s}]}",
                         i, text, value, again, value);
                snprintf(again, sizeof(again), "\"R%d\"", i);
                strcpy(text, next);
        }
        chappe_schema_unref(avro_schema(text));
        assert_refused("{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"r\",\"type\":[\"R\",\"null\"],"
                       "\"default\":{}}]}",
                       CHAPPE_E_SCHEMA_INVALID, "no default for any branch");
}

static void assert_default(const char *type, const char *value, bool good)
{
        char text[1000];
        struct chappe_schema *schema = NULL;
        struct chappe_error error = { 0 };
        int r;

        snprintf(text, sizeof(text),
                 "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"f\",\"type\":%s,\"default\":%s}]}", type,
                 value);
        r = chappe_schema_parse("default", chappe_text(text), &schema, &error);
        if ((r >= 0) != good)
                fail_msg("%s: %s %s", text, good ? "refused" : "accepted", error.text);
        if (good)
                assert_string_equal(chappe_schema_node_default_at(chappe_schema_root(schema), 0), value);
        else
                assert_non_null(strstr(error.text, "$.fields[0].default"));
        chappe_schema_unref(schema);
}

static void test_defaults_must_fit_their_type(void **state)
{
        (void)state;
        assert_default("\"null\"", "null", true);
        assert_default("\"null\"", "0", false);
        assert_default("\"boolean\"", "true", true);
        assert_default("\"boolean\"", "1", false);
        assert_default("\"int\"", "-2147483648", true);
        assert_default("\"int\"", "2147483648", false);
        assert_default("\"int\"", "1.0", false);
        assert_default("\"long\"", "9223372036854775807", true);
        assert_default("\"long\"", "9223372036854775808", false);
        assert_default("\"double\"", "1e400", true);
        assert_default("\"float\"", "1", true);
        assert_default("\"float\"", "\"NaN\"", true);
        assert_default("\"float\"", "\"1\"", false);
        assert_default("\"bytes\"", "\"\\u00ff\"", true);
        assert_default("\"bytes\"", "\"\\u0100\"", false);
        assert_default("{\"type\":\"fixed\",\"name\":\"F\",\"size\":2}", "\"\\u0000\\u00ff\"", true);
        assert_default("{\"type\":\"fixed\",\"name\":\"F\",\"size\":2}", "\"a\"", false);
        assert_default("{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\"]}", "\"A\"", true);
        assert_default("{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\"]}", "\"B\"", false);
        assert_default("{\"type\":\"array\",\"items\":\"int\"}", "[1,2]", true);
        assert_default("{\"type\":\"array\",\"items\":\"int\"}", "[1,null]", false);
        assert_default("{\"type\":\"map\",\"values\":\"int\"}", "{\"a\":1}", true);
        assert_default("{\"type\":\"map\",\"values\":\"int\"}", "[]", false);
        assert_default("[\"null\",\"int\"]", "1", true);
        assert_default("[\"null\",\"int\"]", "\"x\"", false);
        assert_default("{\"type\":\"record\",\"name\":\"S\",\"fields\":[{\"name\":\"a\",\"type\":\"int\"},"
                       "{\"name\":\"b\",\"type\":\"int\",\"default\":2}]}",
                       "{\"a\":1}", true);
        assert_default("{\"type\":\"record\",\"name\":\"S\",\"fields\":[{\"name\":\"a\",\"type\":\"int\"}]}", "{}",
                       false);
}

static void test_walking_gives_names_defaults_logical_types_and_attributes(void **state)
{
        struct chappe_schema *schema = avro_schema(
                "{\"type\":\"record\",\"name\":\"a.R\",\"doc\":\"D\",\"chappe.key\":\"id\",\"fields\":["
                "{\"name\":\"id\",\"type\":\"string\",\"doc\":\"key\",\"pii\":\"yes\",\"logicalType\":\"uuid\"},"
                "{\"name\":\"at\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"},\"default\": 5 },"
                "{\"name\":\"sum\",\"type\":{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":9,\"scale\":"
                "2}},"
                "{\"name\":\"bad\",\"type\":{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":1,\"scale\":"
                "2}}]}");
        const struct chappe_schema_node *root = chappe_schema_root(schema), *sum = chappe_schema_node_at(root, 2);

        (void)state;
        assert_string_equal(chappe_schema_name(schema), "a.R");
        assert_string_equal(chappe_schema_node_doc(root), "D");
        assert_string_equal(chappe_schema_node_attribute(root, "chappe.key"), "id");
        assert_null(chappe_schema_node_attribute(root, "name"));
        assert_int_equal(chappe_schema_node_count(root), 4);
        assert_string_equal(chappe_schema_node_name_at(root, 1), "at");
        assert_string_equal(chappe_schema_node_doc_at(root, 0), "key");
        assert_string_equal(chappe_schema_node_attribute_at(root, 0, "pii"), "yes");
        assert_null(chappe_schema_node_default_at(root, 0));
        assert_string_equal(chappe_schema_node_default_at(root, 1), "5");
        assert_string_equal(chappe_schema_node_logical(chappe_schema_node_at(root, 1)), "timestamp-millis");
        assert_null(chappe_schema_node_logical(chappe_schema_node_at(root, 0)));
        assert_string_equal(chappe_schema_node_logical(sum), "decimal");
        assert_int_equal(chappe_schema_node_precision(sum), 9);
        assert_int_equal(chappe_schema_node_scale(sum), 2);
        assert_null(chappe_schema_node_logical(chappe_schema_node_at(root, 3)));
        assert_null(chappe_schema_node_at(root, 4));
        chappe_schema_unref(schema);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_canonical_form_drops_what_reading_does_not_need),
                cmocka_unit_test(test_fingerprint_is_crc_64_avro_of_the_canonical_form),
                cmocka_unit_test(test_names_without_a_namespace_are_found_from_within_one),
                cmocka_unit_test(test_a_dot_in_front_of_an_alias_means_no_namespace),
                cmocka_unit_test(test_an_alias_of_a_field_that_is_no_name_is_nobodys),
                cmocka_unit_test(test_syntax_errors_name_line_and_column),
                cmocka_unit_test(test_broken_rules_name_the_json_path),
                cmocka_unit_test(test_hostile_schemas_are_refused),
                cmocka_unit_test(test_limits_are_named_and_can_be_changed),
                cmocka_unit_test(test_defaults_that_multiply_end_soon),
                cmocka_unit_test(test_defaults_must_fit_their_type),
                cmocka_unit_test(test_walking_gives_names_defaults_logical_types_and_attributes),
        };

        return cmocka_run_group_tests_name("schema", tests, NULL, NULL);
}
