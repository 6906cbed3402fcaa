/* SPDX-License-Identifier: Apache-2.0 */
/* chappe_publish: encode, name, trace, then to the producer, or to the outbox of an open transaction. */
#include <chappe/publish.h>

#include <stdio.h>
#include <string.h>

#include "flow/channels.h"
#include "flow/payload.h"
#include "flow/publisher.h"
#include "wire/cloudevent.h"
#include "wire/trace.h"

/* The record key: the string field that the operation or the schema names. */
static struct chappe_bytes key_of(const struct chappe_operation *operation, const void *event)
{
        const struct chappe_layout *layout = operation->type->layout;
        const char *name = operation->key ? operation->key : operation->type->key;
        for (uint32_t i = 0; name && i < layout->count; i++) {
                const struct chappe_member *member = &layout->members[i];
                if (strcmp(member->name, name) != 0 || member->layout->kind != CHAPPE_LAYOUT_STRING)
                        continue;
                const struct chappe_text *text = (const void *)((const char *)event + member->offset);
                return (struct chappe_bytes){ (const uint8_t *)(text->at ? text->at : ""), text->length };
        }
        return (struct chappe_bytes){ 0 };
}

/* The same for a repeated run of the same work, another one for every service and operation that handles the same
 * event. */
static void derive_id(struct chappe_context *ctx, char ret_id[CHAPPE_ID_SIZE])
{
        char operation[512];
        int length = snprintf(operation, sizeof(operation), "%s/%s", ctx->runtime->service,
                              ctx->operation ? ctx->operation->topic : "");
        size_t used = (size_t)length < sizeof(operation) ? (size_t)length : sizeof(operation) - 1;
        chappe_id_derive(ctx->event_id, (struct chappe_text){ operation, used }, ctx->published++, ret_id);
}

static int send(struct chappe_context *ctx, const struct chappe_outgoing *outgoing)
{
        const struct chappe_unit_of_work_operations *work = ctx->runtime->work;
        if (work && work->open(ctx))
                return work->publish(ctx, outgoing);
        return chappe_publisher_send(ctx->runtime->publisher, CHAPPE_SEND_EVENT, outgoing, ctx->deliveries,
                                     &ctx->error);
}

static int publish(struct chappe_context *ctx, const struct chappe_operation *operation, const char *topic,
                   const void *event)
{
        ctx->scratch->length = 0;
        int status =
                chappe_payload_encode(ctx->runtime->payload, topic, operation->type, event, ctx->scratch, &ctx->error);
        if (status < 0)
                return status;

        chappe_context_identify(ctx);
        char id[CHAPPE_ID_SIZE], traceparent[CHAPPE_TRACEPARENT_SIZE], source[256];
        derive_id(ctx, id);
        struct chappe_trace trace = chappe_trace_child(&ctx->trace, ctx->random);
        chappe_trace_format(&trace, traceparent);
        snprintf(source, sizeof(source), "/%s", ctx->runtime->service);
        struct chappe_cloudevent attributes = {
                .id = chappe_text(id),
                .source = chappe_text(source),
                .type = chappe_text(operation->type->name),
                .time_ms = operation->cloudevents ? chappe_clock_wall_ms(ctx->runtime->world->clock) : 0,
        };
        struct chappe_header_list headers;
        chappe_header_list_init(&headers);
        chappe_cloudevent_write(&attributes, operation->cloudevents, &headers);
        chappe_header_list_text(&headers, CHAPPE_HEADER_TRACEPARENT, chappe_text(traceparent));

        struct chappe_outgoing outgoing = {
                .topic = topic,
                .partition = CHAPPE_PARTITION_BY_KEY,
                .key = key_of(operation, event),
                .value = { ctx->scratch->at, ctx->scratch->length },
                .headers = headers.headers,
                .header_count = headers.count,
        };
        return send(ctx, &outgoing);
}

static int publish_declared(struct chappe_context *ctx, const char *topic, const struct chappe_type *type,
                            const void *event)
{
        const struct chappe_operation *operation = chappe_channels_produces(ctx->runtime, type, topic);
        if (!operation)
                return chappe_fail(&ctx->error, CHAPPE_E_NOT_DECLARED, "the operations table does not PRODUCE %s%s%s",
                                   type->name, topic ? " to " : "", topic ? topic : "");
        const struct chappe_channel *channel = chappe_channels_plain(ctx->runtime->channels, operation->topic);
        return publish(ctx, operation, channel->name, event);
}

int chappe_publish(struct chappe_context *ctx, const struct chappe_type *type, const void *event)
{
        return publish_declared(ctx, NULL, type, event);
}

int chappe_publish_to(struct chappe_context *ctx, const char *topic, const struct chappe_type *type, const void *event)
{
        return publish_declared(ctx, topic, type, event);
}
