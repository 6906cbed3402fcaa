/* SPDX-License-Identifier: Apache-2.0 */
/* A small service program with a store: keeps every ping, a large body beside it, and answers with a pong. */
#include <sqlite3.h>

#include <chappe/publish.h>
#include <chappe/store.h>

#include "fixture.h"

static enum chappe_decision on_ping(struct chappe_context *ctx, const void *event)
{
        const struct ping *ping = event;
        sqlite3_stmt *insert = chappe_store_statement(ctx, "INSERT INTO kept VALUES (?1, zeroblob(50000))");

        if (!insert)
                return chappe_retry(ctx, "the store is not usable");
        sqlite3_bind_int64(insert, 1, ping->number);
        if (sqlite3_step(insert) != SQLITE_DONE)
                return chappe_retry(ctx, "the ping could not be kept");
        return chappe_publish(ctx, &pong_type, &(struct pong){ .id = ping->id }) < 0 ? CHAPPE_RETRY : CHAPPE_DONE;
}

static const struct chappe_operation operations[] = {
        { .kind = CHAPPE_CONSUMES, .topic = "test.pings", .type = &ping_type, .on_event = on_ping },
        { .kind = CHAPPE_PRODUCES, .topic = "test.pongs", .type = &pong_type },
        { 0 },
};
static const struct chappe_migration migrations[] = {
        { 1, "kept", "CREATE TABLE kept (number INTEGER NOT NULL PRIMARY KEY, body BLOB NOT NULL) STRICT" },
        { 0 },
};

int main(int argc, char **argv)
{
        return chappe_main(
                argc, argv,
                &(struct chappe_service_config){
                        .name = "keeper", .version = "1", .operations = operations, .migrations = migrations });
}
