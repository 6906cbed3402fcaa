/* SPDX-License-Identifier: Apache-2.0 */
/* CSV as RFC 4180 has it, plain or gzip: quoted fields may hold commas, doubled quotes and line breaks. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct csv;

/* NULL with errno when the file cannot be opened. */
struct csv *csv_open(const char *file);
struct csv *csv_close(struct csv *csv);

enum csv_result {
        CSV_ROW,
        CSV_BAD_ROW, /* csv_fault says why; reading goes on behind it */
        CSV_END,
        CSV_UNREADABLE, /* the file itself: csv_fault says why; reading ends */
};

/* The next row that is not empty. */
enum csv_result csv_next(struct csv *csv);
/* Of the row just read; valid until the next. Terminated; NULL past the last. */
const char *csv_field(const struct csv *csv, size_t n);
size_t csv_field_count(const struct csv *csv);
/* The line in the file on which the row began. */
size_t csv_line(const struct csv *csv);
const char *csv_fault(const struct csv *csv);
