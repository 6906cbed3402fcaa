/* SPDX-License-Identifier: Apache-2.0 */
/* Decode, ask the inbox, run the handler, commit its unit of work. */
#include "flow/handling.h"

#include <assert.h>
#include <string.h>

#include "observe/log.h"
#include "observe/metrics.h"

/* What the record is to us: the operation that takes it, or NULL when none does. */
static const struct chappe_operation *choose(const struct chappe_channel *channel, const struct chappe_writer *writer)
{
        /* The only one: let resolution decide. Among several a stranger is somebody else's. */
        if (channel->consume_count == 1)
                return channel->consumes[0];
        for (size_t i = 0; i < channel->consume_count; i++) {
                if (chappe_payload_matches(writer, channel->consumes[i]->type))
                        return channel->consumes[i];
        }
        return NULL;
}

enum chappe_decision chappe_handle_none(const struct chappe_channel *channel)
{
        chappe_metric_add(channel->ignored, 1);
        return CHAPPE_DONE;
}

/* What another attempt may mend is a retry; what the bytes themselves are to blame for is not. */
enum chappe_decision chappe_handle_judge(const struct chappe_context *ctx)
{
        switch (ctx->error.code) {
        case CHAPPE_E_SCHEMA_UNKNOWN:
        case CHAPPE_E_REGISTRY_UNREACHABLE:
        case CHAPPE_E_NO_MEMORY:
        case CHAPPE_E_STOPPED:
        case CHAPPE_E_TIMEOUT:
                return CHAPPE_RETRY;
        default:
                return CHAPPE_DEAD_LETTER;
        }
}

enum chappe_decision chappe_handle_commit(struct chappe_context *ctx)
{
        return ctx->runtime->work->commit(ctx, ctx->event_id, NULL) < 0 ? CHAPPE_RETRY : CHAPPE_DONE;
}

int chappe_handle_ask(struct chappe_context *ctx)
{
        chappe_context_identify(ctx);
        if (!ctx->runtime->work)
                return 0;
        struct chappe_outgoing none;
        return ctx->runtime->work->seen(ctx, ctx->event_id, &none);
}

/* Who wrote the record; on a bare topic that is the operation's own schema. */
static int open_payload(const struct chappe_context *ctx, const struct chappe_job *job,
                        const struct chappe_writer **ret_writer, struct chappe_bytes *ret_body,
                        struct chappe_error *error)
{
        static const struct chappe_bytes none = { 0 };
        struct chappe_payload *payload = ctx->runtime->payload;
        if (!job->channel->bare)
                return chappe_payload_open(payload, job->record.topic, job->record.value,
                                           job->channel->headed ? chappe_payload_schema_header(&job->record) : none,
                                           ret_writer, ret_body, error);
        *ret_writer = chappe_payload_own(payload, job->channel->consumes[0]->type);
        *ret_body = job->record.value;
        return 0;
}

/* Whose record it is. What a header tells is no frame, and is looked up each time. */
int chappe_handle_learn(struct chappe_context *ctx, const struct chappe_job *job)
{
        struct chappe_familiar *familiar = &ctx->familiar;
        struct chappe_bytes body;
        *familiar = (struct chappe_familiar){ 0 };
        int status = open_payload(ctx, job, &familiar->writer, &body, &ctx->error);
        if (status < 0)
                return status;
        familiar->operation = choose(job->channel, familiar->writer);
        familiar->frame_length = (size_t)(body.at - job->record.value.at);
        assert(familiar->frame_length <= CHAPPE_FRAME_MOST);
        memcpy(familiar->frame, job->record.value.at, familiar->frame_length);
        familiar->channel = job->channel->headed ? NULL : job->channel;
        return 0;
}

/* A tombstone names no type: it is for the first operation of its topic that wants tombstones. */
static enum chappe_decision handle_tombstone(struct chappe_context *ctx, struct chappe_job *job)
{
        const struct chappe_channel *channel = job->channel;
        for (size_t i = 0; i < channel->consume_count && !ctx->operation; i++) {
                if (channel->consumes[i]->on_tombstone)
                        job->operation = ctx->operation = channel->consumes[i];
        }
        if (!ctx->operation)
                return chappe_handle_none(channel);
        int status = chappe_handle_seen(ctx);
        if (status != 0)
                return status > 0 ? CHAPPE_DONE : CHAPPE_RETRY;
        return chappe_handle_end_work(ctx, chappe_handle_run(ctx, &job, 1, NULL, 0), chappe_handle_commit);
}

static enum chappe_decision handle_request(struct chappe_context *ctx, struct chappe_job *job)
{
        const struct chappe_world *world = ctx->runtime->world;
        if (!chappe_step(world, "handler.begin"))
                return CHAPPE_RETRY;
        enum chappe_decision decision = ctx->runtime->answer(ctx);
        job->operation = ctx->operation;
        job->ended_us = chappe_stopwatch_look(&ctx->watch, world->clock);
        chappe_metric_observe_us(job->meters->handler_time, job->ended_us - job->began_us);
        return chappe_step(world, "handler.end") ? decision : CHAPPE_RETRY;
}

enum chappe_decision chappe_handle_other(struct chappe_context *ctx, struct chappe_job *job)
{
        return job->record.value.at ? handle_request(ctx, job) : handle_tombstone(ctx, job);
}
