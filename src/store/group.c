/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The transaction that several records share. Each works in a savepoint; who is done while others wait hands the open
 * transaction on, and the last one commits for all: one fsync for the group (docs/decisions/0003).
 */
#include "store/store_file.h"

#include "observe/metrics.h"
#include "store/relay.h"

#define GROUP_MAXIMUM 64

static int64_t now_us(const struct chappe_store_file *store)
{
        return chappe_clock_monotonic_us(store->runtime->world->clock);
}

int64_t chappe_store_deadline_us(const struct chappe_store_file *store)
{
        return now_us(store) + store->wait_us;
}

static int end_transaction(struct chappe_store_file *store, struct chappe_error *error)
{
        struct chappe_database *database = &store->database;
        int status = chappe_step(store->runtime->world, "store.commit")
                             ? chappe_database_execute(database, "COMMIT", error)
                             : chappe_fail(error, CHAPPE_E_STOPPED, "the process was stopped");

        if (status == 0)
                chappe_metric_add(store->commits, 1);
        else if (chappe_database_in_transaction(database))
                sqlite3_exec(database->connection, "ROLLBACK", NULL, NULL, NULL);
        return status;
}

static int leave(struct chappe_store_file *store, bool member, struct chappe_error *error)
{
        struct chappe_error failure = { 0 };
        int status;

        if (!chappe_database_in_transaction(&store->database)) {
                /* SQLite gave the whole transaction up by itself (disk full, input/output error): nobody's part is
                 * left. */
                status = chappe_fail(&failure, CHAPPE_E_STORE_FAILED, "the transaction was given up by SQLite");
        } else if (now_us(store) - store->group_began_us < store->group_age_us &&
                   chappe_turn_pass(&store->turn, member, GROUP_MAXIMUM, &status, error)) {
                return status;
        } else {
                status = end_transaction(store, &failure);
        }
        if (status < 0 && member && error)
                *error = failure;
        bool published = status == 0 && store->outbox_written;
        chappe_turn_settle(&store->turn, status, &failure);
        if (published && store->relay)
                chappe_relay_wake(store->relay);
        return member ? status : 0;
}

static int begin_transaction(struct chappe_store_file *store, struct chappe_error *error)
{
        int status;

        if (!chappe_step(store->runtime->world, "store.begin"))
                return chappe_fail(error, CHAPPE_E_STOPPED, "the process was stopped");
        status = chappe_database_execute(&store->database, "BEGIN IMMEDIATE", error);
        if (status < 0)
                return status;
        store->group_began_us = now_us(store);
        store->outbox_written = false;
        return 0;
}

int chappe_part_begin(struct chappe_store_file *store, int64_t deadline_us, struct chappe_error *error)
{
        int status = chappe_turn_take(&store->turn, deadline_us, error);

        if (status < 0)
                return status;
        store->database.transactions++;
        if (!chappe_database_in_transaction(&store->database))
                status = begin_transaction(store, error);
        if (status == 0)
                status = chappe_database_execute(&store->database, "SAVEPOINT chappe_part", error);
        if (status < 0)
                chappe_look_end(store, false, NULL);
        return status;
}

static void undo(struct chappe_store_file *store)
{
        struct chappe_database *database = &store->database;

        if (!chappe_database_in_transaction(database))
                return;
        if (chappe_database_execute(database, "ROLLBACK TO chappe_part", NULL) < 0 ||
            chappe_database_execute(database, "RELEASE chappe_part", NULL) < 0)
                sqlite3_exec(database->connection, "ROLLBACK", NULL, NULL, NULL);
}

int chappe_part_commit(struct chappe_store_file *store, struct chappe_error *error)
{
        int status = chappe_database_execute(&store->database, "RELEASE chappe_part", error);

        if (status < 0) {
                chappe_part_rollback(store);
                return status;
        }
        chappe_metric_add(store->units, 1);
        return leave(store, true, error);
}

void chappe_part_rollback(struct chappe_store_file *store)
{
        chappe_database_reset(&store->database);
        undo(store);
        (void)leave(store, false, NULL);
}

int chappe_part_yield(struct chappe_store_file *store, struct chappe_error *error)
{
        undo(store);
        return leave(store, true, error);
}

int chappe_look_begin(struct chappe_store_file *store, int64_t deadline_us, struct chappe_error *error)
{
        int status = chappe_turn_take(&store->turn, deadline_us, error);

        if (status == 0)
                store->database.transactions++;
        return status;
}

int chappe_look_end(struct chappe_store_file *store, bool relied, struct chappe_error *error)
{
        return leave(store, relied && chappe_database_in_transaction(&store->database), error);
}
