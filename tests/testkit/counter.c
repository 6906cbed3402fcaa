/* SPDX-License-Identifier: Apache-2.0 */
/* The counter: right, and hasty. */
#include "counter.h"

#include <sqlite3.h>
#include <stdlib.h>

static int count(struct sqlite3 *database)
{
        sqlite3_stmt *statement = NULL;
        int number = -1;

        if (sqlite3_prepare_v2(database, "SELECT count(*) FROM parcels", -1, &statement, NULL) == SQLITE_OK &&
            sqlite3_step(statement) == SQLITE_ROW)
                number = sqlite3_column_int(statement, 0);
        sqlite3_finalize(statement);
        return number;
}

static bool enter(struct sqlite3 *database, struct chappe_text parcel)
{
        sqlite3_stmt *statement = NULL;
        bool entered;

        if (sqlite3_prepare_v2(database, "INSERT INTO parcels VALUES (?)", -1, &statement, NULL) != SQLITE_OK)
                return false;
        sqlite3_bind_text(statement, 1, parcel.at, (int)parcel.length, SQLITE_TRANSIENT);
        entered = sqlite3_step(statement) == SQLITE_DONE;
        sqlite3_finalize(statement);
        return entered;
}

static int tell(struct chappe_context *ctx, const struct shop_order_shipped *event, int number)
{
        return shop_customer_notified_publish(
                ctx, &(struct shop_customer_notified){
                             .order_id = event->order_id,
                             .customer = event->customer,
                             .text = chappe_arena_printf(chappe_context_arena(ctx), "%d", number),
                             .sent_at = chappe_context_now_ms(ctx),
                     });
}

static enum chappe_decision on_shipped(struct chappe_context *ctx, const struct shop_order_shipped *event)
{
        struct sqlite3 *database = chappe_store(ctx);

        if (!database || !enter(database, event->order_id))
                return chappe_retry(ctx, "the store is not usable");
        return tell(ctx, event, count(database)) < 0 ? CHAPPE_RETRY : CHAPPE_DONE;
}

static enum chappe_decision on_shipped_hastily(struct chappe_context *ctx, const struct shop_order_shipped *event)
{
        int *known = chappe_context_state(ctx); /* how many were entered; 0: not known in this process yet */
        struct sqlite3 *database;
        bool told = *known > 0;

        if (told && tell(ctx, event, *known + 1) < 0)
                return CHAPPE_RETRY;
        *known = 0;
        database = chappe_store(ctx);
        if (!database || !enter(database, event->order_id))
                return chappe_retry(ctx, "the store is not usable");
        if (!told && tell(ctx, event, count(database)) < 0)
                return CHAPPE_RETRY;
        *known = count(database);
        return CHAPPE_DONE;
}

static void *known_new(struct chappe_service *service, struct chappe_error *error)
{
        int *known = calloc(1, sizeof(*known));

        (void)service;
        if (!known)
                chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a number");
        return known;
}

static const struct chappe_operation operations[] = {
        SHOP_ORDER_SHIPPED_CONSUMES(COUNTER_IN, on_shipped),
        SHOP_CUSTOMER_NOTIFIED_PRODUCES(COUNTER_OUT),
        { 0 },
};

static const struct chappe_operation hasty_operations[] = {
        SHOP_ORDER_SHIPPED_CONSUMES(COUNTER_IN, on_shipped_hastily),
        SHOP_CUSTOMER_NOTIFIED_PRODUCES(COUNTER_OUT),
        { 0 },
};

static const struct chappe_migration migrations[] = {
        { 1, "parcels", "CREATE TABLE parcels (parcel TEXT PRIMARY KEY) WITHOUT ROWID" },
        { 0 },
};

const struct chappe_service_config counter_service = {
        .name = "counter", .version = "1.0.0", .operations = operations, .migrations = migrations
};

const struct chappe_service_config hasty_counter_service = {
        .name = "counter",
        .version = "1.0.0",
        .operations = hasty_operations,
        .migrations = migrations,
        .state_new = known_new,
        .state_free = free,
};
