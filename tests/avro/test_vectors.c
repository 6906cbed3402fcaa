/* SPDX-License-Identifier: Apache-2.0 */
/* What Apache Avro for Java makes of schemas, evolutions and data (tests/cases/avro, written by tests/compare),
 * repeated here: a folder a kind, each file with as many lines as cases.tsv says. */
#include "avro_test.h"
#include "cases.h"

static size_t unhex(const char *hex, uint8_t *bytes)
{
        size_t length = strlen(hex) / 2;

        for (size_t i = 0; i < length; i++)
                sscanf(hex + 2 * i, "%2hhx", &bytes[i]);
        return length;
}

/* Decodes and prints; the text is in the buffer, or the error. */
static bool decode(struct chappe_schema *writer, struct chappe_schema *reader, const char *hex,
                   struct chappe_buffer *buffer)
{
        struct chappe_error error = { 0 };
        const struct chappe_layout *layout = chappe_schema_layout(reader, &error);
        struct chappe_arena *arena = chappe_arena_new(0);
        uint8_t *bytes = malloc(strlen(hex) / 2 + 1);
        size_t length = unhex(hex, bytes);
        void *value = malloc(layout->size);
        struct chappe_plan *plan = NULL;
        int r = chappe_plan_new(writer, reader, layout, &plan, &error);

        if (r >= 0)
                r = chappe_plan_decode(plan, bytes, length, arena, NULL, value, &error);
        assert_true(chappe_arena_used(arena) <= 16 * length + (1 << 20));
        if (r >= 0)
                r = chappe_json_print(reader, layout, value, buffer, &error);
        if (r < 0)
                chappe_buffer_printf(buffer, "error: %s", error.text);
        chappe_plan_free(plan);
        chappe_arena_free(arena);
        free(bytes);
        free(value);
        return r >= 0;
}

static void check_resolution(const struct case_line *line)
{
        struct chappe_schema *writer = avro_schema(line->column[0]), *reader = avro_schema(line->column[1]);
        struct chappe_buffer buffer = { 0 };
        bool good = decode(writer, reader, line->column[2], &buffer), expected = strcmp(line->column[3], "error") != 0;
        struct chappe_text found = { (const char *)buffer.at, buffer.length };

        if (good != expected || (good && !chappe_text_equal(found, chappe_text(line->column[3]))))
                cases_differ(line, "resolution", found);
        chappe_buffer_deinit(&buffer);
        chappe_schema_unref(writer);
        chappe_schema_unref(reader);
}

/* JSON is read back and encoded; where Java wrote sized blocks, the bytes differ and are decoded once more instead. */
static void check_read_back(const struct case_line *line, struct chappe_schema *schema)
{
        struct chappe_error error = { 0 };
        const struct chappe_layout *layout = chappe_schema_layout(schema, &error);
        struct chappe_arena *arena = chappe_arena_new(0);
        struct chappe_buffer buffer = { 0 }, again = { 0 };
        void *value = malloc(layout->size);
        struct chappe_plan *plan = NULL;
        char *hex;

        assert_int_equal(chappe_plan_new(schema, schema, layout, &plan, &error), 0);
        if (chappe_json_read(schema, layout, chappe_text(line->column[2]), arena, value, &error) < 0 ||
            chappe_plan_encode(plan, value, &buffer, &error) < 0) {
                cases_differ(line, "reading JSON", chappe_text(error.text));
        } else {
                hex = calloc(1, 2 * buffer.length + 1);
                for (size_t i = 0; i < buffer.length; i++)
                        sprintf(hex + 2 * i, "%02x", buffer.at[i]);
                decode(schema, schema, hex, &again);
                if (!chappe_text_equal((struct chappe_text){ (const char *)again.at, again.length },
                                       chappe_text(line->column[2])))
                        cases_differ(line, "reading JSON back",
                                     (struct chappe_text){ (const char *)again.at, again.length });
                free(hex);
        }
        chappe_plan_free(plan);
        chappe_arena_free(arena);
        chappe_buffer_deinit(&buffer);
        chappe_buffer_deinit(&again);
        free(value);
}

static void check_same(const struct case_line *line)
{
        struct chappe_schema *schema = avro_schema(line->column[0]);
        struct chappe_buffer buffer = { 0 };

        decode(schema, schema, line->column[1], &buffer);
        if (!chappe_text_equal((struct chappe_text){ (const char *)buffer.at, buffer.length },
                               chappe_text(line->column[2])))
                cases_differ(line, "same schema", (struct chappe_text){ (const char *)buffer.at, buffer.length });
        else
                check_read_back(line, schema);
        chappe_buffer_deinit(&buffer);
        chappe_schema_unref(schema);
}

static void check_schema(const struct case_line *line)
{
        struct chappe_schema *schema = avro_schema(line->column[0]);
        char fingerprint[17];

        for (int i = 0; i < 8; i++)
                sprintf(fingerprint + 2 * i, "%02x", (unsigned)(chappe_schema_fingerprint(schema) >> 8 * i & 255));
        if (!chappe_text_equal(chappe_schema_canonical(schema), chappe_text(line->column[1])))
                cases_differ(line, "canonical form", chappe_schema_canonical(schema));
        if (strcmp(fingerprint, line->column[2]) != 0)
                cases_differ(line, "fingerprint", chappe_text(fingerprint));
        chappe_schema_unref(schema);
}

static void check_compatible(const struct case_line *line)
{
        struct chappe_schema *writer = avro_schema(line->column[0]), *reader = avro_schema(line->column[1]);
        struct chappe_error error = { 0 };
        int r = chappe_schema_check(writer, reader, &error);

        if ((r >= 0) != (strcmp(line->column[2], "yes") == 0))
                cases_differ(line, "compatibility", chappe_text(error.text));
        chappe_schema_unref(writer);
        chappe_schema_unref(reader);
}

/* JSON where the bytes are a datum, an error where not; always within the limit of memory. */
static void check_hostile(const struct case_line *line)
{
        struct case_line same = *line;

        same.column[3] = line->column[2];
        same.column[2] = line->column[1];
        same.column[1] = line->column[0];
        check_resolution(&same);
}

/* A copy of just that size, so that a sanitizer sees a read beyond it. */
static int decode_exactly(const struct chappe_plan *plan, const uint8_t *bytes, size_t length,
                          struct chappe_arena *arena, void *value)
{
        struct chappe_error error = { 0 };
        uint8_t *exact = malloc(length + !length);
        int r;

        memcpy(exact, bytes, length);
        chappe_arena_reset(arena);
        r = chappe_plan_decode(plan, exact, length, arena, NULL, value, &error);
        if (r < 0 && (error.code != -r || !strchr(error.text, '$')))
                fail_msg("no place in: %s", error.text);
        assert_true(chappe_arena_used(arena) <= 16 * length + (1 << 20));
        free(exact);
        return r;
}

/* No beginning of a datum is one, and no flipped bit does harm. */
static void check_damaged(const struct case_line *line)
{
        struct chappe_schema *schema = avro_schema(line->column[0]);
        const struct chappe_layout *layout = chappe_schema_layout(schema, NULL);
        struct chappe_arena *arena = chappe_arena_new(0);
        uint8_t *bytes = malloc(strlen(line->column[1]) / 2 + 1);
        size_t length = unhex(line->column[1], bytes);
        void *value = malloc(layout->size);
        struct chappe_plan *plan;

        assert_int_equal(chappe_plan_new(schema, schema, layout, &plan, NULL), 0);
        for (size_t cut = 0; cut < length; cut++) {
                if (decode_exactly(plan, bytes, cut, arena, value) >= 0)
                        cases_differ(line, "cut off, yet decoded", chappe_text(line->column[1]));
        }
        for (size_t bit = 0; bit < 8 * length; bit++) {
                bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
                decode_exactly(plan, bytes, length, arena, value);
                bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        assert_int_equal(decode_exactly(plan, bytes, length, arena, value), 0);
        chappe_plan_free(plan);
        chappe_arena_free(arena);
        chappe_schema_unref(schema);
        free(bytes);
        free(value);
}

static void check_named_data(const struct case_line *line)
{
        struct chappe_schema *schema = avro_schema(line->column[0]);
        struct chappe_buffer buffer = { 0 };
        bool good = decode(schema, schema, line->column[1], &buffer);

        if (good || chappe_buffer_append(&buffer, "", 1) < 0 || !strstr((const char *)buffer.at, line->column[2]))
                cases_differ(line, "error", (struct chappe_text){ (const char *)buffer.at, buffer.length });
        chappe_buffer_deinit(&buffer);
        chappe_schema_unref(schema);
}

static void check_named_schema(const struct case_line *line)
{
        struct chappe_error error = { 0 };
        struct chappe_schema *schema = NULL;

        if (chappe_schema_parse("named", chappe_text(line->column[0]), &schema, &error) >= 0 ||
            !strstr(error.text, line->column[1]))
                cases_differ(line, "error", chappe_text(error.text));
        chappe_schema_unref(schema);
}

static void check_named(const struct case_line *line)
{
        if (strcmp(line->file, "schema.tsv") == 0)
                check_named_schema(line);
        else
                check_named_data(line);
}

static void test_resolution_is_as_in_java(void **state)
{
        (void)state;
        cases_each("resolve", 2000, check_resolution);
}

static void test_same_schema_json_is_as_in_java_both_ways(void **state)
{
        (void)state;
        cases_each("same", 1000, check_same);
}

static void test_canonical_forms_and_fingerprints_are_as_in_java(void **state)
{
        (void)state;
        cases_each("schema", 400, check_schema);
}

static void test_compatibility_is_as_in_java(void **state)
{
        (void)state;
        cases_each("compatible", 500, check_compatible);
}

static void test_hostile_bytes_are_refused_and_no_others(void **state)
{
        (void)state;
        cases_each("hostile", 1000, check_hostile);
}

static void test_every_cut_of_every_datum_is_refused_and_no_flipped_bit_does_harm(void **state)
{
        (void)state;
        cases_each("same", 1000, check_damaged);
}

static void test_what_brought_down_others_gets_a_clear_error(void **state)
{
        (void)state;
        cases_each("named", 40, check_named);
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_resolution_is_as_in_java),
                cmocka_unit_test(test_same_schema_json_is_as_in_java_both_ways),
                cmocka_unit_test(test_canonical_forms_and_fingerprints_are_as_in_java),
                cmocka_unit_test(test_compatibility_is_as_in_java),
                cmocka_unit_test(test_hostile_bytes_are_refused_and_no_others),
                cmocka_unit_test(test_every_cut_of_every_datum_is_refused_and_no_flipped_bit_does_harm),
                cmocka_unit_test(test_what_brought_down_others_gets_a_clear_error),
        };

        cases_directory = argc > 1 ? argv[1] : "tests/cases/avro";
        return cmocka_run_group_tests_name("vectors", tests, NULL, NULL);
}
