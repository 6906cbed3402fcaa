/* SPDX-License-Identifier: Apache-2.0 */
/* Contexts without a record: an HTTP front's, an embedding program's. */
#include <stdlib.h>
#include <string.h>

#include <chappe/buffer.h>

#include "base/heap.h"
#include "base/random.h"
#include "config/config.h"
#include "flow/context.h"
#include "flow/deliveries.h"

/* Freed when it is closed and nothing that it published is outstanding any more. */
struct opened_context {
        struct chappe_context base;
        struct chappe_deliveries deliveries;
        struct chappe_random random;
        struct chappe_buffer scratch;
        char id[CHAPPE_ID_SIZE];
        struct chappe_mutex *mutex;
        struct chappe_condition *condition;
        bool given_up; /* our own hold on the deliveries, by a finish that did not see their end */
        bool settled;  /* under mutex, like the next */
        bool closed;
};

static struct chappe_executor *executor_of(struct opened_context *opened)
{
        return opened->base.runtime->world->executor;
}

static void free_opened(struct opened_context *opened)
{
        chappe_condition_free(executor_of(opened), opened->condition);
        chappe_mutex_free(executor_of(opened), opened->mutex);
        chappe_arena_free(opened->base.arena);
        chappe_buffer_deinit(&opened->scratch);
        free(opened);
}

static void settled(struct chappe_deliveries *deliveries, void *context)
{
        struct opened_context *opened = context;
        (void)deliveries;
        chappe_mutex_lock(executor_of(opened), opened->mutex);
        opened->settled = true;
        bool closed = opened->closed;
        chappe_condition_broadcast(executor_of(opened), opened->condition);
        chappe_mutex_unlock(executor_of(opened), opened->mutex);
        if (closed)
                free_opened(opened);
}

/* The id names the work: as given, or a random one. The seed alone would repeat it in every context. */
static void name_work(struct opened_context *opened, const char *event_id)
{
        struct chappe_context *ctx = &opened->base;
        const struct chappe_world *world = ctx->runtime->world;
        uint64_t nth = atomic_fetch_add(&ctx->runtime->opened, 1) + 1;
        uint64_t now_ms = (uint64_t)chappe_clock_wall_ms(world->clock);
        chappe_random_init(&opened->random, world->seed ^ (nth * 0x9e3779b97f4a7c15u) ^ now_ms);
        if (event_id) {
                ctx->event_id = chappe_arena_text(ctx->arena, chappe_text(event_id));
        } else {
                chappe_id_random(&opened->random, opened->id);
                ctx->event_id = chappe_text(opened->id);
        }
        ctx->identified = true;
}

static struct chappe_context *open_in(struct chappe_runtime *runtime, const char *event_id, int64_t timeout_ms)
{
        struct opened_context *opened = calloc(1, sizeof(*opened));
        if (!opened)
                return NULL;
        struct chappe_context *ctx = &opened->base;
        ctx->runtime = runtime;
        ctx->random = &opened->random;
        ctx->scratch = &opened->scratch;
        ctx->arena = chappe_arena_new((size_t)chappe_config_integer(runtime->config, "in_flight_bytes"));
        opened->mutex = chappe_mutex_new(runtime->world->executor);
        opened->condition = chappe_condition_new(runtime->world->executor);
        if (!ctx->arena || !opened->mutex || !opened->condition) {
                free_opened(opened);
                return NULL;
        }
        chappe_deliveries_init(&opened->deliveries, settled, opened);
        chappe_context_reset(ctx, NULL, &opened->deliveries);
        if (timeout_ms > 0)
                ctx->deadline_ms = chappe_clock_wall_ms(runtime->world->clock) + timeout_ms;
        name_work(opened, event_id);
        return ctx;
}

struct chappe_context *chappe_context_open(struct chappe_service *service, const char *event_id, int64_t timeout_ms)
{
        struct chappe_runtime *runtime = (struct chappe_runtime *)service; /* its first member */
        return atomic_load(&runtime->serving) ? open_in(runtime, event_id, timeout_ms) : NULL;
}

static int wait_until_settled(struct opened_context *opened)
{
        struct chappe_context *ctx = &opened->base;
        const struct chappe_clock *clock = ctx->runtime->world->clock;
        int64_t deadline_us = CHAPPE_FOREVER;
        if (ctx->deadline_ms > 0)
                deadline_us =
                        chappe_clock_monotonic_us(clock) + (ctx->deadline_ms - chappe_clock_wall_ms(clock)) * 1000;
        enum chappe_wait wait = CHAPPE_WAIT_SIGNALLED;
        chappe_mutex_lock(executor_of(opened), opened->mutex);
        while (!opened->settled && wait == CHAPPE_WAIT_SIGNALLED)
                wait = chappe_condition_wait(executor_of(opened), opened->condition, opened->mutex, deadline_us);
        bool done = opened->settled;
        chappe_mutex_unlock(executor_of(opened), opened->mutex);
        if (done)
                return 0;
        return wait == CHAPPE_WAIT_STOPPED ? -CHAPPE_E_STOPPED : -CHAPPE_E_TIMEOUT;
}

/* Events that were published outside a transaction; afterwards the context can be used again. */
static int finish_deliveries(struct opened_context *opened, struct chappe_error *error)
{
        if (opened->given_up || !chappe_deliveries_drop(&opened->deliveries)) {
                opened->given_up = true;
                int status = wait_until_settled(opened);
                if (status == -CHAPPE_E_STOPPED)
                        return chappe_fail(error, CHAPPE_E_STOPPED, "stopped while events were being delivered");
                if (status < 0)
                        return chappe_fail(error, CHAPPE_E_TIMEOUT,
                                           "events were not delivered by the deadline: the outcome is unknown");
        }
        int failure = -chappe_deliveries_result(&opened->deliveries);
        opened->settled = false;
        opened->given_up = false;
        chappe_deliveries_init(&opened->deliveries, settled, opened);
        return failure ? chappe_fail(error, failure, "an event was not delivered") : 0;
}

int chappe_context_finish(struct chappe_context *ctx, struct chappe_error *error)
{
        struct opened_context *opened = CHAPPE_CONTAINER(ctx, struct opened_context, base);
        const struct chappe_unit_of_work_operations *work = ctx->runtime->work;
        if (work && work->open(ctx)) {
                int status = work->commit(ctx, ctx->event_id, NULL);
                if (status < 0) {
                        if (error)
                                *error = ctx->error;
                        return status;
                }
        }
        return finish_deliveries(opened, error);
}

struct chappe_context *chappe_context_close(struct chappe_context *ctx)
{
        if (!ctx)
                return NULL;
        struct opened_context *opened = CHAPPE_CONTAINER(ctx, struct opened_context, base);
        const struct chappe_unit_of_work_operations *work = ctx->runtime->work;
        if (work && work->open(ctx))
                work->rollback(ctx);
        chappe_mutex_lock(executor_of(opened), opened->mutex);
        opened->closed = true;
        bool waits = opened->given_up ? !opened->settled : !chappe_deliveries_drop(&opened->deliveries);
        chappe_mutex_unlock(executor_of(opened), opened->mutex);
        if (!waits)
                free_opened(opened);
        return NULL;
}
