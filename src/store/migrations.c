/* SPDX-License-Identifier: Apache-2.0 */
/* Numbered migrations, each applied once. */
#include "store/migrations.h"

#include <assert.h>
#include <string.h>

#include "flow/context.h"
#include "observe/log.h"

static const char create_table[] = "CREATE TABLE IF NOT EXISTS chappe_migrations ("
                                   "  owner TEXT NOT NULL,"
                                   "  number INTEGER NOT NULL,"
                                   "  name TEXT NOT NULL,"
                                   "  sql TEXT NOT NULL,"
                                   "  at_ms INTEGER NOT NULL,"
                                   "  PRIMARY KEY (owner, number)"
                                   ") WITHOUT ROWID";

/* Never change one that was released: add the next. */
static const struct chappe_migration own[] = {
        { 1, "inbox, outbox, relay",
          "CREATE TABLE chappe_inbox ("
          "  id INTEGER PRIMARY KEY," /* in order of arrival, for pruning */
          "  operation TEXT NOT NULL,"
          "  event_id BLOB NOT NULL,"
          "  at_ms INTEGER NOT NULL,"
          "  reply BLOB,"
          "  headers BLOB,"
          "  UNIQUE (operation, event_id)"
          ");"
          "CREATE TABLE chappe_outbox ("
          "  id INTEGER PRIMARY KEY AUTOINCREMENT," /* never given twice: the order of publishing */
          "  topic TEXT NOT NULL,"
          "  partition INTEGER NOT NULL,"
          "  key BLOB,"
          "  value BLOB,"
          "  headers BLOB NOT NULL,"
          "  at_ms INTEGER NOT NULL"
          ");"
          "CREATE TABLE chappe_relay ("
          "  one INTEGER PRIMARY KEY CHECK (one = 1),"
          "  holder TEXT NOT NULL,"
          "  until_ms INTEGER NOT NULL"
          ");" },
        { 0 },
};

static int record(struct chappe_database *database, const char *owner, const struct chappe_migration *migration,
                  struct chappe_error *error)
{
        sqlite3_stmt *insert = chappe_database_statement(
                database, "INSERT INTO chappe_migrations (owner, number, name, sql, at_ms) VALUES (?, ?, ?, ?, ?)",
                error);

        if (insert) {
                chappe_bind_text(insert, 1, chappe_text(owner));
                sqlite3_bind_int(insert, 2, migration->number);
                chappe_bind_text(insert, 3, chappe_text(migration->name));
                chappe_bind_text(insert, 4, chappe_text(migration->sql));
                sqlite3_bind_int64(insert, 5, chappe_clock_wall_ms(database->world->clock));
        }
        return chappe_database_run(database, insert, "noting the migration", error);
}

static int apply(struct chappe_database *database, const char *owner, const struct chappe_migration *migration,
                 struct chappe_log *log, struct chappe_error *error)
{
        int status;

        database->guarded = strcmp(owner, "chappe") != 0; /* it may no more end the transaction than a handler */
        status = chappe_database_execute(database, migration->sql, error);
        database->guarded = false;
        if (status < 0) {
                /* The text of the whole script would drown the reason. */
                int code = status == -CHAPPE_E_STORE_FAILED || status == -CHAPPE_E_STORE_TRANSACTION
                                   ? CHAPPE_E_STORE_MIGRATION
                                   : -status;

                return chappe_fail(error, code, "migration %d (%s): %s", migration->number, migration->name,
                                   sqlite3_errmsg(database->connection));
        }
        status = record(database, owner, migration, error);
        if (status == 0)
                chappe_log_write(log, CHAPPE_LOG_MIGRATION_APPLIED, "migration %d of %s (%s) applied",
                                 migration->number, owner, migration->name);
        return status;
}

/* 1 it was applied before, 0 it was not. */
static int applied(struct chappe_database *database, const char *owner, const struct chappe_migration *migration,
                   struct chappe_error *error)
{
        sqlite3_stmt *select = chappe_database_statement(
                database, "SELECT sql FROM chappe_migrations WHERE owner = ? AND number = ?", error);
        int result, status;

        if (!select)
                return -CHAPPE_E_STORE_MIGRATION;
        chappe_bind_text(select, 1, chappe_text(owner));
        sqlite3_bind_int(select, 2, migration->number);
        result = sqlite3_step(select);
        if (result == SQLITE_DONE)
                status = 0;
        else if (result != SQLITE_ROW)
                status = chappe_database_fail(database, result, "reading the migrations", error);
        else if (strcmp((const char *)sqlite3_column_text(select, 0), migration->sql) == 0)
                status = 1;
        else
                status = chappe_fail(error, CHAPPE_E_STORE_MIGRATION,
                                     "migration %d (%s) was changed after it was applied; add a new one instead",
                                     migration->number, migration->name);
        sqlite3_reset(select);
        return status;
}

static int apply_missing(struct chappe_database *database, const char *owner, const struct chappe_migration *migrations,
                         struct chappe_log *log, struct chappe_error *error)
{
        int status = 0;

        for (int i = 0; migrations && migrations[i].number && status >= 0; i++) {
                if (migrations[i].number != i + 1)
                        return chappe_fail(error, CHAPPE_E_STORE_MIGRATION,
                                           "migration %d (%s) stands where number %d is due", migrations[i].number,
                                           migrations[i].name, i + 1);
                status = applied(database, owner, &migrations[i], error);
                if (status == 0)
                        status = apply(database, owner, &migrations[i], log, error);
        }
        return status < 0 ? status : 0;
}

int chappe_migrations_apply(struct chappe_database *database, const struct chappe_migration *migrations,
                            struct chappe_log *log, struct chappe_error *error)
{
        int status = chappe_database_execute(database, "BEGIN IMMEDIATE", error);

        if (status < 0)
                return status;
        status = chappe_database_execute(database, create_table, error);
        if (status == 0)
                status = apply_missing(database, "chappe", own, log, error);
        if (status == 0)
                status = apply_missing(database, "service", migrations, log, error);
        if (status == 0 && !chappe_step(database->world, "store.commit"))
                status = chappe_fail(error, CHAPPE_E_STOPPED, "the process was stopped");
        if (status == 0)
                status = chappe_database_execute(database, "COMMIT", error);
        if (status < 0 && chappe_database_in_transaction(database))
                sqlite3_exec(database->connection, "ROLLBACK", NULL, NULL, NULL);
        return status;
}
