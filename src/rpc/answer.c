/* SPDX-License-Identifier: Apache-2.0 */
/* One request on a worker: is it still wanted, which method, was it answered before; then handler, commit, reply. */
#include "rpc/answers.h"

#include <inttypes.h>

#include "flow/payload.h"
#include "flow/publisher.h"
#include "observe/log.h"
#include "observe/metrics.h"

/* One request being answered. */
struct request {
        struct chappe_header headers[CHAPPE_HEADERS_MAXIMUM];
        struct chappe_request_headers says; /* points into headers */
        const struct chappe_writer *writer;
        struct chappe_bytes body;
        struct chappe_text id; /* under which its reply is remembered */
        bool one_way;          /* by the contract: whatever the headers say, there is no reply */
};

static int64_t now_ms(const struct chappe_context *ctx)
{
        return chappe_clock_wall_ms(ctx->runtime->world->clock);
}

static bool expired(struct chappe_context *ctx, const struct request *request)
{
        return request->says.deadline_ms && now_ms(ctx) > request->says.deadline_ms;
}

static enum chappe_decision drop(struct chappe_context *ctx, struct chappe_metric *metric, enum chappe_log_event event,
                                 const char *why)
{
        chappe_metric_add(metric, 1);
        chappe_log_write(ctx->runtime->log, event, "%s[%" PRId32 "]@%" PRId64 ": %s", ctx->record->topic,
                         ctx->record->partition, ctx->record->offset, why);
        return CHAPPE_DONE;
}

/* Where the reply goes: 0 with the partition; 1: nowhere that exists, so that it can be told nobody; negative: not
 * known now. */
static int find_partition(struct chappe_context *ctx, const struct request *request, const char *topic,
                          int32_t *ret_partition, enum chappe_call_form *ret_form)
{
        bool decimal;
        int32_t count = chappe_publisher_partitions(ctx->runtime->publisher, CHAPPE_SEND_URGENT, topic, &ctx->error);

        if (count < 0)
                return count == -CHAPPE_E_TOPIC_MISSING ? 1 : count;
        *ret_partition = chappe_reply_partition(request->says.reply_partition, count, &decimal, &ctx->error);
        *ret_form = decimal ? CHAPPE_CALL_NEST : request->says.form;
        if (*ret_partition == CHAPPE_REPLY_ANYWHERE)
                *ret_partition = CHAPPE_PARTITION_BY_KEY;
        return *ret_partition < CHAPPE_PARTITION_BY_KEY ? 1 : 0;
}

static enum chappe_decision send_reply(struct chappe_context *ctx, const struct request *request,
                                       struct chappe_bytes value, int error_code)
{
        const struct chappe_answers *answers = ctx->runtime->answers;
        struct chappe_text topic = request->says.reply_topic;
        char traceparent[CHAPPE_TRACEPARENT_SIZE], text[sizeof(ctx->error.text)];
        struct chappe_reply_headers reply = { .correlation = request->says.correlation, .error_code = error_code };
        struct chappe_outgoing outgoing = { .key = ctx->record->key, .value = value };
        enum chappe_call_form form = CHAPPE_CALL_SPRING;
        struct chappe_header_list list;
        int status;

        if (request->one_way)
                return CHAPPE_DONE;
        if (!topic.length) {
                chappe_metric_add(answers->unaddressed, 1);
                return CHAPPE_DONE;
        }
        if (error_code) { /* what follows may use ctx->error */
                memcpy(text, ctx->error.text, sizeof(text));
                reply.error = chappe_text(text);
        }
        outgoing.topic = chappe_arena_text(ctx->arena, topic).at;
        if (!outgoing.topic)
                return CHAPPE_RETRY;
        status = find_partition(ctx, request, outgoing.topic, &outgoing.partition, &form);
        if (status > 0)
                return drop(ctx, answers->refused, CHAPPE_LOG_CALL_UNANSWERABLE, ctx->error.text);
        if (status < 0)
                return CHAPPE_RETRY;
        if (chappe_trace_is_set(&ctx->trace)) {
                chappe_trace_format(&ctx->trace, traceparent);
                reply.traceparent = chappe_text(traceparent);
        }
        chappe_header_list_init(&list);
        chappe_reply_headers_write(form, &reply, &list);
        outgoing.headers = list.headers;
        outgoing.header_count = list.count;
        if (!chappe_step(ctx->runtime->world, "call.reply") ||
            chappe_publisher_send(ctx->runtime->publisher, CHAPPE_SEND_URGENT, &outgoing, ctx->deliveries,
                                  &ctx->error) < 0)
                return CHAPPE_RETRY;
        chappe_metric_add(answers->answered, 1);
        return CHAPPE_DONE;
}

/* The caller is told what broke, and may try again; with nobody to tell it is a dead letter. */
static enum chappe_decision tell_error(struct chappe_context *ctx, const struct request *request)
{
        if (ctx->error.code == CHAPPE_E_STOPPED || chappe_executor_stopped(ctx->runtime->world->executor))
                return CHAPPE_RETRY; /* another instance answers */
        if (request->one_way || !request->says.reply_topic.length)
                return CHAPPE_DEAD_LETTER;
        if (!ctx->error.code)
                chappe_fail(&ctx->error, CHAPPE_E_CALL_REMOTE, "%s",
                            ctx->reason[0] ? ctx->reason : "the handler failed and did not say why");
        return send_reply(ctx, request, (struct chappe_bytes){ NULL, 0 }, ctx->error.code);
}

/* 1: it is answered already, and *ret_decision is what that came to. */
static int answer_again(struct chappe_context *ctx, const struct request *request, enum chappe_decision *ret_decision)
{
        const struct chappe_unit_of_work_operations *work = ctx->runtime->work;
        struct chappe_outgoing stored = { 0 };
        int seen = work ? work->seen(ctx, request->id, &stored) : 0;

        if (seen > 0)
                *ret_decision = send_reply(ctx, request, stored.value, 0);
        else if (seen < 0)
                *ret_decision = CHAPPE_RETRY;
        return seen != 0;
}

static const struct chappe_type *reply_of(const struct chappe_message *message, int outcome, size_t *ret_offset)
{
        *ret_offset = message->response_offset;
        if (outcome == 0)
                return message->response;
        for (size_t i = 0; i < message->error_count; i++) {
                if (message->errors[i].outcome != outcome)
                        continue;
                *ret_offset = message->errors[i].offset;
                return message->errors[i].type;
        }
        return NULL;
}

/* Encodes the reply into the context's scratch. */
static int encode_reply(struct chappe_context *ctx, int outcome, const char *reply)
{
        const struct chappe_message *message = ctx->operation->message;
        size_t offset;
        const struct chappe_type *type = reply_of(message, outcome, &offset);

        if (!type)
                return chappe_fail(&ctx->error, CHAPPE_E_CALL_REMOTE, "%s.%s has no error of outcome %d",
                                   message->protocol, message->name, outcome);
        ctx->scratch->length = 0;
        return chappe_payload_encode(ctx->runtime->payload, NULL, type, reply + offset, ctx->scratch, &ctx->error);
}

static void roll_back(struct chappe_context *ctx)
{
        if (ctx->runtime->work)
                ctx->runtime->work->rollback(ctx);
}

/* The reply is encoded: makes it durable beside what the handler did, then sends it. */
static enum chappe_decision conclude(struct chappe_context *ctx, const struct request *request)
{
        const struct chappe_unit_of_work_operations *work = ctx->runtime->work;
        struct chappe_outgoing reply = { .value = { ctx->scratch->at, ctx->scratch->length } };
        enum chappe_decision decision = CHAPPE_RETRY;

        /* A request that nobody repeats under a key, and that did not touch the store, need not be remembered. */
        if (work && (work->open(ctx) || request->says.idempotency_key.length)) {
                int status = work->commit(ctx, request->id, &reply);

                if (status < 0)
                        return CHAPPE_RETRY;
                if (status == CHAPPE_WORK_SEEN) /* at the same time elsewhere: that one's reply counts */
                        return answer_again(ctx, request, &decision) ? decision : CHAPPE_RETRY;
        }
        return send_reply(ctx, request, reply.value, 0);
}

static enum chappe_decision run(struct chappe_context *ctx, const struct request *request)
{
        const struct chappe_message *message = ctx->operation->message;
        void *value = chappe_arena_alloc(ctx->arena, message->request->layout->size);
        char *reply = chappe_arena_zalloc(ctx->arena, message->reply_size);
        int outcome;

        if (!value || !reply)
                return CHAPPE_RETRY;
        if (chappe_payload_decode(ctx->runtime->payload, request->writer, message->request, request->body, ctx->arena,
                                  value, &ctx->error) < 0)
                return request->one_way && ctx->error.code == CHAPPE_E_NO_MEMORY ? CHAPPE_RETRY
                                                                                 : tell_error(ctx, request);
        outcome = ctx->operation->on_request(ctx, value, reply);
        if (outcome < 0 || encode_reply(ctx, outcome, reply) < 0) {
                roll_back(ctx);
                /* As with an event: what broke may work at another attempt. */
                return request->one_way && outcome < 0 ? CHAPPE_RETRY : tell_error(ctx, request);
        }
        return conclude(ctx, request);
}

/* Fills in what the headers say; parsing them costs more than taking the record, so that it is done once. Negative:
 * they make no sense, and *request has what could be read. */
static int read_headers(struct chappe_context *ctx, struct request *request)
{
        size_t count = chappe_record_headers(ctx->record, request->headers, CHAPPE_HEADERS_MAXIMUM);

        request->says = (struct chappe_request_headers){ 0 };
        request->one_way = false; /* until its contract is known */
        if (chappe_headers_check(request->headers, count, &ctx->error) < 0) {
                chappe_context_identify_by(ctx, NULL, 0);
                return -ctx->error.code;
        }
        chappe_context_identify_by(ctx, request->headers, count);
        return chappe_request_headers_read(request->headers, count, &request->says, &ctx->error);
}

/* Headers outlive nothing but the record, which outlives this; the id goes into the context for the handler's own
 * events and calls. */
static void adopt(struct chappe_context *ctx, struct request *request, const struct chappe_answer *answer)
{
        if (request->says.idempotency_key.length)
                ctx->event_id = request->says.idempotency_key;
        request->id = ctx->event_id;
        request->one_way = answer->operation->message->one_way;
        ctx->operation = answer->operation;
        ctx->deadline_ms = request->says.deadline_ms;
        ctx->correlation =
                (struct chappe_text){ (const char *)request->says.correlation.at, request->says.correlation.length };
}

static enum chappe_decision find_and_run(struct chappe_context *ctx, struct request *request)
{
        const struct chappe_answers *answers = ctx->runtime->answers;
        const char *topic = ctx->record->topic;
        const struct chappe_answer *answer;
        enum chappe_decision decision;
        int status = chappe_payload_open(ctx->runtime->payload, topic, ctx->record->value, (struct chappe_bytes){ 0 },
                                         &request->writer, &request->body, &ctx->error);

        if (status == -CHAPPE_E_SCHEMA_UNKNOWN || status == -CHAPPE_E_REGISTRY_UNREACHABLE ||
            status == -CHAPPE_E_NO_MEMORY)
                return CHAPPE_RETRY;
        if (status < 0)
                return tell_error(ctx, request);
        answer = chappe_answers_find(answers, topic, request->says.method, request->writer);
        if (!answer) {
                chappe_fail(&ctx->error, CHAPPE_E_CALL_METHOD_UNKNOWN, "%s has no method %.*s", topic,
                            request->says.method.length ? (int)request->says.method.length
                                                        : (int)strlen(request->writer->name),
                            request->says.method.length ? request->says.method.at : request->writer->name);
                return tell_error(ctx, request);
        }
        adopt(ctx, request, answer);
        return answer_again(ctx, request, &decision) ? decision : run(ctx, request);
}

enum chappe_decision chappe_answer_request(struct chappe_context *ctx)
{
        const struct chappe_answers *answers = ctx->runtime->answers;
        struct request request;
        int status = read_headers(ctx, &request);

        if (expired(ctx, &request))
                return drop(ctx, answers->expired, CHAPPE_LOG_CALL_EXPIRED, "dropped: its deadline had passed");
        if (request.says.reply_topic.length && !chappe_answers_allow(answers, request.says.reply_topic))
                return drop(ctx, answers->refused, CHAPPE_LOG_CALL_UNANSWERABLE,
                            "its reply topic is not allowed (reply_topics_allowed)");
        if (status < 0)
                return tell_error(ctx, &request);
        return find_and_run(ctx, &request);
}
