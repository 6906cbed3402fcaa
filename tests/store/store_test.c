/* SPDX-License-Identifier: Apache-2.0 */
/* A runtime over threads with a database of its own. */
#include "store_test.h"

#include <ftw.h>
#include <stdio.h>
#include <unistd.h>

#include "config/config.h"

static const struct chappe_layout null_layout = { .kind = CHAPPE_LAYOUT_NULL, .size = 1 };
static const struct chappe_type event_type = { .name = "test.Event", .schema = "\"null\"", .layout = &null_layout };
static const struct chappe_message message = {
        .protocol = "test.Service", .name = "do", .request = &event_type, .response = &event_type
};

const struct chappe_operation test_consumes = { .kind = CHAPPE_CONSUMES, .topic = "in", .type = &event_type };
const struct chappe_operation test_answers = { .kind = CHAPPE_ANSWERS, .topic = "ask", .message = &message };
const struct chappe_migration test_migrations[] = {
        { 1, "effects", "CREATE TABLE effects (n INTEGER NOT NULL, worker TEXT)" }, { 0 }
};

void place_make(struct place *place)
{
        *place = (struct place){ .folder = "/tmp/chappe-store-XXXXXX" };
        assert_non_null(mkdtemp(place->folder));
        snprintf(place->path, sizeof(place->path), "%s/test.db", place->folder);
        place->world = (struct chappe_world){
                .clock = chappe_clock_system(),
                .executor = chappe_executor_threads(),
                .seed = 7,
                .database = place->path,
        };
        place->runtime = (struct chappe_runtime){
                .world = &place->world, .service = "test", .instance = "test-1", .topic_prefix = ""
        };
}

void place_set(struct place *place, const char *setting)
{
        assert_true(place->setting_count + 1 < COUNT(place->settings));
        place->settings[place->setting_count++] = setting;
}

int place_open(struct place *place, const struct chappe_migration *migrations, struct chappe_error *error)
{
        const struct chappe_config_sources sources = { .settings = place->settings };
        struct chappe_runtime *runtime = &place->runtime;
        int status = chappe_config_load(&sources, &runtime->config, error);

        runtime->metrics = chappe_metrics_new();
        if (status == 0)
                status = chappe_store_open(runtime, migrations, 5000, error);
        if (status < 0)
                place_close(place);
        return status;
}

void place_close(struct place *place)
{
        chappe_store_close(&place->runtime);
        place->runtime.metrics = chappe_metrics_free(place->runtime.metrics);
        place->runtime.config = chappe_config_free(place->runtime.config);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *at)
{
        (void)status;
        (void)kind;
        (void)at;
        return remove(path);
}

void place_remove(struct place *place)
{
        place_close(place);
        nftw(place->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void work_begin(struct work *work, struct chappe_runtime *runtime, const struct chappe_operation *operation,
                const char *event_id)
{
        *work = (struct work){ .ctx = { .runtime = runtime, .arena = chappe_arena_new(0), .operation = operation } };
        chappe_random_init(&work->random, 7);
        work->ctx.record = &work->record;
        work->ctx.random = &work->random;
        work->ctx.event_id = chappe_text(event_id);
        work->ctx.identified = true;
}

void work_end(struct work *work)
{
        work->ctx.runtime->work->rollback(&work->ctx);
        chappe_arena_free(work->ctx.arena);
}

int64_t place_number(const struct place *place, const char *sql)
{
        sqlite3 *connection;
        sqlite3_stmt *statement;
        int64_t number;

        assert_int_equal(sqlite3_open(place->path, &connection), SQLITE_OK);
        assert_int_equal(sqlite3_prepare_v2(connection, sql, -1, &statement, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
        number = sqlite3_column_int64(statement, 0);
        sqlite3_finalize(statement);
        sqlite3_close(connection);
        return number;
}

int effect(struct chappe_context *ctx, int n)
{
        struct sqlite3_stmt *insert = chappe_store_statement(ctx, "INSERT INTO effects (n, worker) VALUES (?, 'w')");

        if (!insert)
                return -1;
        sqlite3_bind_int(insert, 1, n);
        return sqlite3_step(insert) == SQLITE_DONE ? 0 : -1;
}

int publish(struct chappe_context *ctx, const char *topic, const char *key, const char *value)
{
        const struct chappe_header headers[] = { { "ce_id", ctx->event_id.at, ctx->event_id.length } };
        const struct chappe_outgoing outgoing = {
                .topic = topic,
                .partition = CHAPPE_PARTITION_BY_KEY,
                .key = { (const uint8_t *)key, strlen(key) },
                .value = { (const uint8_t *)value, strlen(value) },
                .headers = headers,
                .header_count = 1,
        };

        return ctx->runtime->work->publish(ctx, &outgoing);
}
