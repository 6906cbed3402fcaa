/* SPDX-License-Identifier: Apache-2.0 */
/* Events that are committed and wait to be published, and the lease of who publishes them. */
#include "store/outbox.h"

#include "store/packed_headers.h"

static struct chappe_text as_text(struct chappe_bytes bytes)
{
        return (struct chappe_text){ (const char *)bytes.at, bytes.length };
}

int chappe_outbox_add(struct chappe_store_file *store, const struct chappe_outgoing *outgoing,
                      struct chappe_error *error)
{
        struct chappe_buffer *packed = &store->packed;
        sqlite3_stmt *insert = chappe_database_statement(
                &store->database,
                "INSERT INTO chappe_outbox (topic, partition, key, value, headers, at_ms) VALUES (?, ?, ?, ?, ?, ?)",
                error);
        int status;

        if (!insert)
                return -error->code;
        packed->length = 0;
        status = chappe_headers_pack(outgoing->headers, outgoing->header_count, packed, error);
        if (status < 0)
                return status;
        chappe_bind_text(insert, 1, chappe_text(outgoing->topic));
        sqlite3_bind_int(insert, 2, outgoing->partition);
        chappe_bind_bytes(insert, 3, outgoing->key);
        chappe_bind_bytes(insert, 4, outgoing->value);
        chappe_bind_bytes(insert, 5, (struct chappe_bytes){ packed->at, packed->length });
        sqlite3_bind_int64(insert, 6, chappe_clock_wall_ms(store->runtime->world->clock));
        status = chappe_database_run(&store->database, insert, "writing into the outbox", error);
        if (status == 0)
                store->outbox_written = true;
        return status;
}

/* A copy in the arena; *failed is set when memory is short. */
static struct chappe_bytes copy(struct chappe_arena *arena, struct chappe_bytes bytes, bool *failed)
{
        struct chappe_text text;

        if (!bytes.at)
                return bytes;
        text = chappe_arena_text(arena, as_text(bytes));
        *failed = *failed || !text.at;
        return (struct chappe_bytes){ (const uint8_t *)text.at, text.length };
}

static int read_row(sqlite3_stmt *select, struct chappe_arena *arena, struct chappe_outbox_row *ret_row,
                    struct chappe_error *error)
{
        bool failed = false;
        struct chappe_bytes headers = copy(arena, chappe_column_bytes(select, 5), &failed);

        *ret_row = (struct chappe_outbox_row){
                .id = sqlite3_column_int64(select, 0),
                .outgoing =
                        {
                                .topic = (const char *)copy(arena, chappe_column_bytes(select, 1), &failed).at,
                                .partition = sqlite3_column_int(select, 2),
                                .key = copy(arena, chappe_column_bytes(select, 3), &failed),
                                .value = copy(arena, chappe_column_bytes(select, 4), &failed),
                        },
        };
        if (failed)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for rows of the outbox");
        return chappe_headers_unpack(headers, arena, &ret_row->outgoing.headers, &ret_row->outgoing.header_count,
                                     error);
}

int chappe_outbox_read(struct chappe_store_file *store, struct chappe_arena *arena, struct chappe_outbox_row *ret_rows,
                       int maximum, struct chappe_error *error)
{
        sqlite3_stmt *select = chappe_database_statement(
                &store->database,
                "SELECT id, topic, partition, key, value, headers FROM chappe_outbox ORDER BY id LIMIT ?", error);
        int count = 0, result, status = 0;

        if (!select)
                return -error->code;
        sqlite3_bind_int(select, 1, maximum);
        while ((result = sqlite3_step(select)) == SQLITE_ROW && status == 0)
                status = read_row(select, arena, &ret_rows[count++], error);
        if (status == 0 && result != SQLITE_DONE)
                status = chappe_database_fail(&store->database, result, "reading the outbox", error);
        sqlite3_reset(select);
        return status < 0 ? status : count;
}

int chappe_outbox_remove(struct chappe_store_file *store, int64_t id, struct chappe_error *error)
{
        sqlite3_stmt *delete =
                chappe_database_statement(&store->database, "DELETE FROM chappe_outbox WHERE id = ?", error);

        if (delete)
                sqlite3_bind_int64(delete, 1, id);
        return chappe_database_run(&store->database, delete, "deleting from the outbox", error);
}

static int64_t read_number(struct chappe_store_file *store, const char *sql, struct chappe_error *error)
{
        sqlite3_stmt *select = chappe_database_statement(&store->database, sql, error);
        int64_t number;
        int result;

        if (!select)
                return -error->code;
        result = sqlite3_step(select);
        number = result == SQLITE_ROW ? sqlite3_column_int64(select, 0)
                                      : chappe_database_fail(&store->database, result, "reading the outbox", error);
        sqlite3_reset(select);
        return number;
}

int64_t chappe_outbox_count(struct chappe_store_file *store, struct chappe_error *error)
{
        return read_number(store, "SELECT count(*) FROM chappe_outbox", error);
}

int chappe_outbox_waits(struct chappe_store_file *store, struct chappe_error *error)
{
        return (int)read_number(store, "SELECT EXISTS (SELECT 1 FROM chappe_outbox)", error);
}

/* A time far ahead was written before the clock was set back: it does not count either. */
int chappe_lease_take(struct chappe_store_file *store, struct chappe_error *error)
{
        int64_t now_ms = chappe_clock_wall_ms(store->runtime->world->clock);
        sqlite3_stmt *take =
                chappe_database_statement(&store->database,
                                          "INSERT INTO chappe_relay (one, holder, until_ms) VALUES (1, ?1, ?2) "
                                          "ON CONFLICT (one) DO UPDATE SET holder = ?1, until_ms = ?2 "
                                          "WHERE holder = ?1 OR until_ms <= ?3 OR until_ms > ?2",
                                          error);
        int status;

        if (!take)
                return -error->code;
        chappe_bind_text(take, 1, chappe_text(store->runtime->instance));
        sqlite3_bind_int64(take, 2, now_ms + CHAPPE_LEASE_MS);
        sqlite3_bind_int64(take, 3, now_ms);
        status = chappe_database_run(&store->database, take, "taking the relay's lease", error);
        return status < 0 ? status : sqlite3_changes(store->database.connection);
}

int chappe_lease_release(struct chappe_store_file *store, struct chappe_error *error)
{
        sqlite3_stmt *release = chappe_database_statement(
                &store->database, "UPDATE chappe_relay SET until_ms = 0 WHERE holder = ?", error);

        if (release)
                chappe_bind_text(release, 1, chappe_text(store->runtime->instance));
        return chappe_database_run(&store->database, release, "giving the relay's lease back", error);
}
