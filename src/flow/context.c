/* SPDX-License-Identifier: Apache-2.0 */
/* What a handler asks of its context. */
#include "flow/context.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "observe/log.h"
#include "wire/cloudevent.h"
#include "wire/header.h"

void chappe_context_save(const struct chappe_context *ctx, struct chappe_context_part *ret_part)
{
        *ret_part = (struct chappe_context_part){
                .record = ctx->record,
                .event_id = ctx->event_id,
                .trace = ctx->trace,
                .identified = ctx->identified,
                .published = ctx->published,
                .ids = ctx->ids,
                .called = ctx->called,
        };
}

void chappe_context_load(struct chappe_context *ctx, const struct chappe_context_part *part)
{
        ctx->record = part->record;
        ctx->event_id = part->event_id;
        ctx->trace = part->trace;
        ctx->identified = part->identified;
        ctx->published = part->published;
        ctx->ids = part->ids;
        ctx->called = part->called;
}

void chappe_context_identify_by(struct chappe_context *ctx, const struct chappe_header *headers, size_t count)
{
        ctx->identified = true;
        chappe_trace_parse(chappe_header_text(chappe_header_find(headers, count, CHAPPE_HEADER_TRACEPARENT)),
                           &ctx->trace);
        ctx->event_id = chappe_cloudevent_id(headers, count);
        if (ctx->event_id.length == 0)
                ctx->event_id = chappe_arena_printf(ctx->arena, "%s/%" PRId32 "/%" PRId64, ctx->record->topic,
                                                    ctx->record->partition, ctx->record->offset);
}

void chappe_context_identify(struct chappe_context *ctx)
{
        if (ctx->identified)
                return;
        ctx->identified = true;
        if (!ctx->record)
                return;
        struct chappe_header headers[CHAPPE_HEADERS_MAXIMUM];
        size_t count = chappe_record_headers(ctx->record, headers, CHAPPE_HEADERS_MAXIMUM);
        if (chappe_headers_check(headers, count, NULL) < 0)
                count = 0; /* hostile headers name nothing */
        chappe_context_identify_by(ctx, headers, count);
}

struct chappe_trace chappe_context_span(struct chappe_context *ctx)
{
        chappe_context_identify(ctx);
        if (!chappe_trace_is_set(&ctx->trace))
                ctx->trace = chappe_trace_child(&ctx->trace, ctx->random);
        return chappe_trace_child(&ctx->trace, ctx->random);
}

static enum chappe_decision decide(struct chappe_context *ctx, enum chappe_decision decision, const char *format,
                                   va_list arguments)
{
        vsnprintf(ctx->reason, sizeof(ctx->reason), format, arguments);
        return decision;
}

enum chappe_decision chappe_retry(struct chappe_context *ctx, const char *format, ...)
{
        va_list arguments;
        va_start(arguments, format);
        enum chappe_decision decision = decide(ctx, CHAPPE_RETRY, format, arguments);
        va_end(arguments);
        return decision;
}

enum chappe_decision chappe_dead_letter(struct chappe_context *ctx, const char *format, ...)
{
        va_list arguments;
        va_start(arguments, format);
        enum chappe_decision decision = decide(ctx, CHAPPE_DEAD_LETTER, format, arguments);
        va_end(arguments);
        return decision;
}

void *chappe_context_state(struct chappe_context *ctx)
{
        return ctx->runtime->state;
}

struct chappe_arena *chappe_context_arena(struct chappe_context *ctx)
{
        return ctx->arena;
}

const char *chappe_context_setting(struct chappe_context *ctx, const char *name)
{
        const char *value = ctx->runtime->setting(ctx->runtime, name);
        assert(value); /* the service has not declared it */
        return value;
}

int64_t chappe_context_setting_integer(struct chappe_context *ctx, const char *name)
{
        return strtoll(chappe_context_setting(ctx, name), NULL, 10);
}

int64_t chappe_context_now_ms(struct chappe_context *ctx)
{
        return chappe_clock_wall_ms(ctx->runtime->world->clock);
}

int64_t chappe_context_deadline_ms(struct chappe_context *ctx)
{
        return ctx->deadline_ms;
}

struct chappe_text chappe_context_topic(struct chappe_context *ctx)
{
        return ctx->record ? chappe_text(ctx->record->topic) : (struct chappe_text){ 0 };
}

int32_t chappe_context_partition(struct chappe_context *ctx)
{
        return ctx->record ? ctx->record->partition : -1;
}

int64_t chappe_context_offset(struct chappe_context *ctx)
{
        return ctx->record ? ctx->record->offset : -1;
}

int64_t chappe_context_timestamp_ms(struct chappe_context *ctx)
{
        return ctx->record ? ctx->record->timestamp_ms : -1;
}

struct chappe_text chappe_context_key(struct chappe_context *ctx)
{
        if (!ctx->record)
                return (struct chappe_text){ 0 };
        return (struct chappe_text){ (const char *)ctx->record->key.at, ctx->record->key.length };
}

struct chappe_text chappe_context_event_id(struct chappe_context *ctx)
{
        chappe_context_identify(ctx);
        return ctx->event_id;
}

void chappe_context_select(struct chappe_context *ctx, size_t n)
{
        struct chappe_batch *batch = ctx->batch;
        assert(n < (batch ? batch->count : 1));
        if (!batch || n == batch->selected)
                return;
        chappe_context_save(ctx, &batch->parts[batch->selected]);
        chappe_context_load(ctx, &batch->parts[n]);
        batch->selected = n;
}

int chappe_context_attempt(struct chappe_context *ctx)
{
        return ctx->attempt;
}

const char *chappe_context_replay(struct chappe_context *ctx)
{
        return ctx->runtime->replay_name;
}

const struct chappe_error *chappe_context_error(struct chappe_context *ctx)
{
        return &ctx->error;
}

void chappe_log(struct chappe_context *ctx, enum chappe_log_level level, const char *format, ...)
{
        static const enum chappe_log_event events[] = { CHAPPE_LOG_HANDLER_ERROR, CHAPPE_LOG_HANDLER_WARNING,
                                                        CHAPPE_LOG_HANDLER, CHAPPE_LOG_HANDLER_DEBUG };
        char text[1024], key[128] = "", trace[CHAPPE_TRACEPARENT_SIZE] = "";
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(text, sizeof(text), format, arguments);
        va_end(arguments);
        chappe_context_identify(ctx);
        struct chappe_text named = chappe_context_key(ctx);
        snprintf(key, sizeof(key), "%.*s", CHAPPE_TEXT(named));
        if (chappe_trace_is_set(&ctx->trace))
                chappe_trace_format(&ctx->trace, trace);
        struct chappe_log_field fields[] = {
                { "topic", ctx->record ? ctx->record->topic : NULL },
                { "key", key[0] ? key : NULL },
                { "traceparent", trace[0] ? trace : NULL },
        };
        chappe_log_write_fields(ctx->runtime->log, events[level], fields, 3, "%s", text);
}
