/* SPDX-License-Identifier: Apache-2.0 */
/* chappe_call: encode, send, wait, decode. chappe_send: only the first two. */
#include <chappe/call.h>

#include <stdio.h>

#include "base/id.h"
#include "flow/fields.h"
#include "flow/payload.h"
#include "flow/publisher.h"
#include "rpc/calls.h"

/* How often this context has made a call: the n of its idempotency key. */
struct chappe_called {
        struct chappe_called *next;
        const struct chappe_message *message;
        uint32_t count;
};

static struct chappe_called *called_of(struct chappe_context *ctx, const struct chappe_message *message)
{
        struct chappe_called *called = ctx->called;

        while (called && called->message != message)
                called = called->next;
        if (called)
                return called;
        called = chappe_arena_alloc(ctx->arena, sizeof(*called));
        if (called) {
                *called = (struct chappe_called){ ctx->called, message, 0 };
                ctx->called = called;
        }
        return called;
}

/* The same when the input event is handled again, so that the same reply comes back: from the contract's field, or from
 * the event and the message. Never random. */
static int idempotency_key(struct chappe_context *ctx, const struct chappe_message *message, const void *request,
                           char buffer[CHAPPE_ID_SIZE], struct chappe_text *ret_key)
{
        char operation[512];
        struct chappe_called *called;
        int length;

        *ret_key = chappe_field_text(message->request->layout, request, message->idempotency_field);
        if (ret_key->length)
                return 0;
        called = called_of(ctx, message);
        if (!called)
                return chappe_fail(&ctx->error, CHAPPE_E_NO_MEMORY, "no memory for a call");
        chappe_context_identify(ctx);
        length = snprintf(operation, sizeof(operation), "%s/%s.%s", ctx->runtime->service, message->protocol,
                          message->name);
        if (length >= (int)sizeof(operation))
                length = sizeof(operation) - 1;
        chappe_id_derive(ctx->event_id, (struct chappe_text){ operation, (size_t)length }, called->count++, buffer);
        *ret_key = chappe_text(buffer);
        return 0;
}

/* Sets deadline on both clocks: the callee sees the wall's, this strand waits by the other. */
static int limit(const struct chappe_context *ctx, const struct chappe_callee *callee, struct chappe_exchange *exchange)
{
        const struct chappe_clock *clock = ctx->runtime->world->clock;
        int64_t now_ms = chappe_clock_wall_ms(clock), left_ms = callee->timeout_ms;

        if (ctx->deadline_ms && ctx->deadline_ms - now_ms < left_ms)
                left_ms = ctx->deadline_ms - now_ms;
        exchange->headers.deadline_ms = now_ms + left_ms;
        exchange->deadline_us = chappe_clock_monotonic_us(clock) + left_ms * 1000;
        return left_ms > 0 ? 0 : -CHAPPE_E_TIMEOUT;
}

/* The reply's bytes move into the arena, because decoded strings point into them and the record goes back to the broker
 * now. */
static int keep_body(struct chappe_context *ctx, const struct chappe_record *record, struct chappe_bytes *ret_value,
                     struct chappe_reply_headers *ret_headers)
{
        struct chappe_header headers[CHAPPE_HEADERS_MAXIMUM];
        size_t count = chappe_record_headers(record, headers, CHAPPE_HEADERS_MAXIMUM);
        struct chappe_text value, error;

        chappe_reply_headers_read(headers, count, ret_headers);
        value = chappe_arena_text(ctx->arena,
                                  (struct chappe_text){ (const char *)record->value.at, record->value.length });
        error = chappe_arena_text(ctx->arena, ret_headers->error);
        if (!value.at || !error.at)
                return chappe_fail(&ctx->error, CHAPPE_E_NO_MEMORY, "no memory for a reply");
        ret_headers->error = error;
        *ret_value = (struct chappe_bytes){ (const uint8_t *)value.at, value.length };
        return 0;
}

static int decode(struct chappe_context *ctx, const struct chappe_callee *callee, const struct chappe_message *message,
                  struct chappe_bytes value, char *ret_reply)
{
        struct chappe_payload *payload = ctx->runtime->payload;
        const struct chappe_type *type = message->response;
        size_t offset = message->response_offset;
        const struct chappe_writer *writer;
        struct chappe_bytes body;
        int outcome = 0, status;

        status = chappe_payload_open(payload, callee->topic, value, (struct chappe_bytes){ 0 }, &writer, &body,
                                     &ctx->error);
        if (status < 0)
                return status;
        for (size_t i = 0; i < message->error_count; i++) {
                if (!chappe_payload_matches(writer, message->errors[i].type))
                        continue;
                type = message->errors[i].type;
                offset = message->errors[i].offset;
                outcome = message->errors[i].outcome;
                break;
        }
        memset(ret_reply, 0, message->reply_size);
        status = chappe_payload_decode(payload, writer, type, body, ctx->arena, ret_reply + offset, &ctx->error);
        if (status == 0)
                return outcome;
        ctx->error.code = CHAPPE_E_CALL_REPLY_INVALID;
        return chappe_error_prefix(&ctx->error, "a %s is no reply to it", writer->name);
}

static int read_reply(struct chappe_context *ctx, const struct chappe_callee *callee,
                      const struct chappe_message *message, const struct chappe_record *record, void *ret_reply)
{
        struct chappe_reply_headers headers;
        struct chappe_bytes value;
        int status = keep_body(ctx, record, &value, &headers);

        if (status < 0)
                return status;
        if (headers.error_code)
                return chappe_fail(&ctx->error, CHAPPE_E_CALL_REMOTE, "%s.%s answered E%d: %.*s", message->protocol,
                                   message->name, headers.error_code, CHAPPE_TEXT(headers.error));
        return decode(ctx, callee, message, value, ret_reply);
}

/* What the headers of a request point to. */
struct names {
        char key[CHAPPE_ID_SIZE];
        char traceparent[CHAPPE_TRACEPARENT_SIZE];
};

/* Encodes the request into the context's scratch; fills in all that does not depend on who waits for a reply. */
static int make_request(struct chappe_context *ctx, const struct chappe_callee *callee,
                        const struct chappe_message *message, const void *request, struct names *names,
                        struct chappe_exchange *exchange)
{
        const char *key_field = callee->operation->key ? callee->operation->key : message->request->key;
        struct chappe_text record_key = chappe_field_text(message->request->layout, request, key_field);
        struct chappe_trace trace;
        int status = idempotency_key(ctx, message, request, names->key, &exchange->headers.idempotency_key);

        if (status < 0)
                return status;
        ctx->scratch->length = 0;
        status = chappe_payload_encode(ctx->runtime->payload, callee->topic, message->request, request, ctx->scratch,
                                       &ctx->error);
        if (status < 0)
                return status;
        trace = chappe_context_span(ctx);
        chappe_trace_format(&trace, names->traceparent);
        exchange->headers.method = chappe_text(message->name);
        exchange->headers.traceparent = chappe_text(names->traceparent);
        exchange->outgoing = (struct chappe_outgoing){
                .topic = callee->topic,
                .partition = CHAPPE_PARTITION_BY_KEY,
                .key = { (const uint8_t *)record_key.at, record_key.length },
                .value = { ctx->scratch->at, ctx->scratch->length },
        };
        return 0;
}

static int exchange(struct chappe_context *ctx, const struct chappe_callee *callee,
                    const struct chappe_message *message, const void *request, struct chappe_record *ret_record)
{
        struct chappe_exchange exchange = { 0 };
        struct names names;
        int status;

        if (limit(ctx, callee, &exchange) < 0)
                return chappe_fail(&ctx->error, CHAPPE_E_TIMEOUT,
                                   "the deadline had passed before the request was sent");
        status = make_request(ctx, callee, message, request, &names, &exchange);
        return status < 0 ? status : chappe_calls_exchange(ctx->runtime->calls, &exchange, ret_record, &ctx->error);
}

/* NULL: the table does not have it, or not in this way. */
static const struct chappe_callee *find_callee(struct chappe_context *ctx, const struct chappe_message *message,
                                               bool one_way)
{
        const struct chappe_runtime *runtime = ctx->runtime;
        const struct chappe_callee *callee = runtime->calls ? chappe_calls_find(runtime->calls, message) : NULL;

        if (!callee)
                chappe_fail(&ctx->error, CHAPPE_E_CALL_NOT_DECLARED, "service %s does not declare to call %s.%s",
                            runtime->service, message->protocol, message->name);
        if (!callee || message->one_way == one_way)
                return callee;
        chappe_fail(&ctx->error, CHAPPE_E_USAGE, "%s.%s is %s: %s it", message->protocol, message->name,
                    message->one_way ? "one-way" : "answered", message->one_way ? "chappe_send" : "chappe_call");
        return NULL;
}

static int send(struct chappe_context *ctx, const struct chappe_callee *callee, const struct chappe_message *message,
                const void *request)
{
        struct chappe_exchange exchange = { 0 };
        struct chappe_header_list headers;
        struct names names;
        int status = make_request(ctx, callee, message, request, &names, &exchange);

        if (status < 0)
                return status;
        chappe_header_list_init(&headers);
        chappe_request_headers_write(&exchange.headers, 0, &headers);
        exchange.outgoing.headers = headers.headers;
        exchange.outgoing.header_count = headers.count;
        return chappe_publisher_send_on(ctx, &exchange.outgoing);
}

int chappe_send(struct chappe_context *ctx, const struct chappe_message *message, const void *request)
{
        const struct chappe_callee *callee = find_callee(ctx, message, true);
        int status;

        if (!callee)
                return -ctx->error.code;
        if (!ctx->runtime->publisher)
                return chappe_fail(&ctx->error, CHAPPE_E_STOPPED, "service %s is not started", ctx->runtime->service);
        status = send(ctx, callee, message, request);
        return status < 0 ? chappe_error_prefix(&ctx->error, "%s.%s", message->protocol, message->name) : 0;
}

int chappe_call(struct chappe_context *ctx, const struct chappe_message *message, const void *request, void *ret_reply)
{
        const struct chappe_runtime *runtime = ctx->runtime;
        const struct chappe_callee *callee = find_callee(ctx, message, false);
        struct chappe_record record;
        int status;

        if (!callee)
                return -ctx->error.code;
        if (runtime->work && runtime->work->open(ctx))
                return chappe_fail(&ctx->error, CHAPPE_E_CALL_IN_TRANSACTION,
                                   "%s.%s is called while a transaction is open: call first, then chappe_store",
                                   message->protocol, message->name);
        if (!runtime->publisher)
                return chappe_fail(&ctx->error, CHAPPE_E_STOPPED, "service %s is not started", runtime->service);
        status = exchange(ctx, callee, message, request, &record);
        if (status < 0) {
                chappe_error_prefix(&ctx->error, "%s.%s", message->protocol, message->name);
                return status;
        }
        status = read_reply(ctx, callee, message, &record, ret_reply);
        chappe_record_release(&record);
        return status;
}
