/* SPDX-License-Identifier: Apache-2.0 */
/* Opening and closing the service's database. */
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "observe/log.h"
#include "observe/metrics.h"
#include "store/migrations.h"
#include "store/outbox.h"
#include "store/relay.h"

#define PATH_SIZE    4096
#define GROUP_AGE_US 10000 /* a stream of records must not put off the commit for ever */

/* The world's database, or the configured one, or the service's name. False when the name is too long. */
static bool database_path(const struct chappe_runtime *runtime, char path[PATH_SIZE])
{
        const char *configured = chappe_config_text(runtime->config, "database");
        int length;

        if (runtime->world->database)
                length = snprintf(path, PATH_SIZE, "%s", runtime->world->database);
        else if (*configured)
                length = snprintf(path, PATH_SIZE, "%s", configured);
        else
                length = snprintf(path, PATH_SIZE, "%s.db", runtime->service);
        return length < PATH_SIZE;
}

static void count_in(struct chappe_store_file *store, struct chappe_metrics *metrics)
{
        store->commits = chappe_metrics_get(metrics, CHAPPE_COUNTER, "store_commits_total",
                                            "Transactions committed; several records may share one.", NULL);
        store->units = chappe_metrics_get(metrics, CHAPPE_COUNTER, "store_units_total",
                                          "Units of work in committed or pending transactions.", NULL);
        store->repeated = chappe_metrics_get(metrics, CHAPPE_COUNTER, "store_repeated_total",
                                             "Events and requests that had taken effect before.", NULL);
        store->relayed = chappe_metrics_get(metrics, CHAPPE_COUNTER, "store_relayed_total",
                                            "Outbox rows published and deleted.", NULL);
}

static int open_database(struct chappe_store_file *store, const struct chappe_migration *migrations, int64_t timeout_ms,
                         struct chappe_error *error)
{
        const struct chappe_runtime *runtime = store->runtime;
        char path[PATH_SIZE];
        int status;

        if (!database_path(runtime, path))
                return chappe_fail(error, CHAPPE_E_STORE_OPEN, "the database's name is longer than %d bytes",
                                   PATH_SIZE - 1);
        const struct chappe_database_options options = {
                .path = path,
                .normal = strcmp(chappe_config_text(runtime->config, "synchronous"), "normal") == 0,
                .busy_ms = timeout_ms,
        };
        status = chappe_database_open(&store->database, runtime->world, &options, error);
        if (status < 0)
                return status;
        status = chappe_migrations_apply(&store->database, migrations, runtime->log, error);
        if (status < 0)
                return chappe_error_prefix(error, "database %s", path);
        store->database.busy_limit_us = store->wait_us;
        chappe_log_write(runtime->log, CHAPPE_LOG_STORE_OPENED, "database %s, synchronous=%s", path,
                         options.normal ? "NORMAL: a power cut may lose the last commits" : "FULL");
        return 0;
}

static void dispose(struct chappe_store_file *store)
{
        chappe_relay_free(store->relay);
        chappe_database_close(&store->database);
        if (store->turn.mutex)
                chappe_turn_deinit(&store->turn);
        chappe_buffer_deinit(&store->packed);
        free(store);
}

int chappe_store_open(struct chappe_runtime *runtime, const struct chappe_migration *migrations, int64_t timeout_ms,
                      struct chappe_error *error)
{
        struct chappe_store_file *store = calloc(1, sizeof(*store));
        int status;

        if (!store)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for the store");
        store->runtime = runtime;
        store->wait_us = chappe_config_integer(runtime->config, "database_wait_ms") * 1000;
        store->group_age_us = GROUP_AGE_US;
        count_in(store, runtime->metrics);
        status = chappe_turn_init(&store->turn, runtime->world->executor, runtime->world->clock, error);
        if (status == 0)
                status = open_database(store, migrations, timeout_ms, error);
        if (status == 0)
                status = chappe_relay_new(store, &store->relay, error);
        if (status < 0) {
                dispose(store);
                return status;
        }
        runtime->store = store;
        runtime->work = &chappe_store_work;
        return 0;
}

int chappe_store_relay_start(struct chappe_runtime *runtime, struct chappe_error *error)
{
        return chappe_relay_start(runtime->store->relay, error);
}

int chappe_store_relay_stop(struct chappe_runtime *runtime, int64_t timeout_ms, struct chappe_error *error)
{
        return runtime->store ? chappe_relay_stop(runtime->store->relay, timeout_ms, error) : 0;
}

void chappe_store_close(struct chappe_runtime *runtime)
{
        if (!runtime->store)
                return;
        dispose(runtime->store);
        runtime->store = NULL;
        runtime->work = NULL;
}

int64_t chappe_store_outbox_count(struct chappe_runtime *runtime, struct chappe_error *error)
{
        struct chappe_store_file *store = runtime->store;
        struct chappe_error untold;
        int64_t count;

        error = error ? error : &untold;
        int status = chappe_look_begin(store, chappe_store_deadline_us(store), error);

        if (status < 0)
                return status;
        count = chappe_outbox_count(store, error);
        (void)chappe_look_end(store, false, NULL);
        return count;
}

struct chappe_store_anchor {
        sqlite3 *connection;
};

int chappe_store_anchor_open(const char *uri, struct chappe_store_anchor **ret_anchor, struct chappe_error *error)
{
        struct chappe_store_anchor *anchor = calloc(1, sizeof(*anchor));
        int result;

        if (!anchor)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for %s", uri);
        result = sqlite3_open_v2(uri, &anchor->connection, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI,
                                 NULL);
        if (result != SQLITE_OK) {
                chappe_store_anchor_close(anchor);
                return chappe_fail(error, CHAPPE_E_STORE_OPEN, "%s: %s", uri, sqlite3_errstr(result));
        }
        *ret_anchor = anchor;
        return 0;
}

struct chappe_store_anchor *chappe_store_anchor_close(struct chappe_store_anchor *anchor)
{
        if (anchor) {
                sqlite3_close_v2(anchor->connection);
                free(anchor);
        }
        return NULL;
}
