/* SPDX-License-Identifier: Apache-2.0 */
/* One record's way through decoding, handler and store, to a decision. On a worker. */
#pragma once

#include <string.h>

#include "avro/plan_within.h"
#include "flow/handover.h"
#include "flow/meters.h"
#include "flow/payload.h"

/* The steps before the handler, also for those that run together. */
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

/* The handler's run of so many records, with the events among them. events NULL: a tombstone. */
static inline __attribute__((always_inline)) enum chappe_decision chappe_handle_run(struct chappe_context *ctx,
                                                                                    struct chappe_job *const *jobs,
                                                                                    size_t count, const void *events,
                                                                                    size_t event_count)
{
        const struct chappe_world *world = ctx->runtime->world;
        const struct chappe_operation *operation = ctx->operation;
        if (!chappe_step(world, "handler.begin"))
                return CHAPPE_RETRY;
        enum chappe_decision decision = !events               ? operation->on_tombstone(ctx)
                                        : operation->on_batch ? operation->on_batch(ctx, events, event_count)
                                                              : operation->on_event(ctx, events);
        int64_t ended_us = chappe_stopwatch_lap(&ctx->watch, world->clock);
        for (size_t i = 0; i < count; i++)
                jobs[i]->ended_us = ended_us;
        chappe_tally_run(&ctx->tally, jobs[0]->meters, ended_us - jobs[0]->began_us);
        return chappe_step(world, "handler.end") ? decision : CHAPPE_RETRY;
}

/* With a store: what the handler did becomes durable together, by this commit, or not at all. */
static inline enum chappe_decision chappe_handle_end_work(struct chappe_context *ctx, enum chappe_decision decision,
                                                          enum chappe_decision (*commit)(struct chappe_context *ctx))
{
        const struct chappe_unit_of_work_operations *work = ctx->runtime->work;
        if (!work || !work->open(ctx))
                return decision;
        if (decision == CHAPPE_DONE)
                return commit(ctx);
        work->rollback(ctx);
        return decision;
}

/* Nobody takes it. */
enum chappe_decision chappe_handle_none(const struct chappe_channel *channel);
/* After ctx->error: is it tried again? */
enum chappe_decision chappe_handle_judge(const struct chappe_context *ctx);
/* Of one record. */
enum chappe_decision chappe_handle_commit(struct chappe_context *ctx);
/* Of a tombstone, or a request. */
enum chappe_decision chappe_handle_other(struct chappe_context *ctx, struct chappe_job *job);

static inline __attribute__((always_inline)) enum chappe_decision chappe_handle_event(struct chappe_context *ctx,
                                                                                      struct chappe_job *job)
{
        if (chappe_handle_open(ctx, job) < 0)
                return chappe_handle_judge(ctx);
        const struct chappe_operation *operation = ctx->familiar.operation;
        job->operation = ctx->operation = operation;
        if (!operation || (!operation->on_event && !operation->on_batch))
                return chappe_handle_none(job->channel);

        int status = chappe_handle_seen(ctx);
        if (status != 0)
                return status > 0 ? CHAPPE_DONE : CHAPPE_RETRY;
        const struct chappe_type *type = operation->type;
        void *event = chappe_arena_take(ctx->arena, type->layout->size);
        if (!event) {
                chappe_fail(&ctx->error, CHAPPE_E_NO_MEMORY, "no memory for a %s", type->name);
                return CHAPPE_RETRY;
        }
        if (chappe_handle_decode(ctx, job, event) < 0)
                return chappe_handle_judge(ctx);
        return chappe_handle_end_work(ctx, chappe_handle_run(ctx, &job, 1, event, 1), chappe_handle_commit);
}

/* Runs the record of a job in this context (reset for it). The reason for anything but CHAPPE_DONE is in ctx->error (a
 * code of -error or the handler's own with ctx->reason). In line, for all but the handler is little. */
static inline __attribute__((always_inline)) enum chappe_decision chappe_handle(struct chappe_context *ctx,
                                                                                struct chappe_job *job)
{
        bool event = job->record.value.at && !job->channel->answers;
        return __builtin_expect(event, 1) ? chappe_handle_event(ctx, job) : chappe_handle_other(ctx, job);
}
