/* SPDX-License-Identifier: Apache-2.0 */
/* Container files: those that fastavro wrote (tests/cases/avro/container), our own, and broken ones. */
#include <chappe/container.h>
#include <chappe/value.h>

#include "avro/block_codec.h"
#include "base/random.h"

#include "avro_test.h"

#define READINGS 500

#define SEED 20261128u

static const char *cases; /* folder */
static const char *const all_codecs[] = { "null", "deflate", "snappy", "zstandard" };
static size_t codec_count; /* zstandard is the last, and may be missing from this build */

static struct chappe_buffer file_read(const char *codec)
{
        struct chappe_buffer bytes = { 0 };
        char path[1024];
        FILE *file;

        snprintf(path, sizeof(path), "%s/%s.avro", cases, codec);
        file = fopen(path, "rbe");
        if (!file)
                fail_msg("no file %s", path);
        while (chappe_buffer_reserve(&bytes, 4096)) {
                size_t got = fread(bytes.at + bytes.length, 1, 4096, file);

                bytes.length += got;
                if (got == 0)
                        break;
        }
        fclose(file);
        return bytes;
}

/* Reads all; returns how many, or the error. visit may be NULL. */
static int read_all(const struct chappe_buffer *bytes, void (*visit)(struct chappe_value value, int n),
                    struct chappe_error *error)
{
        struct chappe_container *container = NULL;
        struct chappe_plan *plan = NULL;
        struct chappe_arena *arena = chappe_arena_new(0);
        const struct chappe_layout *layout;
        struct chappe_value value;
        int r = chappe_container_open("case", bytes->at, bytes->length, &container, error), count = 0;
        void *at = NULL;

        if (r >= 0) {
                struct chappe_schema *schema = chappe_container_schema(container);

                layout = chappe_schema_layout(schema, error);
                assert_int_equal(chappe_plan_new(schema, schema, layout, &plan, error), 0);
                at = test_malloc(layout->size);
                assert_int_equal(chappe_value_of(schema, at, &value, error), 0);
        }
        while (r >= 0) {
                chappe_arena_reset(arena);
                r = chappe_container_read(container, plan, arena, at, error);
                if (r <= 0)
                        break;
                if (visit)
                        visit(value, count);
                count++;
        }
        test_free(at);
        chappe_plan_free(plan);
        chappe_arena_free(arena);
        chappe_container_close(container);
        return r < 0 ? r : count;
}

static void check_reading(struct chappe_value value, int n)
{
        char sensor[20];
        struct chappe_text text;
        double number;
        int64_t at;

        snprintf(sensor, sizeof(sensor), "sensor-%d", n % 7);
        assert_true(chappe_value_text(chappe_value_get(value, "sensor"), &text));
        assert_text(text, sensor);
        assert_true(chappe_value_integer(chappe_value_get(value, "at"), &at));
        assert_int_equal(at, 1700000000000 + 1000 * (int64_t)n);
        assert_int_equal(chappe_value_count(chappe_value_get(value, "values")), n % 3);
        if (n % 3 == 2) {
                assert_true(chappe_value_number(chappe_value_get(value, "values[1]"), &number));
                assert_true(number == -n / 2.0);
        }
        assert_int_equal(chappe_value_text(chappe_value_get(value, "note"), &text), n % 5 == 0);
}

static void test_files_of_others_are_read(void **state)
{
        (void)state;
        for (size_t i = 0; i < codec_count; i++) {
                struct chappe_buffer bytes = file_read(all_codecs[i]);
                struct chappe_error error = { 0 };
                int count = read_all(&bytes, check_reading, &error);

                if (count != READINGS)
                        fail_msg("%s: %d, %s", all_codecs[i], count, error.text);
                chappe_buffer_deinit(&bytes);
        }
}

static void test_schema_codec_and_metadata_are_told(void **state)
{
        struct chappe_buffer bytes = file_read("deflate");
        struct chappe_container *container;
        struct chappe_error error = { 0 };
        struct chappe_text key;
        struct chappe_bytes value;
        bool made = false;

        (void)state;
        assert_int_equal(chappe_container_open("case", bytes.at, bytes.length, &container, &error), 0);
        assert_string_equal(chappe_container_codec(container), "deflate");
        assert_string_equal(chappe_schema_name(chappe_container_schema(container)), "cases.Reading");
        for (size_t i = 0; chappe_container_metadata(container, i, &key, &value); i++)
                made = made || (chappe_text_equal(key, chappe_text("made.by")) && value.length == 8);
        assert_true(made);
        chappe_container_close(container);
        chappe_buffer_deinit(&bytes);
}

/* Each cut and each flipped byte: an error, or fewer values, and never a step beyond the bytes. */
static void test_broken_files_are_refused(void **state)
{
        (void)state;
        for (size_t i = 0; i < codec_count; i++) {
                struct chappe_buffer whole = file_read(all_codecs[i]);
                unsigned refused = 0, tried = 0;

                for (size_t at = 0; at < whole.length; at += 1 + at / 64) {
                        struct chappe_buffer broken = { 0 };
                        struct chappe_error error = { 0 };

                        assert_int_equal(chappe_buffer_append(&broken, whole.at, at), 0);
                        refused += read_all(&broken, NULL, &error) < 0;
                        broken.length = 0;
                        assert_int_equal(chappe_buffer_append(&broken, whole.at, whole.length), 0);
                        broken.at[at] ^= 0x55;
                        refused += read_all(&broken, NULL, &error) < 0;
                        tried += 2;
                        chappe_buffer_deinit(&broken);
                }
                assert_true(refused > tried / 2);
                chappe_buffer_deinit(&whole);
        }
}

static void test_what_is_written_is_read_again(void **state)
{
        struct chappe_schema *schema = avro_schema("\"string\"");

        (void)state;
        for (size_t i = 0; i < codec_count; i++) {
                struct chappe_container_writer *writer;
                struct chappe_buffer file = { 0 };
                struct chappe_error error = { 0 };

                assert_int_equal(chappe_container_writer_new(schema, all_codecs[i], (const uint8_t *)"0123456789abcdef",
                                                             &file, &writer, &error),
                                 0);
                for (int n = 0; n < 5000; n++)
                        assert_int_equal(chappe_container_write(writer, "\x12spritzing", 10, &file, &error), 0);
                assert_int_equal(chappe_container_finish(writer, &file, &error), 0);
                chappe_container_writer_free(writer);
                assert_int_equal(read_all(&file, NULL, &error), 5000);
                assert_true(i == 0 ? file.length > 50000 : file.length < 10000);
                chappe_buffer_deinit(&file);
        }
        chappe_schema_unref(schema);
}

static void test_values_are_held_to_limits_that_can_be_changed(void **state)
{
        struct chappe_schema *schema = avro_schema("{\"type\":\"array\",\"items\":\"null\"}");
        struct chappe_decode_limits two = { .zero_byte_items = 2 }, three = { .zero_byte_items = 3 };
        struct chappe_container_writer *writer;
        struct chappe_container *container;
        struct chappe_arena *arena = chappe_arena_new(0);
        struct chappe_buffer file = { 0 };
        struct chappe_error error = { 0 };
        struct chappe_plan *plan;
        char value[64];

        (void)state;
        assert_int_equal(chappe_container_writer_new(schema, "null", (const uint8_t *)"0123456789abcdef", &file,
                                                     &writer, &error),
                         0);
        for (int n = 0; n < 2; n++)
                assert_int_equal(chappe_container_write(writer, "\6\0", 2, &file, &error), 0);
        assert_int_equal(chappe_container_finish(writer, &file, &error), 0);
        chappe_container_writer_free(writer);
        assert_int_equal(chappe_container_open("case", file.at, file.length, &container, &error), 0);
        assert_int_equal(chappe_plan_new(chappe_container_schema(container), schema, chappe_schema_layout(schema, NULL),
                                         &plan, &error),
                         0);
        chappe_container_limit(container, &two);
        assert_int_equal(chappe_container_read(container, plan, arena, value, &error), -CHAPPE_E_PAYLOAD_LIMIT);
        assert_error(&error, CHAPPE_E_PAYLOAD_LIMIT, "decode_zero_byte_items");
        chappe_container_limit(container, &three);
        assert_int_equal(chappe_container_read(container, plan, arena, value, &error), 1);
        chappe_plan_free(plan);
        chappe_container_close(container);
        chappe_arena_free(arena);
        chappe_buffer_deinit(&file);
        chappe_schema_unref(schema);
}

static void test_an_unknown_codec_is_not_written(void **state)
{
        struct chappe_schema *schema = avro_schema("\"string\"");
        struct chappe_container_writer *writer;
        struct chappe_buffer file = { 0 };
        struct chappe_error error = { 0 };

        (void)state;
        assert_int_equal(chappe_container_writer_new(schema, "bzip2", (const uint8_t *)"0123456789abcdef", &file,
                                                     &writer, &error),
                         -CHAPPE_E_USAGE);
        assert_int_equal(file.length, 0);
        chappe_schema_unref(schema);
}

/* Text that repeats itself at any distance, and noise. */
static void fill(struct chappe_random *random, uint8_t *bytes, size_t length)
{
        size_t at = 0;

        while (at < length) {
                size_t step = 1 + chappe_random_below(random, 300), back = 1 + chappe_random_below(random, 70000);

                for (; step > 0 && at < length; step--, at++)
                        bytes[at] = at >= back && back % 3 ? bytes[at - back] : (uint8_t)chappe_random_next(random);
        }
}

static void test_whatever_is_compressed_is_expanded_to_the_same(void **state)
{
        struct chappe_random random;
        uint8_t *bytes = test_malloc(300000);

        (void)state;
        chappe_random_init(&random, SEED);
        for (unsigned round = 0; round < 60 * codec_count; round++) {
                const struct chappe_block_codec *codec =
                        chappe_block_codec_find(chappe_text(all_codecs[round % codec_count]));
                size_t length = chappe_random_below(&random, 1u << chappe_random_below(&random, 19));
                struct chappe_buffer packed = { 0 }, expanded = { 0 };
                struct chappe_error error = { 0 };

                fill(&random, bytes, length);
                assert_int_equal(codec->compress(bytes, length, &packed, &error), 0);
                if (codec->expand(packed.at, packed.length, &expanded, &error) < 0 || expanded.length != length ||
                    (length > 0 && memcmp(expanded.at, bytes, length) != 0))
                        fail_msg("%s, seed %u, round %u: %s", codec->name, SEED, round, error.text);
                chappe_buffer_deinit(&packed);
                chappe_buffer_deinit(&expanded);
        }
        test_free(bytes);
}

/* 65 MiB of zeros, which a few thousand bytes stand for. */
static void test_a_block_beyond_the_limit_is_not_expanded(void **state)
{
        struct chappe_buffer value = { 0 };
        struct chappe_schema *schema = avro_schema("\"bytes\"");
        const size_t length = CHAPPE_BLOCK_LIMIT + (1u << 20);

        (void)state;
        assert_int_equal(chappe_buffer_append(&value, "\x80\x80\xc0\x41", 4), 0);
        assert_non_null(chappe_buffer_reserve(&value, length));
        memset(value.at + 4, 0, length);
        value.length += length;
        for (size_t i = 0; i < codec_count; i++) {
                struct chappe_container_writer *writer;
                struct chappe_buffer file = { 0 };
                struct chappe_error error = { 0 };

                assert_int_equal(chappe_container_writer_new(schema, all_codecs[i], (const uint8_t *)"0123456789abcdef",
                                                             &file, &writer, &error),
                                 0);
                assert_int_equal(chappe_container_write(writer, value.at, value.length, &file, &error), 0);
                chappe_container_writer_free(writer);
                assert_int_equal(read_all(&file, NULL, &error), -CHAPPE_E_PAYLOAD_LIMIT);
                assert_non_null(strstr(error.text, "case at byte "));
                chappe_buffer_deinit(&file);
        }
        chappe_buffer_deinit(&value);
        chappe_schema_unref(schema);
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_files_of_others_are_read),
                cmocka_unit_test(test_schema_codec_and_metadata_are_told),
                cmocka_unit_test(test_broken_files_are_refused),
                cmocka_unit_test(test_what_is_written_is_read_again),
                cmocka_unit_test(test_values_are_held_to_limits_that_can_be_changed),
                cmocka_unit_test(test_an_unknown_codec_is_not_written),
                cmocka_unit_test(test_whatever_is_compressed_is_expanded_to_the_same),
                cmocka_unit_test(test_a_block_beyond_the_limit_is_not_expanded),
        };

        struct chappe_buffer nothing = { 0 };

        cases = argc > 1 ? argv[1] : ".";
        codec_count = chappe_zstandard_compress((const uint8_t *)"", 0, &nothing, NULL) < 0 ? 3 : 4;
        chappe_buffer_deinit(&nothing);
        return cmocka_run_group_tests_name("container", tests, NULL, NULL);
}
