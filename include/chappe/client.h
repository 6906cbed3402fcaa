/* SPDX-License-Identifier: Apache-2.0 */
/* What a tool needs of a cluster without being a service: topics, reading from anywhere, and values of schemas known at run time only. */
#pragma once

#include <chappe/codec.h>
#include <chappe/dead_letter.h>
#include <chappe/header.h>
#include <chappe/operation.h>
#include <chappe/service.h>

#ifdef __cplusplus
extern "C" {
#endif

struct chappe_client;

struct chappe_client_options {
        const char *config_file;                    /* NULL: none */
        const char *const *settings;                /* "name=value", ends with NULL; NULL: none */
        const struct chappe_operation *operations;  /* what will be published and called; ends with { 0 }; NULL: nothing */
        const struct chappe_world *world;           /* NULL: the real one */
        bool create; /* make topics of the operations that are missing; otherwise a missing one is an error */
};

/* Reads the configuration; touches no network. The operations must outlive the client. One thread at a time uses a client. */
int chappe_client_open(const struct chappe_client_options *options, struct chappe_client **ret_client,
                       struct chappe_error *error);
/* Takes NULL; returns NULL. */
struct chappe_client *chappe_client_close(struct chappe_client *client);
/* Ends a read that is going on. May be called in a signal handler. */
void chappe_client_interrupt(struct chappe_client *client);

struct chappe_client_topic {
        const char *name; /* with the configured prefix */
        int32_t partition_count;
        int32_t replication;
        bool internal;
};

/* The topics whose name fits a pattern ("shop.orders.*", * any text, ? one character; NULL: all), by name. One allocation, for free().
 * May wait up to the setting broker_timeout_ms, as everything below. */
int chappe_client_topics(struct chappe_client *client, const char *pattern, struct chappe_client_topic **ret_topics,
                         size_t *ret_count, struct chappe_error *error);
/* The first offset of a partition, and the one that its next record will have. */
int chappe_client_watermarks(struct chappe_client *client, const char *topic, int32_t partition, int64_t *ret_low,
                             int64_t *ret_high, struct chappe_error *error);
/* The first record that is not older than this (ms since the epoch); the end when all are. -CHAPPE_E_BROKER_UNSUPPORTED on the embedded
 * broker. */
int chappe_client_offset_for_time(struct chappe_client *client, const char *topic, int32_t partition, int64_t time_ms,
                                  int64_t *ret_offset, struct chappe_error *error);
/* replication -1: the cluster's default. properties: "cleanup.policy=compact", ends with NULL; NULL: none. 1: there was one already. */
int chappe_client_topic_create(struct chappe_client *client, const char *topic, int32_t partitions, int32_t replication,
                               const char *const *properties, struct chappe_error *error);

/* Connects for publishing and calling. Without a registry it needs the schema topic, and makes it. The service returned is the client's, for chappe_context_open. */
int chappe_client_start(struct chappe_client *client, struct chappe_service **ret_service, struct chappe_error *error);

/* The type of a schema known at run time only; lives in the arena, and no longer than the schema. Its values have the schema's own
 * layout: chappe_json_read fills them in. */
int chappe_client_type(struct chappe_schema *schema, struct chappe_arena *arena, const struct chappe_type **ret_type,
                       struct chappe_error *error);

/* One record as read. Borrowed for the callback. */
struct chappe_client_record {
        const char *topic;
        int32_t partition;
        int64_t offset;
        int64_t timestamp_ms;
        struct chappe_bytes key;     /* at NULL: none */
        struct chappe_bytes payload; /* with its frame; at NULL: a tombstone */
        struct chappe_schema *schema; /* the writer's; NULL when the payload could not be decoded, and error says why */
        const struct chappe_layout *layout;
        const void *value;
        const struct chappe_error *error;
        const struct chappe_header *headers; /* when the read asked for them; none of a record that has too many */
        size_t header_count;
        const struct chappe_dead_letter *letter; /* the same, and the record is a dead letter; else NULL */
};

enum chappe_client_from {
        CHAPPE_FROM_END,       /* what comes from now on */
        CHAPPE_FROM_BEGINNING,
        CHAPPE_FROM_OFFSET,    /* of each partition; from below its first record: the first record */
        CHAPPE_FROM_TIME,      /* the first record that is not older, ms since the epoch */
        CHAPPE_FROM_LAST,      /* as many records before the end of each partition */
        CHAPPE_FROM_POSITIONS, /* each partition that is named from its own offset, and no other */
};

struct chappe_client_position {
        const char *topic;
        int32_t partition;
        int64_t offset; /* below the first record: the first record */
};

struct chappe_client_read {
        const char *const *topics;
        size_t topic_count;
        int32_t partition; /* -1: all */
        enum chappe_client_from from;
        int64_t position;  /* offset, time or number, as from says */
        const struct chappe_client_position *positions; /* instead of topics and partition, where from says so */
        size_t position_count;
        bool to_end;       /* stop at the end as it was at the start; else go on for ever */
        bool raw;          /* do not decode */
        struct chappe_schema *bare; /* values are Avro of this schema, without a frame; NULL: each names its own. Borrowed */
        bool headers;      /* tell them; a dead letter is decoded as a record of the topic that it came from */
        /* False ends the read. */
        bool (*record)(void *context, const struct chappe_client_record *record);
        bool (*idle)(void *context); /* the same, several times a second while nothing comes; NULL: nobody asks */
        void *context;
};

/* Reads without a group, so that nobody's offsets change, and calls back for each record, in order within a partition. Blocks until the
 * end, a callback's false, or an interrupt (-CHAPPE_E_STOPPED). */
int chappe_client_read(struct chappe_client *client, const struct chappe_client_read *read, struct chappe_error *error);

#ifdef __cplusplus
}
#endif
