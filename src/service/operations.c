/* SPDX-License-Identifier: Apache-2.0 */
/* Is a table of operations complete, and free of contradictions? */
#include <string.h>

#include "flow/fields.h"
#include "service/service.h"

#define OPERATIONS_MAXIMUM   1000
#define TOPIC_LENGTH_MAXIMUM 249 /* Kafka's */

const char *chappe_operation_verb(enum chappe_operation_kind kind)
{
        static const char *const verbs[] = { "ends", "consumes", "produces", "calls", "answers" };

        return kind >= CHAPPE_END && kind <= CHAPPE_ANSWERS ? verbs[kind] : "?";
}

static const char *subject(const struct chappe_operation *operation)
{
        return operation->message ? operation->message->name : operation->type ? operation->type->name : "?";
}

static int invalid(const struct chappe_operation *operation, size_t n, struct chappe_error *error, const char *why)
{
        return chappe_fail(error, CHAPPE_E_OPERATION_INVALID, "operation %zu (%s %s on %s): %s", n + 1,
                           chappe_operation_verb(operation->kind), subject(operation),
                           operation->topic ? operation->topic : "?", why);
}

static const char *topic_fault(const char *topic, const char *prefix)
{
        static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

        if (!topic || !*topic)
                return "it names no topic";
        if (strlen(prefix) + strlen(topic) > TOPIC_LENGTH_MAXIMUM)
                return "the topic's name, with the prefix, is longer than Kafka's 249 characters";
        if (strspn(prefix, allowed) != strlen(prefix))
                return "the topic's prefix (topic_prefix) may have letters, digits, '.', '_' and '-' only";
        if (strspn(topic, allowed) != strlen(topic))
                return "the topic's name may have letters, digits, '.', '_' and '-' only";
        return NULL;
}

static const char *entry_fault(const struct chappe_operation *operation)
{
        bool event = operation->kind == CHAPPE_CONSUMES || operation->kind == CHAPPE_PRODUCES;

        if (operation->kind > CHAPPE_ANSWERS)
                return "its kind is unknown";
        if (event && !operation->type)
                return "it has no type";
        if (!event && (!operation->message || !operation->message->request || !operation->message->response))
                return "it has no message, or one without request or response";
        if (operation->kind == CHAPPE_CONSUMES && !operation->on_event && !operation->on_batch)
                return "it has no handler";
        if (operation->kind == CHAPPE_ANSWERS && !operation->on_request)
                return "it has no handler";
        if (operation->partitions < 0 || operation->retention_ms < -1 || operation->timeout_ms < 0)
                return "partitions, retention and timeout cannot be negative";
        return NULL;
}

/* The field whose text is the record key; without it records would go out without one, and lose their order. */
static const char *key_fault(const struct chappe_operation *operation)
{
        const struct chappe_type *type = operation->message ? operation->message->request : operation->type;
        const char *key = operation->key ? operation->key : type->key;
        bool sends = operation->kind == CHAPPE_PRODUCES || operation->kind == CHAPPE_CALLS;

        if (!key || !sends || chappe_field_find_text(type->layout, key))
                return NULL;
        return "its key (or the schema's chappe.key) is no string field of the record";
}

/* Two entries that would fight for the same records, or leave open which one is meant. */
static const char *pair_fault(const struct chappe_operation *a, const struct chappe_operation *b)
{
        if (strcmp(a->topic, b->topic) != 0)
                return NULL;
        if (a->kind == CHAPPE_CONSUMES && b->kind == CHAPPE_CONSUMES && strcmp(a->type->name, b->type->name) == 0)
                return "it is consumed from this topic by an earlier entry already";
        if (a->kind == CHAPPE_PRODUCES && b->kind == CHAPPE_PRODUCES && strcmp(a->type->name, b->type->name) == 0)
                return "it is produced to this topic by an earlier entry already";
        bool messages = a->message && b->message && a->kind == b->kind;
        if (messages && strcmp(a->message->name, b->message->name) == 0)
                return "an earlier entry has this message already";
        if ((a->kind == CHAPPE_CONSUMES && b->kind == CHAPPE_ANSWERS) ||
            (a->kind == CHAPPE_ANSWERS && b->kind == CHAPPE_CONSUMES))
                return "a topic carries events or requests, not both";
        return NULL;
}

int chappe_operations_check(const struct chappe_operation *operations, const char *prefix, struct chappe_error *error)
{
        for (size_t n = 0; operations && operations[n].kind != CHAPPE_END; n++) {
                const char *fault = topic_fault(operations[n].topic, prefix);
                if (!fault)
                        fault = entry_fault(&operations[n]);
                if (!fault)
                        fault = key_fault(&operations[n]);
                for (size_t earlier = 0; !fault && earlier < n; earlier++)
                        fault = pair_fault(&operations[earlier], &operations[n]);
                if (!fault && n >= OPERATIONS_MAXIMUM)
                        fault = "there are more than 1,000";
                if (fault)
                        return invalid(&operations[n], n, error, fault);
        }
        return 0;
}
