/* SPDX-License-Identifier: Apache-2.0 */
/* chappe schema encode: JSON to Avro binary, line by line. */
#include <chappe/codec.h>

#include "avro_output.h"
#include "hex.h"
#include "schemas.h"

CHAPPE_CLEANUP_DEFINE(plan, struct chappe_plan *, (void)chappe_plan_free)

struct encoding {
        struct chappe_schema *schema;
        const struct chappe_layout *layout;
        struct chappe_plan *plan;
        struct chappe_arena *arena;
        struct chappe_buffer bytes;
        void *value;
};

static int encode_line(struct encoding *encoding, struct chappe_text line, struct chappe_error *error)
{
        int status;

        encoding->bytes.length = 0;
        chappe_arena_reset(encoding->arena);
        status = chappe_json_read(encoding->schema, encoding->layout, line, encoding->arena, encoding->value, error);
        return status < 0 ? status : chappe_plan_encode(encoding->plan, encoding->value, &encoding->bytes, error);
}

static void answer_fault(struct chappe_error *error, size_t number)
{
        line_blame(error, "standard input", number);
        answer_error(error);
}

static void encode_all(struct encoding *encoding)
{
        CHAPPE_CLEANUP(buffer) struct chappe_buffer line = { 0 };
        struct chappe_error error;
        bool overlong;

        setvbuf(stdout, NULL, _IOLBF, BUFSIZ); /* who asks line by line waits for each answer */
        for (size_t number = 1; !ferror(stdout) && line_read(stdin, &line, &overlong); number++) {
                struct chappe_text text = { (char *)line.at, line.length };

                if (overlong) {
                        chappe_fail(&error, CHAPPE_E_LIMIT, "longer than %u bytes", LINE_LIMIT);
                        answer_fault(&error, number);
                } else if (encode_line(encoding, text, &error) < 0) {
                        answer_fault(&error, number);
                } else {
                        hex_print(stdout, encoding->bytes.at, encoding->bytes.length);
                        putchar('\n');
                }
        }
}

/* The next line's value into the file; false at the end. A line that is wrong is told. */
static bool add_line(struct encoding *encoding, struct avro_output *output, struct chappe_buffer *line, size_t number,
                     bool *good)
{
        struct chappe_error error;
        bool overlong;

        if (!line_read(stdin, line, &overlong))
                return false;
        if (line->length == 0)
                return true;
        chappe_arena_reset(encoding->arena);
        if (!overlong &&
            chappe_json_read(encoding->schema, encoding->layout, (struct chappe_text){ (char *)line->at, line->length },
                             encoding->arena, encoding->value, &error) >= 0 &&
            avro_output_add(output, encoding->schema, encoding->value, &error) >= 0)
                return true;
        if (overlong)
                chappe_fail(&error, CHAPPE_E_LIMIT, "longer than %u bytes", LINE_LIMIT);
        line_blame(&error, "standard input", number);
        command_fail(&error);
        *good = false;
        return true;
}

static int encode_file(struct encoding *encoding, const char *path, const char *codec)
{
        CHAPPE_CLEANUP(avro_output) struct avro_output *output = NULL;
        CHAPPE_CLEANUP(buffer) struct chappe_buffer line = { 0 };
        bool good = true;
        int status = avro_output_open(path, codec, encoding->schema, &output);

        if (status != EXIT_DONE)
                return status;
        for (size_t number = 1; add_line(encoding, output, &line, number, &good);)
                number++;
        if (good)
                return avro_output_finish(output);
        command_say("%s is not written", path);
        return EXIT_FAILED;
}

static int encode(const struct command_line *line)
{
        const char *path = command_required(line, "schema"), *file = command_value(line, "output");
        CHAPPE_CLEANUP(schema) struct chappe_schema *schema = NULL;
        CHAPPE_CLEANUP(plan) struct chappe_plan *plan = NULL;
        CHAPPE_CLEANUP(arena) struct chappe_arena *arena = chappe_arena_new(0);
        CHAPPE_CLEANUP(memory) void *value = NULL;
        const struct chappe_layout *layout;
        struct chappe_error error;
        int status;

        if (!path || (!file && !command_required(line, "hex")))
                return EXIT_USAGE;
        if (file && command_given(line, "hex"))
                return command_misuse("--hex prints, --output writes a file: one of them");
        status = schema_open(line, path, &schema);
        if (status != EXIT_DONE)
                return status;
        layout = chappe_schema_layout(schema, &error);
        if (!layout || chappe_plan_new(schema, schema, layout, &plan, &error) < 0)
                return command_fail(&error);
        value = calloc(1, layout->size ? layout->size : 1);
        struct encoding encoding = { schema, layout, plan, arena, { 0 }, value };

        if (file)
                status = encode_file(&encoding, file, command_value(line, "codec"));
        else
                encode_all(&encoding);
        chappe_buffer_deinit(&encoding.bytes);
        return status;
}

static const struct command_option options[] = {
        { "schema", 'S', "FILE", "the schema to write", NULL },
        { "hex", 'x', NULL, "print hex", NULL },
        { "output", 'o', "FILE.avro", "write an Avro container file instead: all values, or none", "*.avro" },
        AVRO_CODEC_OPTION,
        SCHEMA_INCLUDE_OPTION,
        SCHEMA_LIMIT_OPTION,
        { 0 },
};

const struct command command_schema_encode = {
        .name = "schema encode",
        .arguments = "--schema FILE --hex|-o FILE.avro",
        .summary = "JSON, one value a line on standard input, to Avro binary",
        .details = "Takes Avro's JSON encoding; union wrappers and fields with a default may be left out. Prints one "
                   "line for each line: "
                   "the datum in hex, or\n"
                   "\"error: \", the line and why. A number that is too large for a float or double is an error.",
        .options = options,
        .run = encode,
};
