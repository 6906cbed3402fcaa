/* SPDX-License-Identifier: Apache-2.0 */
/* The broker over librdkafka: what its files share. The one folder that includes rdkafka.h. */
#pragma once

#include <librdkafka/rdkafka.h>

#include <stdatomic.h>
#include <sys/types.h>

#include "base/cleanup.h"
#include "base/executor.h"
#include "broker/broker.h"

enum chappe_kafka_role { CHAPPE_KAFKA_PRODUCER = 1, CHAPPE_KAFKA_CONSUMER = 2, CHAPPE_KAFKA_ADMIN = 4 };

#define CHAPPE_KAFKA_REMARKS 32 /* lines that a broker keeps for the log */

/* A cluster, as the properties name it. */
struct chappe_kafka {
        struct chappe_broker base;
        /* constant after opening */
        pid_t pid;
        const char *servers; /* for messages; among the properties */
        struct chappe_property *properties;
        size_t property_count;
        struct chappe_mutex *mutex;
        /* under mutex */
        rd_kafka_t *admin; /* opened by its first use */
        char *remarks[CHAPPE_KAFKA_REMARKS];
        size_t remark_count;
        struct chappe_kafka_closing *left_behind; /* clients that did not end in time */
};

struct chappe_kafka *chappe_kafka(struct chappe_broker *broker);

/* Is the librdkafka that runs at least this one? chappe_kafka_since(2, 10, 1) */
bool chappe_kafka_since(int major, int minor, int patch);

/* broker.c */
int chappe_kafka_check_process(const struct chappe_kafka *kafka, struct chappe_error *error);
void chappe_kafka_remark(struct chappe_kafka *kafka, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* configuration.c */
struct chappe_kafka_client {
        enum chappe_kafka_role role;
        const char *group;                        /* consumers; NULL: none */
        enum chappe_group_protocol protocol;      /* of the group: never AUTO where there is one */
        const struct chappe_property *properties; /* above the broker's */
        size_t property_count;
        struct chappe_prefetch ahead; /* consumers */
        bool embedded;                /* librdkafka's mock cluster answers there */
        bool create_topics;           /* asking for a topic's metadata may create it */
        bool detached;                /* knows no broker: made to see whether it can be */
        void *opaque;                 /* of the client and of all its topics */
        void (*delivered)(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque);
        int events; /* RD_KAFKA_EVENT_… that come as events */
};

int chappe_kafka_client_new(struct chappe_kafka *kafka, const struct chappe_kafka_client *wanted,
                            rd_kafka_t **ret_client, struct chappe_error *error);
/* The value that will hold for a client: its own, the broker's, or NULL. */
const char *chappe_kafka_given(const struct chappe_kafka *kafka, const struct chappe_kafka_client *wanted,
                               const char *name);

/* prefetch.c: what a consumer fetches ahead, as properties that were not given by name. */
int chappe_kafka_prefetch_configure(rd_kafka_conf_t *conf, struct chappe_kafka *kafka,
                                    const struct chappe_kafka_client *wanted, struct chappe_error *error);

/* properties.c: negative with the nearest known name, or with why the value was refused. */
int chappe_kafka_set_property(rd_kafka_conf_t *conf, const char *name, const char *value, struct chappe_error *error);

/* A copy in one allocation, freed by free(); NULL when memory is short. */
struct chappe_property *chappe_kafka_properties_copy(const struct chappe_property *properties, size_t count);

/* hazards.c */
void chappe_kafka_remark_hazards(struct chappe_kafka *kafka);

/* failure.c: an error with the code that fits, what was tried, librdkafka's reason, and where. */
int chappe_kafka_fail(const struct chappe_kafka *kafka, rd_kafka_resp_err_t reason, const char *detail,
                      struct chappe_error *error, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* trial.c */
int chappe_kafka_producer_check(struct chappe_broker *broker, const struct chappe_producer_config *config,
                                struct chappe_error *error);
int chappe_kafka_consumer_check(struct chappe_broker *broker, const struct chappe_consumer_config *config,
                                struct chappe_error *error);

/* closing.c: rd_kafka_destroy, given at most five seconds; negative when it was left behind. */
int chappe_kafka_destroy(struct chappe_kafka *kafka, rd_kafka_t *client, struct chappe_error *error);
/* Once more as long for all that were left behind. For the broker's end. */
void chappe_kafka_await_left_behind(struct chappe_kafka *kafka);
/* For the few waits on something that signals nobody. */
void chappe_kafka_pause(int64_t pause_ms);

/* admin.c */
int chappe_kafka_admin(struct chappe_kafka *kafka, rd_kafka_t **ret_admin, struct chappe_error *error);
/* One request of administration: begun, put with its options and its queue, ended by the wait for its answer. The event
 * is the caller's; NULL: no answer in time. */
struct chappe_kafka_request {
        rd_kafka_queue_t *queue;
        rd_kafka_AdminOptions_t *options;
        int timeout_ms;
};

struct chappe_kafka_request chappe_kafka_request_begin(rd_kafka_t *admin, rd_kafka_admin_op_t operation,
                                                       int64_t timeout_ms);
rd_kafka_event_t *chappe_kafka_request_end(struct chappe_kafka_request *request);
/* Does librdkafka's mock cluster answer here? Waits once, at most a second, for the cluster's name. */
bool chappe_kafka_embedded(struct chappe_kafka *kafka);
int chappe_kafka_topic_create(struct chappe_broker *broker, const struct chappe_topic_request *request,
                              int64_t timeout_ms, struct chappe_error *error);
int chappe_kafka_topics_describe(struct chappe_broker *broker, const char *const *names, size_t count,
                                 int64_t timeout_ms, struct chappe_topic_description **ret_topics, size_t *ret_count,
                                 struct chappe_error *error);
int chappe_kafka_watermarks(struct chappe_broker *broker, const char *topic, int32_t partition, int64_t timeout_ms,
                            int64_t *ret_low, int64_t *ret_high, struct chappe_error *error);
int chappe_kafka_offset_for_time(struct chappe_broker *broker, const char *topic, int32_t partition,
                                 int64_t timestamp_ms, int64_t timeout_ms, int64_t *ret_offset,
                                 struct chappe_error *error);

/* group_lists.c */
int chappe_kafka_groups_describe(struct chappe_broker *broker, const char *group, int64_t timeout_ms,
                                 struct chappe_group_description **ret_groups, size_t *ret_count,
                                 struct chappe_error *error);
/* groups.c */
int chappe_kafka_group_committed(struct chappe_broker *broker, const char *group, struct chappe_position *positions,
                                 size_t count, int64_t timeout_ms, void **ret_memory, struct chappe_error *error);
int chappe_kafka_group_commit(struct chappe_broker *broker, const char *group, const struct chappe_position *positions,
                              size_t count, int64_t timeout_ms, struct chappe_error *error);
int chappe_kafka_group_delete(struct chappe_broker *broker, const char *group, int64_t timeout_ms,
                              struct chappe_error *error);

/* positions.c: for rd_kafka_topic_partition_list_destroy. */
rd_kafka_topic_partition_list_t *chappe_kafka_positions_list(const struct chappe_position *positions, size_t count);

/* metadata.c: partitions of a topic, waiting until it has leaders; -CHAPPE_E_TOPIC_MISSING when it has none by then. */
int chappe_kafka_partition_count(const struct chappe_kafka *kafka, rd_kafka_t *client, rd_kafka_topic_t *topic,
                                 int64_t timeout_ms, int32_t *ret_count, struct chappe_error *error);
/* The first offset of a partition and the one behind its last. Waits while a new partition has no leader yet. */
rd_kafka_resp_err_t chappe_kafka_query_watermarks(rd_kafka_t *client, const char *topic, int32_t partition,
                                                  int64_t timeout_ms, int64_t *ret_low, int64_t *ret_high);

/* producer.c */
int chappe_kafka_producer_open(struct chappe_broker *broker, const struct chappe_producer_config *config,
                               struct chappe_producer **ret_producer, struct chappe_error *error);
int chappe_kafka_producer_topic(struct chappe_producer *producer, const char *name, int64_t timeout_ms,
                                struct chappe_topic **ret_topic, struct chappe_error *error);
int32_t chappe_kafka_topic_partition_count(struct chappe_topic *topic);
int chappe_kafka_producer_send(struct chappe_producer *producer, struct chappe_topic *topic, int32_t partition,
                               struct chappe_bytes key, struct chappe_bytes value, const struct chappe_header *headers,
                               size_t header_count, int64_t timestamp_ms, void *opaque, struct chappe_error *error);
size_t chappe_kafka_producer_poll(struct chappe_producer *producer);
size_t chappe_kafka_producer_in_flight(struct chappe_producer *producer);
int chappe_kafka_producer_flush(struct chappe_producer *producer, int64_t timeout_ms, struct chappe_error *error);
void chappe_kafka_producer_close(struct chappe_producer *producer);

/* records.c */
size_t chappe_kafka_record_headers(const struct chappe_record *record, struct chappe_header *ret_headers,
                                   size_t maximum);
void chappe_kafka_record_release(struct chappe_record *record);

extern const struct chappe_broker_operations chappe_kafka_operations;

CHAPPE_CLEANUP_DEFINE(positions, rd_kafka_topic_partition_list_t *, if (*local) rd_kafka_topic_partition_list_destroy)
