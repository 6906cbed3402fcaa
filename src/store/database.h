/* SPDX-License-Identifier: Apache-2.0 */
/* One SQLite connection: opened, its waits on the seam, its errors in Chappe's codes, its statements kept prepared. */
#pragma once

#include <sqlite3.h>

#include <chappe/error.h>
#include <chappe/text.h>

#include "broker/world.h"

#define CHAPPE_DATABASE_STATEMENTS 64

struct chappe_kept_statement {
        sqlite3_stmt *statement;
        uint64_t used; /* the transaction that used it last */
};

/* Belongs to one strand at a time. */
struct chappe_database {
        sqlite3 *connection;
        const struct chappe_world *world;
        struct chappe_mutex *mutex; /* of the wait for other processes; nobody ever signals it */
        struct chappe_condition *condition;
        int64_t busy_limit_us; /* how long other processes are waited for */
        int64_t busy_until_us; /* of the wait under way */
        bool guarded; /* a handler is at work: statements that would end the transaction or touch our tables are refused
                       */
        uint64_t transactions;
        struct chappe_kept_statement kept[CHAPPE_DATABASE_STATEMENTS];
        size_t kept_count;
};

struct chappe_database_options {
        const char *path; /* a file, or a URI */
        bool normal;      /* synchronous=NORMAL */
        int64_t busy_ms;  /* how long other processes are waited for */
};

/* Waits for processes that hold it locked, at most busy_ms. On failure nothing is left open. */
int chappe_database_open(struct chappe_database *database, const struct chappe_world *world,
                         const struct chappe_database_options *options, struct chappe_error *error);
/* Rolls back what is open. Takes what open did not open. */
void chappe_database_close(struct chappe_database *database);

/* Fills the error in from SQLite's result: -code. what: "committing". */
int chappe_database_fail(struct chappe_database *database, int result, const char *what, struct chappe_error *error);
int chappe_database_execute(struct chappe_database *database, const char *sql, struct chappe_error *error);
/* Kept prepared from one use to the next, reset and unbound; by its text. NULL with the reason. */
sqlite3_stmt *chappe_database_statement(struct chappe_database *database, const char *sql, struct chappe_error *error);
/* Steps a statement without rows to its end and resets it; takes NULL (then the error is filled in already). */
int chappe_database_run(struct chappe_database *database, sqlite3_stmt *statement, const char *what,
                        struct chappe_error *error);
/* Statements left in the middle of their rows would keep a read transaction open. */
void chappe_database_reset(struct chappe_database *database);
static inline bool chappe_database_in_transaction(const struct chappe_database *database)
{
        return !sqlite3_get_autocommit(database->connection);
}

/* Bytes are borrowed until the statement is reset. */
static inline void chappe_bind_bytes(sqlite3_stmt *statement, int n, struct chappe_bytes bytes)
{
        if (bytes.at)
                sqlite3_bind_blob64(statement, n, bytes.at, bytes.length, SQLITE_STATIC);
        else
                sqlite3_bind_null(statement, n);
}

static inline void chappe_bind_text(sqlite3_stmt *statement, int n, struct chappe_text text)
{
        sqlite3_bind_text64(statement, n, text.at ? text.at : "", text.length, SQLITE_STATIC, SQLITE_UTF8);
}

/* Borrowed until the next step; at NULL for NULL. */
static inline struct chappe_bytes chappe_column_bytes(sqlite3_stmt *statement, int n)
{
        const void *at = sqlite3_column_blob(statement, n);
        size_t length = (size_t)sqlite3_column_bytes(statement, n);

        /* SQLite gives no address for an empty blob, which is not NULL. */
        if (!at && sqlite3_column_type(statement, n) != SQLITE_NULL)
                at = "";
        return (struct chappe_bytes){ at, length };
}
