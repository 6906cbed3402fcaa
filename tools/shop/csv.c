/* SPDX-License-Identifier: Apache-2.0 */
/* CSV as RFC 4180 has it, plain or gzip. */
#include "shop/csv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define ROW_MAXIMUM       65536
#define ROW_LINES_MAXIMUM 64
#define FIELDS_MAXIMUM    64

struct csv {
        gzFile stream;
        size_t line;     /* of the character to be read next */
        size_t row_line; /* where the row began */
        char text[ROW_MAXIMUM];
        size_t length;
        const char *fields[FIELDS_MAXIMUM];
        size_t field_count;
        const char *fault; /* the first of this row */
        /* What this row has beyond its first line, as it stood in the file: read again when the row is faulty. */
        char beyond[ROW_MAXIMUM];
        size_t beyond_length;
        char again[ROW_MAXIMUM];
        size_t again_length, again_at;
};

struct csv *csv_open(const char *file)
{
        struct csv *csv = calloc(1, sizeof(*csv));

        if (!csv)
                return NULL;
        errno = ENOMEM; /* what gzopen leaves untouched when it is short of memory */
        csv->stream = gzopen(file, "rbe");
        if (!csv->stream) {
                free(csv);
                return NULL;
        }
        gzbuffer(csv->stream, 128 * 1024);
        csv->line = 1;
        return csv;
}

struct csv *csv_close(struct csv *csv)
{
        if (csv)
                gzclose(csv->stream);
        free(csv);
        return NULL;
}

static int next_character(struct csv *csv)
{
        bool again = csv->again_at < csv->again_length;
        int character = again ? (unsigned char)csv->again[csv->again_at++] : gzgetc(csv->stream);

        if (character != -1 && csv->line > csv->row_line && csv->beyond_length < ROW_MAXIMUM)
                csv->beyond[csv->beyond_length++] = (char)character;
        if (character == '\n')
                csv->line++;
        return character;
}

static bool overlong(const struct csv *csv)
{
        return csv->line - csv->row_line >= ROW_LINES_MAXIMUM || csv->beyond_length + 2 > ROW_MAXIMUM;
}

/* One stray quote must not swallow the rows behind it: a faulty row ends with its first line. */
static void give_up_behind_first_line(struct csv *csv)
{
        if (csv->again_at < csv->again_length) {
                csv->again_at -= csv->beyond_length;
        } else {
                memcpy(csv->again, csv->beyond, csv->beyond_length);
                csv->again_length = csv->beyond_length;
                csv->again_at = 0;
        }
        csv->line = csv->row_line + 1;
}

static void fault(struct csv *csv, const char *why)
{
        if (!csv->fault)
                csv->fault = why;
}

/* A faulty row is read to its end all the same, but not kept. */
static void keep(struct csv *csv, char character)
{
        if (csv->length + 2 > ROW_MAXIMUM)
                fault(csv, "the row is longer than 64 KiB");
        else if (character == '\0')
                fault(csv, "the row has a NUL byte");
        else
                csv->text[csv->length++] = character;
}

static void begin_field(struct csv *csv)
{
        if (csv->field_count == FIELDS_MAXIMUM)
                fault(csv, "the row has more than 64 fields");
        else
                csv->fields[csv->field_count++] = &csv->text[csv->length];
}

static void end_field(struct csv *csv)
{
        if (csv->length < ROW_MAXIMUM)
                csv->text[csv->length++] = '\0';
        else
                fault(csv, "the row is longer than 64 KiB");
}

/* Behind the opening quote. Returns the character behind the closing one. */
static int read_quoted(struct csv *csv)
{
        for (;;) {
                int character = next_character(csv);
                if (character == -1) {
                        fault(csv, "a quoted field does not end");
                        return -1;
                }
                if (overlong(csv)) {
                        fault(csv, "a quoted field does not end within 64 lines and 64 KiB");
                        return '\n';
                }
                if (character != '"') {
                        keep(csv, (char)character);
                        continue;
                }
                character = next_character(csv);
                if (character != '"')
                        return character;
                keep(csv, '"');
        }
}

static int skip_carriage_return(struct csv *csv, int character)
{
        return character == '\r' ? next_character(csv) : character;
}

/* One field from its first character on. Returns the character that ended it: ',', '\n' or -1. */
static int read_field(struct csv *csv, int character)
{
        begin_field(csv);
        if (character == '"') {
                character = skip_carriage_return(csv, read_quoted(csv));
                if (character != ',' && character != '\n' && character != -1)
                        fault(csv, "there is text behind a closing quote");
        }
        while (character != ',' && character != '\n' && character != -1) {
                if (character == '"')
                        fault(csv, "there is a quote inside a field that is not quoted");
                if (character != '\r')
                        keep(csv, (char)character);
                character = next_character(csv);
        }
        end_field(csv);
        return character;
}

static int skip_empty_lines(struct csv *csv)
{
        int character;

        do {
                csv->row_line = csv->line;
                character = next_character(csv);
        } while (character == '\n' || character == '\r');
        return character;
}

static bool readable(struct csv *csv)
{
        int status;
        const char *why = gzerror(csv->stream, &status);

        /* A gzip file that was cut off shows as Z_BUF_ERROR. */
        if (status == Z_OK || status == Z_STREAM_END)
                return true;
        csv->fault = status == Z_ERRNO ? strerror(errno) : status == Z_BUF_ERROR ? "the file is cut off" : why;
        return false;
}

enum csv_result csv_next(struct csv *csv)
{
        csv->length = csv->field_count = csv->beyond_length = 0;
        csv->fault = NULL;

        int character = skip_empty_lines(csv);
        if (character == -1)
                return readable(csv) ? CSV_END : CSV_UNREADABLE;
        while ((character = read_field(csv, character)) == ',')
                character = next_character(csv);
        if (character == -1 && !readable(csv))
                return CSV_UNREADABLE;
        if (csv->fault && csv->beyond_length && csv->beyond_length < ROW_MAXIMUM)
                give_up_behind_first_line(csv);
        return csv->fault ? CSV_BAD_ROW : CSV_ROW;
}

const char *csv_field(const struct csv *csv, size_t n)
{
        return n < csv->field_count ? csv->fields[n] : NULL;
}

size_t csv_field_count(const struct csv *csv)
{
        return csv->field_count;
}

size_t csv_line(const struct csv *csv)
{
        return csv->row_line;
}

const char *csv_fault(const struct csv *csv)
{
        return csv->fault;
}
