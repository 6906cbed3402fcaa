/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite statements with their values in one call, as the services' handlers want them. */
#pragma once

#include <sqlite3.h>

#include <chappe/text.h>

/*
 * Values are bound in the order of types, one letter each: 't' struct chappe_text, 's' const char *, 'i' int64_t. Texts
 * are borrowed until the statement ends.
 */

/* A statement ready to step; sqlite3_finalize it. NULL: sqlite3_errmsg says why. */
sqlite3_stmt *shop_sql_prepare(sqlite3 *database, const char *sql, const char *types, ...);
/* Runs a statement that gives no rows. How many rows it changed, or -1. */
int shop_sql_run(sqlite3 *database, const char *sql, const char *types, ...);
/* The first column of the first row as an integer. 1 when there is a row, 0 when not, or -1. */
int shop_sql_integer(sqlite3 *database, int64_t *ret_value, const char *sql, const char *types, ...);

/* A column's text; borrowed until the statement steps on. */
struct chappe_text shop_sql_column(sqlite3_stmt *statement, int column);
