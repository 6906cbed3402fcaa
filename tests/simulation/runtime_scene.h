/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A scene for the consumer runtime: instances of a relay, which passes records on without a store, and of a keeper,
 * which writes them into its store; what is fed, how handlers behave, and everything that an onlooker knows of it.
 */
#pragma once

#include <chappe/testkit.h>

#include "base/random.h"
#include "flow/progress.h"
#include "testkit/kit.h"

#define SCENE_ITEMS      40
#define SCENE_KEYS       6
#define SCENE_PARTITIONS 4
#define SCENE_OFFSETS    400 /* of one partition, repetitions included */
#define SCENE_INSTANCES  3   /* of one service */
#define SCENE_ATTEMPTS   5   /* of the retry policy */
#define SCENE_TRIES      3   /* of a killer, where there is one */
#define SCENE_BYTES      65536
#define SCENE_LARGEST    40200 /* a record */
#define SCENE_IN         "scene.in"
#define SCENE_MID        "scene.mid"
#define SCENE_DEAD       "scene.in-dlt"

enum item_kind {
        ITEM_GOOD,
        ITEM_SHAKY,    /* its handler fails some times first */
        ITEM_HOPELESS, /* it fails for good */
        ITEM_REFUSED,  /* its handler wants it among the dead letters */
        ITEM_POISON,   /* bytes that nobody decodes */
        ITEM_TOMBSTONE,
        ITEM_KILLER, /* its handler ends the process */
};

/* One record that is fed, drawn up front. */
struct item {
        enum item_kind kind;
        int key;
        int failures;      /* SHAKY: of the relay */
        bool tells_first;  /* SHAKY: it publishes, and fails then */
        int keep_failures; /* of the keeper */
        int64_t slow_us;   /* how long the relay works on it */
        int64_t keep_slow_us;
        size_t padding; /* bytes */
        int round;      /* of feeding */
};

/* What became of it. */
struct outcome {
        int runs, failed, done; /* of the relay's handler */
        int kept_runs;
        int passed_on; /* in the log of SCENE_MID */
        int dead;      /* in the log of SCENE_DEAD */
        int entered;   /* by the keeper's handler*/
        int kept;      /* rows of the keeper */
};

/* A topic that one of the services consumes, as its log shows it. */
struct scene_log {
        const char *topic;
        const char *group;
        enum chappe_order order;
        int items[SCENE_PARTITIONS][SCENE_OFFSETS]; /* by offset */
        int64_t end[SCENE_PARTITIONS];
        int64_t committed[SCENE_PARTITIONS];
        int64_t checked[SCENE_PARTITIONS]; /* up to here, all that was committed was found to be finished */
        int64_t drain_us;
        size_t in_flight_records;
        int workers;
        /* by instance */
        bool told_finished[SCENE_INSTANCES][SCENE_PARTITIONS][SCENE_OFFSETS];
        int gained[SCENE_INSTANCES][SCENE_PARTITIONS];         /* how often */
        int running[SCENE_INSTANCES][SCENE_PARTITIONS];        /* since it was gained last */
        int64_t revoked_us[SCENE_INSTANCES][SCENE_PARTITIONS]; /* 0: it is not */
};

enum scene_planted {
        SCENE_PLANTED_NOTHING,
        SCENE_PLANTED_COMMIT_TOO_FAR,
        SCENE_PLANTED_METADATA_TOO_MUCH,
};

struct scene {
        struct chappe_testkit *kit;
        enum scene_planted planted;
        struct item items[SCENE_ITEMS];
        struct outcome outcomes[SCENE_ITEMS];
        struct scene_log in, mid;
        int32_t partitions;
        bool keeps;  /* there is a keeper */
        bool breaks; /* the relay's breaker may open */
        int killer;  /* the item that is one; -1: none */
        int rounds;
        int feeding; /* the item whose record is being appended */
        struct chappe_arena *arena;
};

/* The one that is played; one at a time in a process. */
extern struct scene *scene;

/* runtime_draw.c */
/* Draws everything and adds the instances. */
void scene_open(struct chappe_testkit *kit, enum scene_planted planted);
void scene_close(void);
/* Feeds a round; returns the pause until the next in ms, 0 after the last. */
int64_t scene_feed(int round);

/* runtime_services.c */
const struct chappe_service_config *scene_relay(enum chappe_order order);
extern const struct chappe_service_config scene_keeper;

/* runtime_judge.c */
void scene_watch(void);
/* A handler begins and ends a record of one of the logs; what the one returns the other wants. */
int scene_begins(struct scene_log *log, struct chappe_context *ctx, int n);
void scene_ends(struct scene_log *log, struct chappe_context *ctx, int n, int begun);
/* At the end. 0, or what is wrong. */
int scene_check(struct chappe_error *error);
