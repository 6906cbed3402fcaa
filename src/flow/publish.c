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

#define NAME_MAXIMUM 255 /* of a service or topic; Kafka's own limit is 249 */

static struct chappe_bytes key_of(const struct chappe_publication *publication, const void *event)
{
        if (publication->key_offset < 0)
                return (struct chappe_bytes){ 0 };
        const struct chappe_text *text = (const void *)((const char *)event + publication->key_offset);
        return (struct chappe_bytes){ (const uint8_t *)(text->at ? text->at : ""), text->length };
}

/* "service/topic" */
static void root_ids(struct chappe_context *ctx)
{
        char operation[2 * NAME_MAXIMUM + 1];
        const char *service = ctx->runtime->service, *topic = ctx->operation ? ctx->operation->topic : "";
        char *at = mempcpy(operation, service, strnlen(service, NAME_MAXIMUM));
        *at++ = '/';
        at = mempcpy(at, topic, strnlen(topic, NAME_MAXIMUM));
        chappe_id_root_init(&ctx->ids, ctx->event_id, (struct chappe_text){ operation, (size_t)(at - operation) });
}

/* The same for a repeated run of the same work, another one for every service and operation that handles the same
 * event. */
static void derive_id(struct chappe_context *ctx, char ret_id[CHAPPE_ID_SIZE])
{
        if (ctx->published == 0)
                root_ids(ctx);
        chappe_id_derive_nth(&ctx->ids, ctx->published++, ret_id);
}

/* All that CloudEvents asks for, beside the id. */
static void write_attributes(struct chappe_context *ctx, const struct chappe_operation *operation, const char *id,
                             char source[256], struct chappe_header_list *headers)
{
        struct chappe_cloudevent attributes = { .id = { id, CHAPPE_ID_SIZE - 1 } };
        if (operation->cloudevents) {
                snprintf(source, 256, "/%s", ctx->runtime->service);
                attributes.source = chappe_text(source);
                attributes.type = chappe_text(operation->type->name);
                attributes.time_ms = chappe_clock_wall_ms(ctx->runtime->world->clock);
        }
        chappe_cloudevent_write(&attributes, operation->cloudevents, headers);
}

static int publish(struct chappe_context *ctx, const struct chappe_publication *publication, const void *event)
{
        const struct chappe_operation *operation = publication->operation;
        const char *topic = publication->channel->name;
        ctx->scratch->length = 0;
        int status =
                chappe_payload_encode(ctx->runtime->payload, topic, operation->type, event, ctx->scratch, &ctx->error);
        if (status < 0)
                return status;

        char id[CHAPPE_ID_SIZE], traceparent[CHAPPE_TRACEPARENT_SIZE], source[256];
        struct chappe_trace span = chappe_context_span(ctx);
        chappe_trace_format(&span, traceparent);
        derive_id(ctx, id);
        struct chappe_header_list headers;
        chappe_header_list_init(&headers);
        write_attributes(ctx, operation, id, source, &headers);
        chappe_header_list_text(&headers, CHAPPE_HEADER_TRACEPARENT,
                                (struct chappe_text){ traceparent, CHAPPE_TRACEPARENT_SIZE - 1 });

        struct chappe_outgoing outgoing = {
                .topic = topic,
                .partition = CHAPPE_PARTITION_BY_KEY,
                .key = key_of(publication, event),
                .value = { ctx->scratch->at, ctx->scratch->length },
                .headers = headers.headers,
                .header_count = headers.count,
        };
        return chappe_publisher_send_on(ctx, &outgoing);
}

static int publish_declared(struct chappe_context *ctx, const char *topic, const struct chappe_type *type,
                            const void *event)
{
        const struct chappe_publication *publication = chappe_channels_publication(ctx->runtime->channels, type, topic);
        if (!publication)
                return chappe_fail(&ctx->error, CHAPPE_E_NOT_DECLARED, "the operations table does not PRODUCE %s%s%s",
                                   type->name, topic ? " to " : "", topic ? topic : "");
        return publish(ctx, publication, event);
}

int chappe_publish(struct chappe_context *ctx, const struct chappe_type *type, const void *event)
{
        return publish_declared(ctx, NULL, type, event);
}

int chappe_publish_to(struct chappe_context *ctx, const char *topic, const struct chappe_type *type, const void *event)
{
        return publish_declared(ctx, topic, type, event);
}
