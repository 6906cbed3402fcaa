/* SPDX-License-Identifier: Apache-2.0 */
/* The scene's services: small handlers that fail, dawdle and refuse as their records tell them to. */
#include "runtime_scene.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "shop/stock_moved.h"

#define DOWN_US 300000 /* a killed process comes back */

/* The plain way to take one's time: waits on a condition that nobody signals. */
static void dawdle(int64_t for_us)
{
        struct chappe_process *process = chappe_process_current();
        struct chappe_executor *executor = chappe_process_executor(process);
        const struct chappe_clock *clock = chappe_process_clock(process);
        int64_t until_us = chappe_clock_monotonic_us(clock) + for_us;
        struct chappe_mutex *mutex;
        struct chappe_condition *condition;

        if (for_us == 0)
                return;
        mutex = chappe_mutex_new(executor);
        condition = chappe_condition_new(executor);
        chappe_mutex_lock(executor, mutex);
        while (chappe_clock_monotonic_us(clock) < until_us &&
               chappe_condition_wait(executor, condition, mutex, until_us) != CHAPPE_WAIT_STOPPED)
                ;
        chappe_mutex_unlock(executor, mutex);
        chappe_condition_free(executor, condition);
        chappe_mutex_free(executor, mutex);
}

/* Nothing that a killed process does counts. */
static bool killed(void)
{
        return chappe_process_stopped(chappe_process_current());
}

/* What a killer does to the process that runs it. */
static enum chappe_decision die(struct outcome *outcome)
{
        const char *name = chappe_process_name(chappe_process_current());
        size_t number = (size_t)(name[strlen(name) - 1] - '0');

        if (killed())
                return CHAPPE_RETRY;
        outcome->failed++;
        chappe_testkit_instance_kill(chappe_testkit_instance(scene->kit, "relay", number), DOWN_US);
        return CHAPPE_RETRY;
}

static enum chappe_decision relay_decides(struct chappe_context *ctx, const struct shop_stock_moved *event,
                                          struct item *item, struct outcome *outcome)
{
        if (item->kind == ITEM_KILLER)
                return die(outcome);
        if (item->kind == ITEM_REFUSED || item->kind == ITEM_HOPELESS ||
            (item->kind == ITEM_SHAKY && outcome->failed < item->failures)) {
                if (!killed())
                        outcome->failed++;
                if (item->kind == ITEM_SHAKY && item->tells_first && !scene->silent)
                        (void)shop_stock_moved_publish(ctx, event);
                return item->kind == ITEM_REFUSED ? chappe_dead_letter(ctx, "refused") : chappe_retry(ctx, "failed");
        }
        if (!scene->silent && shop_stock_moved_publish(ctx, event) < 0)
                return CHAPPE_RETRY;
        if (!killed())
                outcome->done++;
        return CHAPPE_DONE;
}

/* One after another, until one of them fails: what happens to that one happens to all. */
static enum chappe_decision
run(struct scene_log *log, struct chappe_context *ctx, const struct shop_stock_moved *events, size_t count,
    enum chappe_decision (*one)(struct chappe_context *ctx, const struct shop_stock_moved *event))
{
        int begun = scene_begins(log, ctx, count);
        enum chappe_decision decision = CHAPPE_DONE;
        size_t ran = 0;

        for (; ran < count && decision == CHAPPE_DONE; ran++) {
                chappe_context_select(ctx, ran);
                scene_begins_one(log, ctx, (int)events[ran].quantity, begun);
                decision = one(ctx, &events[ran]);
        }
        if (count > 1 && decision != CHAPPE_DONE)
                chappe_testkit_note_sight(scene->kit, "several records failed together");
        for (size_t i = 0; i < ran; i++) {
                chappe_context_select(ctx, i);
                scene_ends_one(log, ctx, (int)events[i].quantity, begun, decision);
        }
        return decision;
}

static enum chappe_decision relay(struct chappe_context *ctx, const struct shop_stock_moved *event)
{
        int n = (int)event->quantity;

        scene->outcomes[n].runs++;
        dawdle(scene->items[n].slow_us);
        return relay_decides(ctx, event, &scene->items[n], &scene->outcomes[n]);
}

static enum chappe_decision on_relayed(struct chappe_context *ctx, const struct shop_stock_moved *event)
{
        return run(&scene->in, ctx, event, 1, relay);
}

static enum chappe_decision on_several_relayed(struct chappe_context *ctx, const struct shop_stock_moved *events,
                                               size_t count)
{
        return run(&scene->in, ctx, events, count, relay);
}

static bool enter(struct chappe_context *ctx, int n)
{
        sqlite3_stmt *statement = chappe_store_statement(ctx, "INSERT INTO kept (n) VALUES (?)");

        if (!statement)
                return false;
        sqlite3_bind_int(statement, 1, n);
        return sqlite3_step(statement) == SQLITE_DONE;
}

static enum chappe_decision keep(struct chappe_context *ctx, const struct shop_stock_moved *event)
{
        int n = (int)event->quantity;
        struct outcome *outcome = &scene->outcomes[n];
        bool entered;

        dawdle(scene->items[n].keep_slow_us);
        entered = enter(ctx, n) && outcome->kept_runs >= scene->items[n].keep_failures;
        outcome->kept_runs += !killed();
        outcome->entered += entered && !killed();
        return entered ? CHAPPE_DONE : chappe_retry(ctx, "failed");
}

static enum chappe_decision on_kept(struct chappe_context *ctx, const struct shop_stock_moved *event)
{
        return run(&scene->mid, ctx, event, 1, keep);
}

static enum chappe_decision on_several_kept(struct chappe_context *ctx, const struct shop_stock_moved *events,
                                            size_t count)
{
        return run(&scene->mid, ctx, events, count, keep);
}

static const struct chappe_retry_policy policy = { .backoff_ms = 20,
                                                   .backoff_maximum_ms = 400,
                                                   .attempts = SCENE_ATTEMPTS };

#define RELAY(relay, consumes, handler, wanted)                                                                        \
        static const struct chappe_operation relay##_operations[] = {                                                  \
                consumes(SCENE_IN, handler, .order = wanted, .retry = &policy, .partitions = SCENE_PARTITIONS),        \
                SHOP_STOCK_MOVED_PRODUCES(SCENE_MID, .partitions = SCENE_PARTITIONS),                                  \
                { 0 },                                                                                                 \
        };                                                                                                             \
        static const struct chappe_service_config relay = { .name = "relay",                                           \
                                                            .version = "1",                                            \
                                                            .operations = relay##_operations }
#define ONE                           SHOP_STOCK_MOVED_CONSUMES, on_relayed
#define SEVERAL                       SHOP_STOCK_MOVED_CONSUMES_BATCH, on_several_relayed
#define RELAY_OF(relay, kind, wanted) RELAY(relay, kind, wanted)
RELAY_OF(relay_by_key, ONE, CHAPPE_ORDER_KEY);
RELAY_OF(relay_by_partition, ONE, CHAPPE_ORDER_PARTITION);
RELAY_OF(relay_unordered, ONE, CHAPPE_ORDER_NONE);
RELAY_OF(relay_several_by_key, SEVERAL, CHAPPE_ORDER_KEY);
RELAY_OF(relay_several_by_partition, SEVERAL, CHAPPE_ORDER_PARTITION);
RELAY_OF(relay_several_unordered, SEVERAL, CHAPPE_ORDER_NONE);

const struct chappe_service_config *scene_relay(enum chappe_order order, bool several)
{
        static const struct chappe_service_config *const relays[][2] = {
                [CHAPPE_ORDER_KEY] = { &relay_by_key, &relay_several_by_key },
                [CHAPPE_ORDER_PARTITION] = { &relay_by_partition, &relay_several_by_partition },
                [CHAPPE_ORDER_NONE] = { &relay_unordered, &relay_several_unordered },
        };

        return relays[order][several];
}

static const struct chappe_operation keeper_operations[] = {
        SHOP_STOCK_MOVED_CONSUMES(SCENE_MID, on_kept, .retry = &policy),
        { 0 },
};
static const struct chappe_operation keeper_of_several_operations[] = {
        SHOP_STOCK_MOVED_CONSUMES_BATCH(SCENE_MID, on_several_kept, .retry = &policy),
        { 0 },
};
static const struct chappe_migration migrations[] = {
        { 1, "kept", "CREATE TABLE kept (at INTEGER PRIMARY KEY AUTOINCREMENT, n INTEGER NOT NULL)" },
        { 0 },
};
static const struct chappe_service_config keeper = {
        .name = "keeper", .version = "1", .operations = keeper_operations, .migrations = migrations
};
static const struct chappe_service_config keeper_of_several = {
        .name = "keeper", .version = "1", .operations = keeper_of_several_operations, .migrations = migrations
};

const struct chappe_service_config *scene_keeper(bool several)
{
        return several ? &keeper_of_several : &keeper;
}
