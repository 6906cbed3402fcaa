/* SPDX-License-Identifier: Apache-2.0 */
/* chappe schema decode: Avro binary to Avro's JSON, line by line. */
#include <chappe/codec.h>

#include "hex.h"
#include "schemas.h"

struct decoding {
        struct chappe_schema *reader;
        const struct chappe_layout *layout;
        struct chappe_plan *plan;
        struct chappe_arena *arena;
        struct chappe_buffer bytes, json;
        void *value;
        struct schema_limits limits;
};

static int prepare(struct decoding *decoding, struct chappe_schema *writer, struct chappe_schema *reader)
{
        struct chappe_error error;
        int status = 0;

        decoding->reader = reader;
        decoding->layout = chappe_schema_layout(reader, &error);
        if (!decoding->layout || chappe_plan_new(writer, reader, decoding->layout, &decoding->plan, &error) < 0)
                return command_fail(&error);
        decoding->arena = chappe_arena_new(0);
        decoding->value = calloc(1, decoding->layout->size ? decoding->layout->size : 1);
        if (!decoding->arena || !decoding->value)
                status = command_fail(&(struct chappe_error){ CHAPPE_E_NO_MEMORY, "out of memory" });
        return status;
}

static void finish(struct decoding *decoding)
{
        chappe_plan_free(decoding->plan);
        chappe_arena_free(decoding->arena);
        chappe_buffer_deinit(&decoding->bytes);
        chappe_buffer_deinit(&decoding->json);
        free(decoding->value);
}

static int decode_line(struct decoding *decoding, struct chappe_text line, struct chappe_error *error)
{
        int status;

        decoding->bytes.length = decoding->json.length = 0;
        chappe_arena_reset(decoding->arena);
        if (!hex_read(line, &decoding->bytes))
                return chappe_fail(error, CHAPPE_E_PAYLOAD_INVALID, "the line is no hex");
        status = chappe_plan_decode(decoding->plan, decoding->bytes.at, decoding->bytes.length, decoding->arena,
                                    &decoding->limits.decode, decoding->value, error);
        if (status < 0)
                return status;
        return chappe_json_print(decoding->reader, decoding->layout, decoding->value, &decoding->json, error);
}

static void decode_all(struct decoding *decoding)
{
        CHAPPE_CLEANUP(buffer) struct chappe_buffer line = { 0 };
        struct chappe_error error;
        bool overlong;

        setvbuf(stdout, NULL, _IOLBF, BUFSIZ); /* who asks line by line waits for each answer */
        while (!ferror(stdout) && line_read(stdin, &line, &overlong)) {
                struct chappe_text text = { (char *)line.at, line.length };

                if (overlong)
                        printf("error: the line is longer than %u bytes\n", LINE_LIMIT);
                else if (decode_line(decoding, text, &error) < 0)
                        answer_error(&error);
                else
                        printf("%.*s\n", (int)decoding->json.length, (char *)decoding->json.at);
        }
}

static int decode(const struct command_line *line)
{
        const char *writer_path = command_required(line, "writer"), *reader_path = command_value(line, "reader");
        CHAPPE_CLEANUP(schema) struct chappe_schema *writer = NULL;
        CHAPPE_CLEANUP(schema) struct chappe_schema *reader = NULL;
        struct decoding decoding = { 0 };
        int status;

        if (!writer_path || !command_required(line, "hex"))
                return EXIT_USAGE;
        status = schema_limits_of(line, &decoding.limits);
        if (status == EXIT_DONE)
                status = schema_open(line, writer_path, &writer);
        if (status == EXIT_DONE && reader_path)
                status = schema_open(line, reader_path, &reader);
        else if (status == EXIT_DONE)
                reader = chappe_schema_ref(writer); /* its file may be a pipe, which is read once */
        if (status == EXIT_DONE)
                status = prepare(&decoding, writer, reader);
        if (status == EXIT_DONE)
                decode_all(&decoding);
        finish(&decoding);
        return status;
}

static const struct command_option options[] = {
        { "writer", 'w', "FILE", "the schema that wrote", NULL },
        { "reader", 'r', "FILE", "the schema to read as (the writer's)", NULL },
        { "hex", 'x', NULL, "the data is in hex", NULL },
        SCHEMA_INCLUDE_OPTION,
        DECODE_LIMIT_OPTION,
        { 0 },
};

const struct command command_schema_decode = {
        .name = "schema decode",
        .arguments = "--writer FILE [--reader FILE] --hex",
        .summary = "Avro binary, one datum a line on standard input, to Avro's JSON",
        .details = "Prints one line for each line: Avro's JSON encoding of the reader's type, or \"error: \" and why. "
                   "An empty line is an\n"
                   "empty datum. Exit code 0 when every line was answered, 1 when the schemas can never be resolved.",
        .options = options,
        .run = decode,
};
