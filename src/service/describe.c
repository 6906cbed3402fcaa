/* SPDX-License-Identifier: Apache-2.0 */
/* --describe: the operations table as AsyncAPI 3.0, with Kafka bindings 0.5.0. */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/cleanup.h"
#include "config/patterns.h"
#include "service/answers.h"

#define BINDING_VERSION    "0.5.0"
#define AVRO_FORMAT        "application/vnd.apache.avro+json;version=1.12.0"
#define REPLY_CHANNEL      "replies"
#define PARTITIONS_DEFAULT 4 /* operation.h */

/* json_pack returns NULL when memory is short and the setters take ownership of values, even then: one check at the
 * end. */
struct document {
        const struct chappe_service *service;
        json_t *channels;
        json_t *operations;
        json_t *messages;
        char *bare; /* patterns of the topics that carry payloads without a frame */
        bool broken;
};

static void keep(struct document *document, json_t *object, const char *key, json_t *value)
{
        if (json_object_set_new(object, key, value) < 0)
                document->broken = true;
}

static json_t *reference(const char *format, const char *a, const char *b)
{
        CHAPPE_CLEANUP(buffer) struct chappe_buffer pointer = { 0 };

        if (chappe_buffer_printf(&pointer, format, a, b) < 0)
                return NULL;
        return json_pack("{s:s}", "$ref", (const char *)pointer.at);
}

/* Where a payload says which schema it was written with; a bare one does not. */
static json_t *kafka_binding(const struct document *document, bool bare)
{
        bool registry = *chappe_config_text(document->service->runtime.config, "registry");

        if (bare)
                return json_pack("{s:s}", "bindingVersion", BINDING_VERSION);
        return json_pack("{s:s, s:s, s:s}", "schemaIdLocation", "payload", "schemaIdPayloadEncoding",
                         registry ? "confluent" : "avro-single-object", "bindingVersion", BINDING_VERSION);
}

/* As text where it holds what jansson cannot: a default beyond its numbers. */
static json_t *schema_json(const struct chappe_type *type)
{
        json_t *schema = json_loads(type->schema, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);

        return schema ? schema : json_string(type->schema);
}

/* One message a type; the schema stands in it whole. correlated: requests and replies. */
static void add_message(struct document *document, const struct chappe_type *type, bool bare, bool correlated)
{
        if (json_object_get(document->messages, type->name))
                return;

        json_t *message = json_pack("{s:s, s:s, s:{s:s, s:o}, s:{s:o}}", "name", type->name, "contentType",
                                    "application/avro", "payload", "schemaFormat", AVRO_FORMAT, "schema",
                                    schema_json(type), "bindings", "kafka", kafka_binding(document, bare));
        if (correlated)
                keep(document, message, "correlationId",
                     json_pack("{s:s}", "location", "$message.header#/kafka_correlationId"));
        keep(document, document->messages, type->name, message);
}

static json_t *channel(struct document *document, const char *topic, int32_t partitions)
{
        json_t *found = json_object_get(document->channels, topic);
        if (found)
                return found;

        const char *prefix = document->service->runtime.topic_prefix;
        json_t *made = json_pack("{s:s+, s:{}, s:{s:{s:i, s:s}}}", "address", prefix, topic, "messages", "bindings",
                                 "kafka", "partitions", partitions ? partitions : PARTITIONS_DEFAULT, "bindingVersion",
                                 BINDING_VERSION);
        keep(document, document->channels, topic, made);
        return json_object_get(document->channels, topic);
}

/* Where replies go is told by each request. */
static json_t *reply_channel(struct document *document)
{
        if (!json_object_get(document->channels, REPLY_CHANNEL))
                keep(document, document->channels, REPLY_CHANNEL, json_pack("{s:n, s:{}}", "address", "messages"));
        return json_object_get(document->channels, REPLY_CHANNEL);
}

/* Lists the type's message in a channel, and in the list of an operation or reply. */
static void carry(struct document *document, json_t *in_channel, const char *channel_name, json_t *list,
                  const struct chappe_type *type, bool correlated)
{
        add_message(document, type, chappe_patterns_match(document->bare, channel_name), correlated);
        keep(document, json_object_get(in_channel, "messages"), type->name,
             reference("#/components/messages/%s%s", type->name, ""));
        if (json_array_append_new(list, reference("#/channels/%s/messages/%s", channel_name, type->name)) < 0)
                document->broken = true;
}

static json_t *reply(struct document *document, const struct chappe_message *message)
{
        json_t *to = reply_channel(document);
        json_t *messages = json_array();

        carry(document, to, REPLY_CHANNEL, messages, message->response, true);
        for (size_t i = 0; i < message->error_count; i++)
                carry(document, to, REPLY_CHANNEL, messages, message->errors[i].type, true);
        return json_pack("{s:{s:s}, s:o, s:o}", "address", "location", "$message.header#/kafka_replyTopic", "channel",
                         reference("#/channels/%s%s", REPLY_CHANNEL, ""), "messages", messages);
}

static void add_operation(struct document *document, const struct chappe_operation *operation)
{
        bool receives = operation->kind == CHAPPE_CONSUMES || operation->kind == CHAPPE_ANSWERS;
        const struct chappe_type *type = operation->message ? operation->message->request : operation->type;
        json_t *messages = json_array();

        carry(document, channel(document, operation->topic, operation->partitions), operation->topic, messages, type,
              operation->message != NULL);
        json_t *made = json_pack("{s:s, s:o, s:o}", "action", receives ? "receive" : "send", "channel",
                                 reference("#/channels/%s%s", operation->topic, ""), "messages", messages);
        if (receives)
                keep(document, made, "bindings",
                     json_pack("{s:{s:{s:s, s:[s+]}, s:s}}", "kafka", "groupId", "type", "string", "enum",
                               document->service->runtime.topic_prefix, document->service->group, "bindingVersion",
                               BINDING_VERSION));
        if (operation->message && !operation->message->one_way)
                keep(document, made, "reply", reply(document, operation->message));

        CHAPPE_CLEANUP(buffer) struct chappe_buffer name = { 0 };
        if (chappe_buffer_printf(&name, "%s.%s.%s", chappe_operation_verb(operation->kind), operation->topic,
                                 operation->message ? operation->message->name : type->name) < 0)
                document->broken = true;
        else
                keep(document, document->operations, (const char *)name.at, made);
}

static json_t *information(const struct chappe_service_config *config)
{
        return json_pack("{s:s, s:s, s:s*}", "title", config->name, "version", config->version ? config->version : "0",
                         "description", config->description);
}

int chappe_describe(const struct chappe_service *service, struct chappe_buffer *buffer, struct chappe_error *error)
{
        struct document document = {
                .service = service,
                .channels = json_object(),
                .operations = json_object(),
                .messages = json_object(),
                .bare = chappe_patterns_split(chappe_config_text(service->runtime.config, "bare_topics")),
        };

        document.broken = !document.bare;
        for (const struct chappe_operation *operation = service->runtime.operations;
             !document.broken && operation->kind != CHAPPE_END; operation++)
                add_operation(&document, operation);
        json_t *root = json_pack("{s:s, s:o, s:s, s:o, s:o, s:{s:o}}", "asyncapi", "3.0.0", "info",
                                 information(service->config), "defaultContentType", "application/avro", "channels",
                                 document.channels, "operations", document.operations, "components", "messages",
                                 document.messages);
        char *text = root && !document.broken ? json_dumps(root, JSON_INDENT(2)) : NULL;
        json_decref(root);
        free(document.bare);
        if (!text)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for the description");
        int r = chappe_buffer_printf(buffer, "%s\n", text);
        free(text);
        return r < 0 ? chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for the description") : 0;
}
