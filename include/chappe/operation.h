/* SPDX-License-Identifier: Apache-2.0 */
/* What a service consumes, produces, calls and answers: one constant table, from which checks, topics and AsyncAPI derive. */
#pragma once

#include <chappe/context.h>
#include <chappe/type.h>

#ifdef __cplusplus
extern "C" {
#endif

enum chappe_operation_kind {
        CHAPPE_END = 0, /* closes the table */
        CHAPPE_CONSUMES,
        CHAPPE_PRODUCES,
        CHAPPE_CALLS,
        CHAPPE_ANSWERS,
};

enum chappe_order {
        CHAPPE_ORDER_KEY = 0,   /* records of one key one after another */
        CHAPPE_ORDER_PARTITION, /* records of one partition one after another */
        CHAPPE_ORDER_NONE,
};

/* Zero members mean the defaults beside them. */
struct chappe_retry_policy {
        int32_t backoff_ms;         /* before the second attempt: 100; doubles each time, with ±20 % jitter */
        int32_t backoff_maximum_ms; /* 10,000 */
        int32_t attempts;           /* then dead letter: 10; -1 for no ceiling */
        int64_t age_maximum_ms;     /* since the first attempt: 0, no ceiling */
        int32_t breaker_percent;    /* of the topic's keys must fail for it to be held: 0, the setting of that name; -1: never */
};

/* Handlers as the runtime sees them; the generated macros check the real type and convert. */
typedef enum chappe_decision chappe_event_handler(struct chappe_context *ctx, const void *event);
/* Several of one lane at once, in their order, as an array of structs: chappe_context_select says which of them the context is of, the
 * first to begin with. Done: all of them are finished. Anything else: none is, and each is handled again by itself (count 1). */
typedef enum chappe_decision chappe_batch_handler(struct chappe_context *ctx, const void *events, size_t count);
/* A record without a value, on a compacted topic: what its key (chappe_context_key) stood for is no more. */
typedef enum chappe_decision chappe_tombstone_handler(struct chappe_context *ctx);
/* 0 with the response filled in, a declared error's positive outcome with that error filled in, or negative: it broke, the caller
 * is told so and may try again. */
typedef int chappe_request_handler(struct chappe_context *ctx, const void *request, void *ret_reply);

/* Zero members mean defaults. Use the macros that chappe-gen writes: SHOP_ORDER_PLACED_CONSUMES(topic, handler, …). */
struct chappe_operation {
        enum chappe_operation_kind kind;
        const char *topic;                     /* without the configured prefix */
        const struct chappe_type *type;        /* consumes, produces */
        const struct chappe_message *message;  /* calls, answers */
        chappe_event_handler *on_event;        /* consumes, one at a time: SHOP_ORDER_PLACED_CONSUMES */
        chappe_batch_handler *on_batch;        /* consumes, several at a time: SHOP_ORDER_PLACED_CONSUMES_BATCH */
        chappe_tombstone_handler *on_tombstone; /* consumes: NULL, tombstones are passed over and counted */
        chappe_request_handler *on_request;    /* answers */
        const struct chappe_retry_policy *retry;
        enum chappe_order order;
        int32_t partitions;        /* when the topic is created: 4 */
        int64_t retention_ms;      /* when the topic is created: the cluster's default */
        int32_t timeout_ms;        /* calls: 2,000 */
        const char *key;           /* produces, calls: field that is the record key, instead of the schema's chappe.key */
        bool cloudevents;          /* produces: the full CloudEvents attributes, not ce_id alone */
        int32_t batch_records;     /* on_batch: at most so many at once; 0: the setting of that name */
        int32_t batch_wait_ms;     /* on_batch: how long the first one waits for more; 0: the setting of that name; -1: not at all */
};

/* For the generated macros, in strict C11: the first of the arguments, and those behind it. */
#define CHAPPE_FIRST_OF(first_, ...) first_
#define CHAPPE_REST_OF(first_, ...) __VA_ARGS__

#ifdef __cplusplus
}
#endif
