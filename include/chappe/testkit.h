/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of whole services: in one process, on a simulated cluster, in virtual time; the same seed runs the same way. A
 * test that calls a service's functions here runs its real handlers, codec, consumer runtime and store.
 *
 *      struct chappe_testkit *kit = chappe_testkit_new(7, &orders, &inventory, NULL);
 *      chappe_testkit_stub(kit, "shop.payments", &shop_payments_authorise_message, refuse);
 *      chappe_testkit_feed(kit, "shop.orders.placed", &shop_order_placed_type, &order);
 *      assert_int_equal(chappe_testkit_run_until_idle(kit), 0);
 *      assert_int_equal(chappe_testkit_published(kit, "shop.orders.rejected"), 1);
 *      chappe_testkit_free(kit);
 */
#pragma once

#include <chappe/service.h>

#ifdef __cplusplus
extern "C" {
#endif

struct chappe_testkit;
struct chappe_testkit_instance; /* one running instance of a service */
struct sqlite3;

/* A machine with one instance of each service; the list ends with NULL. They start when it runs. NULL when memory is
 * short. */
struct chappe_testkit *chappe_testkit_new(uint64_t seed, const struct chappe_service_config *service, ...)
        __attribute__((sentinel));
/* Stops every instance in order and frees all; takes NULL; returns NULL. A service that does not end cleanly (something
 * still in flight, a lock or a strand left behind) ends the test program with a message. */
struct chappe_testkit *chappe_testkit_free(struct chappe_testkit *kit);

/* One more instance, with settings as on the command line ("name=value", ends with NULL; NULL: none), copied. */
struct chappe_testkit_instance *chappe_testkit_add(struct chappe_testkit *kit,
                                                   const struct chappe_service_config *service,
                                                   const char *const *settings);
/* The n-th instance of the service of this name, from 0; NULL when there is none. */
struct chappe_testkit_instance *chappe_testkit_instance(struct chappe_testkit *kit, const char *service, size_t n);
/* Instead of the service that answers this message on this topic: a service that has only this handler. */
void chappe_testkit_stub(struct chappe_testkit *kit, const char *topic, const struct chappe_message *message,
                         chappe_request_handler *handler);

/* An event from outside, with an event id and its key. A topic that does not exist is created with 4 partitions. 0, or
 * negative with the reason printed. */
int chappe_testkit_feed(struct chappe_testkit *kit, const char *topic, const struct chappe_type *type,
                        const void *event);
/* The same with a given event id: one fed twice is a duplicate. */
int chappe_testkit_feed_as(struct chappe_testkit *kit, const char *event_id, const char *topic,
                           const struct chappe_type *type, const void *event);
/* Bytes as they are: whatever a stranger may send. */
int chappe_testkit_feed_bytes(struct chappe_testkit *kit, const char *topic, struct chappe_bytes key,
                              struct chappe_bytes value);

/* Runs until nothing is left to do: every record is finished and committed, and nothing more was published for a while.
 * 0, or negative when it does not come to rest within ten minutes of virtual time: what is stuck is printed. */
int chappe_testkit_run_until_idle(struct chappe_testkit *kit);
void chappe_testkit_run_for(struct chappe_testkit *kit, int64_t virtual_ms);
/* What it was made with: for drawing orders, customers and the like. */
uint64_t chappe_testkit_seed(const struct chappe_testkit *kit);
/* Virtual wall clock, ms since the epoch. */
int64_t chappe_testkit_now_ms(struct chappe_testkit *kit);

/* Records in a topic. */
size_t chappe_testkit_published(struct chappe_testkit *kit, const char *topic);
/* The n-th of them (in the order of their arrival) decoded as type; the memory is the kit's. Negative with the
 * reason printed. */
int chappe_testkit_read(struct chappe_testkit *kit, const char *topic, size_t n, const struct chappe_type *type,
                        void *ret_event);
/* Is the n-th thing to be fed? All are, but where a failing seed is made small. */
bool chappe_testkit_feeds(const struct chappe_testkit *kit, int n);
/* Its payload as it is; the memory is the kit's. */
struct chappe_bytes chappe_testkit_read_bytes(struct chappe_testkit *kit, const char *topic, size_t n);
/* The value of its header as text, "" when it has none. */
struct chappe_text chappe_testkit_read_header(struct chappe_testkit *kit, const char *topic, size_t n,
                                              const char *name);
/* The service's database, for questions between runs. */
struct sqlite3 *chappe_testkit_database(struct chappe_testkit *kit, const char *service);

/* kill -9, now. It stays down until chappe_testkit_restart. */
void chappe_testkit_crash(struct chappe_testkit_instance *instance);
void chappe_testkit_restart(struct chappe_testkit_instance *instance);
/* Stops it in order; 0 when nothing was in flight. */
int chappe_testkit_stop(struct chappe_testkit_instance *instance);
/* Its main thread pauses what it consumes from this topic (as in the operations table; NULL: nothing is paused any more), or
 * moves it to a time, as <chappe/control.h> says, once the kit runs. The topic's name must outlive the kit. Nothing while
 * it is down; a restart forgets a pause. */
void chappe_testkit_hold(struct chappe_testkit_instance *instance, const char *topic);
void chappe_testkit_seek(struct chappe_testkit_instance *instance, const char *topic, int64_t time_ms);

/* What goes wrong in a simulated run: how often, while faults last. Zero members: never. */
struct chappe_testkit_faults {
        uint32_t crashes;     /* of an instance at a drawn step of a drawn kind, restarted after a while */
        uint32_t stops;       /* in order, started again after a while */
        uint32_t pauses;      /* an instance stands still, up to twice its session */
        uint32_t rebalances;  /* a group assembles again */
        uint32_t outages;     /* the cluster is away for up to 20 s */
        uint32_t brokers_away; /* one of three, for up to 12 s: others take over what it led */
        uint32_t clock_jumps; /* an instance's wall clock goes up to an hour forward or back */
        /* Of topics that an instance consumes; up to so many, each run another number. */
        uint32_t holds;          /* an instance pauses one for up to 8 s */
        uint32_t seeks;          /* an instance goes back in one, or forward, to a time up to 12 s ago */
        uint32_t growths;        /* one gets up to three partitions more, and eight at most */
        uint32_t retentions;     /* the oldest records of one, down to all of them, are gone */
        uint32_t topics_deleted; /* one is deleted, and made anew up to 20 s later */
        uint32_t bursts;      /* for up to 4 s one kind of trouble, again and again */
        uint32_t
                trouble_ppm; /* of requests to the cluster: late, refused, or the answer lost; of heartbeats: put out */
};

/* All of the above, a few times each. */
#define CHAPPE_TESTKIT_FAULTS                                                                                          \
        ((struct chappe_testkit_faults){ .crashes = 4,                                                                 \
                                         .stops = 1,                                                                   \
                                         .pauses = 1,                                                                  \
                                         .rebalances = 2,                                                              \
                                         .outages = 1,                                                                 \
                                         .brokers_away = 1,                                                            \
                                         .bursts = 1,                                                                  \
                                         .clock_jumps = 1,                                                             \
                                         .trouble_ppm = 10000 })

/* A runtime's mistakes, made on its behalf, to prove that a simulation's check sees them. */
enum chappe_testkit_planted {
        CHAPPE_TESTKIT_PLANTED_NOTHING,
        CHAPPE_TESTKIT_PLANTED_COMMIT_TOO_FAR, /* commits go one beyond what was finished */
        CHAPPE_TESTKIT_PLANTED_REPLY_SWAPPED,  /* a reply goes to another call */
};

struct chappe_testkit_simulation {
        /* For the line that repeats a failing seed: how the program is run (NULL: as it was this time), and which of
         * its tests this is, for cmocka_set_test_filter(getenv("CHAPPE_TEST_ONLY")) (NULL: it has no other). */
        const char *command;
        const char *test;
        uint64_t first_seed; /* 0: 1; CHAPPE_TEST_FIRST_SEED in the environment replaces it */
        uint32_t seeds; /* CHAPPE_TEST_SEEDS likewise; CHAPPE_TEST_SEED=N runs that one alone, once */
        int64_t faults_ms; /* virtual time during which faults happen: 0: 20,000 */
        struct chappe_testkit_faults faults;
        uint32_t items; /* things that feed feeds, and of which it asks chappe_testkit_feeds: a failing seed is tried
                           without each. 0: all are needed */
        enum chappe_testkit_planted planted;
        /* Adds services and stubs; the seed's kit. */
        void (*prepare)(struct chappe_testkit *kit, void *context);
        /* Feeds; called at the start, and each time it returned how many virtual ms later it wants to be called again;
         * 0: done. */
        int64_t (*feed)(struct chappe_testkit *kit, int round, void *context);
        /* After the faults, healed and idle. 0, or negative with what is wrong. */
        int (*check)(struct chappe_testkit *kit, void *context, struct chappe_error *error);
        /* After the last look at a seed's kit, whatever came of it; may be NULL. */
        void (*finish)(struct chappe_testkit *kit, void *context);
        void *context;
};

struct chappe_testkit_report {
        uint32_t seeds;
        uint32_t failed;
        uint64_t first_failed; /* the lowest seed */
        uint32_t unrepeated;   /* seeds, of those run twice, whose traces differed */
        uint64_t switches;
        uint32_t crashes;
        /* Of the first one that failed: how many faults and things fed it needs to fail; both printed. */
        uint32_t shrunk_faults;
        uint32_t shrunk_items;
        uint32_t step_kinds; /* at which instances were killed; printed with their counts */
        uint32_t sights; /* rare things that were met; printed with their counts */
};

/* Runs all seeds, on all processors; every 50th twice, to compare the traces. Prints each failing seed with the command
 * that repeats it, and the crash points covered; makes the lowest failing one small, leaving out faults and things fed
 * as long as it still fails, and prints what is left, what happened, and the command for that. 0, or how many seeds
 * failed. CHAPPE_TEST_TRACE=FILE writes the trace of a single seed. */
int chappe_testkit_simulate(const struct chappe_testkit_simulation *simulation,
                            struct chappe_testkit_report *ret_report);

#ifdef __cplusplus
}
#endif
