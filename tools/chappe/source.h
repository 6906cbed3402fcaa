/* SPDX-License-Identifier: Apache-2.0 */
/* Where the values to produce come from: an argument, JSON lines, CSV, or nowhere (made up). */
#pragma once

#include <chappe/codec.h>

#include "avro_input.h"
#include "commands.h"
#include "fake.h"

#include "shop/csv.h"

struct value_source {
        struct chappe_schema *schema;
        const struct chappe_layout *layout;
        const char *json; /* one value; NULL: another source */
        FILE *lines;      /* JSON lines */
        struct csv *csv;
        struct avro_input *avro;  /* opened by the caller, because it may say what to write; NULL: another source */
        struct chappe_plan *plan; /* from its schema */
        struct fake fake;
        int64_t fakes;    /* still to be made up; 0: another source */
        const char *name; /* for messages */
        size_t line;      /* of the value just read; in a container file, its number */
        struct chappe_buffer text;
        size_t columns; /* of the CSV's header row */
        char **header;
};

enum value_result { VALUE_READY, VALUE_BAD, VALUE_END, VALUE_FAILED };

/* Chooses by the options --json, --file, --csv, --from, --fake; standard input without any. EXIT_DONE, or the exit code
 * with the reason said. */
int value_source_open(struct value_source *source, const struct command_line *line, const char *json);
void value_source_close(struct value_source *source);
/* The next value, in the arena where it is not in place. VALUE_BAD: *error says which line is wrong; the next may be
 * right. */
enum value_result value_source_next(struct value_source *source, struct chappe_arena *arena, void *ret_value,
                                    struct chappe_error *error);
/* Names the place of the value just read before what is wrong with it. */
void value_source_blame(const struct value_source *source, struct chappe_error *error);
/* How many there will be; 0: unknown. */
int64_t value_source_total(const struct value_source *source);
