/* SPDX-License-Identifier: Apache-2.0 */
/* The cases under tests/cases/avro, which tests/compare/make_cases.py writes: a folder a kind, a case a line. */
#pragma once

#include <chappe/text.h>

#define CASE_COLUMNS 4

/* One line of a case file, cut at its tabs; NULL where there is none. */
struct case_line {
        const char *column[CASE_COLUMNS];
        const char *file;
        unsigned number;
};

/* Where they are: the test's first argument. */
extern const char *cases_directory;

/* Runs check for each line of each file in the folder: all that cases.tsv lists, as many as it says, and at least so
 * many cases. Fails when any differed. */
void cases_each(const char *folder, unsigned least, void (*check)(const struct case_line *line));
/* Says so of this line, with what was found. */
void cases_differ(const struct case_line *line, const char *what, struct chappe_text found);
