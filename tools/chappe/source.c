/* SPDX-License-Identifier: Apache-2.0 */
/* Where the values to produce come from. */
#include <stdio.h>

#include "source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

#include "csv_json.h"
#include "hex.h"
#include "instant.h"

#define SEEDED_NOW_MS INT64_C(1767225600000) /* 2026-01-01: the same seed gives the same bytes on any day */

/* One of a file's columns as a field of the record. */
static int check_column(const struct value_source *source, size_t n)
{
        const char *column = source->header[n];

        if (!csv_json_knows(source->schema, column))
                return command_misuse("%s: %s has no field for the column '%s'", source->name,
                                      chappe_schema_name(source->schema), column);
        for (size_t i = 0; i < n; i++) {
                if (strcmp(source->header[i], column) == 0)
                        return command_misuse("%s: the column '%s' is there twice", source->name, column);
        }
        return EXIT_DONE;
}

static int read_header(const struct value_source *source)
{
        struct chappe_error error;
        enum csv_result result = csv_next(source->csv);

        if (result == CSV_ROW)
                return EXIT_DONE;
        if (result == CSV_END)
                return command_misuse("%s: no header row", source->name);
        chappe_fail(&error, CHAPPE_E_IO, "%s: %s", source->name, csv_fault(source->csv));
        return command_fail(&error);
}

static int open_csv(struct value_source *source, const char *path)
{
        int status;

        source->name = path;
        source->csv = csv_open(strcmp(path, "-") == 0 ? "/dev/stdin" : path);
        if (!source->csv)
                return command_fail_io(path, errno);
        status = read_header(source);
        if (status != EXIT_DONE)
                return status;
        source->columns = csv_field_count(source->csv);
        source->header = calloc(source->columns + 1, sizeof(*source->header));
        for (size_t i = 0; source->header && i < source->columns; i++)
                source->header[i] = strdup(csv_field(source->csv, i));
        if (!source->header)
                return command_fail_io(path, ENOMEM);
        for (size_t i = 0; i < source->columns && status == EXIT_DONE; i++)
                status = check_column(source, i);
        return status;
}

static int open_lines(struct value_source *source, const char *path)
{
        source->name = path ? path : "standard input";
        source->lines = path && strcmp(path, "-") != 0 ? fopen(path, "re") : stdin;
        if (source->lines == stdin && isatty(STDIN_FILENO))
                command_say("one JSON value a line, please; Ctrl-D ends");
        return source->lines ? EXIT_DONE : command_fail_io(path, errno);
}

static int open_fake(struct value_source *source, const struct command_line *line)
{
        int64_t seed = (int64_t)(chappe_random_system_seed() >> 16);

        if (!command_integer(line, "fake", 1, INT64_MAX, &source->fakes) ||
            !command_integer(line, "seed", 0, INT64_MAX, &seed))
                return EXIT_USAGE;
        source->fake.now_ms = command_given(line, "seed") ? SEEDED_NOW_MS : instant_now_ms();
        chappe_random_init(&source->fake.random, (uint64_t)seed);
        command_say("seed %lld", (long long)seed);
        return EXIT_DONE;
}

static int open_avro(struct value_source *source, const char *path)
{
        struct chappe_error error;

        source->name = path;
        if (chappe_plan_new(chappe_container_schema(source->avro->container), source->schema, source->layout,
                            &source->plan, &error) >= 0)
                return EXIT_DONE;
        chappe_error_prefix(&error, "%s", path);
        return command_fail(&error);
}

int value_source_open(struct value_source *source, const struct command_line *line, const char *json)
{
        const char *csv = command_value(line, "csv"), *file = command_value(line, "file");
        int given =
                (json != NULL) + (csv != NULL) + (file != NULL) + command_given(line, "fake") + (source->avro != NULL);

        if (given > 1)
                return command_misuse("one source of values: an argument, --json, --file, --csv, --from or --fake");
        if (source->avro)
                return open_avro(source, command_value(line, "from"));
        if (command_given(line, "fake"))
                return open_fake(source, line);
        if (csv)
                return open_csv(source, csv);
        source->json = json;
        return json ? EXIT_DONE : open_lines(source, file);
}

void value_source_close(struct value_source *source)
{
        for (size_t i = 0; source->header && i < source->columns; i++)
                free(source->header[i]);
        free(source->header);
        if (source->lines && source->lines != stdin)
                fclose(source->lines);
        if (source->csv)
                csv_close(source->csv);
        chappe_plan_free(source->plan);
        chappe_buffer_deinit(&source->text);
}

int64_t value_source_total(const struct value_source *source)
{
        return source->json ? 1 : source->fakes;
}

void value_source_blame(const struct value_source *source, struct chappe_error *error)
{
        if (source->line)
                chappe_error_prefix(error, "%s, %s %zu", source->name, source->avro ? "value" : "line", source->line);
}

/* Reads the text, and says where a mistake is. */
static enum value_result read_json(struct value_source *source, struct chappe_text json, struct chappe_arena *arena,
                                   void *ret_value, struct chappe_error *error)
{
        if (chappe_json_read_plain(source->schema, source->layout, json, arena, ret_value, error) >= 0)
                return VALUE_READY;
        if (source->line && source->csv) {
                csv_json_blame(source->csv, source->header, source->columns, error);
                value_source_blame(source, error);
        } else if (source->line)
                line_blame(error, source->name, source->line);
        return VALUE_BAD;
}

static enum value_result next_line(struct value_source *source, struct chappe_arena *arena, void *ret_value,
                                   struct chappe_error *error)
{
        bool overlong;

        do {
                if (!line_read(source->lines, &source->text, &overlong)) {
                        if (!ferror(source->lines))
                                return VALUE_END;
                        chappe_fail(error, CHAPPE_E_IO, "%s: %s", source->name, strerror(errno));
                        return VALUE_FAILED;
                }
                source->line++;
        } while (source->text.length == 0);
        if (overlong) {
                chappe_fail(error, CHAPPE_E_LIMIT, "%s, line %zu: longer than %u bytes", source->name, source->line,
                            LINE_LIMIT);
                return VALUE_BAD;
        }
        return read_json(source, (struct chappe_text){ (char *)source->text.at, source->text.length }, arena, ret_value,
                         error);
}

static enum value_result next_row(struct value_source *source, struct chappe_arena *arena, void *ret_value,
                                  struct chappe_error *error)
{
        enum csv_result result = csv_next(source->csv);

        source->line = csv_line(source->csv);
        source->text.length = 0;
        if (result == CSV_END)
                return VALUE_END;
        if (result != CSV_ROW) {
                chappe_fail(error, CHAPPE_E_IO, "%s, line %zu: %s", source->name, source->line, csv_fault(source->csv));
                return result == CSV_BAD_ROW ? VALUE_BAD : VALUE_FAILED;
        }
        if (csv_field_count(source->csv) != source->columns) {
                chappe_fail(error, CHAPPE_E_JSON_MISMATCH, "%s, line %zu: %zu fields under %zu columns", source->name,
                            source->line, csv_field_count(source->csv), source->columns);
                return VALUE_BAD;
        }
        if (csv_json_row(source->schema, source->csv, source->header, source->columns, &source->text, error) < 0) {
                value_source_blame(source, error);
                return VALUE_BAD;
        }
        return read_json(source, (struct chappe_text){ (char *)source->text.at, source->text.length }, arena, ret_value,
                         error);
}

/* Behind damage nothing can be found again. */
static enum value_result next_avro(struct value_source *source, struct chappe_arena *arena, void *ret_value,
                                   struct chappe_error *error)
{
        int r = chappe_container_read(source->avro->container, source->plan, arena, ret_value, error);

        source->line += r > 0;
        return r < 0 ? VALUE_FAILED : r == 0 ? VALUE_END : VALUE_READY;
}

static enum value_result next_fake(struct value_source *source, struct chappe_arena *arena, void *ret_value,
                                   struct chappe_error *error)
{
        source->fake.arena = arena;
        if (source->fake.number++ == source->fakes)
                return VALUE_END;
        if (fake_value(&source->fake, chappe_schema_root(source->schema), source->layout, ret_value))
                return VALUE_READY;
        chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a made-up value");
        return VALUE_FAILED;
}

enum value_result value_source_next(struct value_source *source, struct chappe_arena *arena, void *ret_value,
                                    struct chappe_error *error)
{
        struct chappe_text json = chappe_text(source->json);

        if (source->fakes)
                return next_fake(source, arena, ret_value, error);
        if (source->avro)
                return next_avro(source, arena, ret_value, error);
        if (source->csv)
                return next_row(source, arena, ret_value, error);
        if (source->lines)
                return next_line(source, arena, ret_value, error);
        source->json = NULL;
        return json.at ? read_json(source, json, arena, ret_value, error) : VALUE_END;
}
