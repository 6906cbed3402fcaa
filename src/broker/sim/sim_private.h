/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the simulated cluster share. */
#pragma once

#include <uthash.h>

#include "broker/sim/sim.h"

/* A record in a log: one allocation with its key, value and headers behind it. */
struct sim_record {
        int64_t timestamp_ms;
        struct chappe_bytes key;
        struct chappe_bytes value;
        size_t header_count;
        struct chappe_header *headers;
};

struct sim_log {
        struct sim_record **records; /* offset is the index */
        int64_t low;                 /* what is before it was deleted */
        int64_t end;
        int64_t capacity;
        bool mistaken; /* somebody reads on in it, from an offset of the topic that was there before */
};

struct sim_place {
        int32_t partition;
        int64_t offset;
};

struct sim_topic {
        char *name;
        bool append_time; /* message.timestamp.type=LogAppendTime */
        uint32_t number;  /* in order of creation: which node leads which partition */
        int32_t partition_count;
        struct sim_log *logs;
        struct sim_place *arrivals; /* every record, in the order in which they came */
        size_t arrival_count;
        size_t arrival_capacity;
        bool deleted; /* it is kept while somebody may look at it: to the end */
        struct sim_topic *next_deleted;
        UT_hash_handle hh;
};

struct sim_committed {
        char *key; /* topic, a slash, partition */
        int64_t offset;
        char *metadata;
        UT_hash_handle hh;
};

enum sim_group_state { SIM_GROUP_EMPTY, SIM_GROUP_PREPARING, SIM_GROUP_STABLE };
enum sim_strategy { SIM_RANGE, SIM_ROUND_ROBIN, SIM_COOPERATIVE };

struct sim_member {
        struct sim_group *group;
        struct chappe_consumer *consumer; /* NULL: gone, not yet noticed */
        uint64_t number;                  /* never used again */
        char *id;                         /* decides the order of assignment */
        char *instance;                   /* NULL: dynamic */
        char **topics;                    /* what it subscribed to */
        size_t topic_count;
        enum sim_strategy strategy;
        bool joined; /* for the coming generation */
        int64_t session_us;
        int64_t rebalance_us;
        struct chappe_timer expiry;
        struct chappe_position *assigned; /* topic names borrowed from the topics */
        size_t assigned_count;
        struct sim_member *previous, *next;
};

struct sim_group {
        struct chappe_sim *sim;
        char *name;
        enum sim_group_state state;
        uint32_t number; /* in order of creation: which node coordinates it */
        int32_t generation;
        struct sim_member *members; /* by id */
        struct sim_committed *committed;
        struct chappe_timer completion;  /* of the assembly under way: at the latest then */
        int64_t assembled_not_before_us; /* others may come in the first moments */
        bool forgotten;                  /* deleted: to be asked for, it is as if it had never been */
        UT_hash_handle hh;
};

struct sim_node {
        int64_t away_from_us;
        int64_t away_until_us;
};

struct planted_call {
        uint8_t correlation[16];
        char reply_topic[120];
};

struct chappe_sim {
        struct chappe_fibers *fibers;
        struct chappe_random *random;
        struct chappe_sim_faults faults;
        int64_t unavailable_until_us;
        struct sim_node nodes[CHAPPE_SIM_NODES];
        struct chappe_sim_watch watch;
        struct sim_topic *topics;
        struct sim_topic *deleted_topics;
        uint64_t deletions; /* of topics */
        struct sim_group *groups;
        struct sim_broker *brokers; /* open handles */
        uint64_t member_number;
        uint64_t appended;
        enum chappe_sim_planted planted;
        struct planted_call calls[8]; /* requests of late, of which a planted mistake takes one */
        size_t call_count;
};

/* A handle of one process. */
struct sim_broker {
        struct chappe_broker broker; /* first */
        struct chappe_sim *sim;
        struct chappe_process *process;
        struct chappe_executor *executor;
        struct chappe_mutex *mutex;
        struct chappe_condition *changed; /* something that a blocking call may wait for */
        struct chappe_property *properties;
        size_t property_count;
        struct chappe_producer *producers;
        struct chappe_consumer *consumers;
        struct sim_broker *previous, *next;
};

extern const struct chappe_broker_operations chappe_sim_operations;

/* cluster.c */
struct sim_topic *chappe_sim_topic_find(const struct chappe_sim *sim, const char *name);
struct sim_topic *chappe_sim_topic_add(struct chappe_sim *sim, const char *name, int32_t partition_count);
int64_t chappe_sim_log_append(struct chappe_sim *sim, struct sim_topic *topic, int32_t partition,
                              struct sim_record *record);
void chappe_sim_cluster_free(struct chappe_sim *sim);
int64_t chappe_sim_latency_us(struct chappe_sim *sim);

/* nodes.c: a place is that of a partition or a group, told by its number */
/* When the leader can be asked: now, or when there is one again. */
int64_t chappe_sim_leader_us(const struct chappe_sim *sim, uint32_t place);
bool chappe_sim_reachable(const struct chappe_sim *sim, uint32_t place);
uint32_t chappe_sim_place(const struct sim_topic *topic, int32_t partition);

/* record.c */
struct sim_record *chappe_sim_record_new(struct chappe_bytes key, struct chappe_bytes value,
                                         const struct chappe_header *headers, size_t header_count,
                                         int64_t timestamp_ms);
struct sim_record *chappe_sim_record_copy(const struct sim_record *record);
/* Fills in the seam's record around a copy of its own: who touches it after the release is seen by the sanitizer. */
void chappe_sim_record_lend(const struct sim_topic *topic, int32_t partition, int64_t offset,
                            struct chappe_consumer *consumer, struct chappe_record *ret_record);
size_t chappe_sim_record_headers(const struct chappe_record *record, struct chappe_header *ret_headers, size_t maximum);
void chappe_sim_record_release(struct chappe_record *record);

/* planted.c: looks at a record on its way into a log, and may spoil it. */
void chappe_sim_planted_record(struct chappe_sim *sim, const struct sim_topic *topic, struct sim_record *record);

/* handle.c: a request that the calling strand waits for. */
int chappe_sim_round_trip(struct sim_broker *broker, const char *kind, int64_t timeout_ms, struct chappe_error *error);
/* Waits for something to change; false at the deadline or when the process was killed. */
bool chappe_sim_wait(struct sim_broker *broker, int64_t deadline_us);
void chappe_sim_changed(struct sim_broker *broker);
const char *chappe_sim_property(const struct sim_broker *broker, const struct chappe_property *properties, size_t count,
                                const char *name);
int64_t chappe_sim_property_integer(const struct sim_broker *broker, const struct chappe_property *properties,
                                    size_t count, const char *name, int64_t otherwise);

/* producer.c, consumer.c, admin.c: entries of the seam's table */
int chappe_sim_producer_open(struct chappe_broker *broker, const struct chappe_producer_config *config,
                             struct chappe_producer **ret_producer, struct chappe_error *error);
int chappe_sim_producer_topic(struct chappe_producer *producer, const char *name, int64_t timeout_ms,
                              struct chappe_topic **ret_topic, struct chappe_error *error);
int32_t chappe_sim_topic_partition_count(struct chappe_topic *topic);
int chappe_sim_producer_send(struct chappe_producer *producer, struct chappe_topic *topic, int32_t partition,
                             struct chappe_bytes key, struct chappe_bytes value, const struct chappe_header *headers,
                             size_t header_count, int64_t timestamp_ms, void *opaque, struct chappe_error *error);
size_t chappe_sim_producer_poll(struct chappe_producer *producer);
size_t chappe_sim_producer_in_flight(struct chappe_producer *producer);
int chappe_sim_producer_flush(struct chappe_producer *producer, int64_t timeout_ms, struct chappe_error *error);
void chappe_sim_producer_close(struct chappe_producer *producer);
/* Records of this handle's producers that have not reached a log. */
int64_t chappe_sim_producers_unsent(const struct sim_broker *broker);

int chappe_sim_consumer_open(struct chappe_broker *broker, const struct chappe_consumer_config *config,
                             struct chappe_consumer **ret_consumer, struct chappe_error *error);
int chappe_sim_consumer_subscribe(struct chappe_consumer *consumer, const char *const *topics, size_t count,
                                  struct chappe_error *error);
int chappe_sim_consumer_assign(struct chappe_consumer *consumer, const struct chappe_position *positions, size_t count,
                               struct chappe_error *error);
void chappe_sim_consumer_poll(struct chappe_consumer *consumer, struct chappe_consumer_event *ret_event);
int chappe_sim_consumer_accept(struct chappe_consumer *consumer, const struct chappe_position *positions, size_t count,
                               struct chappe_error *error);
int chappe_sim_consumer_release(struct chappe_consumer *consumer, struct chappe_error *error);
size_t chappe_sim_consumer_take(struct chappe_consumer *consumer, const char *topic, int32_t partition,
                                struct chappe_record *ret_records, size_t maximum, size_t maximum_bytes);
size_t chappe_sim_consumer_waiting(struct chappe_consumer *consumer);
int chappe_sim_consumer_commit(struct chappe_consumer *consumer, const struct chappe_position *positions, size_t count,
                               void *token, struct chappe_error *error);
int chappe_sim_consumer_seek(struct chappe_consumer *consumer, const char *topic, int32_t partition, int64_t offset,
                             struct chappe_error *error);
int chappe_sim_consumer_leave(struct chappe_consumer *consumer, int64_t timeout_ms, struct chappe_error *error);
int chappe_sim_consumer_close(struct chappe_consumer *consumer, int64_t timeout_ms, struct chappe_error *error);

int chappe_sim_admin_topic_create(struct chappe_broker *broker, const struct chappe_topic_request *request,
                                  int64_t timeout_ms, struct chappe_error *error);
int chappe_sim_admin_describe(struct chappe_broker *broker, const char *const *names, size_t count, int64_t timeout_ms,
                              struct chappe_topic_description **ret_topics, size_t *ret_count,
                              struct chappe_error *error);
int chappe_sim_admin_watermarks(struct chappe_broker *broker, const char *topic, int32_t partition, int64_t timeout_ms,
                                int64_t *ret_low, int64_t *ret_high, struct chappe_error *error);
int chappe_sim_admin_offset_for_time(struct chappe_broker *broker, const char *topic, int32_t partition,
                                     int64_t timestamp_ms, int64_t timeout_ms, int64_t *ret_offset,
                                     struct chappe_error *error);

/* admin_groups.c */
int chappe_sim_admin_groups(struct chappe_broker *broker, const char *group, int64_t timeout_ms,
                            struct chappe_group_description **ret_groups, size_t *ret_count,
                            struct chappe_error *error);
int chappe_sim_admin_committed(struct chappe_broker *broker, const char *group, struct chappe_position *positions,
                               size_t count, int64_t timeout_ms, void **ret_memory, struct chappe_error *error);
int chappe_sim_admin_commit(struct chappe_broker *broker, const char *group, const struct chappe_position *positions,
                            size_t count, int64_t timeout_ms, struct chappe_error *error);
int chappe_sim_admin_delete(struct chappe_broker *broker, const char *group, int64_t timeout_ms,
                            struct chappe_error *error);

/* fetch.c, told by the cluster */
void chappe_sim_handle_appended(struct sim_broker *broker, const struct sim_topic *topic, int32_t partition);
void chappe_sim_handle_deleted(struct sim_broker *broker, const struct sim_topic *topic);
void chappe_sim_consumer_record_released(struct chappe_consumer *consumer, size_t bytes);

/* membership.c, told by the group */
/* These are the member's partitions from this generation on. */
void chappe_sim_consumer_assigned(struct chappe_consumer *consumer);
/* Its membership has ended: put out, or its session is over. */
void chappe_sim_consumer_expelled(struct chappe_consumer *consumer);
/* Another took its place (static membership). */
void chappe_sim_consumer_fenced(struct chappe_consumer *consumer);

/* group.c */
enum sim_standing { SIM_MEMBER_FINE, SIM_MEMBER_REBALANCING };

struct sim_subscription {
        const char *instance; /* NULL: dynamic */
        char *const *topics;  /* copied */
        size_t topic_count;
        enum sim_strategy strategy;
        int64_t session_us;
        int64_t rebalance_us;
};

/* What a commit tells. */
struct sim_positions {
        const struct chappe_position *at;
        size_t count;
        bool stale; /* a topic was deleted since they were sent */
};

struct sim_group *chappe_sim_group_get(struct chappe_sim *sim, const char *name);
struct sim_member *chappe_sim_group_join(struct sim_group *group, struct chappe_consumer *consumer,
                                         const struct sim_subscription *subscription);
/* A member that has given up what it had is there for the coming generation. */
void chappe_sim_group_rejoin(struct sim_member *member);
void chappe_sim_group_leave(struct sim_member *member);
/* Its consumer is no more, and does not say so: it stays until its session is over. */
void chappe_sim_group_abandon(struct sim_member *member);
enum sim_standing chappe_sim_group_heartbeat(struct sim_member *member, int32_t generation);
/* 0, or why not: member NULL or a generation of the past is refused. */
int chappe_sim_group_commit(struct sim_group *group, const struct sim_member *member, int32_t generation,
                            const struct sim_positions *positions, struct chappe_error *error);
/* The same from outside: only while it has no members. */
int chappe_sim_group_alter(struct sim_group *group, const struct chappe_position *positions, size_t count,
                           struct chappe_error *error);
const struct sim_committed *chappe_sim_group_committed(const struct sim_group *group, const char *topic,
                                                       int32_t partition);
void chappe_sim_group_assemble(struct sim_group *group);
void chappe_sim_group_topic_added(struct sim_group *group, const char *topic);
/* What it has committed there is gone with the topic. */
void chappe_sim_group_topic_deleted(struct sim_group *group, const char *topic);
/* With all that it has committed; it must have no members. */
void chappe_sim_group_forget(struct sim_group *group);
void chappe_sim_groups_free(struct chappe_sim *sim);

/* assignor.c: fills in every member's assigned. */
void chappe_sim_assign(struct chappe_sim *sim, struct sim_group *group);
