/* SPDX-License-Identifier: Apache-2.0 */
/* Topics read from their first record to their end, with librdkafka alone and without a group. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <librdkafka/rdkafka.h>

struct reader;

enum reader_added {
        READER_ADDED,
        READER_NOT_THERE, /* no such topic, yet */
        READER_CUT_OFF,   /* its first records are gone already: what is left proves nothing. Said on standard error */
        READER_FAILED,    /* said on standard error */
};

/* NULL, with a line on standard error, when librdkafka refuses. */
struct reader *reader_new(const char *brokers);
struct reader *reader_free(struct reader *reader);

/* compacted: that records are gone from its beginning is as it should be. */
enum reader_added reader_add(struct reader *reader, const char *topic, bool compacted);
/* The next record, to be destroyed by the caller; NULL when none came for timeout_ms. */
rd_kafka_message_t *reader_next(struct reader *reader, int timeout_ms);
/* Everything that was in the topics has been read. */
bool reader_at_end(const struct reader *reader);
/* Again at the end: are the first records of every topic still there? Else said on standard error. */
bool reader_still_whole(struct reader *reader);

/* Records in all topics whose names begin with prefix and end with suffix, or -1. */
int64_t reader_count(struct reader *reader, const char *prefix, const char *suffix);
