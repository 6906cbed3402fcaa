/* SPDX-License-Identifier: Apache-2.0 */
/* What a handler is given: the context of one record, one request, or one piece of the embedding program's own work. */
#pragma once

#include <chappe/arena.h>
#include <chappe/error.h>
#include <chappe/log_level.h>
#include <chappe/text.h>

#ifdef __cplusplus
extern "C" {
#endif

struct chappe_service;
struct chappe_context;

/* What becomes of the record. */
enum chappe_decision {
        CHAPPE_DONE,        /* finished, once all that it published is delivered */
        CHAPPE_RETRY,       /* run it again later, by the operation's retry policy; its key waits, other keys go on */
        CHAPPE_DEAD_LETTER, /* give it up at once: to <topic>-dlt */
};

/* Retry or dead letter with a reason that is logged and travels in the dead letter's headers. */
enum chappe_decision chappe_retry(struct chappe_context *ctx, const char *format, ...) __attribute__((format(printf, 2, 3)));
enum chappe_decision chappe_dead_letter(struct chappe_context *ctx, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

/* The instance's own state: what state_new of the service returned. */
void *chappe_context_state(struct chappe_context *ctx);
/* Memory that lives until the handler returns (or the context is closed). */
struct chappe_arena *chappe_context_arena(struct chappe_context *ctx);
/* A setting declared by the service (its default when not configured); never NULL for a declared one. */
const char *chappe_context_setting(struct chappe_context *ctx, const char *name);
int64_t chappe_context_setting_integer(struct chappe_context *ctx, const char *name);
/* Wall-clock time in milliseconds since the epoch, from the clock seam: virtual in simulation. */
int64_t chappe_context_now_ms(struct chappe_context *ctx);
/* When this work must be over, ms since the epoch; 0 without a deadline. Calls inherit the remainder. */
int64_t chappe_context_deadline_ms(struct chappe_context *ctx);

/* The record being handled. Without one (an opened context): empty texts, -1. */
struct chappe_text chappe_context_topic(struct chappe_context *ctx);
int32_t chappe_context_partition(struct chappe_context *ctx);
int64_t chappe_context_offset(struct chappe_context *ctx);
int64_t chappe_context_timestamp_ms(struct chappe_context *ctx);
struct chappe_text chappe_context_key(struct chappe_context *ctx);
/* ce_id of the event, or topic/partition/offset when the sender gave none. */
struct chappe_text chappe_context_event_id(struct chappe_context *ctx);
/* In a handler of several events: from here on the context, and what is published in it, is of the n-th of them (from 0). */
void chappe_context_select(struct chappe_context *ctx, size_t n);
/* 1 the first time. */
int chappe_context_attempt(struct chappe_context *ctx);

/* The name of the replay (<chappe/control.h>) in which this runs; NULL in the service's life. For effects outside the store. */
const char *chappe_context_replay(struct chappe_context *ctx);

/* The last error that a call, publish or store operation left in this context. Borrowed. */
const struct chappe_error *chappe_context_error(struct chappe_context *ctx);

/* One log line that carries topic, key and trace id of the context. */
void chappe_log(struct chappe_context *ctx, enum chappe_log_level level, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* A context without a record, for an HTTP front or an embedding program: publish, call and store work in it. event_id names the
 * work so that its events have the same ids when it is repeated (NULL: a random one). timeout_ms: deadline for all of it, 0 for none.
 * NULL when memory is short or the service stops. One thread at a time; freed by its owner with chappe_context_close. */
struct chappe_context *chappe_context_open(struct chappe_service *service, const char *event_id, int64_t timeout_ms);
/* Waits until everything published in it is delivered and the store's transaction is committed. 0, or why not. Blocks. */
int chappe_context_finish(struct chappe_context *ctx, struct chappe_error *error);
/* Rolls back what was not finished; takes NULL; returns NULL. */
struct chappe_context *chappe_context_close(struct chappe_context *ctx);

#ifdef __cplusplus
}
#endif
