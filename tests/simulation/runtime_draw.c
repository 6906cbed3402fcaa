/* SPDX-License-Identifier: Apache-2.0 */
/* What is drawn of a scene: its services' settings, the records that are fed and how their handlers take them. */
#include "runtime_scene.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shop/stock_moved.h"

#define ROUNDS_MAXIMUM  5
#define PADDING_MAXIMUM 40000
#define SETTINGS        20
#define HOPELESS        2 /* records where the breaker may open: one less than can be an outage */

struct scene *scene;

struct settings {
        char texts[SETTINGS][64];
        const char *at[SETTINGS + 1];
        size_t count;
};

static void set(struct settings *settings, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(settings->texts[settings->count], sizeof(settings->texts[0]), format, arguments);
        va_end(arguments);
        settings->at[settings->count] = settings->texts[settings->count];
        settings->count++;
}

static int draw(struct chappe_random *random, int bound)
{
        return (int)chappe_random_below(random, (uint64_t)bound);
}

static enum item_kind draw_kind(struct chappe_random *random)
{
        int at = draw(random, 20);

        if (at < 11)
                return ITEM_GOOD;
        return at < 16 ? ITEM_SHAKY : (enum item_kind)(ITEM_HOPELESS + at - 16);
}

/* Every second scene has a key of which half of the records are. */
static int draw_key(struct chappe_random *random, bool hot)
{
        return hot && draw(random, 2) ? 0 : draw(random, SCENE_KEYS);
}

static int64_t draw_slowness_us(struct chappe_random *random)
{
        switch (draw(random, 8)) {
        case 0:
                return draw(random, 300000);
        case 1:
                return draw(random, 20) ? draw(random, 20000) : draw(random, 8000000);
        default:
                return 0;
        }
}

static void draw_items(struct chappe_random *random)
{
        bool hot = draw(random, 2), large = draw(random, 6) == 0;
        int hopeless = 0;

        scene->rounds = 1 + draw(random, ROUNDS_MAXIMUM);
        for (int n = 0; n < SCENE_ITEMS; n++) {
                struct item *item = &scene->items[n];

                *item = (struct item){ .kind = draw_kind(random), .key = draw_key(random, hot) };
                /* Where all that is left fails for good, of as many keys as make an outage, the breaker waits. */
                if (scene->breaks && item->kind == ITEM_HOPELESS && ++hopeless > HOPELESS)
                        item->kind = ITEM_SHAKY;
                item->failures = 1 + draw(random, 3);
                item->tells_first = draw(random, 2);
                item->keep_failures = draw(random, 4) ? 0 : 1 + draw(random, 3);
                item->slow_us = draw_slowness_us(random);
                item->keep_slow_us = draw_slowness_us(random) / 4;
                item->padding = draw(random, large ? 2 : 8) ? 0 : (size_t)draw(random, PADDING_MAXIMUM);
                item->round = n * scene->rounds / SCENE_ITEMS;
                /* It strikes at once: one that outlives the drain of its partition strikes when another is on trial. */
                if (n == scene->killer) {
                        item->kind = ITEM_KILLER;
                        item->slow_us = 0;
                }
        }
}

/* Where there is no killer, owners that are careful after kills never blame anybody. */
static void draw_carefulness(struct chappe_random *random, struct settings *settings)
{
        bool careful = draw(random, 3) == 0;
        int calm_ms = 1000 + draw(random, 20000);

        set(settings, "crash_loop_tries=%d", scene->killer >= 0 ? SCENE_TRIES : careful ? 100 : 0);
        set(settings, "crash_loop_calm_ms=%d", scene->killer >= 0 ? 600000 : calm_ms);
}

/* Tiny budgets: what is never full proves nothing. */
static void draw_settings(struct chappe_random *random, struct scene_log *log, struct settings *settings,
                          const char *strategy)
{
        static const int in_flight[] = { 1, 2, 5, 20, 1000 };

        log->in_flight_records = (size_t)in_flight[draw(random, 5)];
        /* Half of it is for what is in hand, and a quarter for keeping so many records. */
        log->in_flight_bytes = 2 * SCENE_BYTES;
        if (log->in_flight_bytes < 4096 * log->in_flight_records)
                log->in_flight_bytes = 4096 * log->in_flight_records;
        log->drain_us = 1000 * (int64_t)(100 + draw(random, 3000));
        log->workers = 1 + draw(random, 4);
        set(settings, "workers=%d", log->workers);
        set(settings, "in_flight_records=%zu", log->in_flight_records);
        set(settings, "in_flight_bytes=%zu", log->in_flight_bytes);
        set(settings, "parked_keys=%d", 1 + draw(random, 6));
        set(settings, "commit_interval_ms=%d", 50 + draw(random, 1000));
        set(settings, "drain_timeout_ms=%d", (int)(log->drain_us / 1000));
        set(settings, "breaker_percent=%d", scene->breaks ? 50 : 0);
        set(settings, "breaker_keys=%d", HOPELESS + 1 + draw(random, 4));
        set(settings, "breaker_doubt_ms=%d", draw(random, 3000));
        set(settings, "breaker_wait_ms=%d", 100 + draw(random, 1000));
        draw_carefulness(random, settings);
        set(settings, "batch_records=%d", 2 + draw(random, 8));
        set(settings, "batch_wait_ms=%d", draw(random, 3) ? draw(random, 400) : 0);
        set(settings, "partition.assignment.strategy=%s", strategy);
        if (draw(random, 4) == 0)
                set(settings, "instance_static=true");
}

static const char *draw_strategy(struct chappe_random *random)
{
        static const char *const strategies[] = { "range", "roundrobin", "cooperative-sticky" };

        return strategies[draw(random, 3)];
}

static void log_init(struct scene_log *log, const char *topic, const char *group, enum chappe_order order)
{
        log->topic = topic;
        log->group = group;
        log->order = order;
        for (int32_t p = 0; p < SCENE_GROWN; p++) {
                log->committed[p] = -1;
                log->back_to[p] = INT64_MAX;
        }
}

void scene_open(struct chappe_testkit *kit, enum scene_planted planted)
{
        struct settings relay = { 0 }, keeper = { 0 };
        struct chappe_random random;
        enum chappe_order order;

        scene = calloc(1, sizeof(*scene));
        if (!scene || !(scene->arena = chappe_arena_new(0)))
                abort();
        scene->kit = kit;
        scene->planted = planted;
        scene->feeding = -1;
        chappe_random_init(&random, chappe_testkit_seed(kit) * 7 + 1);
        order = draw(&random, 4) < 2 ? CHAPPE_ORDER_KEY : (enum chappe_order)draw(&random, 3);
        log_init(&scene->in, SCENE_IN, "relay", order);
        log_init(&scene->mid, SCENE_MID, "keeper", CHAPPE_ORDER_KEY);
        scene->partitions = 1 + draw(&random, SCENE_PARTITIONS);
        scene->keeps = draw(&random, 3) == 0;
        scene->silent = !scene->keeps && draw(&random, 2) == 0;
        scene->breaks = draw(&random, 2) == 0;
        scene->killer = draw(&random, 8) == 0 ? draw(&random, SCENE_ITEMS) : -1;
        scene->relays_several = draw(&random, 3) == 0;
        scene->keeps_several = draw(&random, 2) == 0;
        draw_items(&random);
        chappe_sim_topic_create(kit->sim, SCENE_IN, scene->partitions);
        if (scene->keeps)
                draw_settings(&random, &scene->mid, &keeper, draw_strategy(&random));
        draw_settings(&random, &scene->in, &relay, draw_strategy(&random));
        for (int i = 1 + draw(&random, SCENE_INSTANCES); i > 0; i--)
                chappe_testkit_add(kit, scene_relay(order, scene->relays_several), relay.at);
        for (int i = scene->keeps ? 1 + draw(&random, 2) : 0; i > 0; i--)
                chappe_testkit_add(kit, scene_keeper(scene->keeps_several), keeper.at);
        scene_watch();
}

void scene_close(void)
{
        chappe_arena_free(scene->arena);
        free(scene);
        scene = NULL;
}

static void feed_bytes(const char *key, const char *text)
{
        chappe_testkit_feed_bytes(scene->kit, SCENE_IN, (struct chappe_bytes){ (const uint8_t *)key, strlen(key) },
                                  (struct chappe_bytes){ (const uint8_t *)text, text ? strlen(text) : 0 });
}

static void feed_event(int n, const char *key)
{
        static char padding[PADDING_MAXIMUM + 1];
        char id[16];

        snprintf(id, sizeof(id), "item-%d", n);
        if (!padding[0])
                memset(padding, 'x', PADDING_MAXIMUM);
        if (chappe_testkit_feed_as(scene->kit, id, SCENE_IN, &shop_stock_moved_type,
                                   &(struct shop_stock_moved){ .sku = chappe_text(key),
                                                               .order_id = { padding, scene->items[n].padding },
                                                               .quantity = n }) < 0)
                abort();
}

static void feed_item(int n)
{
        char key[] = "key-0", poison[16];

        if (chappe_sim_partition_count(scene->kit->sim, SCENE_IN) == 0) {
                scene->in.lost[n] = true; /* nobody can send it */
                return;
        }
        key[4] = (char)('0' + scene->items[n].key);
        scene->feeding = n;
        snprintf(poison, sizeof(poison), "poison-%d", n);
        if (scene->items[n].kind == ITEM_POISON)
                feed_bytes(key, poison);
        else if (scene->items[n].kind == ITEM_TOMBSTONE)
                feed_bytes(key, NULL);
        else
                feed_event(n, key);
        scene->feeding = -1;
}

int64_t scene_feed(int round)
{
        for (int n = 0; n < SCENE_ITEMS; n++)
                if (scene->items[n].round == round && chappe_testkit_feeds(scene->kit, n))
                        feed_item(n);
        return round + 1 < scene->rounds ? 10000 / scene->rounds : 0;
}
