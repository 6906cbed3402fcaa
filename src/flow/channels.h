/* SPDX-License-Identifier: Apache-2.0 */
/* The operations table, compiled: one channel a topic, with everything that this service does with it. */
#pragma once

#include "flow/context.h"

#define CHAPPE_BATCH_RECORDS 1000  /* that run together, at most */
#define CHAPPE_BATCH_WAIT_MS 10000 /* for more of them, at most */

struct chappe_metric;

struct chappe_channel {
        char *name;        /* with prefix */
        char *dead_letter; /* its dead letter topic; NULL when nothing is consumed from it */
        const char *plain; /* as in the table */
        const struct chappe_operation **consumes;
        size_t consume_count;
        bool answers;
        bool calls;
        bool produces;
        bool headed; /* a header may name the schema of a payload */
        bool bare;   /* payloads are Avro of its one type, without a frame */
        enum chappe_order order;
        uint32_t batch_records; /* that run together, at most; 1: each by itself */
        int64_t batch_wait_us;  /* for more of them */
        int32_t partitions;
        int64_t retention_ms;
        struct chappe_metric *ignored;
};

/* A PRODUCES row: where its events go, and where in them the record key is. */
struct chappe_publication {
        const struct chappe_operation *operation;
        const struct chappe_channel *channel;
        ptrdiff_t key_offset; /* of a struct chappe_text in the event; -1: no key */
};

/* Constant after start. */
struct chappe_channels {
        struct chappe_channel *at;
        size_t count;
        struct chappe_publication *publications;
        size_t publication_count;
        char *group;       /* the consumer group, with prefix */
        size_t partitions; /* of the topics that are read, as they were at the start: one member may get them all */
};

/* Checks and compiles runtime->operations; errors name the operation. */
int chappe_channels_init(struct chappe_channels *channels, const struct chappe_runtime *runtime,
                         struct chappe_error *error);
void chappe_channels_deinit(struct chappe_channels *channels);
/* By the name with prefix, or as in the table; NULL for a topic that is not in it. */
const struct chappe_channel *chappe_channels_find(const struct chappe_channels *channels, const char *name);
const struct chappe_channel *chappe_channels_plain(const struct chappe_channels *channels, const char *plain);
/* The PRODUCES row of a type, to this topic (as in the table; NULL: the first); or NULL. */
const struct chappe_publication *chappe_channels_publication(const struct chappe_channels *channels,
                                                             const struct chappe_type *type, const char *topic);
static inline bool chappe_channel_reads(const struct chappe_channel *channel)
{
        return channel->answers || channel->consume_count > 0;
}
