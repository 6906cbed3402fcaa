/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The headers of requests and replies: Spring's names are written, Spring's, NestJS's and SmallRye's are read, and each
 * caller is answered in its own form. Errors travel in headers of Chappe's. Pure.
 */
#pragma once

#include <chappe/error.h>
#include <chappe/text.h>

#include "wire/header.h"
#include "wire/trace.h"

#define CHAPPE_HEADER_CORRELATION              "kafka_correlationId"
#define CHAPPE_HEADER_REPLY_TOPIC              "kafka_replyTopic"
#define CHAPPE_HEADER_REPLY_PARTITION          "kafka_replyPartition"
#define CHAPPE_HEADER_SMALLRYE_CORRELATION     "REPLY_CORRELATION_ID"
#define CHAPPE_HEADER_SMALLRYE_REPLY_TOPIC     "REPLY_TOPIC"
#define CHAPPE_HEADER_SMALLRYE_REPLY_PARTITION "REPLY_PARTITION"
#define CHAPPE_HEADER_NEST_ERROR               "kafka_nest-err"
#define CHAPPE_HEADER_NEST_DISPOSED            "kafka_nest-is-disposed"
#define CHAPPE_HEADER_METHOD                   "chappe_method"
#define CHAPPE_HEADER_DEADLINE                 "chappe_deadline"
#define CHAPPE_HEADER_ATTEMPT                  "chappe_attempt"
#define CHAPPE_HEADER_IDEMPOTENCY_KEY          "chappe_idempotency_key"
#define CHAPPE_HEADER_ERROR_CODE               "chappe_error_code"
#define CHAPPE_HEADER_ERROR                    "chappe_error"

/* Longest accepted; ours are far below. */
#define CHAPPE_CORRELATION_MAXIMUM     255
#define CHAPPE_IDEMPOTENCY_KEY_MAXIMUM 1024
#define CHAPPE_TOPIC_NAME_MAXIMUM      249
#define CHAPPE_ERROR_TEXT_MAXIMUM      1024

enum chappe_call_form {
        CHAPPE_CALL_SPRING, /* ours too */
        CHAPPE_CALL_NEST,   /* told by its reply partition in decimal */
        CHAPPE_CALL_SMALLRYE,
};

/* What a request says about itself; texts and bytes point into the headers. Members of absent headers are empty or 0.
 */
struct chappe_request_headers {
        enum chappe_call_form form;
        struct chappe_bytes correlation;     /* opaque; at NULL: none */
        struct chappe_text reply_topic;      /* length 0: no reply is wanted */
        struct chappe_bytes reply_partition; /* as sent: chappe_reply_partition */
        struct chappe_text method;
        int64_t deadline_ms; /* wall clock; 0: none */
        int32_t attempt;     /* 1: the first */
        struct chappe_text idempotency_key;
        struct chappe_text traceparent;
};

/* -CHAPPE_E_CALL_HEADER_INVALID names the header; what could be read is in *ret_request all the same, so that the
 * caller can be told. */
int chappe_request_headers_read(const struct chappe_header *headers, size_t count,
                                struct chappe_request_headers *ret_request, struct chappe_error *error);
/* Appends a request's headers in Spring's form; borrows texts and bytes. partition: of the reply topic. */
void chappe_request_headers_write(const struct chappe_request_headers *request, int32_t partition,
                                  struct chappe_header_list *list);

#define CHAPPE_REPLY_ANYWHERE (-1) /* no partition was asked for */
/* The partition that a reply goes to: 4 bytes big-endian when that names one of partition_count, else 1 to 10 decimal
 * digits that do. CHAPPE_REPLY_ANYWHERE when none was sent; -CHAPPE_E_CALL_HEADER_INVALID when it names none.
 * *ret_decimal: it was digits. */
int32_t chappe_reply_partition(struct chappe_bytes sent, int32_t partition_count, bool *ret_decimal,
                               struct chappe_error *error);

/* What a reply says about itself. */
struct chappe_reply_headers {
        struct chappe_bytes correlation;
        int32_t error_code; /* 0: the payload is a response or a declared error */
        struct chappe_text error;
        struct chappe_text traceparent;
};

/* Reads any of the three forms. A reply whose error cannot be read is an error too: error_code is never 0 then. */
void chappe_reply_headers_read(const struct chappe_header *headers, size_t count,
                               struct chappe_reply_headers *ret_reply);
/* Appends a reply's headers in the caller's form; borrows texts and bytes. */
void chappe_reply_headers_write(enum chappe_call_form form, const struct chappe_reply_headers *reply,
                                struct chappe_header_list *list);
