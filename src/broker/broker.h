/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The broker seam: producers, consumers and administration of a Kafka cluster, real (broker/kafka) or simulated
 * (broker/sim). Nothing here waits, other than the functions that take a timeout_ms. What happens is told by polling; a
 * ready signal says when to poll.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <chappe/error.h>
#include <chappe/text.h>

#include "wire/header.h"

struct chappe_broker;
struct chappe_producer;
struct chappe_consumer;
struct chappe_topic; /* a producer's handle of a topic, looked up once */

/* A setting under librdkafka's own name ("bootstrap.servers"). */
struct chappe_property {
        const char *name;
        const char *value;
};

struct chappe_partition {
        const char *topic;
        int32_t partition;
};

#define CHAPPE_OFFSET_EARLIEST  (-2)
#define CHAPPE_OFFSET_LATEST    (-1)
#define CHAPPE_OFFSET_NONE      (-1001)
#define CHAPPE_PARTITION_BY_KEY (-1) /* murmur2 of the key, as Java producers; random without a key */

/* A partition with a position: to start at, to commit, or as committed. metadata: text or NULL. */
struct chappe_position {
        const char *topic;
        int32_t partition;
        int64_t offset;
        const char *metadata;
};

/* One record as the broker holds it. Borrowed until chappe_record_release, which may be called on any thread and once.
 */
struct chappe_record {
        const char *topic;
        int32_t partition;
        int64_t offset;
        int64_t timestamp_ms;
        bool log_append_time;      /* the timestamp is the broker's, of the append; else the producer's */
        struct chappe_bytes key;   /* at NULL: no key */
        struct chappe_bytes value; /* at NULL: a tombstone */
        void *handle;              /* the broker's own */
        const struct chappe_broker_operations *operations;
};

/* How a sent record ended. */
enum chappe_delivery {
        CHAPPE_DELIVERED,
        CHAPPE_DELIVERY_FAILED,  /* certainly not in the log */
        CHAPPE_DELIVERY_UNKNOWN, /* possibly persisted */
};

struct chappe_delivery_report {
        enum chappe_delivery result;
        int32_t partition;
        int64_t offset; /* of the record in its partition when delivered, else CHAPPE_OFFSET_NONE */
        void *opaque;   /* as given with the record */
        struct chappe_error error;
};

struct chappe_producer_config {
        const struct chappe_property *properties; /* idempotence, acks=all, linger … */
        size_t property_count;
        /* Called from chappe_producer_poll, on its strand, once for every record sent. */
        void (*delivered)(void *context, const struct chappe_delivery_report *report);
        /* Called on any thread when polling has become worthwhile; must be brief and must not call the broker. */
        void (*ready)(void *context);
        void *context;
};

/* How the partitions of a group move between its members. All members of one group need the same, but for CONSUMER,
 * into which brokers convert a group member by member. */
enum chappe_group_protocol {
        CHAPPE_GROUP_AUTO,        /* the best that is safe with this client and these brokers */
        CHAPPE_GROUP_EAGER,       /* all are given up, then shared out again */
        CHAPPE_GROUP_COOPERATIVE, /* only what changes hands is given up */
        CHAPPE_GROUP_CONSUMER,    /* the same, arranged by the brokers (KIP-848) */
};

/* For so long a partition that is not taken from may stand in the way of others. */
#define CHAPPE_HELD_UP_US 200000

/* What may be fetched ahead of being taken: beyond records or bytes (of values), the broker is asked for no more, but
 * for partitions that were set apart because they held up the others, each of which may have as much. One answer has up
 * to answer_bytes of a partition, and at least one batch, however large. 0: the broker's own measure. */
struct chappe_prefetch {
        size_t records;
        size_t bytes;
        size_t answer_bytes;
};

struct chappe_consumer_config {
        const char *group; /* NULL: no group, partitions by chappe_consumer_assign */
        struct chappe_prefetch ahead;
        enum chappe_group_protocol protocol;
        const struct chappe_property *properties;
        size_t property_count;
        void (*ready)(void *context); /* as above */
        void *context;
};

enum chappe_consumer_event_kind {
        CHAPPE_CONSUMER_NOTHING = 0,
        CHAPPE_CONSUMER_GAINED,    /* positions: partitions with the group's committed offset (or NONE) and metadata;
                                      answer with accept */
        CHAPPE_CONSUMER_REVOKED,   /* positions: partitions; drain, commit, then answer with release. Meanwhile they are
                                      still ours */
        CHAPPE_CONSUMER_LOST,      /* the same, but they are no longer ours: commit nothing, answer with release */
        CHAPPE_CONSUMER_COMMITTED, /* an asynchronous commit ended: token, error.code 0 or why not */
        CHAPPE_CONSUMER_PARTITION_END, /* positions[0]: this partition was read to its present end */
        CHAPPE_CONSUMER_ERROR,         /* the broker's complaint; fatal: this consumer is dead */
};

struct chappe_consumer_event {
        enum chappe_consumer_event_kind kind;
        const struct chappe_position *positions; /* borrowed until the next poll */
        size_t position_count;
        void *token;
        bool fatal;
        struct chappe_error error;
};

struct chappe_topic_description {
        const char *name;
        int32_t partition_count;
        int32_t replication;
        bool internal;
};

/* A consumer group, as its coordinator knows it. */
struct chappe_group_description {
        const char *name;
        const char *state;   /* in Kafka's words: Stable, Empty, PreparingRebalance, CompletingRebalance, Dead */
        const char *clients; /* its members' client ids, with commas between them */
        size_t member_count;
};

struct chappe_topic_request {
        const char *name;
        int32_t partition_count;
        int32_t replication;                      /* -1: the cluster's default */
        const struct chappe_property *properties; /* cleanup.policy, retention.ms … */
        size_t property_count;
};

struct chappe_broker_operations {
        /* Producer: one strand polls, any strand sends. */
        int (*producer_open)(struct chappe_broker *broker, const struct chappe_producer_config *config,
                             struct chappe_producer **ret_producer, struct chappe_error *error);
        /* Handle of a topic, kept until the producer closes; the first one for a topic may wait for metadata up to
         * timeout_ms. */
        int (*producer_topic)(struct chappe_producer *producer, const char *name, int64_t timeout_ms,
                              struct chappe_topic **ret_topic, struct chappe_error *error);
        int32_t (*topic_partition_count)(struct chappe_topic *topic);
        /* Copies key, value and headers. 0: exactly one delivery report will follow. -CHAPPE_E_AGAIN: the queue is
         * full. timestamp_ms 0: now. */
        int (*producer_send)(struct chappe_producer *producer, struct chappe_topic *topic, int32_t partition,
                             struct chappe_bytes key, struct chappe_bytes value, const struct chappe_header *headers,
                             size_t header_count, int64_t timestamp_ms, void *opaque, struct chappe_error *error);
        /* Runs the delivery callbacks that are due; returns how many. */
        size_t (*producer_poll)(struct chappe_producer *producer);
        /* Records sent whose report has not been delivered yet. */
        size_t (*producer_in_flight)(struct chappe_producer *producer);
        /* Sends at once what lingers, and waits for all reports (running the callbacks). Negative when some remain. */
        int (*producer_flush)(struct chappe_producer *producer, int64_t timeout_ms, struct chappe_error *error);
        /* What is still in flight is reported as CHAPPE_DELIVERY_UNKNOWN. */
        void (*producer_close)(struct chappe_producer *producer);

        /* Consumer: everything on its one polling strand, but ready. */
        int (*consumer_open)(struct chappe_broker *broker, const struct chappe_consumer_config *config,
                             struct chappe_consumer **ret_consumer, struct chappe_error *error);
        int (*consumer_subscribe)(struct chappe_consumer *consumer, const char *const *topics, size_t count,
                                  struct chappe_error *error);
        /* Without a group: replaces what is read. Offsets may be EARLIEST or LATEST; the end is that of the moment in
         * which this returns, so that nothing sent afterwards is missed. May wait up to 10 s for the partitions'
         * leaders. */
        int (*consumer_assign)(struct chappe_consumer *consumer, const struct chappe_position *positions, size_t count,
                               struct chappe_error *error);
        /* One event, or NOTHING. Serves the control queue; does not touch records. Call it at least every few seconds,
         * signalled or not: a member that does not poll is put out of its group. */
        void (*consumer_poll)(struct chappe_consumer *consumer, struct chappe_consumer_event *ret_event);
        /* Start reading what was gained, at these offsets (EARLIEST and LATEST allowed). */
        int (*consumer_accept)(struct chappe_consumer *consumer, const struct chappe_position *positions, size_t count,
                               struct chappe_error *error);
        /* Give up what was revoked or lost. Records taken earlier stay valid until released. */
        int (*consumer_release)(struct chappe_consumer *consumer, struct chappe_error *error);
        /* Up to maximum records of one partition that have arrived, in offset order, and none once their keys and
         * values have maximum_bytes. Returns how many. Never waits. */
        size_t (*consumer_take)(struct chappe_consumer *consumer, const char *topic, int32_t partition,
                                struct chappe_record *ret_records, size_t maximum, size_t maximum_bytes);
        /* Records, of all partitions, that have arrived and were not taken. */
        size_t (*consumer_waiting)(struct chappe_consumer *consumer);
        /* Do records that a take asked for stand behind those of partitions that are not taken from? Then ask again in
         * CHAPPE_HELD_UP_US, signalled or not. NULL: they never do. */
        bool (*consumer_held_up)(struct chappe_consumer *consumer);
        /* Starts a commit; a COMMITTED event with the token ends it. Copies the positions. */
        int (*consumer_commit)(struct chappe_consumer *consumer, const struct chappe_position *positions, size_t count,
                               void *token, struct chappe_error *error);
        /* Reads a partition from another offset on; drops what was fetched. */
        int (*consumer_seek)(struct chappe_consumer *consumer, const char *topic, int32_t partition, int64_t offset,
                             struct chappe_error *error);
        /* Leaves the group (a static member stays in it), while records are still held; nothing but their release and
         * consumer_close may follow. Negative: not within timeout_ms. */
        int (*consumer_leave)(struct chappe_consumer *consumer, int64_t timeout_ms, struct chappe_error *error);
        /* Leaves the group (a static member stays in it) and frees; waits at most timeout_ms. Negative: it did not end
         * in time and was abandoned. */
        int (*consumer_close)(struct chappe_consumer *consumer, int64_t timeout_ms, struct chappe_error *error);

        /* Records, on any strand. Headers in order, names terminated, all borrowed from the record; returns how many
         * there are. */
        size_t (*record_headers)(const struct chappe_record *record, struct chappe_header *ret_headers, size_t maximum);
        void (*record_release)(struct chappe_record *record);

        /* Administration; each waits at most timeout_ms. */
        int (*topic_create)(struct chappe_broker *broker, const struct chappe_topic_request *request,
                            int64_t timeout_ms, struct chappe_error *error); /* CHAPPE_TOPIC_EXISTS (1) when it is there
                                                                                already. It can be used at once */
        /* names NULL: all. The list is one allocation, freed by free(); a missing topic has partition_count 0. */
        int (*topics_describe)(struct chappe_broker *broker, const char *const *names, size_t count, int64_t timeout_ms,
                               struct chappe_topic_description **ret_topics, size_t *ret_count,
                               struct chappe_error *error);
        int (*watermarks)(struct chappe_broker *broker, const char *topic, int32_t partition, int64_t timeout_ms,
                          int64_t *ret_low, int64_t *ret_high, struct chappe_error *error);
        /* The first offset whose timestamp is at least timestamp_ms; the end when there is none.
         * -CHAPPE_E_BROKER_UNSUPPORTED where the cluster cannot look it up (librdkafka's mock). */
        int (*offset_for_time)(struct chappe_broker *broker, const char *topic, int32_t partition, int64_t timestamp_ms,
                               int64_t timeout_ms, int64_t *ret_offset, struct chappe_error *error);
        /* Consumer groups; group NULL: all. The list is one allocation, freed by free(); a missing group is Dead and
         * has no members. -CHAPPE_E_BROKER_UNSUPPORTED where the cluster does not tell (librdkafka's mock). */
        int (*groups_describe)(struct chappe_broker *broker, const char *group, int64_t timeout_ms,
                               struct chappe_group_description **ret_groups, size_t *ret_count,
                               struct chappe_error *error);
        /* What a group has committed: fills in offset (NONE: nothing) and metadata of positions whose partitions are
         * given. The metadata lives in *ret_memory, for free(). */
        int (*group_committed)(struct chappe_broker *broker, const char *group, struct chappe_position *positions,
                               size_t count, int64_t timeout_ms, void **ret_memory, struct chappe_error *error);
        /* Commits for a group from outside. -CHAPPE_E_GROUP_BUSY while it has members. */
        int (*group_commit)(struct chappe_broker *broker, const char *group, const struct chappe_position *positions,
                            size_t count, int64_t timeout_ms, struct chappe_error *error);
        /* Forgets a group with its commits. CHAPPE_GROUP_ABSENT (1): there is none. -CHAPPE_E_GROUP_BUSY while it has
         * members. */
        int (*group_delete)(struct chappe_broker *broker, const char *group, int64_t timeout_ms,
                            struct chappe_error *error);
        /* Would producer_open and consumer_open take this? Touches no network; what there is to remark on is among the
         * remarks afterwards. NULL: anything is taken. */
        int (*producer_check)(struct chappe_broker *broker, const struct chappe_producer_config *config,
                              struct chappe_error *error);
        int (*consumer_check)(struct chappe_broker *broker, const struct chappe_consumer_config *config,
                              struct chappe_error *error);
        /* One line each, for whoever starts the process to log: properties that were removed and why, traps of this
         * client version that apply. Borrowed from the broker; returns how many there are. NULL where there is nothing
         * to say. */
        size_t (*remarks)(struct chappe_broker *broker, const char **ret_remarks, size_t maximum);
        void (*close)(struct chappe_broker *broker);
};

#define CHAPPE_TOPIC_EXISTS 1
#define CHAPPE_GROUP_ABSENT 1

struct chappe_broker {
        const struct chappe_broker_operations *operations;
};

static inline size_t chappe_record_headers(const struct chappe_record *record, struct chappe_header *ret_headers,
                                           size_t maximum)
{
        return record->operations->record_headers(record, ret_headers, maximum);
}

static inline void chappe_record_release(struct chappe_record *record)
{
        record->operations->record_release(record);
}
