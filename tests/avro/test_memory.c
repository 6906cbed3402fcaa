/* SPDX-License-Identifier: Apache-2.0 */
/* Each allocation of each step of the codec fails once: the step says so, and gives back all that it took. */
#include <chappe/container.h>
#include <chappe/value.h>

#include "avro_test.h"
#include "failing.h"

#include "shop/order_line.h"

#define WRITER                                                                                                         \
        "{\"type\":\"record\",\"name\":\"a.R\",\"fields\":[{\"name\":\"id\",\"type\":\"int\"},"                        \
        "{\"name\":\"gone\",\"type\":{\"type\":\"array\",\"items\":\"string\"}},"                                      \
        "{\"name\":\"kind\",\"type\":{\"type\":\"enum\",\"name\":\"K\",\"symbols\":[\"A\",\"B\"]}},"                   \
        "{\"name\":\"tags\",\"type\":{\"type\":\"map\",\"values\":\"int\"}},"                                          \
        "{\"name\":\"next\",\"type\":[\"null\",\"R\"]}]}"
#define READER                                                                                                         \
        "{\"type\":\"record\",\"name\":\"a.S\",\"aliases\":[\"R\"],\"doc\":\"d\",\"fields\":["                         \
        "{\"name\":\"next\",\"type\":[\"null\",\"S\"]},{\"name\":\"id\",\"type\":[\"null\",\"double\"]},"              \
        "{\"name\":\"sort\",\"aliases\":[\"kind\"],\"type\":{\"type\":\"enum\",\"name\":\"K\",\"symbols\":[\"B\"],"    \
        "\"default\":\"B\"}},{\"name\":\"tags\",\"type\":{\"type\":\"map\",\"values\":\"long\"}},"                     \
        "{\"name\":\"new\",\"type\":{\"type\":\"array\",\"items\":[\"bytes\",{\"type\":\"map\",\"values\":"            \
        "\"string\"}]},\"default\":[\"\\u00ff\",\"b\"]},{\"name\":\"price\",\"type\":{\"type\":\"bytes\","             \
        "\"logicalType\":\"decimal\",\"precision\":9,\"scale\":2},\"default\":\"\\u0001\"}]}"
#define JSON                                                                                                           \
        "{\"id\":1,\"gone\":[\"a\",\"b\"],\"kind\":\"A\",\"tags\":{\"k\":1,\"l\":2},\"next\":{\"a.R\":{\"id\":2,"      \
        "\"gone\":[],\"kind\":\"B\",\"tags\":{},\"next\":null}}}"

/* What each step may start from. */
struct world {
        struct chappe_schema *writer, *reader;
        const struct chappe_layout *layout, *evolved_layout;
        struct chappe_plan *own, *evolved;
        struct chappe_arena *arena;
        void *value;
        struct chappe_buffer bytes, file;
        struct chappe_error error;
};

static const uint8_t sync_marker[16] = "0123456789abcdef";

static void write_file(struct world *world)
{
        struct chappe_container_writer *writer;

        assert_int_equal(chappe_container_writer_new(world->writer, "deflate", sync_marker, &world->file, &writer,
                                                     &world->error),
                         0);
        assert_int_equal(
                chappe_container_write(writer, world->bytes.at, world->bytes.length, &world->file, &world->error), 0);
        assert_int_equal(chappe_container_finish(writer, &world->file, &world->error), 0);
        chappe_container_writer_free(writer);
}

static int open_world(void **state)
{
        static struct world world;

        world = (struct world){ .writer = avro_schema(WRITER), .reader = avro_schema(READER) };
        world.layout = chappe_schema_layout(world.writer, &world.error);
        world.evolved_layout = chappe_schema_layout(world.reader, &world.error);
        assert_int_equal(chappe_plan_new(world.writer, world.writer, world.layout, &world.own, &world.error), 0);
        assert_int_equal(
                chappe_plan_new(world.writer, world.reader, world.evolved_layout, &world.evolved, &world.error), 0);
        world.arena = chappe_arena_new(0);
        world.value = chappe_arena_alloc(world.arena, world.layout->size);
        assert_int_equal(
                chappe_json_read(world.writer, world.layout, chappe_text(JSON), world.arena, world.value, &world.error),
                0);
        assert_int_equal(chappe_plan_encode(world.own, world.value, &world.bytes, &world.error), 0);
        write_file(&world);
        *state = &world;
        return 0;
}

static int close_world(void **state)
{
        struct world *world = *state;

        chappe_plan_free(world->own);
        chappe_plan_free(world->evolved);
        chappe_schema_unref(world->writer);
        chappe_schema_unref(world->reader);
        chappe_arena_free(world->arena);
        chappe_buffer_deinit(&world->bytes);
        chappe_buffer_deinit(&world->file);
        return 0;
}

/* Runs the step again and again, each time with a later allocation that fails, until it needs no more of them. */
static void assert_each_fails_once(struct world *world, int (*step)(struct world *world))
{
        unsigned allocations = 0;

        for (;;) {
                long before = failing_in_use();
                bool happened;
                int r;

                world->error = (struct chappe_error){ 0 };
                failing_at(++allocations);
                r = step(world);
                happened = failing_happened();
                failing_at(0);
                if (failing_in_use() != before)
                        fail_msg("allocation %u: %ld pieces lost", allocations, failing_in_use() - before);
                if (!happened) {
                        assert_int_equal(r, 0);
                        break;
                }
                if (r != -CHAPPE_E_NO_MEMORY || world->error.code != CHAPPE_E_NO_MEMORY)
                        fail_msg("allocation %u: %d, E%d %s", allocations, r, world->error.code, world->error.text);
        }
        assert_true(allocations > 1);
}

static int parse(struct world *world)
{
        struct chappe_schema *schema = NULL;
        int r = chappe_schema_parse("memory", chappe_text(READER), &schema, &world->error);

        assert_true((r >= 0) == (schema != NULL));
        chappe_schema_unref(schema);
        return r;
}

static int lay_out(struct world *world)
{
        struct chappe_schema *schema;
        const struct chappe_layout *layout;
        int r = chappe_schema_parse("memory", chappe_text(READER), &schema, &world->error);

        if (r < 0)
                return r;
        layout = chappe_schema_layout(schema, &world->error);
        if (!layout) /* a schema that could not be laid out for want of memory can be later */
                assert_non_null(chappe_schema_layout(schema, NULL));
        chappe_schema_unref(schema);
        return layout ? 0 : -world->error.code;
}

static int check(struct world *world)
{
        return chappe_schema_check(world->writer, world->reader, &world->error);
}

static int compile(struct world *world)
{
        struct chappe_plan *plan = NULL;
        int r = chappe_plan_new(world->writer, world->reader, world->evolved_layout, &plan, &world->error);

        assert_true((r >= 0) == (plan != NULL));
        chappe_plan_free(plan);
        return r;
}

static int no_arena(struct world *world)
{
        return chappe_fail(&world->error, CHAPPE_E_NO_MEMORY, "no arena");
}

static int decode(struct world *world)
{
        char value[1024];
        struct chappe_arena *arena = chappe_arena_new(0);
        int r = arena ? chappe_plan_decode(world->evolved, world->bytes.at, world->bytes.length, arena, NULL, value,
                                           &world->error)
                      : no_arena(world);

        assert_true(world->evolved_layout->size <= sizeof(value));
        chappe_arena_free(arena);
        return r;
}

static int encode(struct world *world)
{
        struct chappe_buffer buffer = { 0 };
        int r = chappe_plan_encode(world->own, world->value, &buffer, &world->error);

        assert_int_equal(buffer.length, r < 0 ? 0 : world->bytes.length);
        chappe_buffer_deinit(&buffer);
        return r;
}

/* The room of a line's own code: for the line, for either text, and for what follows the last. */
static int encode_straight(struct world *world)
{
        char text[600];
        struct shop_order_line line = { .sku = { text, sizeof(text) }, .description = { text, sizeof(text) } };
        struct chappe_buffer buffer = { 0 };
        bool encoded;

        memset(text, 't', sizeof(text));
        encoded = shop_order_line_type.encode(&buffer, &line);
        assert_int_equal(buffer.length, encoded ? 2 * (2 + sizeof(text)) + 2 : 0);
        chappe_buffer_deinit(&buffer);
        return encoded ? 0 : chappe_fail(&world->error, CHAPPE_E_NO_MEMORY, "stopped");
}

static int read_json(struct world *world)
{
        char value[1024];
        struct chappe_arena *arena = chappe_arena_new(0);
        int r = arena ? chappe_json_read(world->writer, world->layout, chappe_text(JSON), arena, value, &world->error)
                      : no_arena(world);

        chappe_arena_free(arena);
        return r;
}

static int print_json(struct world *world)
{
        struct chappe_buffer buffer = { 0 };
        int r = chappe_json_print(world->writer, world->layout, world->value, &buffer, &world->error);

        chappe_buffer_deinit(&buffer);
        return r;
}

static int print_plain(struct world *world)
{
        struct chappe_buffer buffer = { 0 };
        int r = chappe_json_print_plain(world->writer, world->layout, world->value, &buffer, &world->error);

        chappe_buffer_deinit(&buffer);
        return r;
}

/* As people write it: a decimal in digits, branches without their names. */
static int read_and_print_plain(struct world *world)
{
        static const char json[] =
                "{\"next\":null,\"id\":1.5,\"sort\":\"B\",\"tags\":{\"k\":1},\"new\":[{\"k\":\"v\"}],"
                "\"price\":\"-12.50\"}";
        char value[1024];
        struct chappe_arena *arena = chappe_arena_new(0);
        struct chappe_buffer buffer = { 0 };
        int r = arena ? chappe_json_read_plain(world->reader, world->evolved_layout, chappe_text(json), arena, value,
                                               &world->error)
                      : no_arena(world);

        if (r >= 0)
                r = chappe_json_print_plain(world->reader, world->evolved_layout, value, &buffer, &world->error);
        if (r >= 0)
                assert_true(memmem(buffer.at, buffer.length, "-12.50", 6) != NULL);
        chappe_buffer_deinit(&buffer);
        chappe_arena_free(arena);
        return r;
}

static int decode_and_copy_value(struct world *world)
{
        char copy[1024];
        struct chappe_arena *arena = chappe_arena_new(0), *other = chappe_arena_new(0);
        struct chappe_value value;
        int r = arena && other ? chappe_value_decode(world->evolved, world->bytes.at, world->bytes.length, arena, NULL,
                                                     &value, &world->error)
                               : no_arena(world);

        if (r >= 0)
                r = chappe_value_copy(value, other, copy, &world->error);
        chappe_arena_free(arena);
        chappe_arena_free(other);
        return r;
}

static int write_container(struct world *world)
{
        struct chappe_container_writer *writer = NULL;
        struct chappe_buffer file = { 0 };
        int r = chappe_container_writer_new(world->writer, "deflate", sync_marker, &file, &writer, &world->error);

        if (r >= 0)
                r = chappe_container_write(writer, world->bytes.at, world->bytes.length, &file, &world->error);
        if (r >= 0)
                r = chappe_container_finish(writer, &file, &world->error);
        chappe_container_writer_free(writer);
        chappe_buffer_deinit(&file);
        return r;
}

static int read_container(struct world *world)
{
        char value[1024];
        struct chappe_arena *arena = chappe_arena_new(0);
        struct chappe_container *container = NULL;
        struct chappe_plan *plan = NULL;
        int r = arena ? chappe_container_open("memory", world->file.at, world->file.length, &container, &world->error)
                      : no_arena(world);

        if (r >= 0)
                r = chappe_plan_new(chappe_container_schema(container), world->reader, world->evolved_layout, &plan,
                                    &world->error);
        if (r >= 0)
                r = chappe_container_read(container, plan, arena, value, &world->error);
        chappe_plan_free(plan);
        chappe_container_close(container);
        chappe_arena_free(arena);
        return r > 0 ? 0 : r;
}

#define EACH_FAILS_ONCE(name, step)                                                                                    \
        static void name(void **state)                                                                                 \
        {                                                                                                              \
                assert_each_fails_once(*state, step);                                                                  \
        }

EACH_FAILS_ONCE(test_parsing_a_schema_survives_each_failed_allocation, parse)
EACH_FAILS_ONCE(test_laying_out_a_schema_survives_each_failed_allocation, lay_out)
EACH_FAILS_ONCE(test_checking_schemas_survives_each_failed_allocation, check)
EACH_FAILS_ONCE(test_compiling_a_plan_survives_each_failed_allocation, compile)
EACH_FAILS_ONCE(test_decoding_survives_each_failed_allocation, decode)
EACH_FAILS_ONCE(test_encoding_survives_each_failed_allocation, encode)
EACH_FAILS_ONCE(test_straight_lines_survive_each_failed_allocation, encode_straight)
EACH_FAILS_ONCE(test_reading_json_survives_each_failed_allocation, read_json)
EACH_FAILS_ONCE(test_printing_json_survives_each_failed_allocation, print_json)
EACH_FAILS_ONCE(test_printing_plain_json_survives_each_failed_allocation, print_plain)
EACH_FAILS_ONCE(test_plain_json_of_logical_types_survives_each_failed_allocation, read_and_print_plain)
EACH_FAILS_ONCE(test_copying_a_value_survives_each_failed_allocation, decode_and_copy_value)
EACH_FAILS_ONCE(test_writing_a_container_survives_each_failed_allocation, write_container)
EACH_FAILS_ONCE(test_reading_a_container_survives_each_failed_allocation, read_container)

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_parsing_a_schema_survives_each_failed_allocation),
                cmocka_unit_test(test_laying_out_a_schema_survives_each_failed_allocation),
                cmocka_unit_test(test_checking_schemas_survives_each_failed_allocation),
                cmocka_unit_test(test_compiling_a_plan_survives_each_failed_allocation),
                cmocka_unit_test(test_decoding_survives_each_failed_allocation),
                cmocka_unit_test(test_encoding_survives_each_failed_allocation),
                cmocka_unit_test(test_straight_lines_survive_each_failed_allocation),
                cmocka_unit_test(test_reading_json_survives_each_failed_allocation),
                cmocka_unit_test(test_printing_json_survives_each_failed_allocation),
                cmocka_unit_test(test_printing_plain_json_survives_each_failed_allocation),
                cmocka_unit_test(test_plain_json_of_logical_types_survives_each_failed_allocation),
                cmocka_unit_test(test_copying_a_value_survives_each_failed_allocation),
                cmocka_unit_test(test_writing_a_container_survives_each_failed_allocation),
                cmocka_unit_test(test_reading_a_container_survives_each_failed_allocation),
        };

        return cmocka_run_group_tests_name("memory", tests, open_world, close_world);
}
