/* SPDX-License-Identifier: Apache-2.0 */
/* One SQLite connection. */
#include "store/database.h"

#include <string.h>

#define BUSY_STEP_US       1000
#define BUSY_STEP_LIMIT_US 50000

static int64_t now_us(const struct chappe_database *database)
{
        return chappe_clock_monotonic_us(database->world->clock);
}

/* False when the process was stopped. */
static bool pause_until(struct chappe_database *database, int64_t until_us)
{
        struct chappe_executor *executor = database->world->executor;
        enum chappe_wait outcome;

        chappe_mutex_lock(executor, database->mutex);
        do
                outcome = chappe_condition_wait(executor, database->condition, database->mutex, until_us);
        while (outcome == CHAPPE_WAIT_SIGNALLED);
        chappe_mutex_unlock(executor, database->mutex);
        return outcome != CHAPPE_WAIT_STOPPED;
}

/* Another process has the lock; SQLite asks whether to try again. Its own handler would sleep. */
static int on_busy(void *context, int times)
{
        struct chappe_database *database = context;
        int64_t now = now_us(database), step = BUSY_STEP_US << (times < 6 ? times : 6);

        if (times == 0)
                database->busy_until_us = now + database->busy_limit_us;
        if (now >= database->busy_until_us || chappe_executor_stopped(database->world->executor))
                return 0;
        return pause_until(database, now + (step < BUSY_STEP_LIMIT_US ? step : BUSY_STEP_LIMIT_US));
}

static bool is_ours(const char *table)
{
        return table && sqlite3_strnicmp(table, "chappe_", 7) == 0;
}

static int on_prepare(void *context, int action, const char *first, const char *second, const char *schema,
                      const char *trigger)
{
        const struct chappe_database *database = context;

        (void)schema;
        (void)trigger;
        if (!database->guarded)
                return SQLITE_OK;
        switch (action) {
        case SQLITE_TRANSACTION:
        case SQLITE_ATTACH:
        case SQLITE_DETACH:
                return SQLITE_DENY;
        case SQLITE_SAVEPOINT:
                return is_ours(second) ? SQLITE_DENY : SQLITE_OK;
        case SQLITE_INSERT:
        case SQLITE_UPDATE:
        case SQLITE_DELETE:
        case SQLITE_DROP_TABLE:
                return is_ours(first) ? SQLITE_DENY : SQLITE_OK;
        default:
                return SQLITE_OK;
        }
}

static int code_of(int result)
{
        switch (result & 0xff) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
                return CHAPPE_E_STORE_BUSY;
        case SQLITE_FULL:
                return CHAPPE_E_STORE_FULL;
        case SQLITE_READONLY:
        case SQLITE_PERM:
                return CHAPPE_E_STORE_READONLY;
        case SQLITE_IOERR:
                return CHAPPE_E_IO;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
                return CHAPPE_E_STORE_CORRUPT;
        case SQLITE_CANTOPEN:
                return CHAPPE_E_STORE_OPEN;
        case SQLITE_NOMEM:
                return CHAPPE_E_NO_MEMORY;
        case SQLITE_AUTH:
                return CHAPPE_E_STORE_TRANSACTION;
        default:
                return CHAPPE_E_STORE_FAILED;
        }
}

int chappe_database_fail(struct chappe_database *database, int result, const char *what, struct chappe_error *error)
{
        /* The connection's own words say more, when they are about this result. */
        const char *reason = sqlite3_errcode(database->connection) == (result & 0xff)
                                     ? sqlite3_errmsg(database->connection)
                                     : sqlite3_errstr(result);

        return chappe_fail(error, code_of(result), "%s: %s (SQLite %d)", what, reason, result);
}

int chappe_database_execute(struct chappe_database *database, const char *sql, struct chappe_error *error)
{
        int result = sqlite3_exec(database->connection, sql, NULL, NULL, NULL);

        return result == SQLITE_OK ? 0 : chappe_database_fail(database, result, sql, error);
}

/* While another process is just opening or recovering the file, SQLite answers busy without asking on_busy. */
static int execute_patiently(struct chappe_database *database, const char *sql, struct chappe_error *error)
{
        int64_t until_us = now_us(database) + database->busy_limit_us;
        int status;

        while ((status = chappe_database_execute(database, sql, error)) == -CHAPPE_E_STORE_BUSY)
                if (now_us(database) >= until_us || !pause_until(database, now_us(database) + BUSY_STEP_LIMIT_US))
                        break;
        return status;
}

static int prepare(struct chappe_database *database, const struct chappe_database_options *options,
                   struct chappe_error *error)
{
        const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX |
                          SQLITE_OPEN_EXRESCODE;
        int result = sqlite3_open_v2(options->path, &database->connection, flags, NULL);
        int status;

        if (result != SQLITE_OK)
                return chappe_database_fail(database, result, "opening it", error);
        sqlite3_busy_handler(database->connection, on_busy, database);
        sqlite3_set_authorizer(database->connection, on_prepare, database);
        status = execute_patiently(database, "PRAGMA journal_mode = WAL", error);
        if (status == 0)
                status = chappe_database_execute(
                        database, options->normal ? "PRAGMA synchronous = NORMAL" : "PRAGMA synchronous = FULL", error);
        if (status == 0)
                status = chappe_database_execute(database, "PRAGMA foreign_keys = ON", error);
        /* The kernel's cache holds the file already; SQLite's own 2 MB would be most of a service's memory. */
        if (status == 0)
                status = chappe_database_execute(database, "PRAGMA cache_size = -384", error);
        return status;
}

int chappe_database_open(struct chappe_database *database, const struct chappe_world *world,
                         const struct chappe_database_options *options, struct chappe_error *error)
{
        int status;

        *database = (struct chappe_database){
                .world = world,
                .busy_limit_us = options->busy_ms * 1000,
                .mutex = chappe_mutex_new(world->executor),
                .condition = chappe_condition_new(world->executor),
        };
        if (!database->mutex || !database->condition)
                status = chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for the database %s", options->path);
        else if ((status = prepare(database, options, error)) < 0)
                chappe_error_prefix(error, "database %s", options->path);
        if (status < 0)
                chappe_database_close(database);
        return status;
}

void chappe_database_close(struct chappe_database *database)
{
        if (!database->world)
                return;
        for (size_t i = 0; i < database->kept_count; i++)
                sqlite3_finalize(database->kept[i].statement);
        /* What a handler prepared by itself and forgot keeps the connection half alive, but not its transaction. */
        if (database->connection && chappe_database_in_transaction(database))
                sqlite3_exec(database->connection, "ROLLBACK", NULL, NULL, NULL);
        sqlite3_close_v2(database->connection);
        chappe_condition_free(database->world->executor, database->condition);
        chappe_mutex_free(database->world->executor, database->mutex);
        *database = (struct chappe_database){ 0 };
}

/* A place for one more statement: of one that this transaction has not used. */
static struct chappe_kept_statement *room_for_statement(struct chappe_database *database)
{
        if (database->kept_count < CHAPPE_DATABASE_STATEMENTS)
                return &database->kept[database->kept_count++];
        for (size_t i = 0; i < database->kept_count; i++) {
                struct chappe_kept_statement *kept = &database->kept[i];

                if (kept->used == database->transactions)
                        continue;
                sqlite3_finalize(kept->statement);
                kept->statement = NULL;
                return kept;
        }
        return NULL;
}

static sqlite3_stmt *keep_statement(struct chappe_database *database, const char *sql, struct chappe_error *error)
{
        struct chappe_kept_statement *kept;
        sqlite3_stmt *statement = NULL;
        int result = sqlite3_prepare_v3(database->connection, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL);

        if (result != SQLITE_OK || !statement) {
                chappe_database_fail(database, result ? result : SQLITE_MISUSE, sql, error);
                return NULL;
        }
        kept = room_for_statement(database);
        if (!kept) {
                sqlite3_finalize(statement);
                chappe_fail(error, CHAPPE_E_LIMIT, "more than %d different statements in one transaction",
                            CHAPPE_DATABASE_STATEMENTS);
                return NULL;
        }
        *kept = (struct chappe_kept_statement){ statement, database->transactions };
        return statement;
}

sqlite3_stmt *chappe_database_statement(struct chappe_database *database, const char *sql, struct chappe_error *error)
{
        for (size_t i = 0; i < database->kept_count; i++) {
                struct chappe_kept_statement *kept = &database->kept[i];

                if (!kept->statement || strcmp(sqlite3_sql(kept->statement), sql) != 0)
                        continue;
                sqlite3_reset(kept->statement);
                sqlite3_clear_bindings(kept->statement);
                kept->used = database->transactions;
                return kept->statement;
        }
        return keep_statement(database, sql, error);
}

int chappe_database_run(struct chappe_database *database, sqlite3_stmt *statement, const char *what,
                        struct chappe_error *error)
{
        int result, status = 0;

        if (!statement)
                return error ? -error->code : -CHAPPE_E_STORE_FAILED;
        result = sqlite3_step(statement);
        if (result != SQLITE_DONE && result != SQLITE_ROW)
                status = chappe_database_fail(database, result, what, error);
        sqlite3_reset(statement);
        return status;
}

void chappe_database_reset(struct chappe_database *database)
{
        for (sqlite3_stmt *statement = sqlite3_next_stmt(database->connection, NULL); statement;
             statement = sqlite3_next_stmt(database->connection, statement))
                if (sqlite3_stmt_busy(statement))
                        sqlite3_reset(statement);
}
