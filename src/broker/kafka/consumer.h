/* SPDX-License-Identifier: Apache-2.0 */
/* A consumer over librdkafka: everything on its one polling strand, but the release of records. */
#pragma once

#include "broker/kafka/kafka.h"

/* Records and the bytes of their keys and values. */
struct chappe_kafka_amount {
        size_t records;
        size_t bytes;
};

/* What came out of one of librdkafka's queues since the fetching threads were woken last. */
struct chappe_kafka_drawn {
        uint64_t round; /* which of the consumer's wakes that was */
        struct chappe_kafka_amount amount;
};

/* Messages of one partition in their order: a ring. */
struct chappe_kafka_messages {
        rd_kafka_message_t **at;
        size_t first;
        size_t count;
        size_t bytes;
        size_t capacity; /* a power of two, or 0 */
};

/*
 * One partition that is being read. Its messages go to a queue that the partitions of the consumer share, and not to
 * the control queue, which is served all the same; while it holds up the others, to one of its own (sorting.c).
 */
struct chappe_kafka_partition {
        char *topic;
        int32_t number;
        const rd_kafka_topic_t *handle; /* of the messages that came last */
        rd_kafka_queue_t *queue;
        bool apart;                          /* from the shared queue */
        struct chappe_kafka_messages sorted; /* out of the queue, and not asked for yet */
        int64_t end; /* offset of the end that was reached; NONE: not reached, or told already */
        struct chappe_kafka_drawn drawn;
};

/* The queue of a partition that was given up. */
struct chappe_kafka_former {
        char *topic;
        int32_t number;
        rd_kafka_queue_t *queue;
};

/* Where a rebalance stands. librdkafka waits for assign or unassign all the while, and tells no other one. */
enum chappe_kafka_rebalance {
        CHAPPE_KAFKA_STEADY,
        CHAPPE_KAFKA_GAINING, /* waiting for the committed offsets of changing */
        CHAPPE_KAFKA_GAINED,  /* told; waiting for accept */
        CHAPPE_KAFKA_LOSING,  /* told; waiting for release */
};

/* A question for committed offsets, asked on a strand of its own. */
struct chappe_kafka_committed {
        struct chappe_strand *strand;
        /* the strand's until answered */
        rd_kafka_topic_partition_list_t *list;
        rd_kafka_resp_err_t reason;
        _Atomic bool answered;
        /* of the polling strand */
        int64_t retry_us; /* when to ask again after a failure; 0: an answer is awaited */
};

struct chappe_consumer {
        /* constant after opening */
        struct chappe_kafka *kafka;
        char *group;                        /* NULL: none */
        enum chappe_group_protocol wanted;  /* may be AUTO */
        struct chappe_property *properties; /* copied */
        size_t property_count;
        struct chappe_prefetch ahead;
        void (*ready)(void *context);
        void *context;
        /* of the polling strand */
        rd_kafka_t *client; /* NULL: it could not be opened anew */
        rd_kafka_queue_t *control;
        rd_kafka_queue_t *shared;                /* what was fetched of partitions that are not apart */
        struct chappe_kafka_drawn drawn;         /* out of that one */
        struct chappe_kafka_amount sorted;       /* of those that are not apart */
        struct chappe_kafka_amount sorted_most;  /* no more is sorted while so much is */
        bool sorted_others;                      /* not all that was drawn was for the one that was asked for */
        size_t ahead_left;                       /* of what waited in the shared queue at blocked_us: still there */
        int64_t blocked_us;                      /* since when partitions are held up by others; 0: none is */
        size_t last_sorted;                      /* the partition of the latest message */
        bool left;                               /* the group, for good */
        enum chappe_group_protocol protocol;     /* of client; never AUTO in a group */
        rd_kafka_topic_partition_list_t *topics; /* subscribed to; NULL: nothing */
        int64_t renewal_us;                      /* when the client is opened anew; 0: it is not */
        struct chappe_kafka_partition *partitions;
        size_t partition_count;
        size_t partition_capacity;
        struct chappe_kafka_former *former; /* each partition that was ever given up, once */
        size_t former_count;
        struct chappe_kafka_drawn wake_at; /* so much out of a queue wakes the fetching; round: the present one */
        size_t last_found;                 /* partitions are asked for in the same order again and again */
        size_t ends;                       /* partitions whose end has not been told */
        enum chappe_kafka_rebalance rebalance;
        rd_kafka_topic_partition_list_t *changing;
        struct chappe_kafka_committed committed;
        struct chappe_position *told;               /* positions of the last event */
        rd_kafka_topic_partition_list_t *told_list; /* what they point into */
        char **told_metadata;
        size_t told_count;
        struct chappe_error failure; /* met while taking, told by the next poll; code 0: none */
        /* shared */
        _Atomic size_t taken; /* records not released yet; taking one off is the last that a release touches */
};

/* consumer.c */
int chappe_kafka_consumer_open(struct chappe_broker *broker, const struct chappe_consumer_config *config,
                               struct chappe_consumer **ret_consumer, struct chappe_error *error);
int chappe_kafka_consumer_subscribe(struct chappe_consumer *consumer, const char *const *topics, size_t count,
                                    struct chappe_error *error);
int chappe_kafka_consumer_commit(struct chappe_consumer *consumer, const struct chappe_position *positions,
                                 size_t count, void *token, struct chappe_error *error);
/* For queues of the consumer: tells its user that something has arrived. */
void chappe_kafka_on_queue(rd_kafka_t *client, void *opaque);
/* Opens and closes its client. Closing leaves the group, and is negative when it did not end in time: then the consumer
 * is abandoned with it. */
int chappe_kafka_consumer_connect(struct chappe_consumer *consumer, struct chappe_error *error);
int chappe_kafka_consumer_disconnect(struct chappe_consumer *consumer, int64_t timeout_ms, struct chappe_error *error);
/* Subscribes the client to topics. */
int chappe_kafka_consumer_join(struct chappe_consumer *consumer, struct chappe_error *error);
int chappe_kafka_consumer_leave(struct chappe_consumer *consumer, int64_t timeout_ms, struct chappe_error *error);
int chappe_kafka_consumer_close(struct chappe_consumer *consumer, int64_t timeout_ms, struct chappe_error *error);

/* prefetch.c */
/* Learns from a new client how much it fetches ahead, and when its fetching has to be woken. */
void chappe_kafka_prefetch_begin(struct chappe_consumer *consumer);
/* So much came out of a queue: wakes the fetching when it may have stopped, and there is room again. */
void chappe_kafka_prefetch_drawn(struct chappe_consumer *consumer, rd_kafka_queue_t *queue,
                                 struct chappe_kafka_drawn *drawn, const struct chappe_kafka_amount *amount);

/* protocol.c */
enum chappe_group_protocol chappe_kafka_protocol_choose(struct chappe_kafka *kafka, enum chappe_group_protocol wanted,
                                                        bool is_static, bool embedded);
const char *chappe_kafka_protocol_name(enum chappe_group_protocol protocol);

/* renewal.c */
/* The client has turned fatal (Kafka's error code): will another one get over it? Then it is opened by a later poll. */
bool chappe_kafka_renewal_begin(struct chappe_consumer *consumer, int reason);
void chappe_kafka_renewal_poll(struct chappe_consumer *consumer, struct chappe_consumer_event *ret_event);

/* events.c */
void chappe_kafka_consumer_poll(struct chappe_consumer *consumer, struct chappe_consumer_event *ret_event);
/* Forgets the positions of the last event. */
void chappe_kafka_events_clear(struct chappe_consumer *consumer);

/* rebalance.c */
int chappe_kafka_consumer_accept(struct chappe_consumer *consumer, const struct chappe_position *positions,
                                 size_t count, struct chappe_error *error);
int chappe_kafka_consumer_release(struct chappe_consumer *consumer, struct chappe_error *error);
int chappe_kafka_consumer_assign(struct chappe_consumer *consumer, const struct chappe_position *positions,
                                 size_t count, struct chappe_error *error);
/* Begins with what librdkafka tells; *ret_event is filled in when the caller has to answer something now. */
void chappe_kafka_rebalance_begin(struct chappe_consumer *consumer, rd_kafka_event_t *event,
                                  struct chappe_consumer_event *ret_event);
/* Has the answer to what is being gained come? Gained, or an error and another try later. */
void chappe_kafka_rebalance_poll(struct chappe_consumer *consumer, struct chappe_consumer_event *ret_event);

/* committed.c */
void chappe_kafka_committed_begin(struct chappe_consumer *consumer);
/* The changing partitions with their committed offsets and metadata, for the caller to destroy; NULL with a reason when
 * this try failed and another comes, NULL without one while it is open. */
rd_kafka_topic_partition_list_t *chappe_kafka_committed_poll(struct chappe_consumer *consumer,
                                                             rd_kafka_resp_err_t *ret_reason);
/* Waits for an open question (3 s at most) and forgets it. */
void chappe_kafka_committed_end(struct chappe_consumer *consumer);

/* sorting.c */
#define CHAPPE_KAFKA_SLICE 16 /* messages, between two looks at how many bytes they are */
/* The partition's next messages, for the caller to destroy or put back. Returns how many; 0: none has arrived, or
 * others hold them up. */
size_t chappe_kafka_sorted_next(struct chappe_consumer *consumer, struct chappe_kafka_partition *partition,
                                rd_kafka_message_t *ret_messages[CHAPPE_KAFKA_SLICE]);
/* The last of those that came next come next again. */
void chappe_kafka_sorted_put_back(struct chappe_consumer *consumer, struct chappe_kafka_partition *partition,
                                  rd_kafka_message_t *const *messages, size_t count);
/* Begins and ends what a partition has in queues. Ending drops what was fetched of it and not taken. */
void chappe_kafka_sorting_add(struct chappe_consumer *consumer, struct chappe_kafka_partition *partition);
void chappe_kafka_sorting_drop(struct chappe_consumer *consumer, struct chappe_kafka_partition *partition);
/* Drops what was sorted of a partition: it is read from elsewhere. */
void chappe_kafka_sorted_forget(struct chappe_consumer *consumer, struct chappe_kafka_partition *partition);

/* former.c */
/* Takes the partition's queue. */
void chappe_kafka_former_keep(struct chappe_consumer *consumer, struct chappe_kafka_partition *partition);
/* Once all partitions are given up and the group is left: nothing stays of any of them. */
void chappe_kafka_former_end(struct chappe_consumer *consumer);

/* partitions.c */
/* NULL: it is not read. */
struct chappe_kafka_partition *chappe_kafka_partition_find(struct chappe_consumer *consumer, const char *topic,
                                                           int32_t number);
int chappe_kafka_partitions_add(struct chappe_consumer *consumer, const rd_kafka_topic_partition_list_t *list);
void chappe_kafka_partitions_remove(struct chappe_consumer *consumer, const rd_kafka_topic_partition_list_t *list);
void chappe_kafka_partitions_clear(struct chappe_consumer *consumer);
size_t chappe_kafka_consumer_take(struct chappe_consumer *consumer, const char *topic, int32_t partition,
                                  struct chappe_record *ret_records, size_t maximum, size_t maximum_bytes);
size_t chappe_kafka_consumer_waiting(struct chappe_consumer *consumer);
bool chappe_kafka_consumer_held_up(struct chappe_consumer *consumer);
int chappe_kafka_consumer_seek(struct chappe_consumer *consumer, const char *topic, int32_t partition, int64_t offset,
                               struct chappe_error *error);
/* A partition whose end was reached and not told, or NULL. */
struct chappe_kafka_partition *chappe_kafka_partition_at_end(struct chappe_consumer *consumer);
