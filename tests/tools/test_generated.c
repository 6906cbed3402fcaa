/* SPDX-License-Identifier: Apache-2.0 */
/* Generated structs through the codec: what goes in comes out, whatever the form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <chappe/codec.h>

#include "zoo/everything.h"
#include "zoo/keeper.h"

static struct zoo_everything sample(const struct zoo_tree *leaf)
{
        static const int64_t numbers[] = { -1, 0, INT64_MAX };
        static const struct chappe_double_optional cells[] = { { true, 0.5 }, { false, 0 } };
        static const struct chappe_double_optional_array rows[] = { { cells, 2 }, { NULL, 0 } };
        static const enum zoo_colour colours[] = { ZOO_COLOUR_Red, ZOO_COLOUR_DARK_BLUE };
        static const struct zoo_md5_map_entry hashes[] = { { { "k", 1 }, { { 9 } } } };
        static const struct zoo_everything_anys anys[] = { { ZOO_EVERYTHING_ANYS_IS_LONG, { .long_ = 4 } },
                                                           { ZOO_EVERYTHING_ANYS_IS_STRING,
                                                             { .string = { "s", 1 } } } };

        return (struct zoo_everything){
                .id = chappe_text("e-1"),
                .int_ = -5,
                .int__ = INT64_MIN,
                .class_ = true,
                .float_ = 1.5f,
                .double_ = -2.25,
                .bytes = { (const uint8_t *)"\0\xff", 2 },
                .hash = { { 1, 2, 3 } },
                .colour = ZOO_COLOUR_INT,
                .numbers = { numbers, 3 },
                .rows = { rows, 2 },
                .colours = { colours, 2 },
                .hashes = { hashes, 1 },
                .maybe = { true, chappe_text("here") },
                .maybe_hash = { true, { { 7 } } },
                .any = { ZOO_EVERYTHING_ANY_IS_MD5, { .md5 = { { 8 } } } },
                .anys = { anys, 2 },
                .only = { 0, { .long_ = 77 } },
                .tree = { .value = 1, .left = { true, leaf }, .either = { ZOO_TREE_EITHER_IS_TREE, { .tree = leaf } } },
        };
}

static void check(const struct zoo_everything *value)
{
        assert_true(chappe_text_equal(value->id, chappe_text("e-1")));
        assert_int_equal(value->int_, -5);
        assert_true(value->int__ == INT64_MIN && value->class_ && value->float_ == 1.5f && value->double_ == -2.25);
        assert_int_equal(value->bytes.length, 2);
        assert_int_equal(value->hash.bytes[2], 3);
        assert_int_equal(value->colour, ZOO_COLOUR_INT);
        assert_true(value->numbers.count == 3 && value->numbers.items[2] == INT64_MAX);
        assert_true(value->rows.count == 2 && value->rows.items[0].count == 2 && value->rows.items[1].count == 0);
        assert_true(value->rows.items[0].items[0].present && !value->rows.items[0].items[1].present);
        assert_int_equal(value->colours.items[1], ZOO_COLOUR_DARK_BLUE);
        assert_true(value->hashes.count == 1 && value->hashes.entries[0].value.bytes[0] == 9);
        assert_true(value->maybe.present && chappe_text_equal(value->maybe.value, chappe_text("here")));
        assert_true(value->maybe_hash.present && value->maybe_hash.value.bytes[0] == 7);
        assert_int_equal(value->any.branch, ZOO_EVERYTHING_ANY_IS_MD5);
        assert_int_equal(value->any.value.md5.bytes[0], 8);
        assert_true(value->anys.items[0].value.long_ == 4 && value->anys.items[1].value.string.length == 1);
        assert_int_equal(value->only.value.long_, 77);
        assert_true(value->tree.left.present && value->tree.left.value->value == 2);
        assert_int_equal(value->tree.either.value.tree->value, 2);
        assert_false(value->tree.left.value->left.present);
}

static void test_every_form_survives_encoding_and_decoding(void **state)
{
        struct chappe_arena *arena = chappe_arena_new(0);
        struct chappe_buffer buffer = { 0 };
        struct chappe_error error = { 0 };
        struct zoo_tree leaf = { .value = 2 };
        struct zoo_everything value = sample(&leaf), back;

        (void)state;
        assert_int_equal(zoo_everything_encode(&value, &buffer, &error), 0);
        assert_int_equal(zoo_everything_decode(buffer.at, buffer.length, arena, &back, &error), 0);
        check(&back);
        chappe_buffer_deinit(&buffer);
        chappe_arena_free(arena);
}

static void test_copies_compare_hash_and_print_alike(void **state)
{
        struct chappe_arena *arena = chappe_arena_new(0);
        struct chappe_buffer one = { 0 }, two = { 0 };
        struct chappe_error error = { 0 };
        struct zoo_tree leaf = { .value = 2 };
        struct zoo_everything value = sample(&leaf), copy;

        (void)state;
        assert_int_equal(zoo_everything_copy(&value, arena, &copy, &error), 0);
        check(&copy);
        assert_true(copy.tree.left.value != value.tree.left.value);
        assert_int_equal(zoo_everything_compare(&value, &copy), 0);
        assert_true(zoo_everything_hash(&value) == zoo_everything_hash(&copy));
        assert_int_equal(zoo_everything_print(&value, &one, &error), 0);
        assert_int_equal(zoo_everything_print(&copy, &two, &error), 0);
        assert_int_equal(one.length, two.length);
        assert_memory_equal(one.at, two.at, one.length);
        leaf.value = 3;
        assert_true(zoo_everything_compare(&value, &copy) > 0);
        assert_true(zoo_everything_hash(&value) != zoo_everything_hash(&copy));
        zoo_everything_clear(&copy);
        assert_true(copy.id.length == 0 && !copy.tree.left.present);
        chappe_buffer_deinit(&one);
        chappe_buffer_deinit(&two);
        chappe_arena_free(arena);
}

static void test_a_cut_payload_is_an_error(void **state)
{
        struct chappe_arena *arena = chappe_arena_new(0);
        struct chappe_buffer buffer = { 0 };
        struct chappe_error error = { 0 };
        struct zoo_tree leaf = { .value = 2 };
        struct zoo_everything value = sample(&leaf), back;

        (void)state;
        assert_int_equal(zoo_everything_encode(&value, &buffer, &error), 0);
        for (size_t length = 0; length < buffer.length; length++) {
                chappe_arena_reset(arena);
                assert_true(zoo_everything_decode(buffer.at, length, arena, &back, &error) < 0);
        }
        chappe_buffer_deinit(&buffer);
        chappe_arena_free(arena);
}

/* By the plan that any value takes which straight-line code does not. */
static int encode_by_plan(const struct chappe_type *type, const void *value, struct chappe_buffer *buffer,
                          struct chappe_error *error)
{
        struct chappe_schema *schema;
        struct chappe_plan *plan;
        int status;

        assert_int_equal(chappe_schema_parse(type->name, chappe_text(type->schema), &schema, error), 0);
        assert_int_equal(chappe_plan_new(schema, schema, type->layout, &plan, error), 0);
        status = chappe_plan_encode(plan, value, buffer, error);
        chappe_plan_free(plan);
        chappe_schema_unref(schema);
        return status;
}

/* What has an error to say so says it, and leaves nothing behind; the others end. */
static void assert_refused(const struct zoo_tree *tree, const char *why)
{
        struct chappe_arena *arena = chappe_arena_new(0);
        struct chappe_buffer buffer = { 0 };
        struct chappe_error error = { 0 };
        struct zoo_tree copy;

        assert_int_equal(zoo_tree_encode(tree, &buffer, &error), -CHAPPE_E_VALUE_INVALID);
        assert_non_null(strstr(error.text, why));
        assert_int_equal(encode_by_plan(&zoo_tree_type, tree, &buffer, &error), -CHAPPE_E_VALUE_INVALID);
        assert_non_null(strstr(error.text, why));
        assert_int_equal(zoo_tree_print(tree, &buffer, &error), -CHAPPE_E_VALUE_INVALID);
        assert_non_null(strstr(error.text, why));
        assert_int_equal(buffer.length, 0);
        assert_int_equal(zoo_tree_copy(tree, arena, &copy, &error), -CHAPPE_E_VALUE_INVALID);
        assert_non_null(strstr(error.text, why));
        assert_int_equal(zoo_tree_compare(tree, tree), 0);
        (void)zoo_tree_hash(tree);
        chappe_buffer_deinit(&buffer);
        chappe_arena_free(arena);
}

static void test_a_struct_that_leads_back_to_itself_is_refused_and_ends(void **state)
{
        struct zoo_ring ring = { 0 };
        struct zoo_tree self = { .value = 1 }, twice = { .value = 2 }, by_array = { .value = 3 },
                        by_ring = { .other = { true, &ring } }, other;
        struct zoo_tree_map_entry entries[2] = { { { "a", 1 }, { 0 } }, { { "b", 1 }, { 0 } } };
        struct zoo_tree by_map = { .named = { entries, 2 } };
        struct chappe_buffer buffer = { 0 };
        struct chappe_error error = { 0 };

        (void)state;
        self.left.present = true;
        self.left.value = &self;
        assert_int_equal(zoo_tree_encode(&self, &buffer, &error), -CHAPPE_E_VALUE_INVALID);
        assert_refused(&self, "too deeply");
        assert_true(zoo_tree_hash(&self) == 0);
        twice.left.present = true; /* two ways at each step: more of them than there is time */
        twice.left.value = &twice;
        twice.either = (struct zoo_tree_either){ ZOO_TREE_EITHER_IS_TREE, { .tree = &twice } };
        assert_refused(&twice, "too deeply");
        by_array.children.items = &by_array;
        by_array.children.count = 1;
        assert_refused(&by_array, "too deeply");
        entries[0].value.named = entries[1].value.named = by_map.named;
        assert_refused(&by_map, "too deeply");
        ring.ring.present = true;
        ring.ring.value = &ring;
        assert_refused(&by_ring, "too deeply");
        other = twice;
        other.value = 5;
        assert_true(zoo_tree_compare(&twice, &other) < 0);
        chappe_buffer_deinit(&buffer);
}

static void test_maps_within_maps_are_compared_however_many(void **state)
{
        struct zoo_tree_map_entry inner[2] = { { { "x", 1 }, { .value = 1 } }, { { "y", 1 }, { .value = 2 } } };
        struct zoo_tree_map_entry swapped[2] = { inner[1], inner[0] };
        struct zoo_tree_map_entry one[400], two[400];
        struct zoo_tree a = { .named = { one, 400 } }, b = { .named = { two, 400 } };

        (void)state;
        for (size_t i = 0; i < 400; i++) {
                one[i] = (struct zoo_tree_map_entry){ { "k", 1 }, { .value = (int64_t)i, .named = { inner, 2 } } };
                two[399 - i] =
                        (struct zoo_tree_map_entry){ { "k", 1 }, { .value = (int64_t)i, .named = { swapped, 2 } } };
        }
        assert_int_equal(zoo_tree_compare(&a, &b), 0);
        assert_true(zoo_tree_hash(&a) == zoo_tree_hash(&b));
        two[0].value.value = -1;
        assert_int_equal(zoo_tree_compare(&a, &b), 1);
}

static void test_a_length_at_null_is_refused(void **state)
{
        static const struct chappe_text no_place = { NULL, 5 }, long_no_place = { NULL, 500 };
        struct zoo_tree text = { .either = { ZOO_TREE_EITHER_IS_STRING, { .string = no_place } } };
        struct zoo_tree_map_entry entry = { no_place, { 0 } };
        struct zoo_tree key = { .named = { &entry, 1 } }, items = { .children = { NULL, 3 } };
        struct zoo_everything bytes = { .bytes = { NULL, 7 } }, empty = { .colour = ZOO_COLOUR_INT };
        struct chappe_buffer buffer = { 0 };
        struct chappe_error error = { 0 };

        (void)state;
        assert_refused(&text, "NULL");
        text.either.value.string = long_no_place;
        assert_refused(&text, "NULL");
        for (size_t length = 1; length < 70; length++) {
                text.either.value.string.length = length;
                assert_refused(&text, "NULL");
        }
        assert_refused(&key, "NULL");
        assert_refused(&items, "");
        assert_int_equal(zoo_everything_encode(&bytes, &buffer, &error), -CHAPPE_E_VALUE_INVALID);
        assert_int_equal(encode_by_plan(&zoo_everything_type, &bytes, &buffer, &error), -CHAPPE_E_VALUE_INVALID);
        assert_int_equal(zoo_everything_print(&bytes, &buffer, &error), -CHAPPE_E_VALUE_INVALID);
        assert_true(zoo_everything_compare(&bytes, &empty) < 0); /* red before int; nothing at NULL */
        assert_int_equal(buffer.length, 0);
        chappe_buffer_deinit(&buffer);
}

static void test_keys_and_messages_are_described(void **state)
{
        const struct chappe_message *feed = &zoo_keeper_feed_message;

        (void)state;
        assert_string_equal(zoo_everything_type.key, "id");
        assert_string_equal(feed->protocol, "zoo.Keeper");
        assert_string_equal(feed->request->name, "zoo.FeedRequest");
        assert_string_equal(feed->idempotency_field, "animal");
        assert_int_equal(feed->error_count, 2);
        assert_int_equal(feed->errors[0].outcome, ZOO_ASLEEP);
        assert_int_equal(feed->errors[1].outcome, ZOO_KEEPER_BITTEN);
        assert_int_equal(feed->reply_size, sizeof(struct zoo_feed_reply));
        assert_string_equal(zoo_keeper_count_all_message.response->name, "long");
        assert_null(zoo_keeper_wake_message.idempotency_field);
        assert_true(zoo_keeper_wake_message.one_way);
        assert_false(feed->one_way);
}

static void test_fingerprints_are_those_of_the_schema_texts(void **state)
{
        const struct chappe_type *types[] = { &zoo_everything_type, &zoo_tree_type, &zoo_asleep_type,
                                              &zoo_feed_request_type };

        (void)state;
        for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
                struct chappe_schema *schema;
                struct chappe_error error;

                assert_int_equal(chappe_schema_parse(types[i]->name, chappe_text(types[i]->schema), &schema, &error),
                                 0);
                assert_true(chappe_schema_fingerprint(schema) == types[i]->fingerprint);
                assert_string_equal(chappe_schema_name(schema), types[i]->name);
                chappe_schema_unref(schema);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_form_survives_encoding_and_decoding),
                cmocka_unit_test(test_copies_compare_hash_and_print_alike),
                cmocka_unit_test(test_a_cut_payload_is_an_error),
                cmocka_unit_test(test_a_struct_that_leads_back_to_itself_is_refused_and_ends),
                cmocka_unit_test(test_maps_within_maps_are_compared_however_many),
                cmocka_unit_test(test_a_length_at_null_is_refused),
                cmocka_unit_test(test_keys_and_messages_are_described),
                cmocka_unit_test(test_fingerprints_are_those_of_the_schema_texts),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
