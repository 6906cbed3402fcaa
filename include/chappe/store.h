/* SPDX-License-Identifier: Apache-2.0 */
/* The service's own database: state, inbox and outbox in one transaction. */
#pragma once

#include <chappe/context.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sqlite3;
struct sqlite3_stmt;

/* Begins the transaction of this record, if it has not begun, and returns the connection: use SQLite's API on it, but neither
 * COMMIT, ROLLBACK nor BEGIN. The runtime commits the record's inbox row, the handler's changes and its outbox rows together when the
 * handler returns CHAPPE_DONE (or a request handler a value ≥ 0), and rolls back otherwise. NULL: the store is not usable now;
 * return chappe_retry. Waits for its turn: at most one transaction is open per database. */
struct sqlite3 *chappe_store(struct chappe_context *ctx);

/* A statement of this transaction (begun if need be), ready to be bound: kept prepared by its text from one record to the next, and reset
 * by the runtime. NULL: chappe_context_error says why. Do not finalize it; at most 64 different ones in one transaction. */
struct sqlite3_stmt *chappe_store_statement(struct chappe_context *ctx, const char *sql);

/* One numbered migration; chappe-gen makes the table from a folder of files 001-name.sql. */
struct chappe_migration {
        int number; /* from 1, without gaps */
        const char *name;
        const char *sql;
};

#ifdef __cplusplus
}
#endif
