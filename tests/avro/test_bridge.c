/* SPDX-License-Identifier: Apache-2.0 */
/* Values cross to avro-c and back, checked; what avro-c would encode is what Chappe decoded. */
#include <chappe/avro_c.h>

#include "avro_test.h"
#include "cases.h"

#define SCHEMA                                                                                                         \
        "{\"type\":\"record\",\"name\":\"shop.Order\",\"fields\":[{\"name\":\"id\",\"type\":\"string\"},"              \
        "{\"name\":\"kind\",\"type\":{\"type\":\"enum\",\"name\":\"Kind\",\"symbols\":[\"sale\",\"gift\"]}},"          \
        "{\"name\":\"paid\",\"type\":\"boolean\"},{\"name\":\"count\",\"type\":\"int\"},"                              \
        "{\"name\":\"total\",\"type\":\"long\"},{\"name\":\"weight\",\"type\":\"float\"},"                             \
        "{\"name\":\"rate\",\"type\":\"double\"},{\"name\":\"raw\",\"type\":\"bytes\"},"                               \
        "{\"name\":\"mark\",\"type\":{\"type\":\"fixed\",\"name\":\"Mark\",\"size\":2}},"                              \
        "{\"name\":\"note\",\"type\":[\"null\",\"string\"]},{\"name\":\"any\",\"type\":[\"int\",\"null\",\"Order\"]}," \
        "{\"name\":\"lines\",\"type\":{\"type\":\"array\",\"items\":\"long\"}},"                                       \
        "{\"name\":\"tags\",\"type\":{\"type\":\"map\",\"values\":\"Kind\"}},{\"name\":\"nothing\",\"type\":\"null\"}" \
        "]}"
#define ORDER(any)                                                                                                     \
        "{\"id\":\"a\\u0000\xC3\xA9\",\"kind\":\"gift\",\"paid\":true,\"count\":-3,\"total\":9223372036854775807,"     \
        "\"weight\":1.5,\"rate\":-0.25,\"raw\":\"\\u0000\xC3\xBF\",\"mark\":\"xy\",\"note\":{\"string\":\"n\"},"       \
        "\"any\":" any ",\"lines\":[1,-2],\"tags\":{\"k\":\"gift\",\"\":\"sale\"},\"nothing\":null}"

struct world {
        struct chappe_schema *schema;
        struct chappe_plan *plan;
        struct chappe_arena *arena;
        avro_schema_t theirs;
        avro_value_iface_t *class;
        avro_value_t value;
        struct chappe_error error;
};

/* False: avro-c has no such type. */
static bool open_world(struct world *world, const char *text)
{
        *world = (struct world){ .schema = avro_schema(text), .arena = chappe_arena_new(0) };
        if (chappe_avro_schema(world->schema, &world->theirs, &world->error) < 0)
                return false;
        assert_int_equal(chappe_plan_new(world->schema, world->schema, chappe_schema_layout(world->schema, NULL),
                                         &world->plan, &world->error),
                         0);
        world->class = avro_generic_class_from_schema(world->theirs);
        assert_int_equal(avro_generic_value_new(world->class, &world->value), 0);
        return true;
}

static void close_world(struct world *world)
{
        if (world->theirs) {
                avro_value_decref(&world->value);
                avro_value_iface_decref(world->class);
                avro_schema_decref(world->theirs);
        }
        chappe_plan_free(world->plan);
        chappe_schema_unref(world->schema);
        chappe_arena_free(world->arena);
}

static struct chappe_value value_of(struct world *world, const char *json)
{
        const struct chappe_layout *layout = chappe_schema_layout(world->schema, NULL);
        void *at = chappe_arena_zalloc(world->arena, layout->size);
        struct chappe_value value;

        if (chappe_json_read(world->schema, layout, chappe_text(json), world->arena, at, &world->error) < 0)
                fail_msg("%s", world->error.text);
        assert_int_equal(chappe_value_of(world->schema, at, &value, NULL), 0);
        return value;
}

/* What avro-c makes of its value. */
static size_t encoded_by_avro_c(avro_value_t *value, uint8_t *bytes, size_t size)
{
        avro_writer_t writer = avro_writer_memory((char *)bytes, (int64_t)size);
        size_t length;

        assert_int_equal(avro_value_write(writer, value), 0);
        length = (size_t)avro_writer_tell(writer);
        avro_writer_free(writer);
        return length;
}

/* The same bytes by avro-c's own decoder, which is right where the bytes are; told by what it encodes, as a NaN equals
 * nothing. */
static void assert_decoded_alike_by_avro_c(struct world *world, const struct chappe_buffer *ours)
{
        avro_reader_t reader = avro_reader_memory((const char *)ours->at, (int64_t)ours->length);
        avro_value_t value;
        uint8_t again[4000];

        assert_int_equal(avro_generic_value_new(world->class, &value), 0);
        assert_int_equal(avro_value_read(reader, &value), 0);
        assert_int_equal(encoded_by_avro_c(&value, again, sizeof(again)), ours->length);
        if (ours->length)
                assert_memory_equal(again, ours->at, ours->length);
        avro_value_decref(&value);
        avro_reader_free(reader);
}

static void assert_crosses(struct world *world, const char *json)
{
        struct chappe_value value = value_of(world, json), back, decoded;
        struct chappe_buffer ours = { 0 };
        uint8_t theirs[4000];
        size_t length;

        assert_int_equal(chappe_plan_encode(world->plan, value.at, &ours, &world->error), 0);
        if (ours.length > sizeof(theirs))
                return;
        if (chappe_avro_decode(world->plan, ours.at, ours.length, world->arena, NULL, &world->value, &world->error) <
                    0 ||
            chappe_avro_to_value(&world->value, world->schema, world->arena, &back, &world->error) < 0)
                fail_msg("%s\n%s", world->error.text, json);
        assert_decoded_alike_by_avro_c(world, &ours);
        length = encoded_by_avro_c(&world->value, theirs, sizeof(theirs));
        if (length != ours.length || memcmp(theirs, ours.at, length) != 0)
                fail_msg("avro-c encodes otherwise: %s", json);
        assert_int_equal(chappe_value_decode(world->plan, theirs, length, world->arena, NULL, &decoded, &world->error),
                         0);
        assert_int_equal(chappe_value_compare(back, value), 0);
        assert_int_equal(chappe_value_compare(back, decoded), 0);
        chappe_buffer_deinit(&ours);
}

static void test_values_cross_both_ways(void **state)
{
        struct world world;

        (void)state;
        assert_true(open_world(&world, SCHEMA));
        assert_crosses(&world, ORDER("null"));
        assert_crosses(&world, ORDER("{\"int\":7}"));
        assert_crosses(&world, ORDER("{\"shop.Order\":" ORDER("{\"shop.Order\":" ORDER("null") "}") "}"));
        assert_crosses(&world, ORDER("null"));
        close_world(&world);
}

static unsigned crossed, left_out;

/* avro-c cannot append a record of no bytes to an array. */
static void check_crossing(const struct case_line *line)
{
        bool held = !strstr(line->column[0], "\"fields\":[]");
        struct world world;

        if (open_world(&world, line->column[0]) && held) {
                assert_crosses(&world, line->column[2]);
                crossed++;
        } else {
                left_out++;
        }
        close_world(&world);
}

static void test_java_s_values_cross_both_ways(void **state)
{
        (void)state;
        cases_each("same", 1000, check_crossing);
        print_message("# %u values crossed, %u are of types that avro-c cannot hold\n", crossed, left_out);
        assert_true(crossed > 500 && left_out < crossed / 2);
}

static void test_hostile_bytes_never_reach_avro_c(void **state)
{
        struct world world;

        (void)state;
        assert_true(open_world(&world, "{\"type\":\"array\",\"items\":\"null\"}"));
        assert_int_equal(chappe_avro_decode(world.plan, "\xfe\xff\xff\xff\x0f\x00", 6, world.arena, NULL, &world.value,
                                            &world.error),
                         -CHAPPE_E_PAYLOAD_LIMIT);
        close_world(&world);
        assert_true(open_world(&world, "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\"]}"));
        assert_int_equal(chappe_avro_decode(world.plan, "\xc6\x01", 2, world.arena, NULL, &world.value, &world.error),
                         -CHAPPE_E_PAYLOAD_INVALID);
        close_world(&world);
}

static void test_values_of_another_schema_are_refused(void **state)
{
        struct world world, other;
        struct chappe_value value, back;

        (void)state;
        assert_true(open_world(&world, SCHEMA));
        assert_true(open_world(
                &other,
                "{\"type\":\"record\",\"name\":\"shop.Order\",\"fields\":[{\"name\":\"id\",\"type\":\"int\"}]}"));
        value = value_of(&world, ORDER("null"));
        assert_int_equal(chappe_avro_from_value(value, &other.value, &world.error), -CHAPPE_E_VALUE_INVALID);
        assert_error(&world.error, CHAPPE_E_VALUE_INVALID, "$: avro-c's value is of another schema");
        assert_int_equal(chappe_avro_to_value(&other.value, world.schema, world.arena, &back, &world.error),
                         -CHAPPE_E_VALUE_INVALID);
        close_world(&other);
        close_world(&world);
}

static void test_what_avro_c_leaves_open_is_refused_with_its_path(void **state)
{
        struct world world;
        struct chappe_value back;
        avro_value_t field;

        (void)state;
        assert_true(open_world(&world, SCHEMA));
        assert_int_equal(chappe_avro_to_value(&world.value, world.schema, world.arena, &back, &world.error),
                         -CHAPPE_E_VALUE_INVALID);
        assert_error(&world.error, CHAPPE_E_VALUE_INVALID, "$.note: a union of which no branch is set");
        assert_int_equal(avro_value_get_by_name(&world.value, "kind", &field, NULL), 0);
        assert_int_equal(avro_value_set_enum(&field, 99), 0);
        assert_int_equal(chappe_avro_to_value(&world.value, world.schema, world.arena, &back, &world.error),
                         -CHAPPE_E_VALUE_INVALID);
        assert_error(&world.error, CHAPPE_E_VALUE_INVALID, "$.kind: a number that is no symbol");
        assert_int_equal(chappe_avro_from_value(value_of(&world, ORDER("null")), &world.value, &world.error), 0);
        assert_int_equal(avro_value_get_by_name(&world.value, "id", &field, NULL), 0);
        assert_int_equal(avro_value_set_string(&field, "\xFF"), 0);
        assert_int_equal(chappe_avro_to_value(&world.value, world.schema, world.arena, &back, &world.error),
                         -CHAPPE_E_VALUE_INVALID);
        assert_error(&world.error, CHAPPE_E_VALUE_INVALID, "$.id: a string that is not UTF-8");
        close_world(&world);
}

static void test_a_key_with_a_nul_is_not_cut(void **state)
{
        struct world world;

        (void)state;
        assert_true(open_world(&world, "{\"type\":\"map\",\"values\":\"int\"}"));
        assert_int_equal(chappe_avro_from_value(value_of(&world, "{\"a\\u0000b\":1}"), &world.value, &world.error),
                         -CHAPPE_E_VALUE_INVALID);
        assert_error(&world.error, CHAPPE_E_VALUE_INVALID, "$[0]: a key with a NUL");
        close_world(&world);
}

static void test_a_length_at_null_is_refused(void **state)
{
        static const char *const schemas[] = { "\"string\"", "\"bytes\"", "{\"type\":\"array\",\"items\":\"int\"}",
                                               "{\"type\":\"map\",\"values\":\"int\"}" };
        static const struct chappe_bytes nowhere = { NULL, 3 };

        (void)state;
        for (size_t i = 0; i < sizeof(schemas) / sizeof(*schemas); i++) {
                struct chappe_value value;
                struct world world;

                assert_true(open_world(&world, schemas[i]));
                assert_int_equal(chappe_value_of(world.schema, &nowhere, &value, NULL), 0);
                assert_int_equal(chappe_avro_from_value(value, &world.value, &world.error), -CHAPPE_E_VALUE_INVALID);
                assert_error(&world.error, CHAPPE_E_VALUE_INVALID, "$: a length or count, at NULL");
                close_world(&world);
        }
}

static void test_a_full_arena_is_an_error(void **state)
{
        struct world world;
        struct chappe_value back;
        struct chappe_arena *ample = chappe_arena_new(0);
        size_t needed, failures = 0;

        (void)state;
        assert_true(open_world(&world, SCHEMA));
        assert_int_equal(chappe_avro_from_value(value_of(&world, ORDER("null")), &world.value, &world.error), 0);
        assert_int_equal(chappe_avro_to_value(&world.value, world.schema, ample, &back, &world.error), 0);
        needed = chappe_arena_used(ample);
        for (size_t limit = 1; limit < needed; limit++) {
                struct chappe_arena *arena = chappe_arena_new(limit);

                failures += chappe_avro_to_value(&world.value, world.schema, arena, &back, &world.error) ==
                            -CHAPPE_E_NO_MEMORY;
                chappe_arena_free(arena);
        }
        assert_int_equal(failures, needed - 1);
        chappe_arena_free(ample);
        close_world(&world);
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_values_cross_both_ways),
                cmocka_unit_test(test_java_s_values_cross_both_ways),
                cmocka_unit_test(test_hostile_bytes_never_reach_avro_c),
                cmocka_unit_test(test_values_of_another_schema_are_refused),
                cmocka_unit_test(test_what_avro_c_leaves_open_is_refused_with_its_path),
                cmocka_unit_test(test_a_key_with_a_nul_is_not_cut),
                cmocka_unit_test(test_a_length_at_null_is_refused),
                cmocka_unit_test(test_a_full_arena_is_an_error),
        };

        cases_directory = argc > 1 ? argv[1] : ".";
        return cmocka_run_group_tests_name("bridge", tests, NULL, NULL);
}
