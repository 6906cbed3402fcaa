/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A batch: decode until one does not fit in, run the handler, commit what it did for all of them together. Whatever
 * ends a batch (a tombstone, a stranger, poison, an unknown schema) is not judged here: it runs by itself, after it.
 */
#include "flow/batch.h"

#include "flow/handling.h"

static bool stands_apart(const struct chappe_job *job)
{
        return job->task.alone || job->task.probe || job->burying;
}

size_t chappe_batch_length(struct chappe_job *const *jobs, size_t count)
{
        const struct chappe_task *first = &jobs[0]->task;
        size_t length = 1, most = first->share->together < count ? first->share->together : count;
        if (stands_apart(jobs[0]))
                return 1;
        while (length < most && jobs[length]->task.share == first->share && !stands_apart(jobs[length]) &&
               (jobs[length]->task.lane == first->lane || (first->loose && jobs[length]->task.loose)))
                length++;
        return length;
}

/* Events lie one after another; those that took effect before are left out. */
static bool room_for_events(struct chappe_context *ctx, struct chappe_batch *batch, size_t count,
                            const struct chappe_operation *operation)
{
        if (!ctx->operation)
                batch->events = chappe_arena_alloc(ctx->arena, count * operation->type->layout->size);
        ctx->operation = operation;
        return batch->events;
}

/* False: this one, and whatever comes behind it, has to wait until the batch is over. */
static bool take_in(struct chappe_context *ctx, struct chappe_batch *batch, struct chappe_job *job, size_t left)
{
        chappe_context_load(ctx, &(struct chappe_context_part){ .record = &job->record });
        if (!job->record.value.at || chappe_handle_open(ctx, job) < 0)
                return false;
        const struct chappe_operation *operation = ctx->familiar.operation;
        if (!operation || !operation->on_batch || (ctx->operation && ctx->operation != operation) ||
            !room_for_events(ctx, batch, batch->count + left, operation))
                return false;
        int seen = chappe_handle_seen(ctx);
        job->operation = operation;
        if (seen != 0)
                return seen > 0;
        uint8_t *event = batch->events + batch->count * operation->type->layout->size;
        if (chappe_handle_decode(ctx, job, event) < 0)
                return false;
        chappe_context_save(ctx, &batch->parts[batch->count++]);
        return true;
}

static size_t take_in_all(struct chappe_context *ctx, struct chappe_batch *batch, struct chappe_job **jobs,
                          size_t count)
{
        size_t taken = 0;
        batch->parts = chappe_arena_alloc(ctx->arena, count * sizeof(struct chappe_context_part));
        while (batch->parts && taken < count && take_in(ctx, batch, jobs[taken], count - taken))
                taken++;
        ctx->error.code = 0;
        ctx->error.text[0] = '\0';
        return taken;
}

/* All of them in one transaction. Another instance may have been at one of them meanwhile: then none is. */
static enum chappe_decision commit(struct chappe_context *ctx)
{
        const struct chappe_unit_of_work_operations *work = ctx->runtime->work;
        size_t last = ctx->batch->count - 1;
        for (size_t i = 0; i < last; i++) {
                chappe_context_select(ctx, i);
                if (work->note(ctx, ctx->event_id) == 0)
                        continue;
                work->rollback(ctx);
                return CHAPPE_RETRY;
        }
        chappe_context_select(ctx, last);
        return work->commit(ctx, ctx->event_id, NULL) == 0 ? CHAPPE_DONE : CHAPPE_RETRY;
}

size_t chappe_batch_handle(struct chappe_context *ctx, struct chappe_job **jobs, size_t count,
                           enum chappe_decision *ret_decision)
{
        struct chappe_batch batch = { 0 };
        size_t taken = take_in_all(ctx, &batch, jobs, count);
        if (taken < 2)
                return 0;
        *ret_decision = CHAPPE_DONE;
        if (batch.count == 0)
                return taken;
        chappe_context_load(ctx, &batch.parts[0]);
        ctx->batch = &batch;
        *ret_decision =
                chappe_handle_end_work(ctx, chappe_handle_run(ctx, jobs, taken, batch.events, batch.count), commit);
        ctx->batch = NULL;
        return taken;
}
