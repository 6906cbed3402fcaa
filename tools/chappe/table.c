/* SPDX-License-Identifier: Apache-2.0 */
/* A table for people, or a list of objects for programs. */
#include "table.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COLUMNS_LIMIT 16
#define CELL_LIMIT    1024

void table_open(struct table *table, const struct command_line *line, const struct table_column *columns, size_t count)
{
        const char *format = command_value(line, "output");

        *table = (struct table){ columns, count, format && strcmp(format, "json") == 0, json_array() };
}

void table_cell(struct table *table, const char *format, ...)
{
        char cell[CELL_LIMIT];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(cell, sizeof(cell), format, arguments);
        va_end(arguments);
        for (char *at = cell; *at; at++) {
                if ((unsigned char)*at < ' ' || *at == 0x7f)
                        *at = '?';
        }
        json_t *text = json_string(cell);

        json_array_append_new(table->cells, text ? text : json_string("?")); /* no UTF-8 */
}

static const char *cell_at(const struct table *table, size_t n)
{
        return json_string_value(json_array_get(table->cells, n));
}

/* Columns on the screen: the bytes that begin a character. */
static int width_of(const char *text)
{
        int width = 0;

        for (; *text; text++)
                width += ((unsigned char)*text & 0xc0) != 0x80;
        return width;
}

static void print_cell(const struct table_column *column, const char *text, int width, bool last)
{
        int spare = width - width_of(text);

        if (column->number)
                printf("%*s%s", spare, "", text);
        else
                printf("%s%*s", text, last ? 0 : spare, "");
        fputs(last ? "\n" : "  ", stdout);
}

static void print_rows(const struct table *table)
{
        size_t cells = json_array_size(table->cells), count = table->column_count;
        bool bold = command_colour(STDOUT_FILENO);
        int widths[COLUMNS_LIMIT];

        for (size_t i = 0; i < count; i++)
                widths[i] = width_of(table->columns[i].name);
        for (size_t i = 0; i < cells; i++)
                widths[i % count] = width_of(cell_at(table, i)) > widths[i % count] ? width_of(cell_at(table, i))
                                                                                    : widths[i % count];
        fputs(bold ? "\033[1m" : "", stdout);
        for (size_t i = 0; i < count; i++)
                print_cell(&table->columns[i], table->columns[i].name, widths[i], i + 1 == count);
        fputs(bold ? "\033[0m" : "", stdout);
        for (size_t i = 0; i < cells; i++)
                print_cell(&table->columns[i % count], cell_at(table, i), widths[i % count], i % count + 1 == count);
}

static void print_json(const struct table *table)
{
        size_t cells = json_array_size(table->cells), count = table->column_count;
        json_t *rows = json_array();

        for (size_t i = 0; i < cells; i++) {
                const struct table_column *column = &table->columns[i % count];

                if (i % count == 0)
                        json_array_append_new(rows, json_object());
                json_object_set_new(json_array_get(rows, i / count), column->name,
                                    column->number ? json_integer(atoll(cell_at(table, i)))
                                                   : json_string(cell_at(table, i)));
        }
        json_dumpf(rows, stdout, JSON_INDENT(2));
        fputc('\n', stdout);
        json_decref(rows);
}

void table_close(struct table *table)
{
        if (table->json)
                print_json(table);
        else
                print_rows(table);
        json_decref(table->cells);
        table->cells = NULL;
}

void table_close_failed(struct table *table)
{
        if (json_array_size(table->cells) > 0) {
                table_close(table);
                return;
        }
        json_decref(table->cells);
        table->cells = NULL;
}
