/* SPDX-License-Identifier: Apache-2.0 */
/* A table for people, or with -o json a list of objects for programs. */
#pragma once

#include <jansson.h>

#include "commands.h"

struct table_column {
        const char *name; /* "partitions": heading and member */
        bool number;      /* right-aligned; a number in JSON */
};

struct table {
        const struct table_column *columns;
        size_t column_count;
        bool json;
        json_t *cells; /* strings, row after row */
};

void table_open(struct table *table, const struct command_line *line, const struct table_column *columns, size_t count);
/* The next cell, from left to right and from top to bottom. What a terminal would take as a command is replaced. */
void table_cell(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Prints and frees. */
void table_close(struct table *table);
/* After a failure: prints the rows that there are, and no heading without one. */
void table_close_failed(struct table *table);
