/* SPDX-License-Identifier: Apache-2.0 */
/* chappe schema cat, chappe schema show: Avro container files. */
#include <stdlib.h>

#include "avro_input.h"
#include "safe.h"
#include "table.h"

struct printing {
        struct chappe_schema *reader;
        const struct chappe_layout *layout;
        struct chappe_plan *plan;
        struct chappe_arena *arena;
        struct chappe_buffer json;
        void *value;
        bool plain;
};

static int open_printing(struct printing *printing, struct chappe_schema *writer, struct chappe_error *error)
{
        printing->layout = chappe_schema_layout(printing->reader, error);
        if (!printing->layout)
                return -error->code;
        printing->arena = chappe_arena_new(0);
        printing->value = calloc(1, printing->layout->size ? printing->layout->size : 1);
        if (!printing->arena || !printing->value)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "out of memory");
        return chappe_plan_new(writer, printing->reader, printing->layout, &printing->plan, error);
}

static void close_printing(struct printing *printing)
{
        chappe_plan_free(printing->plan);
        chappe_arena_free(printing->arena);
        chappe_buffer_deinit(&printing->json);
        free(printing->value);
}

/* The next value: 1 printed, 0 there is none. */
static int print_value(struct printing *printing, struct chappe_container *container, struct chappe_error *error)
{
        int r;

        chappe_arena_reset(printing->arena);
        printing->json.length = 0;
        r = chappe_container_read(container, printing->plan, printing->arena, printing->value, error);
        if (r <= 0)
                return r;
        r = printing->plain
                    ? chappe_json_print_plain(printing->reader, printing->layout, printing->value, &printing->json,
                                              error)
                    : chappe_json_print(printing->reader, printing->layout, printing->value, &printing->json, error);
        if (r < 0)
                return r;
        safe_print_json((struct chappe_text){ (const char *)printing->json.at, printing->json.length });
        putchar('\n');
        return 1;
}

static int print_values(struct chappe_container *container, struct printing *printing, int64_t limit)
{
        struct chappe_error error;
        int r = open_printing(printing, chappe_container_schema(container), &error);

        for (int64_t n = 0; r >= 0 && (limit == 0 || n < limit) && !ferror(stdout); n++) {
                r = print_value(printing, container, &error);
                if (r == 0)
                        break;
        }
        return r < 0 ? command_fail(&error) : EXIT_DONE;
}

static int cat(const struct command_line *line)
{
        CHAPPE_CLEANUP(schema) struct chappe_schema *reader = NULL;
        const char *path = command_value(line, "reader");
        struct printing printing = { .plain = command_given(line, "plain") };
        struct avro_input input = { 0 };
        int64_t limit = 0;
        int status;

        if (!command_integer(line, "count", 1, INT64_MAX, &limit))
                return EXIT_USAGE;
        status = avro_input_open(line, command_argument(line, 0), &input);
        if (status == EXIT_DONE && path)
                status = schema_open(line, path, &reader);
        if (status == EXIT_DONE) {
                printing.reader = reader ? reader : chappe_container_schema(input.container);
                status = print_values(input.container, &printing, limit);
        }
        close_printing(&printing);
        avro_input_close(&input);
        return status;
}

/* Metadata may hold anything: what is no short text is only measured. */
static bool is_short_text(struct chappe_bytes value)
{
        bool printable = value.length < 200;

        for (size_t i = 0; i < value.length && printable; i++)
                printable = value.at[i] >= ' ' && value.at[i] < 0x7F;
        return printable;
}

static void print_entry(struct chappe_text key, struct chappe_bytes value)
{
        if (chappe_text_equal(key, chappe_text("avro.schema")))
                return;
        command_plain(stdout, key);
        if (is_short_text(value))
                printf(": %.*s\n", (int)value.length, (const char *)value.at);
        else
                printf(": %zu bytes\n", value.length);
}

static void print_show(struct chappe_container *container)
{
        struct chappe_text key;
        struct chappe_bytes value;

        for (size_t i = 0; chappe_container_metadata(container, i, &key, &value); i++)
                print_entry(key, value);
        safe_print_json(chappe_schema_text(chappe_container_schema(container)));
        putchar('\n');
}

static int print_show_json(struct chappe_container *container)
{
        struct chappe_text key;
        json_t *metadata = json_object();
        struct chappe_bytes value;

        for (size_t i = 0; chappe_container_metadata(container, i, &key, &value); i++) {
                bool own = key.length > 5 && memcmp(key.at, "avro.", 5) == 0;

                if (!own)
                        json_object_setn_new(metadata, key.at, key.length,
                                             is_short_text(value) ? json_stringn((const char *)value.at, value.length)
                                                                  : json_sprintf("%zu bytes", value.length));
        }
        return safe_print_answer_with(
                json_pack("{s:s, s:o}", "codec", chappe_container_codec(container), "metadata", metadata), "schema",
                chappe_schema_text(chappe_container_schema(container)));
}

static int show(const struct command_line *line)
{
        const char *format = command_value(line, "output");
        struct avro_input input = { 0 };
        int status = avro_input_open(line, command_argument(line, 0), &input);

        if (status == EXIT_DONE && format && strcmp(format, "json") == 0)
                status = print_show_json(input.container);
        else if (status == EXIT_DONE)
                print_show(input.container);
        avro_input_close(&input);
        return status;
}

static const struct command_option options[] = {
        { "reader", 'r', "FILE", "the schema to read as (the file's own)", NULL },
        { "count", 'n', "N", "stop after N values", NULL },
        { "plain", 0, NULL, "JSON as people write it: no union wrappers, times and decimals as text", NULL },
        SCHEMA_INCLUDE_OPTION,
        DECODE_LIMIT_OPTION,
        { 0 },
};

static const struct command_option show_options[] = { SCHEMA_LIMIT_OPTION, { 0 } };

const struct command command_schema_cat = {
        .name = "schema cat",
        .arguments = "FILE.avro",
        .summary = "the values of an Avro container file, one JSON value a line",
        .details = "FILE may be - for standard input. Prints Avro's JSON encoding of the reader's type. Codecs: null, "
                   "deflate, snappy, and zstandard where\n"
                   "libzstd was there. In a damaged file the values before the damage are printed; the exit code is 1.",
        .options = options,
        .least = 1,
        .most = 1,
        .run = cat,
};

const struct command command_schema_show = {
        .name = "schema show",
        .arguments = "FILE.avro",
        .summary = "the metadata of an Avro container file, then its schema",
        .options = show_options,
        .table = true,
        .least = 1,
        .most = 1,
        .run = show,
};
