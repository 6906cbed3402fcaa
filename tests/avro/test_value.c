/* SPDX-License-Identifier: Apache-2.0 */
/* Values without a generated struct: found by path, copied, compared, hashed. */
#include <chappe/value.h>

#include "avro_test.h"

#define SCHEMA                                                                                                         \
        "{\"type\":\"record\",\"name\":\"Order\",\"fields\":["                                                         \
        "{\"name\":\"id\",\"type\":\"string\"},"                                                                       \
        "{\"name\":\"seen\",\"type\":\"long\",\"order\":\"ignore\",\"default\":0},"                                    \
        "{\"name\":\"rank\",\"type\":[\"null\",\"int\"],\"order\":\"descending\",\"default\":null},"                   \
        "{\"name\":\"kind\",\"type\":{\"type\":\"enum\",\"name\":\"Kind\",\"symbols\":[\"sale\",\"gift\"]},"           \
        "\"default\":\"sale\"},"                                                                                       \
        "{\"name\":\"any\",\"type\":[\"null\",\"double\",\"boolean\",\"bytes\",\"Order\"],\"default\":null},"          \
        "{\"name\":\"lines\",\"type\":{\"type\":\"array\",\"items\":{\"type\":\"record\",\"name\":\"Line\","           \
        "\"fields\":[{\"name\":\"sku\",\"type\":\"string\"}]}},\"default\":[]},"                                       \
        "{\"name\":\"tags\",\"type\":{\"type\":\"map\",\"values\":\"int\"},\"default\":{}}]}"

struct world {
        struct chappe_schema *schema;
        struct chappe_arena *arena;
        struct chappe_error error;
};

static int open_world(void **state)
{
        struct world *world = test_calloc(1, sizeof(*world));

        world->schema = avro_schema(SCHEMA);
        world->arena = chappe_arena_new(0);
        *state = world;
        return 0;
}

static int close_world(void **state)
{
        struct world *world = *state;

        chappe_schema_unref(world->schema);
        chappe_arena_free(world->arena);
        test_free(world);
        return 0;
}

static struct chappe_value value(struct world *world, const char *json)
{
        const struct chappe_layout *layout = chappe_schema_layout(world->schema, &world->error);
        void *at = chappe_arena_alloc(world->arena, layout->size);
        struct chappe_value view;

        if (chappe_json_read(world->schema, layout, chappe_text(json), world->arena, at, &world->error) < 0 ||
            chappe_value_of(world->schema, at, &view, &world->error) < 0)
                fail_msg("%s", world->error.text);
        return view;
}

static void test_parts_are_found_by_path(void **state)
{
        struct chappe_value order = value(*state, "{\"id\":\"a\",\"rank\":3,\"kind\":\"gift\",\"any\":{\"double\":2.5},"
                                                  "\"lines\":[{\"sku\":\"x\"},{\"sku\":\"y\"}],\"tags\":{\"t\":7}}");
        struct chappe_text text;
        int64_t integer;
        double number;
        bool truth;

        assert_int_equal(chappe_value_count(order), 7);
        assert_true(chappe_value_text(chappe_value_get(order, "lines[1].sku"), &text));
        assert_text(text, "y");
        assert_true(chappe_value_text(chappe_value_get(order, "$.kind"), &text));
        assert_text(text, "gift");
        assert_true(chappe_value_integer(chappe_value_get(order, "rank"), &integer));
        assert_int_equal(integer, 3);
        assert_true(chappe_value_integer(chappe_value_get(order, "tags.t"), &integer));
        assert_int_equal(integer, 7);
        assert_true(chappe_value_number(chappe_value_get(order, "any"), &number));
        assert_true(number == 2.5);
        assert_false(chappe_value_boolean(chappe_value_get(order, "any"), &truth));
        assert_int_equal(chappe_value_kind(chappe_value_get(order, "lines")), CHAPPE_SCHEMA_ARRAY);
        assert_int_equal(chappe_value_count(chappe_value_get(order, "lines")), 2);
        assert_text(chappe_value_key_at(order, 6), "tags");
}

static void test_paths_that_lead_nowhere_find_nothing(void **state)
{
        struct chappe_value order = value(*state, "{\"id\":\"a\",\"lines\":[{\"sku\":\"x\"}]}");
        static const char *const paths[] = { "lines[1]", "lines[", "lines[x]", "lines.sku", "nope",   "id.x",
                                             "any.x",    "..id",   "id[0]",    "lines[-1]", "tags.t", "lines[0]]" };

        for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
                if (chappe_value_exists(chappe_value_get(order, paths[i])))
                        fail_msg("%s leads somewhere", paths[i]);
        }
        assert_int_equal(chappe_value_kind(chappe_value_get(order, "any")), CHAPPE_SCHEMA_NULL);
}

static void test_a_part_prints_by_itself(void **state)
{
        struct chappe_value order =
                value(*state, "{\"id\":\"a\",\"any\":{\"bytes\":\"\\u00ff\"},\"lines\":[{\"sku\":\"x\"}]}");
        struct chappe_buffer buffer = { 0 };
        struct chappe_error error = { 0 };

        assert_int_equal(chappe_value_print(chappe_value_get(order, "lines[0]"), &buffer, &error), 0);
        assert_text((struct chappe_text){ (char *)buffer.at, buffer.length }, "{\"sku\":\"x\"}");
        assert_int_equal(chappe_value_print(chappe_value_get(order, "any"), &buffer, &error), 0);
        assert_text((struct chappe_text){ (char *)buffer.at, buffer.length }, "{\"sku\":\"x\"}\"ÿ\"");
        assert_int_equal(chappe_value_print(chappe_value_get(order, "nowhere"), &buffer, &error),
                         -CHAPPE_E_VALUE_INVALID);
        chappe_buffer_deinit(&buffer);
}

/* < 0 when the first sorts before the second; both ways are asked. */
static int compare(void **state, const char *a, const char *b)
{
        struct chappe_value one = value(*state, a), two = value(*state, b);
        int found = chappe_value_compare(one, two);

        if (found == 0)
                assert_int_equal(chappe_value_hash(one), chappe_value_hash(two));
        else
                assert_int_not_equal(chappe_value_hash(one), chappe_value_hash(two));
        if (found < 0)
                assert_true(chappe_value_compare(two, one) > 0);
        return found;
}

static void test_values_sort_as_the_specification_says(void **state)
{
        assert_int_equal(compare(state, "{\"id\":\"a\"}", "{\"id\":\"a\"}"), 0);
        assert_int_equal(compare(state, "{\"id\":\"a\",\"seen\":1}", "{\"id\":\"a\",\"seen\":2}"), 0);
        assert_true(compare(state, "{\"id\":\"a\"}", "{\"id\":\"ab\"}") < 0);
        assert_true(compare(state, "{\"id\":\"z\"}", "{\"id\":\"é\"}") < 0);
        assert_true(compare(state, "{\"id\":\"a\",\"rank\":9}", "{\"id\":\"a\",\"rank\":3}") < 0);
        assert_true(compare(state, "{\"id\":\"a\",\"rank\":9}", "{\"id\":\"a\",\"rank\":null}") < 0);
        assert_true(compare(state, "{\"id\":\"a\",\"kind\":\"sale\"}", "{\"id\":\"a\",\"kind\":\"gift\"}") < 0);
        assert_true(compare(state, "{\"id\":\"a\",\"any\":{\"double\":9}}",
                            "{\"id\":\"a\",\"any\":{\"boolean\":false}}") < 0);
        assert_true(compare(state, "{\"id\":\"a\",\"any\":{\"double\":-0.0}}",
                            "{\"id\":\"a\",\"any\":{\"double\":0.0}}") < 0);
        assert_true(compare(state, "{\"id\":\"a\",\"any\":{\"double\":-2}}", "{\"id\":\"a\",\"any\":{\"double\":-1}}") <
                    0);
        assert_true(compare(state, "{\"id\":\"a\",\"lines\":[{\"sku\":\"x\"}]}",
                            "{\"id\":\"a\",\"lines\":[{\"sku\":\"x\"},{\"sku\":\"a\"}]}") < 0);
        assert_int_equal(compare(state, "{\"id\":\"a\",\"tags\":{\"x\":1,\"y\":2}}",
                                 "{\"id\":\"a\",\"tags\":{\"y\":2,\"x\":1}}"),
                         0);
        assert_int_not_equal(compare(state, "{\"id\":\"a\",\"tags\":{\"x\":1}}", "{\"id\":\"a\",\"tags\":{\"x\":2}}"),
                             0);
        assert_true(compare(state, "{\"id\":\"a\",\"any\":{\"Order\":{\"id\":\"b\"}}}",
                            "{\"id\":\"a\",\"any\":{\"Order\":{\"id\":\"c\"}}}") < 0);
}

/* Found by fuzzing: such a map was not even equal to itself. */
static void test_a_map_with_a_key_twice_equals_itself_and_its_entries_in_any_order(void **state)
{
        struct chappe_value one = value(*state, "{\"id\":\"a\",\"tags\":{\"t\":1,\"u\":3,\"t\":2}}");
        struct chappe_value two = value(*state, "{\"id\":\"a\",\"tags\":{\"t\":2,\"t\":1,\"u\":3}}");
        struct chappe_value other = value(*state, "{\"id\":\"a\",\"tags\":{\"t\":2,\"t\":2,\"u\":3}}");

        assert_int_equal(chappe_value_compare(one, one), 0);
        assert_int_equal(chappe_value_compare(one, two), 0);
        assert_true(chappe_value_hash(one) == chappe_value_hash(two));
        assert_int_not_equal(chappe_value_compare(one, other), 0);
        assert_int_not_equal(chappe_value_compare(other, one), 0);
}

static void test_a_copy_outlives_the_original(void **state)
{
        struct world *world = *state;
        const char *json =
                "{\"id\":\"0123456789\",\"seen\":5,\"rank\":3,\"kind\":\"gift\",\"any\":{\"Order\":{\"id\":\"inner\","
                "\"seen\":0,\"rank\":null,\"kind\":\"sale\",\"any\":{\"bytes\":\"\\u00ff\"},\"lines\":[],"
                "\"tags\":{}}},\"lines\":[{\"sku\":\"x\"},{\"sku\":\"y\"}],\"tags\":{\"t\":7}}";
        struct chappe_value original = value(world, json), copy = original;
        struct chappe_arena *arena = chappe_arena_new(0);
        struct chappe_buffer one = { 0 }, two = { 0 };

        copy.at = chappe_arena_alloc(arena, original.layout->size);
        assert_int_equal(chappe_value_copy(original, arena, (void *)copy.at, &world->error), 0);
        assert_int_equal(chappe_value_compare(original, copy), 0);
        assert_int_equal(chappe_json_print(world->schema, original.layout, original.at, &one, &world->error), 0);
        chappe_arena_free(world->arena);
        world->arena = NULL;
        assert_int_equal(chappe_json_print(world->schema, copy.layout, copy.at, &two, &world->error), 0);
        assert_int_equal(one.length, two.length);
        assert_memory_equal(one.at, two.at, one.length);
        chappe_buffer_deinit(&one);
        chappe_buffer_deinit(&two);
        chappe_arena_free(arena);
}

static void test_a_copy_without_memory_is_an_error(void **state)
{
        struct world *world = *state;
        struct chappe_value original =
                value(world, "{\"id\":\"0123456789\",\"lines\":[{\"sku\":\"x\"}],\"tags\":{\"t\":7}}");
        void *at = test_malloc(original.layout->size);
        struct chappe_arena *ample = chappe_arena_new(0);
        size_t needed, failures = 0;

        assert_int_equal(chappe_value_copy(original, ample, at, &world->error), 0);
        needed = chappe_arena_used(ample);
        for (size_t limit = 1; limit < needed; limit++) {
                struct chappe_arena *arena = chappe_arena_new(limit);

                failures += chappe_value_copy(original, arena, at, &world->error) == -CHAPPE_E_NO_MEMORY;
                chappe_arena_free(arena);
        }
        assert_int_equal(failures, needed - 1);
        chappe_arena_free(ample);
        test_free(at);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_parts_are_found_by_path, open_world, close_world),
                cmocka_unit_test_setup_teardown(test_paths_that_lead_nowhere_find_nothing, open_world, close_world),
                cmocka_unit_test_setup_teardown(test_a_part_prints_by_itself, open_world, close_world),
                cmocka_unit_test_setup_teardown(test_values_sort_as_the_specification_says, open_world, close_world),
                cmocka_unit_test_setup_teardown(test_a_map_with_a_key_twice_equals_itself_and_its_entries_in_any_order,
                                                open_world, close_world),
                cmocka_unit_test_setup_teardown(test_a_copy_outlives_the_original, open_world, close_world),
                cmocka_unit_test_setup_teardown(test_a_copy_without_memory_is_an_error, open_world, close_world),
        };

        return cmocka_run_group_tests_name("value", tests, NULL, NULL);
}
