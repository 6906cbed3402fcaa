/* SPDX-License-Identifier: Apache-2.0 */
/* Encoding at its edges: numbers and texts of every length, beside the plan and avro-c, into buffers of every size. */
#include "pair.h"

#include <stdlib.h>
#include <string.h>

#include <avro.h>

#include "shop/order_line.h"
#include "shop/order_placed.h"
#include "zoo/everything.h"

#include "random_datum.h"

#define TEXT_MOST 100
#define SPARE     400 /* bytes left in a buffer: more than any run may ask for */
#define SEED      20261128u

/* One type of avro-c, and lines as it encodes them. */
struct theirs {
        avro_schema_t schema;
        avro_value_iface_t *class;
        avro_value_t value;
};

static void theirs_open(struct theirs *theirs, const char *schema)
{
        assert_int_equal(avro_schema_from_json_length(schema, strlen(schema), &theirs->schema), 0);
        theirs->class = avro_generic_class_from_schema(theirs->schema);
        assert_int_equal(avro_generic_value_new(theirs->class, &theirs->value), 0);
}

static void theirs_close(struct theirs *theirs)
{
        avro_value_decref(&theirs->value);
        avro_value_iface_decref(theirs->class);
        avro_schema_decref(theirs->schema);
}

static avro_value_t theirs_field(struct theirs *theirs, const char *name)
{
        avro_value_t field;

        assert_int_equal(avro_value_get_by_name(&theirs->value, name, &field, NULL), 0);
        return field;
}

/* The texts are terminated. */
static size_t theirs_encode(struct theirs *theirs, const struct shop_order_line *line, char *bytes, size_t size)
{
        avro_value_t sku = theirs_field(theirs, "sku"), description = theirs_field(theirs, "description"),
                     quantity = theirs_field(theirs, "quantity"), price = theirs_field(theirs, "unit_price");
        avro_writer_t writer = avro_writer_memory(bytes, (int64_t)size);
        size_t length;

        avro_value_set_string_len(&sku, (char *)line->sku.at, line->sku.length + 1);
        avro_value_set_string_len(&description, (char *)line->description.at, line->description.length + 1);
        avro_value_set_int(&quantity, line->quantity);
        avro_value_set_long(&price, line->unit_price);
        assert_int_equal(avro_value_write(writer, &theirs->value), 0);
        length = (size_t)avro_writer_tell(writer);
        avro_writer_free(writer);
        return length;
}

/* By straight lines, by plan, by avro-c: the same. Returns how many bytes. */
static size_t encode_three_ways(struct pair *pair, struct theirs *theirs, const struct shop_order_line *line)
{
        struct chappe_buffer straight = { 0 }, plan = { 0 };
        char bytes[2 * TEXT_MOST + 40];
        size_t length = theirs_encode(theirs, line, bytes, sizeof(bytes));

        assert_true(pair->type->encode(&straight, line));
        assert_int_equal(chappe_plan_encode(pair->plan, line, &plan, &pair->error), 0);
        assert_int_equal(straight.length, length);
        assert_int_equal(plan.length, length);
        assert_memory_equal(straight.at, bytes, length);
        assert_memory_equal(plan.at, bytes, length);
        chappe_buffer_deinit(&straight);
        chappe_buffer_deinit(&plan);
        return length;
}

static void test_numbers_of_every_length_are_those_of_avro_c(void **state)
{
        struct theirs theirs;
        struct pair pair;
        unsigned longs = 0, ints = 0;

        (void)state;
        pair_open(&pair, &shop_order_line_type);
        theirs_open(&theirs, shop_order_line_type.schema);
        for (unsigned bit = 0; bit < 64; bit++) {
                for (uint64_t around = 0; around < 4; around++) {
                        uint64_t number = (UINT64_C(1) << bit) + around - 2;

                        for (uint64_t sign = 0; sign < 2; sign++) {
                                int64_t price = (int64_t)(sign ? ~number : number);
                                struct shop_order_line line = { .sku = chappe_text(""),
                                                                .description = chappe_text(""),
                                                                .unit_price = price };

                                longs |= 1u << (encode_three_ways(&pair, &theirs, &line) - 3);
                                line.unit_price = 0;
                                line.quantity = (int32_t)price;
                                ints |= 1u << (encode_three_ways(&pair, &theirs, &line) - 3);
                        }
                }
        }
        assert_int_equal(longs, 0x7FE); /* one to ten bytes */
        assert_int_equal(ints, 0x3E);   /* one to five */
        theirs_close(&theirs);
        pair_close(&pair);
}

/* ASCII but for two bytes in the middle, if beyond is set and there is room for them. */
static struct chappe_text make_text(char *to, size_t length, bool beyond)
{
        for (size_t i = 0; i < length; i++)
                to[i] = (char)('a' + i % 26);
        if (beyond && length >= 2)
                memcpy(to + length / 2 - 1, "\xC3\xA9", 2);
        to[length] = '\0';
        return (struct chappe_text){ to, length };
}

static void test_texts_of_every_length_are_those_of_avro_c(void **state)
{
        char texts[2][TEXT_MOST + 1];
        struct theirs theirs;
        struct pair pair;

        (void)state;
        pair_open(&pair, &shop_order_line_type);
        theirs_open(&theirs, shop_order_line_type.schema);
        for (size_t length = 0; length <= TEXT_MOST; length++) {
                for (unsigned beyond = 0; beyond < 4; beyond++) {
                        struct shop_order_line line = {
                                .sku = make_text(texts[0], length, beyond & 1),
                                .description = make_text(texts[1], TEXT_MOST - length, beyond & 2),
                                .quantity = -1,
                                .unit_price = INT64_MAX,
                        };

                        encode_three_ways(&pair, &theirs, &line);
                }
        }
        theirs_close(&theirs);
        pair_close(&pair);
}

static void test_a_stray_byte_anywhere_in_a_text_is_refused(void **state)
{
        struct chappe_buffer buffer = { 0 };
        struct chappe_error error;
        char text[TEXT_MOST + 1];

        (void)state;
        for (size_t length = 1; length <= TEXT_MOST; length++) {
                for (size_t i = 0; i < length; i++) {
                        struct shop_order_line line = { .sku = make_text(text, length, false),
                                                        .description = chappe_text("d") };

                        text[i] = (char)0x80;
                        assert_false(shop_order_line_type.encode(&buffer, &line));
                        assert_int_equal(shop_order_line_encode(&line, &buffer, &error), -CHAPPE_E_VALUE_INVALID);
                        assert_string_equal(error.text, "$.sku: a string that is not UTF-8");
                        assert_int_equal(buffer.length, 0);
                }
        }
        chappe_buffer_deinit(&buffer);
}

/* A frame, and room of which some is left; behind it are bytes that are not the buffer's. */
struct room {
        size_t spare, behind;
        bool by_plan;
};

#define FRAME 5

static void encode_into(const struct pair *pair, const void *value, const struct chappe_buffer *expected,
                        struct room room)
{
        size_t capacity = FRAME + room.spare;
        struct chappe_buffer buffer = { malloc(capacity + room.behind), FRAME, capacity };
        const uint8_t *before = buffer.at;
        struct chappe_error error;

        assert_non_null(before);
        memset(buffer.at, 0xA5, capacity + room.behind);
        memcpy(buffer.at, "frame", FRAME);
        assert_int_equal(room.by_plan ? chappe_plan_encode(pair->plan, value, &buffer, &error)
                                      : chappe_type_encode(pair->type, value, &buffer, &error),
                         0);
        assert_true(buffer.length <= buffer.capacity);
        assert_int_equal(buffer.length, FRAME + expected->length);
        assert_memory_equal(buffer.at, "frame", FRAME);
        assert_memory_equal(buffer.at + FRAME, expected->at, expected->length);
        for (size_t i = 0; buffer.capacity == capacity && i < room.behind; i++)
                assert_int_equal(buffer.at[capacity + i], 0xA5);
        chappe_buffer_deinit(&buffer);
}

static void encode_into_every_room(struct pair *pair, const void *value)
{
        struct chappe_buffer expected = { 0 };

        assert_int_equal(chappe_plan_encode(pair->plan, value, &expected, &pair->error), 0);
        for (size_t spare = 0; spare < SPARE; spare++) {
                for (int by_plan = 0; by_plan < 2; by_plan++) {
                        encode_into(pair, value, &expected, (struct room){ spare, 0, by_plan }); /* for a sanitizer */
                        encode_into(pair, value, &expected, (struct room){ spare, 64, by_plan });
                }
        }
        chappe_buffer_deinit(&expected);
}

static void test_nothing_is_written_beyond_the_buffer(void **state)
{
        char texts[4][TEXT_MOST + 1];
        struct pair pair;

        (void)state;
        pair_open(&pair, &shop_order_placed_type);
        for (size_t length = 16; length <= 65; length++) {
                struct shop_order_line lines[] = { { .sku = make_text(texts[0], length, false),
                                                     .description = make_text(texts[1], length, true),
                                                     .quantity = INT32_MIN,
                                                     .unit_price = INT64_MIN },
                                                   { .sku = make_text(texts[2], length, false),
                                                     .description = make_text(texts[3], length, false) } };
                struct shop_order_placed placed = { .order_id = lines[0].sku,
                                                    .customer = lines[1].sku,
                                                    .country = lines[1].description,
                                                    .currency = lines[0].sku,
                                                    .total = INT64_MIN,
                                                    .placed_at = INT64_MAX };

                encode_into_every_room(&pair, &placed);
                placed.exchange_rate.present = true;
                placed.exchange_rate.value = (struct chappe_bytes){ (const uint8_t *)texts[0], length };
                placed.lines.items = lines;
                placed.lines.count = 2;
                encode_into_every_room(&pair, &placed);
        }
        pair_close(&pair);
}

static void test_any_value_fits_into_any_room(void **state)
{
        struct chappe_random random;
        struct pair pair;

        (void)state;
        pair_open(&pair, &zoo_everything_type);
        chappe_random_init(&random, SEED);
        print_message("# seed %u\n", SEED);
        for (unsigned round = 0; round < 30; round++) {
                struct chappe_buffer datum = { 0 };

                random_datum(&random, chappe_schema_root(pair.schema), 0, &datum);
                chappe_arena_reset(pair.arena);
                assert_int_equal(chappe_plan_decode(pair.plan, datum.at, datum.length, pair.arena, NULL, pair.value,
                                                    &pair.error),
                                 0);
                encode_into_every_room(&pair, pair.value);
                chappe_buffer_deinit(&datum);
        }
        pair_close(&pair);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_numbers_of_every_length_are_those_of_avro_c),
                cmocka_unit_test(test_texts_of_every_length_are_those_of_avro_c),
                cmocka_unit_test(test_a_stray_byte_anywhere_in_a_text_is_refused),
                cmocka_unit_test(test_nothing_is_written_beyond_the_buffer),
                cmocka_unit_test(test_any_value_fits_into_any_room),
        };

        return cmocka_run_group_tests_name("encode", tests, NULL, NULL);
}
