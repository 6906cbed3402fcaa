/* SPDX-License-Identifier: Apache-2.0 */
/* Payloads of any writer, each by its own schema. */
#include <stdlib.h>

#include "base/cleanup.h"
#include "config/patterns.h"
#include "service/client.h"

struct chappe_client_decoder {
        const struct chappe_writer *writer;
        const struct chappe_layout *layout;
        struct chappe_plan *plan;
        struct chappe_client_decoder *next;
};

static int decoder_new(const struct chappe_writer *writer, struct chappe_client_decoder **ret,
                       struct chappe_error *error)
{
        struct chappe_client_decoder *decoder = calloc(1, sizeof(*decoder));
        int status = 0;

        if (!decoder)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory to decode %s", writer->name);
        decoder->writer = writer;
        decoder->layout = chappe_schema_layout(writer->schema, error);
        if (!decoder->layout)
                status = error ? -error->code : -CHAPPE_E_SCHEMA_LIMIT;
        if (status >= 0)
                status = chappe_plan_new(writer->schema, writer->schema, decoder->layout, &decoder->plan, error);
        if (status < 0)
                free(decoder);
        else
                *ret = decoder;
        return status;
}

void chappe_client_decoders_free(struct chappe_client *client)
{
        while (client->decoders) {
                struct chappe_client_decoder *decoder = client->decoders;

                client->decoders = decoder->next;
                chappe_plan_free(decoder->plan);
                free(decoder);
        }
}

static int find_decoder(struct chappe_client *client, const struct chappe_writer *writer,
                        struct chappe_client_decoder **ret, struct chappe_error *error)
{
        int status;

        for (*ret = client->decoders; *ret; *ret = (*ret)->next) {
                if ((*ret)->writer == writer)
                        return 0;
        }
        status = decoder_new(writer, ret, error);
        if (status < 0)
                return status;
        (*ret)->next = client->decoders;
        client->decoders = *ret;
        return 0;
}

/* A dead letter's schema was registered for the topic that it came from. */
static const char *topic_of(struct chappe_client *client, const struct chappe_client_record *record)
{
        return record->letter ? chappe_arena_text(client->arena, record->letter->topic).at : record->topic;
}

static int decode(struct chappe_client *client, const struct chappe_record *taken, struct chappe_client_record *record,
                  struct chappe_error *error)
{
        const struct chappe_writer *writer;
        struct chappe_client_decoder *decoder;
        struct chappe_bytes body;
        void *value;
        const char *topic = topic_of(client, record);
        int status = topic ? 0 : chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory to decode a record");

        if (client->bare.schema) {
                writer = &client->bare;
                body = record->payload;
        } else if (status >= 0) {
                bool headed = chappe_patterns_match(client->headed, topic);

                status = chappe_payload_open(client->service->runtime.payload, topic, record->payload,
                                             headed ? chappe_payload_schema_header(taken) : (struct chappe_bytes){ 0 },
                                             &writer, &body, error);
        }
        if (status >= 0)
                status = find_decoder(client, writer, &decoder, error);
        if (status < 0)
                return status;
        value = chappe_arena_zalloc(client->arena, decoder->layout->size);
        if (!value)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a %s", writer->name);
        status = chappe_plan_decode(decoder->plan, body.at, body.length, client->arena,
                                    chappe_payload_decode_limits(client->service->runtime.payload), value, error);
        if (status < 0)
                return status;
        record->schema = writer->schema;
        record->layout = decoder->layout;
        record->value = value;
        return 0;
}

void chappe_client_decode(struct chappe_client *client, const struct chappe_record *taken,
                          struct chappe_client_record *record, struct chappe_error *error)
{
        chappe_arena_reset(client->arena);
        if (record->payload.at && decode(client, taken, record, error) < 0)
                record->error = error;
}

int chappe_client_type(struct chappe_schema *schema, struct chappe_arena *arena, const struct chappe_type **ret_type,
                       struct chappe_error *error)
{
        struct chappe_type *type = chappe_arena_alloc(arena, sizeof(*type));
        struct chappe_text text = chappe_arena_text(arena, chappe_schema_text(schema));
        const struct chappe_layout *layout = chappe_schema_layout(schema, error);
        const struct chappe_schema_node *root = chappe_schema_root(schema);

        if (!layout)
                return error ? -error->code : -CHAPPE_E_SCHEMA_LIMIT;
        if (!type || !text.at)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for the type %s", chappe_schema_name(schema));
        *type = (struct chappe_type){
                .name = chappe_schema_name(schema),
                .schema = text.at,
                .fingerprint = chappe_schema_fingerprint(schema),
                .layout = layout,
                .key = layout->kind == CHAPPE_LAYOUT_RECORD ? chappe_schema_node_attribute(root, "chappe.key") : NULL,
        };
        *ret_type = type;
        return 0;
}
