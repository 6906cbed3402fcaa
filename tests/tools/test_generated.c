/* SPDX-License-Identifier: Apache-2.0 */
/* Generated structs through the codec: what goes in comes out, whatever the form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

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
                cmocka_unit_test(test_keys_and_messages_are_described),
                cmocka_unit_test(test_fingerprints_are_those_of_the_schema_texts),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
