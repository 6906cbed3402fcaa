/* SPDX-License-Identifier: Apache-2.0 */
/* Straight-line code against the plan of the same type: the same value, the same bytes, the same refusals. */
#include "pair.h"
#include "random_datum.h"

#include "shop/order_placed.h"
#include "zoo/everything.h"
#include "zoo/tree.h"

#define SEED   20260725u
#define ROUNDS 200

static const struct chappe_type *const types[] = {
        &shop_order_placed_type,
        &zoo_everything_type,
        &zoo_tree_type,
};

static void test_values_and_bytes_are_those_of_the_plan(void **state)
{
        (void)state;
        for (size_t t = 0; t < sizeof(types) / sizeof(*types); t++) {
                struct chappe_random random;
                struct pair pair;

                pair_open(&pair, types[t]);
                assert_non_null(types[t]->decode);
                chappe_random_init(&random, SEED);
                for (unsigned round = 0; round < ROUNDS; round++) {
                        struct chappe_buffer datum = { 0 };

                        random_datum(&random, chappe_schema_root(pair.schema), 0, &datum);
                        if (!pair_decode(&pair, datum.at, datum.length))
                                fail_msg("%s, seed %u, round %u: %s", types[t]->name, SEED, round, pair.error.text);
                        chappe_buffer_deinit(&datum);
                }
                pair_close(&pair);
        }
}

static void test_refusals_are_those_of_the_plan(void **state)
{
        (void)state;
        for (size_t t = 0; t < sizeof(types) / sizeof(*types); t++) {
                struct chappe_random random;
                struct pair pair;
                unsigned refused = 0;

                pair_open(&pair, types[t]);
                chappe_random_init(&random, SEED + 1);
                for (unsigned round = 0; round < ROUNDS / 10; round++) {
                        struct chappe_buffer datum = { 0 };

                        random_datum(&random, chappe_schema_root(pair.schema), 0, &datum);
                        for (size_t length = 0; length < datum.length; length++)
                                refused += !pair_decode(&pair, datum.at, length);
                        for (size_t i = 0; i < datum.length; i++) {
                                uint8_t whole = datum.at[i];

                                datum.at[i] = (uint8_t)chappe_random_next(&random);
                                refused += !pair_decode(&pair, datum.at, datum.length);
                                datum.at[i] = whole;
                        }
                        chappe_buffer_deinit(&datum);
                }
                assert_true(refused > ROUNDS);
                pair_close(&pair);
        }
}

static void test_values_that_are_none_are_refused_as_by_the_plan(void **state)
{
        struct shop_order_line line = { .sku = chappe_text("s"), .description = chappe_text("\xff\xff\xff") };
        struct shop_order_placed placed = { .order_id = chappe_text("o"), .lines = { &line, 1 } };
        struct chappe_buffer buffer = { 0 };
        struct chappe_error error = { 0 };

        (void)state;
        assert_int_equal(chappe_buffer_append(&buffer, "frame", 5), 0);
        assert_int_equal(shop_order_placed_encode(&placed, &buffer, &error), -CHAPPE_E_VALUE_INVALID);
        assert_string_equal(error.text, "$.lines[0].description: a string that is not UTF-8");
        line.description = chappe_text("d");
        placed.kind = (enum shop_order_kind)7;
        assert_int_equal(shop_order_placed_encode(&placed, &buffer, &error), -CHAPPE_E_VALUE_INVALID);
        placed.kind = SHOP_ORDER_KIND_SALE;
        placed.lines.items = NULL;
        assert_int_equal(shop_order_placed_encode(&placed, &buffer, &error), -CHAPPE_E_VALUE_INVALID);
        assert_int_equal(buffer.length, 5);
        assert_memory_equal(buffer.at, "frame", 5);
        chappe_buffer_deinit(&buffer);
}

/* Trees within each other to this depth, decoded by straight-line code within the limits. */
static int decode_deep(unsigned depth, const struct chappe_decode_limits *limits, struct chappe_error *error)
{
        struct chappe_arena *arena = chappe_arena_new(0);
        struct chappe_schema *schema;
        struct chappe_plan *plan;
        struct zoo_tree tree;
        uint8_t bytes[2000] = { 0 };
        int r;

        for (unsigned i = 0; i < depth; i++)
                bytes[2 * i + 1] = 2;
        assert_int_equal(chappe_schema_parse("tree", chappe_text(zoo_tree_type.schema), &schema, error), 0);
        assert_int_equal(chappe_plan_for_type(schema, schema, &zoo_tree_type, &plan, error), 0);
        r = chappe_plan_decode(plan, bytes, 6 + 6 * depth, arena, limits, &tree, error);
        chappe_plan_free(plan);
        chappe_schema_unref(schema);
        chappe_arena_free(arena);
        return r;
}

static void test_other_limits_hold_for_straight_lines_too(void **state)
{
        struct chappe_decode_limits shallow = { .depth = 3 }, deep = { .depth = 100 },
                                    small = { .memory_factor = 1, .memory_constant = 500 };
        struct chappe_error error = { 0 };

        (void)state;
        assert_int_equal(decode_deep(64, NULL, &error), 0);
        assert_int_equal(decode_deep(65, NULL, &error), -CHAPPE_E_PAYLOAD_LIMIT);
        assert_int_equal(decode_deep(3, &shallow, &error), 0);
        assert_int_equal(decode_deep(4, &shallow, &error), -CHAPPE_E_PAYLOAD_LIMIT);
        assert_int_equal(decode_deep(100, &deep, &error), 0);
        assert_int_equal(decode_deep(3, &small, &error), 0);
        assert_int_equal(decode_deep(10, &small, &error), -CHAPPE_E_PAYLOAD_LIMIT);
        assert_non_null(strstr(error.text, "decode_memory_factor"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_values_and_bytes_are_those_of_the_plan),
                cmocka_unit_test(test_refusals_are_those_of_the_plan),
                cmocka_unit_test(test_values_that_are_none_are_refused_as_by_the_plan),
                cmocka_unit_test(test_other_limits_hold_for_straight_lines_too),
        };

        return cmocka_run_group_tests_name("straight", tests, NULL, NULL);
}
