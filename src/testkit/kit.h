/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of the testkit. */
#pragma once

#include <stdio.h>

#include <chappe/codec.h>
#include <chappe/testkit.h>

#include "base/fibers.h"
#include "broker/sim/sim.h"
#include "broker/world.h"

#define SECOND_US  INT64_C(1000000)
#define STEP_KINDS 64
#define SIGHTS     24

#define DOWN_MAXIMUM_US (5 * SECOND_US)

enum instance_state { INSTANCE_DOWN, INSTANCE_UP, INSTANCE_STOPPING, INSTANCE_KILLED };

/* One service process and its successors. */
struct chappe_testkit_instance {
        struct chappe_testkit *kit;
        const struct chappe_service_config *config;
        char *name;           /* "orders-1" */
        uint64_t incarnation; /* processes so far */
        char **settings;
        struct chappe_world world;
        struct chappe_process *process; /* NULL while down */
        struct chappe_strand *strand;
        struct chappe_mutex *mutex;
        struct chappe_condition *changed;
        struct chappe_service *service;
        enum instance_state state;
        bool asked_to_stop;
        /* Orders for the main strand, and how far it is with them. */
        const char *hold; /* the topic that is to be held; NULL: none */
        const char *held; /* that is */
        int64_t held_us;  /* since then */
        int64_t stood_us; /* it stood still until then, at the latest */
        const char *seek; /* the topic that is to be moved to seek_ms */
        int64_t seek_ms;
        uint32_t seeks;    /* so far */
        uint32_t handlers; /* that run */
        bool stays_down;   /* until somebody restarts it */
        int64_t down_us;   /* otherwise how long */
        bool troubled;     /* started, or asked to stop, while faults lasted: it may fail to */
        int start_status;  /* of the last start and stop */
        int stop_status;
        struct chappe_error error;
        struct chappe_timer supervisor;
        struct chappe_testkit_instance *next;
};

struct schedule;
struct selection;

struct stub {
        struct chappe_service_config config;
        struct chappe_operation operations[2];
        char *name;
        struct stub *next;
};

/* One service's data: what outlives its processes. */
struct database {
        char *service;
        char *uri;
        struct sqlite3 *anchor;
        struct database *next;
};

/* A compiled pair of schemas. */
struct reading_plan {
        uint64_t writer;
        const struct chappe_type *type;
        struct chappe_plan *plan;
        struct reading_plan *next;
};

/* Something worth being met, and how often it was. */
struct sight {
        const char *what; /* a string constant */
        uint32_t times;
};

/* Where instances were killed, by kind of step. */
struct step_kind {
        const char *name; /* the kinds are string constants */
        uint64_t seen;
        uint32_t kills;
};

struct chappe_testkit {
        uint64_t seed;
        struct chappe_random random;       /* of faults: not the scheduler's */
        struct schedule *schedule;         /* NULL: no faults */
        const struct selection *selection; /* NULL: all of it */
        struct chappe_fibers *fibers;
        struct chappe_sim *sim;
        struct chappe_arena *arena;
        struct chappe_testkit_instance *instances;
        struct stub *stubs;
        struct database *databases;
        struct reading_plan *plans;
        uint64_t fed; /* events fed so far */
        struct step_kind kinds[STEP_KINDS];
        size_t kind_count;
        struct sight sights[SIGHTS];
        size_t sight_count;
        /* the crash that is planned */
        struct chappe_testkit_instance *crash_of;
        const char *crash_kind; /* NULL: any */
        uint64_t crash_after;   /* so many steps */
        int64_t crash_down_us;  /* until it starts again */
        struct chappe_random crash_random;
        int64_t crash_at_us; /* at the latest: at any step then */
        uint32_t crashes;
        bool faults_last;
        int64_t away_until_us; /* what waited for the cluster, or a broker of it, comes until then, however soon they
                                  heal */
        bool failed;           /* an instance did not start or end as it should */
        char failure[600];
};

/* kit.c */
/* schedule_seed: of the machine's decisions, which may be others for the same faults. */
struct chappe_testkit *chappe_testkit_create(uint64_t seed, uint64_t schedule_seed, FILE *trace);
void chappe_testkit_destroy(struct chappe_testkit *kit);
void chappe_testkit_note_failure(struct chappe_testkit *kit, const char *format, ...)
        __attribute__((format(printf, 2, 3)));
/* It was met once more; told at the end, with how many seeds met it. what is a string constant. */
void chappe_testkit_note_sight(struct chappe_testkit *kit, const char *what);
/* Every instance that is down for a while comes up, and stays. */
void chappe_testkit_heal(struct chappe_testkit *kit);
/* Stops all, in order; negative when one did not end cleanly. */
int chappe_testkit_end(struct chappe_testkit *kit);

/* instance.c */
void chappe_testkit_instance_start(struct chappe_testkit_instance *instance);
/* Its process is killed; after down_us it is started again, or never (CHAPPE_FOREVER). */
void chappe_testkit_instance_kill(struct chappe_testkit_instance *instance, int64_t down_us);
void chappe_testkit_instance_ask_to_stop(struct chappe_testkit_instance *instance, int64_t down_us);
/* It stands still until then. */
void chappe_testkit_instance_pause(struct chappe_testkit_instance *instance, int64_t until_us);
/* Now, if it is down. */
void chappe_testkit_instance_come_up(struct chappe_testkit_instance *instance);
void chappe_testkit_instance_free(struct chappe_testkit_instance *instance);
struct chappe_testkit_instance *chappe_testkit_instance_new(struct chappe_testkit *kit,
                                                            const struct chappe_service_config *config, size_t n,
                                                            const char *const *settings);

/* events.c */
void chappe_testkit_plans_free(struct chappe_testkit *kit);

/* steps.c: the machine's step hook */
void chappe_testkit_step(void *context, struct chappe_process *process, const char *kind);
/* Kills this instance at its n-th coming step of a kind, both picked, over the kinds seen so far. */
void chappe_testkit_plan_crash(struct chappe_testkit *kit, struct chappe_testkit_instance *instance, uint64_t pick,
                               int64_t down_us);

/* database.c */
const char *chappe_testkit_database_uri(struct chappe_testkit *kit, const char *service);
void chappe_testkit_databases_free(struct chappe_testkit *kit);

/* memory_vfs.c: SQLite's memdb, but a killed process can neither lock nor commit. */
void chappe_testkit_vfs_register(void);
#define CHAPPE_TESTKIT_VFS "chappe-testkit"
