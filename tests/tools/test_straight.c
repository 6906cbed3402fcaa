/* SPDX-License-Identifier: Apache-2.0 */
/* Straight-line code against the plan of the same type: the same value, the same bytes, the same refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <chappe/codec.h>

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

/* One type twice: as it was generated, and by a plan alone. */
struct pair {
        const struct chappe_type *type;
        struct chappe_schema *schema;
        struct chappe_plan *plan;
        struct chappe_arena *arena, *other_arena;
        void *value, *other;
        struct chappe_error error, other_error;
};

static void pair_open(struct pair *pair, const struct chappe_type *type)
{
        *pair = (struct pair){ .type = type };
        assert_non_null(type->decode);
        assert_int_equal(chappe_schema_parse(type->name, chappe_text(type->schema), &pair->schema, &pair->error), 0);
        assert_int_equal(chappe_plan_new(pair->schema, pair->schema, type->layout, &pair->plan, &pair->error), 0);
        pair->arena = chappe_arena_new(0);
        pair->other_arena = chappe_arena_new(0);
        pair->value = test_malloc(type->layout->size);
        pair->other = test_malloc(type->layout->size);
}

static void pair_close(struct pair *pair)
{
        test_free(pair->value);
        test_free(pair->other);
        chappe_arena_free(pair->arena);
        chappe_arena_free(pair->other_arena);
        chappe_plan_free(pair->plan);
        chappe_schema_unref(pair->schema);
}

/* Both ways; says whether the bytes were good. */
static bool decode_both(struct pair *pair, const uint8_t *bytes, size_t length)
{
        uint8_t *exact = malloc(length ? length : 1); /* so that a sanitizer sees a step beyond */
        int status, other;

        assert_non_null(exact);
        if (length)
                memcpy(exact, bytes, length);
        chappe_arena_reset(pair->arena);
        chappe_arena_reset(pair->other_arena);
        pair->error = pair->other_error = (struct chappe_error){ 0 };
        status = chappe_type_decode(pair->type, exact, length, pair->arena, pair->value, &pair->error);
        other = chappe_plan_decode(pair->plan, exact, length, pair->other_arena, NULL, pair->other, &pair->other_error);
        assert_int_equal(status, other);
        assert_string_equal(pair->error.text, pair->other_error.text);
        assert_int_equal(chappe_arena_used(pair->arena), chappe_arena_used(pair->other_arena));
        if (status == 0) { /* strings point into these bytes */
                struct chappe_buffer one = { 0 }, two = { 0 };

                assert_int_equal(chappe_type_encode(pair->type, pair->value, &one, &pair->error), 0);
                assert_int_equal(chappe_plan_encode(pair->plan, pair->other, &two, &pair->error), 0);
                assert_int_equal(one.length, two.length);
                assert_memory_equal(one.at, two.at, one.length);
                chappe_buffer_deinit(&one);
                chappe_buffer_deinit(&two);
        }
        free(exact);
        return status == 0;
}

static void test_values_and_bytes_are_those_of_the_plan(void **state)
{
        (void)state;
        for (size_t t = 0; t < sizeof(types) / sizeof(*types); t++) {
                struct chappe_random random;
                struct pair pair;

                pair_open(&pair, types[t]);
                chappe_random_init(&random, SEED);
                for (unsigned round = 0; round < ROUNDS; round++) {
                        struct chappe_buffer datum = { 0 };

                        random_datum(&random, chappe_schema_root(pair.schema), 0, &datum);
                        if (!decode_both(&pair, datum.at, datum.length))
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
                                refused += !decode_both(&pair, datum.at, length);
                        for (size_t i = 0; i < datum.length; i++) {
                                uint8_t whole = datum.at[i];

                                datum.at[i] = (uint8_t)chappe_random_next(&random);
                                refused += !decode_both(&pair, datum.at, datum.length);
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

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_values_and_bytes_are_those_of_the_plan),
                cmocka_unit_test(test_refusals_are_those_of_the_plan),
                cmocka_unit_test(test_values_that_are_none_are_refused_as_by_the_plan),
        };

        return cmocka_run_group_tests_name("straight", tests, NULL, NULL);
}
