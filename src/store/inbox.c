/* SPDX-License-Identifier: Apache-2.0 */
/* Which events have taken effect, and the replies that requests were given. */
#include "store/inbox.h"

#include <stdio.h>

#include "flow/replay.h"
#include "store/packed_headers.h"

#define OPERATION_SIZE 800

/* The same for every version of a service that knows the operation: topic and message or record, not its place in the
 * table. A replay has an inbox of its own: what took effect in the life of the service is to run once more, and once.
 */
static struct chappe_text operation_name(const struct chappe_store_file *store,
                                         const struct chappe_operation *operation, char buffer[OPERATION_SIZE])
{
        const struct chappe_replay *replay = store->runtime->replay;
        const char *key = replay ? chappe_replay_key(replay) : "", *between = replay ? " " : "";
        int length;

        if (!operation)
                return chappe_text("");
        if (operation->kind == CHAPPE_ANSWERS)
                length = snprintf(buffer, OPERATION_SIZE, "%s%s%s %s.%s", key, between, operation->topic,
                                  operation->message->protocol, operation->message->name);
        else
                length = snprintf(buffer, OPERATION_SIZE, "%s%s%s %s", key, between, operation->topic,
                                  operation->type->name);
        if (length >= OPERATION_SIZE)
                length = OPERATION_SIZE - 1;
        return (struct chappe_text){ buffer, (size_t)length };
}

static void bind_identity(sqlite3_stmt *statement, struct chappe_text operation, struct chappe_text id)
{
        chappe_bind_text(statement, 1, operation);
        chappe_bind_bytes(statement, 2, (struct chappe_bytes){ (const uint8_t *)id.at, id.length });
}

static int bind_reply(struct chappe_store_file *store, sqlite3_stmt *insert, const struct chappe_outgoing *reply,
                      struct chappe_error *error)
{
        struct chappe_buffer *packed = &store->packed;
        int status;

        if (!reply)
                return 0;
        packed->length = 0;
        status = chappe_headers_pack(reply->headers, reply->header_count, packed, error);
        chappe_bind_bytes(insert, 4, reply->value);
        chappe_bind_bytes(insert, 5, (struct chappe_bytes){ packed->at, packed->length });
        return status;
}

int chappe_inbox_note(struct chappe_store_file *store, const struct chappe_operation *operation, struct chappe_text id,
                      const struct chappe_outgoing *reply, struct chappe_error *error)
{
        char name[OPERATION_SIZE];
        sqlite3_stmt *insert = chappe_database_statement(
                &store->database,
                "INSERT INTO chappe_inbox (operation, event_id, at_ms, reply, headers) VALUES (?, ?, ?, ?, ?) "
                "ON CONFLICT DO NOTHING",
                error);
        int status;

        if (!insert)
                return -error->code;
        bind_identity(insert, operation_name(store, operation, name), id);
        sqlite3_bind_int64(insert, 3, chappe_clock_wall_ms(store->runtime->world->clock));
        status = bind_reply(store, insert, reply, error);
        if (status == 0)
                status = chappe_database_run(&store->database, insert, "noting the event in the inbox", error);
        if (status < 0)
                return status;
        return sqlite3_changes(store->database.connection) == 1 ? 0 : CHAPPE_WORK_SEEN;
}

static int copy_reply(sqlite3_stmt *select, struct chappe_arena *arena, struct chappe_outgoing *ret_reply,
                      struct chappe_error *error)
{
        struct chappe_bytes value = chappe_column_bytes(select, 0), packed = chappe_column_bytes(select, 1);

        if (!packed.at) /* an event: it has none */
                return 0;
        struct chappe_text copy =
                chappe_arena_text(arena, (struct chappe_text){ (const char *)value.at, value.length });
        struct chappe_text headers =
                chappe_arena_text(arena, (struct chappe_text){ (const char *)packed.at, packed.length });

        if ((value.length && !copy.at) || !headers.at)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a stored reply");
        ret_reply->value = value.at ? (struct chappe_bytes){ (const uint8_t *)copy.at, copy.length } : value;
        return chappe_headers_unpack((struct chappe_bytes){ (const uint8_t *)headers.at, headers.length }, arena,
                                     &ret_reply->headers, &ret_reply->header_count, error);
}

int chappe_inbox_find(struct chappe_store_file *store, const struct chappe_operation *operation, struct chappe_text id,
                      struct chappe_arena *arena, struct chappe_outgoing *ret_reply, struct chappe_error *error)
{
        char name[OPERATION_SIZE];
        sqlite3_stmt *select = chappe_database_statement(
                &store->database, "SELECT reply, headers FROM chappe_inbox WHERE operation = ? AND event_id = ?",
                error);
        int result, status;

        if (!select)
                return -error->code;
        bind_identity(select, operation_name(store, operation, name), id);
        result = sqlite3_step(select);
        if (result == SQLITE_DONE)
                status = 0;
        else if (result != SQLITE_ROW)
                status = chappe_database_fail(&store->database, result, "looking into the inbox", error);
        else
                status = ret_reply ? copy_reply(select, arena, ret_reply, error) : 0;
        sqlite3_reset(select);
        return status < 0 ? status : result == SQLITE_ROW ? CHAPPE_WORK_SEEN : 0;
}

int chappe_inbox_prune(struct chappe_store_file *store, int64_t before_ms, int limit, struct chappe_error *error)
{
        sqlite3_stmt *delete = chappe_database_statement(
                &store->database,
                "DELETE FROM chappe_inbox WHERE id IN (SELECT id FROM chappe_inbox ORDER BY id LIMIT ?) AND at_ms < ?",
                error);
        int status;

        if (!delete)
                return -error->code;
        sqlite3_bind_int(delete, 1, limit);
        sqlite3_bind_int64(delete, 2, before_ms);
        status = chappe_database_run(&store->database, delete, "pruning the inbox", error);
        return status < 0 ? status : sqlite3_changes(store->database.connection);
}
