/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite statements with their values in one call. */
#include "sql/statement.h"

#include <assert.h>
#include <stdarg.h>

static int bind_one(sqlite3_stmt *statement, int index, char type, va_list *values)
{
        switch (type) {
        case 't': {
                struct chappe_text text = va_arg(*values, struct chappe_text);
                /* A NULL pointer would bind NULL, and an empty text is a value. */
                return sqlite3_bind_text64(statement, index, text.at ? text.at : "", text.length, SQLITE_STATIC,
                                           SQLITE_UTF8);
        }
        case 's':
                return sqlite3_bind_text(statement, index, va_arg(*values, const char *), -1, SQLITE_STATIC);
        case 'i':
                return sqlite3_bind_int64(statement, index, va_arg(*values, int64_t));
        }
        assert(!"a type letter is one of t, s, i");
        return SQLITE_MISUSE;
}

static sqlite3_stmt *prepare(sqlite3 *database, const char *sql, const char *types, va_list *values)
{
        sqlite3_stmt *statement;

        if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) != SQLITE_OK)
                return NULL;
        assert(sqlite3_bind_parameter_count(statement) == (int)strlen(types));
        for (int index = 1; *types; types++, index++) {
                if (bind_one(statement, index, *types, values) != SQLITE_OK) {
                        sqlite3_finalize(statement);
                        return NULL;
                }
        }
        return statement;
}

sqlite3_stmt *shop_sql_prepare(sqlite3 *database, const char *sql, const char *types, ...)
{
        va_list values;
        va_start(values, types);
        sqlite3_stmt *statement = prepare(database, sql, types, &values);
        va_end(values);
        return statement;
}

int shop_sql_run(sqlite3 *database, const char *sql, const char *types, ...)
{
        va_list values;
        va_start(values, types);
        sqlite3_stmt *statement = prepare(database, sql, types, &values);
        va_end(values);
        if (!statement)
                return -1;

        int status = sqlite3_step(statement);
        int changes = sqlite3_changes(database);
        sqlite3_finalize(statement);
        return status == SQLITE_DONE ? changes : -1;
}

int shop_sql_integer(sqlite3 *database, int64_t *ret_value, const char *sql, const char *types, ...)
{
        va_list values;
        va_start(values, types);
        sqlite3_stmt *statement = prepare(database, sql, types, &values);
        va_end(values);
        if (!statement)
                return -1;

        int status = sqlite3_step(statement);
        if (status == SQLITE_ROW)
                *ret_value = sqlite3_column_int64(statement, 0);
        sqlite3_finalize(statement);
        return status == SQLITE_ROW ? 1 : status == SQLITE_DONE ? 0 : -1;
}

struct chappe_text shop_sql_column(sqlite3_stmt *statement, int column)
{
        const unsigned char *at = sqlite3_column_text(statement, column);

        return (struct chappe_text){ (const char *)at, (size_t)sqlite3_column_bytes(statement, column) };
}
