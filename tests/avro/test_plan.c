/* SPDX-License-Identifier: Apache-2.0 */
/* Plans: what bytes become in a struct, what becomes of them under another schema, and what is refused. */
#include "avro_test.h"

/* A pair of schemas with all that decoding needs. */
struct pair {
        struct chappe_schema *writer, *reader;
        const struct chappe_layout *layout;
        struct chappe_plan *plan;
        struct chappe_arena *arena;
        struct chappe_error error;
        void *value;
};

static int pair_open(struct pair *pair, const char *writer, const char *reader)
{
        *pair = (struct pair){ .writer = avro_schema(writer), .reader = avro_schema(reader) };
        pair->layout = chappe_schema_layout(pair->reader, &pair->error);
        assert_non_null(pair->layout);
        pair->arena = chappe_arena_new(0);
        pair->value = test_malloc(pair->layout->size);
        return chappe_plan_new(pair->writer, pair->reader, pair->layout, &pair->plan, &pair->error);
}

static void pair_close(struct pair *pair)
{
        chappe_plan_free(pair->plan);
        chappe_arena_free(pair->arena);
        chappe_schema_unref(pair->writer);
        chappe_schema_unref(pair->reader);
        test_free(pair->value);
}

static int decode(struct pair *pair, const char *bytes, size_t length)
{
        chappe_arena_reset(pair->arena);
        return chappe_plan_decode(pair->plan, bytes, length, pair->arena, NULL, pair->value, &pair->error);
}

static void assert_decoded(struct pair *pair, const char *bytes, size_t length)
{
        if (decode(pair, bytes, length) < 0)
                fail_msg("%s", pair->error.text);
}

static void assert_opens(struct pair *pair, const char *writer, const char *reader)
{
        if (pair_open(pair, writer, reader) < 0)
                fail_msg("%s", pair->error.text);
}

/* Decoding gives the struct expected, and encoding it the bytes again. */
static void assert_round(const char *schema, const char *bytes, size_t length, const void *expected, size_t size)
{
        struct pair pair;
        struct chappe_buffer buffer = { 0 };

        assert_opens(&pair, schema, schema);
        assert_decoded(&pair, bytes, length);
        assert_int_equal(pair.layout->size, size);
        assert_memory_equal(pair.value, expected, size);
        if (chappe_plan_encode(pair.plan, pair.value, &buffer, &pair.error) < 0)
                fail_msg("%s", pair.error.text);
        assert_int_equal(buffer.length, length);
        assert_memory_equal(buffer.at, bytes, length);
        chappe_buffer_deinit(&buffer);
        pair_close(&pair);
}

#define ASSERT_ROUND(schema, bytes, type, ...)                                                                         \
        assert_round(schema, bytes, sizeof(bytes) - 1, (type[]){ __VA_ARGS__ }, sizeof(type))

/* specification, "Binary Encoding" */
static void test_primitives_are_as_in_the_specification(void **state)
{
        (void)state;
        ASSERT_ROUND("\"null\"", "", char, 0);
        ASSERT_ROUND("\"boolean\"", "\1", bool, true);
        ASSERT_ROUND("\"int\"", "\0", int32_t, 0);
        ASSERT_ROUND("\"int\"", "\1", int32_t, -1);
        ASSERT_ROUND("\"int\"", "\2", int32_t, 1);
        ASSERT_ROUND("\"int\"", "\x7f", int32_t, -64);
        ASSERT_ROUND("\"int\"", "\x80\1", int32_t, 64);
        ASSERT_ROUND("\"int\"", "\xff\xff\xff\xff\x0f", int32_t, INT32_MIN);
        ASSERT_ROUND("\"long\"", "\xfe\xff\xff\xff\xff\xff\xff\xff\xff\1", int64_t, INT64_MAX);
        ASSERT_ROUND("\"long\"", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\1", int64_t, INT64_MIN);
        ASSERT_ROUND("\"float\"", "\0\0\x80\x3f", float, 1);
        ASSERT_ROUND("\"double\"", "\0\0\0\0\0\0\xf0\xbf", double, -1);
        ASSERT_ROUND("{\"type\":\"fixed\",\"name\":\"F\",\"size\":2}", "ab", uint16_t, 0x6261);
        ASSERT_ROUND("{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\",\"B\"]}", "\2", int32_t, 1);
}

static void test_strings_point_into_the_payload(void **state)
{
        const char bytes[] = "\6foo";
        struct chappe_text *text;
        struct pair pair;

        (void)state;
        assert_opens(&pair, "\"string\"", "\"string\"");
        assert_decoded(&pair, bytes, 4);
        text = pair.value;
        assert_ptr_equal(text->at, bytes + 1);
        assert_text(*text, "foo");
        assert_int_equal(chappe_arena_used(pair.arena), 0);
        pair_close(&pair);
}

struct longs {
        const int64_t *items;
        size_t count;
};

static void test_arrays_come_in_blocks_with_and_without_size(void **state)
{
        const struct longs *longs;
        struct pair pair;

        (void)state;
        assert_opens(&pair, "{\"type\":\"array\",\"items\":\"long\"}", "{\"type\":\"array\",\"items\":\"long\"}");
        longs = pair.value;
        assert_decoded(&pair, "\4\6\x36\0", 4);
        assert_int_equal(longs->count, 2);
        assert_int_equal(longs->items[0], 3);
        assert_int_equal(longs->items[1], 27);
        assert_decoded(&pair, "\3\4\6\x36\2\2\1\2\4\0", 10);
        assert_int_equal(longs->count, 4);
        assert_int_equal(longs->items[1], 27);
        assert_int_equal(longs->items[2], 1);
        assert_int_equal(longs->items[3], 2);
        assert_decoded(&pair, "\0", 1);
        assert_int_equal(longs->count, 0);
        pair_close(&pair);
}

/* A C compiler's own struct, with the layout that the schema gives. */
struct node {
        struct chappe_text name;
        struct {
                bool present;
                const struct node *value;
        } next;
        struct {
                const struct node *items;
                size_t count;
        } children;
        struct {
                int32_t branch;
                union {
                        char null;
                        int32_t number;
                        struct chappe_text text;
                } value;
        } any;
        struct {
                const struct {
                        struct chappe_text key;
                        bool value;
                } * entries;
                size_t count;
        } flags;
};

#define NODE                                                                                                           \
        "{\"type\":\"record\",\"name\":\"Node\",\"fields\":[{\"name\":\"name\",\"type\":\"string\"},"                  \
        "{\"name\":\"next\",\"type\":[\"null\",\"Node\"],\"default\":null},"                                           \
        "{\"name\":\"children\",\"type\":{\"type\":\"array\",\"items\":\"Node\"},\"default\":[]},"                     \
        "{\"name\":\"any\",\"type\":[\"null\",\"int\",\"string\"],\"default\":null},"                                  \
        "{\"name\":\"flags\",\"type\":{\"type\":\"map\",\"values\":\"boolean\"},\"default\":{}}]}"

static void test_recursive_records_decode_and_encode(void **state)
{
        const char bytes[] = "\2a"
                             "\2"
                             "\2b"
                             "\0\0\4\2x\0"
                             "\2"
                             "\2c"
                             "\0\0\2\6\0"
                             "\0"
                             "\0"
                             "\2\2k\1\0";
        struct chappe_buffer buffer = { 0 };
        const struct node *node;
        struct pair pair;

        (void)state;
        assert_opens(&pair, NODE, NODE);
        assert_int_equal(pair.layout->size, sizeof(struct node));
        assert_decoded(&pair, bytes, sizeof(bytes) - 1);
        node = pair.value;
        assert_text(node->name, "a");
        assert_true(node->next.present);
        assert_text(node->next.value->name, "b");
        assert_false(node->next.value->next.present);
        assert_int_equal(node->next.value->any.branch, 2);
        assert_text(node->next.value->any.value.text, "x");
        assert_int_equal(node->children.count, 1);
        assert_text(node->children.items[0].name, "c");
        assert_int_equal(node->children.items[0].any.value.number, 3);
        assert_int_equal(node->any.branch, 0);
        assert_int_equal(node->flags.count, 1);
        assert_text(node->flags.entries[0].key, "k");
        assert_true(node->flags.entries[0].value);
        assert_int_equal(chappe_plan_encode(pair.plan, pair.value, &buffer, &pair.error), 0);
        assert_int_equal(buffer.length, sizeof(bytes) - 1);
        assert_memory_equal(buffer.at, bytes, buffer.length);
        chappe_buffer_deinit(&buffer);
        pair_close(&pair);
}

#define RECORD(fields)    "{\"type\":\"record\",\"name\":\"R\",\"fields\":[" fields "]}"
#define FIELD(name, rest) "{\"name\":\"" name "\",\"type\":" rest "}"

static void test_fields_are_reordered_promoted_dropped_and_added(void **state)
{
        struct {
                double b;
                int64_t added;
                struct chappe_text a, text;
                struct {
                        bool present;
                        int32_t value;
                } some;
        } * value;
        struct pair pair;

        (void)state;
        assert_opens(&pair,
                     RECORD(FIELD("gone", "{\"type\":\"array\",\"items\":[\"null\",\"string\"]}") "," FIELD(
                             "old", "\"string\"") "," FIELD("gone2", "\"double\"") "," FIELD("b", "\"int\"")),
                     RECORD(FIELD("b", "\"double\"") "," FIELD("added", "\"long\",\"default\":-5") "," FIELD(
                             "a", "\"string\",\"aliases\":[\"old\"]") "," FIELD("text",
                                                                                "\"string\",\"default\":"
                                                                                "\"hey\"") "," FIELD("some", "[\"int\","
                                                                                                             "\"null\"]"
                                                                                                             ",\"defaul"
                                                                                                             "t\":7")));
        assert_decoded(&pair,
                       "\4\0\2\2x\0"
                       "\6foo"
                       "12345678"
                       "\x0e",
                       6 + 4 + 8 + 1);
        value = pair.value;
        assert_true(value->b == 7);
        assert_int_equal(value->added, -5);
        assert_text(value->a, "foo");
        assert_text(value->text, "hey");
        assert_true(value->some.present);
        assert_int_equal(value->some.value, 7);
        assert_int_equal(chappe_plan_encode(pair.plan, pair.value, &(struct chappe_buffer){ 0 }, &pair.error),
                         -CHAPPE_E_USAGE);
        pair_close(&pair);
}

static void assert_incompatible(const char *writer, const char *reader, const char *piece)
{
        struct pair pair;

        assert_int_equal(pair_open(&pair, writer, reader), -CHAPPE_E_SCHEMA_INCOMPATIBLE);
        assert_error(&pair.error, CHAPPE_E_SCHEMA_INCOMPATIBLE, piece);
        pair_close(&pair);
}

static void test_pairs_that_never_fit_fail_when_compiled(void **state)
{
        (void)state;
        assert_incompatible("\"string\"", "\"int\"", "$: the writer's string cannot be read as int");
        assert_incompatible("\"long\"", "\"int\"", "$");
        assert_incompatible(RECORD(FIELD("a", "\"int\"")), RECORD(FIELD("a", "\"int\"") "," FIELD("b", "\"int\"")),
                            "$.b: the writer has no such field");
        assert_incompatible(
                RECORD(FIELD("a", "{\"type\":\"record\",\"name\":\"S\",\"fields\":[" FIELD("b", "\"int\"") "]}")),
                RECORD(FIELD("a", "{\"type\":\"record\",\"name\":\"S\",\"fields\":[" FIELD("b", "\"boolean\"") "]}")),
                "$.a.b: the writer's int");
        assert_incompatible("\"int\"", "[\"null\",\"string\"]", "no branch");
        assert_incompatible("[\"null\",\"string\"]", "\"int\"", "$");
        assert_incompatible("{\"type\":\"fixed\",\"name\":\"F\",\"size\":2}",
                            "{\"type\":\"fixed\",\"name\":\"F\",\"size\":3}", "fixed of 2 bytes");
}

/* Each step that fails has said by then where it is: what it reads is a frame that it has filled in. */
static void test_a_default_beyond_the_memory_limit_says_where(void **state)
{
        struct chappe_schema *writer =
                avro_schema("{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":\"long\"}]}");
        struct chappe_schema *reader = avro_schema(
                "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":\"long\"},"
                "{\"name\":\"d\",\"type\":\"string\",\"default\":\"0123456789012345678901234567890123456789\"}]}");
        struct chappe_decode_limits limits = { .memory_factor = 1, .memory_constant = 8 };
        const struct chappe_layout *layout = chappe_schema_layout(reader, NULL);
        struct chappe_arena *arena = chappe_arena_new(0);
        void *value = test_malloc(layout->size);
        struct chappe_error error = { 0 };
        struct chappe_plan *plan = NULL;

        (void)state;
        assert_int_equal(chappe_plan_new(writer, reader, layout, &plan, &error), 0);
        assert_int_equal(chappe_plan_decode(plan, "\2", 1, arena, NULL, value, &error), 0);
        assert_int_equal(chappe_plan_decode(plan, "\2", 1, arena, &limits, value, &error), -CHAPPE_E_PAYLOAD_LIMIT);
        assert_error(&error, CHAPPE_E_PAYLOAD_LIMIT, "$.d at byte 1: the value needs more memory");
        chappe_plan_free(plan);
        chappe_arena_free(arena);
        chappe_schema_unref(writer);
        chappe_schema_unref(reader);
        test_free(value);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_default_beyond_the_memory_limit_says_where),
                cmocka_unit_test(test_primitives_are_as_in_the_specification),
                cmocka_unit_test(test_strings_point_into_the_payload),
                cmocka_unit_test(test_arrays_come_in_blocks_with_and_without_size),
                cmocka_unit_test(test_recursive_records_decode_and_encode),
                cmocka_unit_test(test_fields_are_reordered_promoted_dropped_and_added),
                cmocka_unit_test(test_pairs_that_never_fit_fail_when_compiled),
        };

        return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
