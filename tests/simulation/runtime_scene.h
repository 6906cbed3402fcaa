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
#define SCENE_GROWN      8   /* partitions of a topic that grows, at most */
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

/* What one instance has had to do with one partition. */
struct scene_holding {
        int gained;         /* how often */
        int life;           /* of the topic, when it was gained last */
        bool owned;         /* gained, and not released yet */
        bool moved;         /* since then: what was finished may run again */
        int64_t behind;     /* and what is before this one is left out */
        int running;        /* since it was gained last */
        int64_t revoked_us; /* 0: it is not */
        bool told_finished[SCENE_OFFSETS];
        int done[SCENE_OFFSETS];      /* by a run that began when it had been gained so often; 0: by none */
        uint64_t late[SCENE_OFFSETS]; /* by a run of this process (its incarnation) that ended when it had gone */
};

/* A topic that one of the services consumes, as its log shows it. */
struct scene_log {
        const char *topic;
        const char *group;
        enum chappe_order order;
        int life;                              /* how often it was deleted */
        int items[SCENE_GROWN][SCENE_OFFSETS]; /* by offset */
        bool excused[SCENE_GROWN][SCENE_OFFSETS];
        int64_t end[SCENE_GROWN];
        int64_t committed[SCENE_GROWN];
        int64_t checked[SCENE_GROWN]; /* up to here, all that was committed was found to be finished */
        int64_t back_to[SCENE_GROWN]; /* so far commits may go back: somebody was moved there */
        bool stale[SCENE_GROWN];      /* a commit that was meant for a former life of the topic */
        bool lost[SCENE_ITEMS];       /* records of these were gone, or left out: they need not take effect */
        int64_t drain_us;
        size_t in_flight_records;
        size_t in_flight_bytes;
        int workers;
        int64_t held_us[SCENE_INSTANCES]; /* this and the next: since when it is paused, and how many began since */
        int waited[SCENE_INSTANCES];
        struct scene_holding holdings[SCENE_INSTANCES][SCENE_GROWN];
};

enum scene_planted {
        SCENE_PLANTED_NOTHING,
        SCENE_PLANTED_COMMIT_TOO_FAR,
        SCENE_PLANTED_METADATA_TOO_MUCH,
        SCENE_PLANTED_LATE_COUNTS, /* what a handler finished after its partition had gone is committed once it is back
                                    */
};

struct scene {
        struct chappe_testkit *kit;
        enum scene_planted planted;
        struct item items[SCENE_ITEMS];
        struct outcome outcomes[SCENE_ITEMS];
        struct scene_log in, mid;
        int32_t partitions;
        bool keeps;  /* there is a keeper */
        bool silent; /* the relay passes nothing on: a record is over with its handler */
        bool breaks; /* the relay's breaker may open */
        int killer;  /* the item that is one; -1: none */
        int rounds;
        bool relays_several, keeps_several; /* their handlers take more than one record at a time */
        int feeding;                        /* the item whose record is being appended */
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
/* several: its handler takes more than one record at a time. */
const struct chappe_service_config *scene_relay(enum chappe_order order, bool several);
const struct chappe_service_config *scene_keeper(bool several);

/* runtime_judge.c */
void scene_watch(void);
void scene_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The log that a group reads, or that has this name; NULL: neither. */
struct scene_log *scene_log_of(const char *group);
struct scene_log *scene_log_named(const char *topic);
/* "relay-1": 1. */
int scene_instance_number(struct chappe_process *process);
const struct chappe_testkit_instance *scene_instance_of(const struct scene_log *log, struct chappe_process *process);
/* A handler of so many records of one of the logs begins; what it returns is wanted where it begins and ends each. */
int scene_begins(struct scene_log *log, struct chappe_context *ctx, size_t count);
void scene_begins_one(struct scene_log *log, struct chappe_context *ctx, int n, int begun);
void scene_ends_one(struct scene_log *log, struct chappe_context *ctx, int n, int begun, enum chappe_decision decision);

/* runtime_changes.c: topics that change under their readers, operations that are held and moved */
void scene_sought(void *context, struct chappe_process *process, const char *group, const char *topic,
                  int32_t partition, int64_t offset);
void scene_deleted(void *context, const char *topic, int32_t partition, int64_t before);
void scene_topic_deleted(void *context, const char *topic);
/* Nothing of a held operation begins or is taken. */
void scene_check_held(const struct scene_log *log, struct chappe_process *process, const char *what);
/* A worker had it before the pause, and another one's transaction was still open: one for each of the others. */
bool scene_waited_for_the_store(struct scene_log *log, struct chappe_process *process);
/* A commit tells what its sender was told, or did while the partition was its own: what came late counts for nothing.
 */
void scene_check_fenced(const struct scene_log *log, struct chappe_process *process,
                        const struct chappe_position *position);
/* The record at this offset was finished by a run that came too late, and by no other since. */
bool scene_came_late(const struct scene_log *log, struct chappe_process *process, int32_t partition, int64_t offset);
/* At the end. 0, or what is wrong. */
int scene_check(struct chappe_error *error);
