/* SPDX-License-Identifier: Apache-2.0 */
/* One record's way through decoding, handler and store, to a decision. On a worker. */
#pragma once

#include <string.h>

#include "avro/plan_within.h"
#include "flow/handover.h"
#include "flow/payload.h"

/* Runs the record of a job in this context (reset for it). The reason for anything but CHAPPE_DONE is in ctx->error (a
 * code of -error or the handler's own with ctx->reason). */
enum chappe_decision chappe_handle(struct chappe_context *ctx, struct chappe_job *job);

/* The steps before the handler, for those that run together. */
int chappe_handle_learn(struct chappe_context *ctx, const struct chappe_job *job);
static inline bool chappe_handle_is_familiar(const struct chappe_context *ctx, const struct chappe_job *job)
{
        const struct chappe_familiar *familiar = &ctx->familiar;
        struct chappe_bytes value = job->record.value;
        if (familiar->channel != job->channel || value.length < familiar->frame_length)
                return false;
        if (familiar->frame_length == CHAPPE_FRAME_MOST)
                return memcmp(value.at, familiar->frame, CHAPPE_FRAME_MOST) == 0;
        return memcmp(value.at, familiar->frame, familiar->frame_length) == 0;
}
/* What the event's record is to us: ctx->familiar has the operation that takes it. Negative: ctx->error says why that
 * cannot be told. */
static inline int chappe_handle_open(struct chappe_context *ctx, const struct chappe_job *job)
{
        return chappe_handle_is_familiar(ctx, job) ? 0 : chappe_handle_learn(ctx, job);
}
int chappe_handle_ask(struct chappe_context *ctx);
/* Has it taken effect before? 1 yes, 0 no, negative. */
static inline int chappe_handle_seen(struct chappe_context *ctx)
{
        return ctx->runtime->work || ctx->runtime->calls ? chappe_handle_ask(ctx) : 0;
}
/* How it is decoded; NULL: it cannot be. */
static inline const struct chappe_plan *chappe_handle_plan(struct chappe_context *ctx)
{
        struct chappe_familiar *familiar = &ctx->familiar;
        if (!familiar->plan)
                familiar->plan =
                        chappe_payload_plan(ctx->runtime->payload, familiar->writer, ctx->operation->type, &ctx->error);
        return familiar->plan;
}
/* What was just opened, into the struct of ctx->operation's type; what is not in there lives in the record, or in the
 * arena. */
static inline int chappe_handle_decode(struct chappe_context *ctx, const struct chappe_job *job, void *ret_event)
{
        const struct chappe_plan *plan = chappe_handle_plan(ctx);
        size_t frame_length = ctx->familiar.frame_length;
        if (!plan)
                return -ctx->error.code;
        return chappe_plan_decode_within(plan, job->record.value.at + frame_length,
                                         job->record.value.length - frame_length, ctx->arena,
                                         chappe_payload_decode_limits(ctx->runtime->payload), ret_event, &ctx->error);
}
