/* SPDX-License-Identifier: Apache-2.0 */
/* The unit of work of one record: inbox row, the handler's changes and outbox rows, together or not at all. */
#include <chappe/store.h>

#include "flow/context.h"
#include "observe/metrics.h"
#include "store/inbox.h"
#include "store/outbox.h"
#include "store/store_file.h"

static int64_t deadline_of(const struct chappe_context *ctx)
{
        const struct chappe_store_file *store = ctx->runtime->store;
        int64_t deadline_us = chappe_store_deadline_us(store);

        if (ctx->deadline_ms) {
                const struct chappe_clock *clock = ctx->runtime->world->clock;
                int64_t left_ms = ctx->deadline_ms - chappe_clock_wall_ms(clock);
                int64_t until_us = chappe_clock_monotonic_us(clock) + (left_ms > 0 ? left_ms * 1000 : 0);

                if (left_ms < INT32_MAX && until_us < deadline_us)
                        deadline_us = until_us;
        }
        return deadline_us;
}

static int begin(struct chappe_context *ctx)
{
        struct chappe_store_file *store = ctx->runtime->store;
        int status = chappe_part_begin(store, deadline_of(ctx), &ctx->error);

        if (status < 0)
                return status;
        ctx->transaction = store;
        store->database.guarded = true;
        return 0;
}

struct sqlite3 *chappe_store(struct chappe_context *ctx)
{
        struct chappe_store_file *store = ctx->runtime->store;

        if (!store) {
                chappe_fail(&ctx->error, CHAPPE_E_USAGE, "service %s has no migrations, and so no store",
                            ctx->runtime->service);
                return NULL;
        }
        if (!ctx->transaction && begin(ctx) < 0)
                return NULL;
        return store->database.connection;
}

struct sqlite3_stmt *chappe_store_statement(struct chappe_context *ctx, const char *sql)
{
        return chappe_store(ctx) ? chappe_database_statement(&ctx->runtime->store->database, sql, &ctx->error) : NULL;
}

static int work_seen(struct chappe_context *ctx, struct chappe_text id, struct chappe_outgoing *ret_reply)
{
        struct chappe_store_file *store = ctx->runtime->store;
        int seen, status = chappe_look_begin(store, deadline_of(ctx), &ctx->error);

        if (status < 0)
                return status;
        seen = chappe_inbox_find(store, ctx->operation, id, ctx->arena, ret_reply, &ctx->error);
        status = chappe_look_end(store, seen > 0, &ctx->error);
        if (seen > 0)
                chappe_metric_add(store->repeated, 1);
        return status < 0 ? status : seen;
}

static bool work_open(struct chappe_context *ctx)
{
        return ctx->transaction;
}

static int work_publish(struct chappe_context *ctx, const struct chappe_outgoing *outgoing)
{
        struct chappe_store_file *store = ctx->runtime->store;
        int status;

        store->database.guarded = false;
        status = chappe_outbox_add(store, outgoing, &ctx->error);
        store->database.guarded = true;
        return status;
}

/* The handler's code is over: its context has no transaction any more, however that ends. */
static void leave_handler(struct chappe_context *ctx)
{
        struct chappe_store_file *store = ctx->runtime->store;

        ctx->transaction = NULL;
        store->database.guarded = false;
        chappe_database_reset(&store->database);
}

static int work_commit(struct chappe_context *ctx, struct chappe_text id, const struct chappe_outgoing *reply)
{
        struct chappe_store_file *store = ctx->runtime->store;
        int status = 0;

        if (!ctx->transaction) {
                if (!reply)
                        return 0;
                status = begin(ctx);
                if (status < 0)
                        return status;
        }
        leave_handler(ctx);
        /* A context without a record may commit more than once under its id: there is nothing to tell a repetition by.
         */
        if (id.length && ctx->record)
                status = chappe_inbox_note(store, ctx->operation, id, reply, &ctx->error);
        if (status == 0)
                return chappe_part_commit(store, &ctx->error);
        if (status == CHAPPE_WORK_SEEN) {
                /* An earlier run's part stands, once it is durable; this one's goes. */
                chappe_metric_add(store->repeated, 1);
                int outcome = chappe_part_yield(store, &ctx->error);

                return outcome < 0 ? outcome : CHAPPE_WORK_SEEN;
        }
        chappe_part_rollback(store);
        return status;
}

static int work_note(struct chappe_context *ctx, struct chappe_text id)
{
        struct chappe_store_file *store = ctx->runtime->store;

        store->database.guarded = false;
        int status = chappe_inbox_note(store, ctx->operation, id, NULL, &ctx->error);
        store->database.guarded = true;
        if (status == CHAPPE_WORK_SEEN)
                chappe_metric_add(store->repeated, 1);
        return status;
}

/* What a statement of the handler's own met is the reason of its failure, when it is the database's fault. */
static void notice_outage(struct chappe_context *ctx)
{
        struct chappe_database *database = &ctx->runtime->store->database;
        int result = sqlite3_extended_errcode(database->connection);

        switch (result & 0xff) {
        case SQLITE_FULL:
        case SQLITE_IOERR:
        case SQLITE_READONLY:
        case SQLITE_CORRUPT:
        case SQLITE_NOMEM:
                if (!ctx->error.code)
                        chappe_database_fail(database, result, "the handler's statement", &ctx->error);
        }
}

static void work_rollback(struct chappe_context *ctx)
{
        if (!ctx->transaction)
                return;
        notice_outage(ctx);
        leave_handler(ctx);
        chappe_part_rollback(ctx->runtime->store);
}

const struct chappe_unit_of_work_operations chappe_store_work = {
        .seen = work_seen,
        .open = work_open,
        .publish = work_publish,
        .commit = work_commit,
        .note = work_note,
        .rollback = work_rollback,
};
