/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes that mean harm: each is answered with an error that says what and where, and never costs much. */
#include "avro_test.h"

/* Decodes with one schema on both sides. */
static int decode(const char *text, const void *bytes, size_t length, const struct chappe_decode_limits *limits,
                  size_t *ret_used, struct chappe_error *error)
{
        struct chappe_schema *schema = avro_schema(text);
        const struct chappe_layout *layout = chappe_schema_layout(schema, error);
        struct chappe_arena *arena = chappe_arena_new(0);
        void *value = test_malloc(layout->size), *exact = test_malloc(length + !length);
        struct chappe_plan *plan = NULL;
        int r;

        /* A copy of just that size, so that the sanitizer sees a read beyond it. */
        memcpy(exact, bytes, length);
        assert_int_equal(chappe_plan_new(schema, schema, layout, &plan, error), 0);
        r = chappe_plan_decode(plan, exact, length, arena, limits, value, error);
        if (ret_used)
                *ret_used = chappe_arena_used(arena);
        chappe_plan_free(plan);
        chappe_arena_free(arena);
        chappe_schema_unref(schema);
        test_free(value);
        test_free(exact);
        return r;
}

static void assert_refused(const char *schema, const void *bytes, size_t length, int code, const char *piece)
{
        struct chappe_error error = { 0 };
        size_t used = 0;

        if (decode(schema, bytes, length, NULL, &used, &error) >= 0)
                fail_msg("accepted as %s", schema);
        assert_error(&error, code, piece);
        assert_true(used <= 16 * length + (1 << 20));
}

#define REFUSED(schema, bytes, code, piece) assert_refused(schema, bytes, sizeof(bytes) - 1, code, piece)
#define BAD                                 CHAPPE_E_PAYLOAD_INVALID
#define LIMIT                               CHAPPE_E_PAYLOAD_LIMIT
#define ENUM                                "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\",\"B\"]}"
#define NULLS                               "{\"type\":\"array\",\"items\":\"null\"}"
#define LONGS                               "{\"type\":\"array\",\"items\":\"long\"}"
#define LIST                                "{\"type\":\"record\",\"name\":\"L\",\"fields\":[{\"name\":\"next\",\"type\":[\"null\",\"L\"]}]}"
#define TREE                                                                                                           \
        "{\"type\":\"record\",\"name\":\"T\",\"fields\":[{\"name\":\"all\",\"type\":{\"type\":\"array\",\"items\":"    \
        "\"T\"}}]}"

static void test_scalars_out_of_range_are_refused(void **state)
{
        (void)state;
        REFUSED("\"int\"", "", BAD, "$ at byte 0: a number is cut off");
        REFUSED("\"int\"", "\x80", BAD, "cut off");
        REFUSED("\"int\"", "\x80\x80\x80\x80\x10", BAD, "32 bits");
        REFUSED("\"long\"", "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02", BAD, "overlong");
        REFUSED("\"long\"", "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00", BAD, "overlong");
        REFUSED("\"boolean\"", "\2", BAD, "a boolean that is neither 0 nor 1: 2");
        REFUSED("\"double\"", "1234567", BAD, "end within");
        REFUSED("\"int\"", "\0\0", BAD, "$ at byte 1: bytes are left over");
        REFUSED(ENUM, "\x04", BAD, "enum symbol");
        REFUSED(ENUM, "\xc6\1", BAD, "enum symbol that does not exist: 99, where there are 2");
        REFUSED(ENUM, "\1", BAD, "enum symbol that does not exist: -1, where there are 2");
        REFUSED("[\"null\",\"int\"]", "\4", BAD, "union branch");
        REFUSED("[\"null\",\"int\"]", "\1", BAD, "union branch");
        REFUSED("[\"null\",\"int\",\"string\"]", "\6", BAD, "union branch");
}

static void test_strings_are_bounded_and_utf8(void **state)
{
        (void)state;
        REFUSED("\"string\"", "\1", BAD, "negative length");
        REFUSED("\"string\"", "\4a", BAD, "beyond the bytes left");
        REFUSED("\"string\"",
                "\xfe\xff\xff\xff\x0f"
                "abc",
                BAD, "beyond the bytes left");
        REFUSED("\"bytes\"", "\xfe\xff\xff\xff\xff\xff\xff\xff\xff\1", BAD, "beyond the bytes left");
        REFUSED("\"string\"", "\2\xff", BAD, "UTF-8");
        REFUSED("\"string\"", "\4\xc0\x80", BAD, "UTF-8");
        REFUSED("\"string\"", "\6\xed\xa0\x80", BAD, "UTF-8");
        REFUSED("\"string\"", "\x08\xf4\x90\x80\x80", BAD, "UTF-8");
        REFUSED("\"string\"",
                "\x14"
                "abcdefgh\xc3(",
                BAD, "UTF-8");
        REFUSED("{\"type\":\"map\",\"values\":\"int\"}", "\2\2\xff\0\0", BAD, "UTF-8");
}

static void test_item_counts_are_held_against_the_bytes_left(void **state)
{
        (void)state;
        REFUSED(NULLS, "\xfe\xff\xff\xff\x0f\0", LIMIT, "take no bytes than decode_zero_byte_items allows");
        REFUSED(NULLS, "\xc2\x9c\1\0", LIMIT, "take no bytes than decode_zero_byte_items allows");
        REFUSED(LONGS, "\xfe\xff\xff\xff\x0f\0", BAD, "more items");
        REFUSED(LONGS, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\1\0\0", BAD, "");
        REFUSED(LONGS, "\1\x7e\0\0", BAD, "block");
        REFUSED(LONGS, "\1\1\0\0", BAD, "block");
        REFUSED(LONGS, "\4\2", BAD, "more items");
}

static void test_nesting_is_bounded(void **state)
{
        char bytes[22000];

        (void)state;
        memset(bytes, 2, sizeof(bytes));
        assert_refused(LIST, bytes, sizeof(bytes), LIMIT, "nested too deeply: decode_depth");
        assert_refused(TREE, bytes, sizeof(bytes), LIMIT, ".all[0].all[0].all at byte 33");
}

static void test_limits_can_be_changed(void **state)
{
        struct chappe_decode_limits deep = { .depth = 500 }, shallow = { .depth = 3 },
                                    items = { .zero_byte_items = 20000 };
        struct chappe_error error = { 0 };
        char bytes[401];

        (void)state;
        memset(bytes, 2, 400);
        bytes[400] = 0;
        assert_int_equal(decode(LIST, bytes, 401, &deep, NULL, &error), 0);
        assert_int_equal(decode(LIST, bytes + 397, 4, &shallow, NULL, &error), 0);
        assert_int_equal(decode(LIST, bytes + 396, 5, &shallow, NULL, &error), -LIMIT);
        assert_int_equal(decode(NULLS, "\xc2\x9c\1\0", 4, &items, NULL, &error), 0);
}

/* Small bytes that stand for large structs. */
static void test_memory_is_bounded_by_the_payload(void **state)
{
        struct chappe_error error = { 0 };
        char schema[20000] = "{\"type\":\"array\",\"items\":{\"type\":\"record\",\"name\":\"R\",\"fields\":[";
        static char bytes[40003];
        size_t used;

        (void)state;
        for (int i = 0; i < 100; i++)
                sprintf(schema + strlen(schema), "%s{\"name\":\"f%d\",\"type\":[\"null\",\"string\"]}", i ? "," : "",
                        i);
        strcat(schema, "]}}");
        /* 400 items of 100 bytes, each a struct of 2,400 bytes: 24 × */
        memcpy(bytes, "\xa0\x06", 2);
        assert_int_equal(decode(schema, bytes, sizeof(bytes), NULL, &used, &error), 0);
        assert_int_equal(decode(schema, bytes, sizeof(bytes),
                                &(struct chappe_decode_limits){ .memory_factor = 1, .memory_constant = 1000 }, &used,
                                &error),
                         -LIMIT);
        assert_error(&error, LIMIT,
                     "more memory than decode_memory_factor × payload + decode_memory_constant bytes; raise");
        assert_true(used <= sizeof(bytes) + 1000);
        /* What pointers lead to counts as well. */
        memset(bytes, 2, 40);
        bytes[40] = 0;
        assert_int_equal(decode(LIST, bytes, 41, NULL, NULL, &error), 0);
        assert_int_equal(decode(LIST, bytes, 41,
                                &(struct chappe_decode_limits){ .memory_factor = 1, .memory_constant = 8 }, NULL,
                                &error),
                         -LIMIT);
}

/* No cut of a good datum is taken for one, and no flipped bit does harm. */
static void test_every_truncation_is_refused(void **state)
{
        static const char schema[] =
                "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"s\",\"type\":\"string\"},{\"name\":\"a\","
                "\"type\":"
                "{\"type\":\"array\",\"items\":{\"type\":\"record\",\"name\":\"I\",\"fields\":[{\"name\":\"x\","
                "\"type\":\"double\"},"
                "{\"name\":\"u\",\"type\":[\"null\",\"bytes\",{\"type\":\"map\",\"values\":\"float\"}]}]}}},"
                "{\"name\":\"e\",\"type\":" ENUM "},{\"name\":\"l\",\"type\":\"long\"}]}";
        const char good[] = "\x0ahello"
                            "\4"
                            "12345678\0"
                            "87654321\4\2\2k1234\0"
                            "\0"
                            "\2"
                            "\xd2\x85\xd8\xcc\x04";
        struct chappe_error error = { 0 };
        char bytes[sizeof(good)];

        (void)state;
        assert_int_equal(decode(schema, good, sizeof(good) - 1, NULL, NULL, &error), 0);
        for (size_t length = 0; length < sizeof(good) - 1; length++)
                assert_refused(schema, good, length, BAD, "$");
        for (size_t bit = 0; bit < 8 * (sizeof(good) - 1); bit++) {
                memcpy(bytes, good, sizeof(good));
                bytes[bit / 8] ^= (char)(1 << bit % 8);
                decode(schema, bytes, sizeof(good) - 1, NULL, NULL, &error);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_scalars_out_of_range_are_refused),
                cmocka_unit_test(test_strings_are_bounded_and_utf8),
                cmocka_unit_test(test_item_counts_are_held_against_the_bytes_left),
                cmocka_unit_test(test_nesting_is_bounded),
                cmocka_unit_test(test_limits_can_be_changed),
                cmocka_unit_test(test_memory_is_bounded_by_the_payload),
                cmocka_unit_test(test_every_truncation_is_refused),
        };

        return cmocka_run_group_tests_name("hostile", tests, NULL, NULL);
}
