/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Kafka cluster in memory behind broker.h, on the simulated machine of base/fibers.h: topics, logs, groups with
 * generations, seeded faults. All that it tells comes through the machine's timers, with a delay drawn by the seed.
 */
#pragma once

#include "base/fibers.h"
#include "broker/broker.h"

struct chappe_sim;

/* Chances in parts per million of one request; zero members: never. */
struct chappe_sim_faults {
        int64_t latency_minimum_us; /* one way; 0: 200 */
        int64_t latency_maximum_us; /* 0: 2,000 */
        uint32_t slow_ppm;          /* a request that takes slow_us longer */
        int64_t slow_us;
        uint32_t delivery_failed_ppm;      /* a record is not appended, and reported so */
        uint32_t acknowledgement_lost_ppm; /* reported as unknown: in the log or not */
        uint32_t duplicate_ppm;            /* appended twice, where the producer is not idempotent */
        uint32_t queue_full_ppm;           /* a send is refused with -CHAPPE_E_AGAIN */
        uint32_t commit_failed_ppm;        /* not stored, and reported so */
        uint32_t commit_unknown_ppm;       /* stored, but reported as failed */
        uint32_t rebalance_ppm;            /* of a heartbeat: the group assembles again */
        uint32_t expulsion_ppm;            /* of a heartbeat: this member is put out, and loses its partitions */
};

struct chappe_sim *chappe_sim_new(struct chappe_fibers *fibers, const struct chappe_sim_faults *faults);
/* Every broker handle must have been closed. Takes NULL; returns NULL. */
struct chappe_sim *chappe_sim_free(struct chappe_sim *sim);
/* From now on other chances. */
void chappe_sim_set_faults(struct chappe_sim *sim, const struct chappe_sim_faults *faults);

/* A connection of this process; closed by the broker's close. Its blocking functions must be called on the process's
 * strands. */
int chappe_sim_open(struct chappe_sim *sim, struct chappe_process *process, const struct chappe_property *properties,
                    size_t property_count, struct chappe_broker **ret_broker, struct chappe_error *error);

/* Mistakes of a runtime, made on its behalf, to prove that a check sees them. */
enum chappe_sim_planted {
        CHAPPE_SIM_PLANTED_NOTHING,
        CHAPPE_SIM_PLANTED_COMMIT_TOO_FAR, /* every commit is one beyond what was asked for */
        CHAPPE_SIM_PLANTED_REPLY_SWAPPED,  /* a reply now and then goes to another call of the same caller */
};
void chappe_sim_plant(struct chappe_sim *sim, enum chappe_sim_planted planted);

/* Nothing reaches the cluster until then. */
void chappe_sim_unavailable(struct chappe_sim *sim, int64_t until_us);
/* One broker of CHAPPE_SIM_NODES is away until then: after some seconds another one leads its partitions and groups.
 * What was acknowledged stays. */
#define CHAPPE_SIM_NODES 3
void chappe_sim_node_away(struct chappe_sim *sim, int node, int64_t until_us);
/* The group assembles again. */
void chappe_sim_rebalance(struct chappe_sim *sim, const char *group);
/* The n-th group's name, or NULL past the last. */
const char *chappe_sim_group_at(const struct chappe_sim *sim, size_t n);

/* Who hears of everything the moment it happens: a test that checks promises at every step. Outside the simulated time;
 * must not call the broker seam. Members may be NULL. */
struct chappe_sim_watch {
        void (*appended)(void *context, const char *topic, int32_t partition, int64_t offset);
        /* A consumer sends a commit. holds: the partition was given to it, and it was neither told that it lost it nor
         * has it released it. The position may be changed on its way: a planted mistake. */
        void (*committing)(void *context, struct chappe_process *process, const char *group,
                           struct chappe_position *position, bool holds);
        /* The coordinator has stored it. stale: a topic was deleted since it was sent; perhaps it was meant for that.
         */
        void (*committed)(void *context, const char *group, const struct chappe_position *position, bool stale);
        /* A consumer's poll has handed out a gain, a revocation or a loss. */
        void (*told)(void *context, struct chappe_process *process, const char *group,
                     const struct chappe_consumer_event *event);
        /* A consumer has given this up. */
        void (*released)(void *context, struct chappe_process *process, const char *group, const char *topic,
                         int32_t partition);
        /* A consumer has taken records, and now holds so many that it has not released, and so many bytes of keys and
         * values. */
        void (*taken)(void *context, struct chappe_process *process, const char *group, size_t held, size_t held_bytes);
        /* A consumer goes on elsewhere. */
        void (*sought)(void *context, struct chappe_process *process, const char *group, const char *topic,
                       int32_t partition, int64_t offset);
        /* Records before this one are gone. */
        void (*deleted)(void *context, const char *topic, int32_t partition, int64_t before);
        void (*topic_deleted)(void *context, const char *topic);
        void *context;
};
/* Copied. NULL: nobody. */
void chappe_sim_watch(struct chappe_sim *sim, const struct chappe_sim_watch *watch);

/* The cluster seen from outside, without delay or fault. */

/* 0, or CHAPPE_TOPIC_EXISTS. */
int chappe_sim_topic_create(struct chappe_sim *sim, const char *topic, int32_t partition_count);
/* More partitions; its groups share them out. Negative without such a topic, or with fewer. */
int chappe_sim_topic_grow(struct chappe_sim *sim, const char *topic, int32_t partition_count);
/* From now on its records bear the broker's time (message.timestamp.type=LogAppendTime). Negative without it. */
int chappe_sim_topic_stamp(struct chappe_sim *sim, const char *topic);
/* It is gone, with its records and with what groups have committed there. Who reads it is told within some seconds
 * (CHAPPE_E_TOPIC_MISSING), and its group assembles again; who sends to it is refused, until there is one by its name
 * again. Negative without such a topic. */
int chappe_sim_topic_delete(struct chappe_sim *sim, const char *topic);
/* Records before that offset are gone, as by retention. Negative without such a partition. */
int chappe_sim_records_delete(struct chappe_sim *sim, const char *topic, int32_t partition, int64_t before);
/* 0 when there is none. */
int32_t chappe_sim_partition_count(const struct chappe_sim *sim, const char *topic);
/* The n-th topic's name in order of creation, or NULL past the last. */
const char *chappe_sim_topic_at(const struct chappe_sim *sim, size_t n);
/* Appends as a faultless producer would; returns the offset, or negative without such a topic. */
int64_t chappe_sim_append(struct chappe_sim *sim, const char *topic, int32_t partition, struct chappe_bytes key,
                          struct chappe_bytes value, const struct chappe_header *headers, size_t header_count);
/* The offset behind the last record. */
int64_t chappe_sim_end(const struct chappe_sim *sim, const char *topic, int32_t partition);
/* Did a reader go on in it at its offset in a topic of this name that was deleted, as readers do that did not notice?
 * (Clients before topic ids: KIP-516.) What is before it may stay unread. */
bool chappe_sim_mistaken(const struct chappe_sim *sim, const char *topic, int32_t partition);
/* The offset of the oldest record that is left. */
int64_t chappe_sim_beginning(const struct chappe_sim *sim, const char *topic, int32_t partition);
/* A record to be released like one that was taken; false past the end. */
bool chappe_sim_read(struct chappe_sim *sim, const char *topic, int32_t partition, int64_t offset,
                     struct chappe_record *ret_record);
/* The same by order of arrival in the topic, over its partitions: the n-th from 0. */
bool chappe_sim_read_nth(struct chappe_sim *sim, const char *topic, size_t n, struct chappe_record *ret_record);
/* What the group has committed, or CHAPPE_OFFSET_NONE. */
int64_t chappe_sim_committed(const struct chappe_sim *sim, const char *group, const char *topic, int32_t partition);
/* The metadata beside it; NULL: none. */
const char *chappe_sim_committed_metadata(const struct chappe_sim *sim, const char *group, const char *topic,
                                          int32_t partition);
/* Records sent and not yet in a log, and records of their topics that groups have not committed. 0: nothing is left to
 * do. */
int64_t chappe_sim_backlog(const struct chappe_sim *sim);
/* Records appended since the beginning, over all topics. */
uint64_t chappe_sim_appended(const struct chappe_sim *sim);
/* Appends what keeps the cluster busy, one line a group, topic and partition. */
void chappe_sim_report(const struct chappe_sim *sim, struct chappe_buffer *buffer);

/* Java's partition for a key: murmur2, positive, modulo. */
int32_t chappe_sim_partition_of(struct chappe_bytes key, int32_t partition_count);
