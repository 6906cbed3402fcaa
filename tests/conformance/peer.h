/* SPDX-License-Identifier: Apache-2.0 */
/* A client under test: a producer, or a consumer that follows its group and remembers what it saw. */
#pragma once

#include "suite.h"

#define PEER_RECORDS    256
#define PEER_PARTITIONS (PARTITIONS + 2) /* of a topic that grows */

struct peer_signal {
        struct chappe_executor *executor;
        struct chappe_mutex *mutex;
        struct chappe_condition *condition;
        bool raised;
};

struct sent {
        struct chappe_delivery_report report;
        int count;
};

struct writer {
        struct trial *trial;
        struct chappe_producer *producer;
        struct chappe_topic *topic;
        struct peer_signal signal;
        struct sent sent[PEER_RECORDS]; /* by opaque: index + 1 */
        size_t sent_count;
        size_t reported;
};

struct seen {
        int32_t partition;
        int64_t offset;
        int64_t timestamp_ms;
        bool log_append_time;
        char key[64], value[64]; /* "(null)" for none */
        char headers[200];
};

struct reader {
        struct trial *trial;
        struct chappe_consumer *consumer;
        struct peer_signal signal;
        bool hesitant; /* answers no rebalance by itself */
        bool idle;     /* takes no records */
        bool assigned[PEER_PARTITIONS];
        int64_t committed[PEER_PARTITIONS];
        char *metadata[PEER_PARTITIONS];
        int gained_partitions; /* in all */
        int gained, revoked, lost, commits, commits_refused, ends, errors, fatal;
        struct chappe_error last_error;
        void *token;
        int pending_count; /* partitions of the rebalance that awaits an answer */
        struct chappe_position pending[PEER_PARTITIONS];
        struct seen seen[PEER_RECORDS];
        size_t seen_count;
};

/* Opens and looks the trial's topic up. Closes with close. */
void writer_open(struct writer *writer, struct trial *trial, const char *linger_ms);
/* false when it was refused. */
bool writer_send(struct writer *writer, int32_t partition, const char *key, const char *value,
                 const struct chappe_header *headers, size_t header_count);
/* Polls until all was reported. */
void writer_settle(struct writer *writer);
void writer_close(struct writer *writer);
/* Values "first" … numbered, to one partition; settled. */
void writer_fill(struct trial *trial, int32_t partition, int first, int count);

/* instance NULL: a dynamic member. group NULL: none. */
void reader_open(struct reader *reader, struct trial *trial, const char *group, const char *instance);
/* Goes on until done says so; false when patience ended. */
bool reader_until(struct reader *reader, struct reader *other,
                  bool (*done)(struct reader *reader, struct reader *other));
/* Polls once and takes what has arrived. */
void reader_turn(struct reader *reader);
/* Accepts what is pending, from the committed offsets or the earliest. */
void reader_accept(struct reader *reader);
/* Gives up what is pending. */
void reader_release(struct reader *reader);
void reader_commit(struct reader *reader, int32_t partition, int64_t offset, const char *metadata);
int reader_assigned(const struct reader *reader);
void reader_close(struct reader *reader);

void peer_pause(struct trial *trial, int64_t pause_ms);
