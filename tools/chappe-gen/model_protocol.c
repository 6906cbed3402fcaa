/* SPDX-License-Identifier: Apache-2.0 */
/* The messages of a protocol. */
#include "model.h"

#include "schema/schema_expand.h"
#include "schema/schema_walk.h"

#include "base/cleanup.h"

static int complain(struct unit *unit, const struct chappe_json_node *json, const char *text)
{
        return chappe_json_fail(&unit->file->document, json, unit->error, CHAPPE_E_SCHEMA_INVALID, "%s", text);
}

/* Every type that the protocol declares, used by a message or not. */
static int model_types(struct unit *unit)
{
        int status = 0;

        for (const struct schema_definition *definition = schema_library_definitions(unit->library);
             definition && status >= 0; definition = definition->next) {
                const char *word = schema_type_word(definition->json);
                bool record = strcmp(word, "record") == 0 || strcmp(word, "error") == 0;
                CHAPPE_CLEANUP(buffer) struct chappe_buffer text = { 0 };
                struct c_root *root;

                if (definition->file != unit->file)
                        continue;
                status = schema_expand_type(unit->library, unit->file, definition->json, definition->space, &text,
                                            unit->error);
                if (status >= 0)
                        status = model_root(unit, NULL, &text, record, &root);
        }
        return status;
}

static int model_used(struct unit *unit, struct chappe_buffer *text, const char *stem, struct c_root **ret)
{
        int status = model_root(unit, stem, text, false, ret);

        if (status >= 0)
                (*ret)->used = true;
        return status;
}

static int model_response(struct unit *unit, struct c_message *message, const struct chappe_json_node *json,
                          const char *space)
{
        CHAPPE_CLEANUP(buffer) struct chappe_buffer text = { 0 };
        int status = schema_expand_response(unit->library, unit->file, json, space, &text, unit->error);

        return status < 0 ? status
                          : model_used(unit, &text, gen_printf(unit->arena, "%s_response", message->stem),
                                       &message->response);
}

static int model_error(struct unit *unit, struct c_message *message, const struct chappe_json_node *json,
                       const char *space, struct c_root **ret)
{
        CHAPPE_CLEANUP(buffer) struct chappe_buffer text = { 0 };
        int status = schema_expand_type(unit->library, unit->file, json, space, &text, unit->error);

        return status < 0 ? status : model_used(unit, &text, gen_printf(unit->arena, "%s_error", message->stem), ret);
}

/* SHOP_OUT_OF_STOCK; with the protocol's name where another file declares the error too. */
static struct c_outcome *outcome_of(struct unit *unit, const struct c_root *root)
{
        struct c_outcome **at = &unit->outcomes;
        const char *stem = root->type->stem, *dot = strrchr(root->type->avro, '.');

        while (*at && strcmp((*at)->error, root->type->avro) != 0)
                at = &(*at)->next;
        if (*at)
                return *at;
        if (root->type->include)
                stem = gen_printf(unit->arena, "%s_%s", unit->protocol_stem,
                                  name_stem(unit->arena, dot ? dot + 1 : root->type->avro));
        *at = gen_alloc(unit->arena, sizeof(**at));
        **at = (struct c_outcome){
                .error = root->type->avro,
                .constant = name_claim(unit->arena, &unit->globals, name_upper(unit->arena, stem)),
                .doc = root->doc,
        };
        return *at;
}

static int model_errors(struct unit *unit, struct c_message *message, const struct chappe_json_node *json,
                        const char *space)
{
        const struct chappe_json_node *errors = chappe_json_find(json, "errors");
        struct c_error **end = &message->errors;
        struct name_scope scope = { 0 };

        name_claim(unit->arena, &scope, "response");
        if (!errors)
                return 0;
        if (errors->kind != CHAPPE_JSON_ARRAY)
                return complain(unit, errors, "\"errors\" is a list of error types");
        for (const struct chappe_json_node *type = errors->child; type; type = type->next) {
                struct c_root *root;
                int status = model_error(unit, message, type, space, &root);

                if (status < 0)
                        return status;
                if (root->type->kind != CHAPPE_LAYOUT_RECORD)
                        return complain(unit, type, "a declared error is an error type (a record)");
                const char *last = strrchr(root->type->avro, '.');

                *end = gen_alloc(unit->arena, sizeof(**end));
                **end = (struct c_error){
                        .constant = outcome_of(unit, root)->constant,
                        .root = root,
                        .member = name_claim(unit->arena, &scope,
                                             name_stem(unit->arena, last ? last + 1 : root->type->avro)),
                };
                end = &(*end)->next;
        }
        return 0;
}

static bool is_string_field(const struct chappe_schema_node *record, size_t n)
{
        return chappe_schema_node_kind(chappe_schema_node_at(record, n)) == CHAPPE_SCHEMA_STRING;
}

/* "chappe.idempotency": the field's name on the message, or any text on the field itself. */
static int model_idempotency(struct unit *unit, struct c_message *message, const struct chappe_json_node *json)
{
        const struct chappe_json_node *attribute = chappe_json_find(json, "chappe.idempotency");
        const struct chappe_json_node *request = chappe_json_find(json, "request"), *field = request->child;
        const struct chappe_schema_node *record = chappe_schema_root(message->request->schema);

        for (size_t i = 0; field && i < chappe_schema_node_count(record); i++, field = field->next) {
                const char *name = chappe_schema_node_name_at(record, i);
                const struct chappe_json_node *own = chappe_json_find(field, "chappe.idempotency");
                bool named = attribute && attribute->kind == CHAPPE_JSON_STRING && strcmp(attribute->string, name) == 0;

                if (!named && (!own || own->kind == CHAPPE_JSON_FALSE))
                        continue;
                if (!is_string_field(record, i))
                        return complain(unit, field, "an idempotency key is a string field");
                message->idempotency = gen_printf(unit->arena, "%s", name);
                return 0;
        }
        return attribute ? complain(unit, attribute, "no string field of the request has this name") : 0;
}

static int model_request(struct unit *unit, struct c_message *message, const struct chappe_json_node *json,
                         const char *space)
{
        CHAPPE_CLEANUP(buffer) struct chappe_buffer text = { 0 };
        const struct chappe_json_node *request = chappe_json_find(json, "request");
        int status;

        if (!request || request->kind != CHAPPE_JSON_ARRAY)
                return complain(unit, json, "a message needs a \"request\": a list of fields");
        status = schema_expand_request(unit->library, unit->file, json, space, &text, unit->error);
        if (status >= 0)
                status = model_root(unit, NULL, &text, true, &message->request);
        if (status >= 0)
                message->request->type->fingerprint = chappe_schema_fingerprint(message->request->schema);
        return status < 0 ? status : model_idempotency(unit, message, json);
}

static bool is_name(const char *name)
{
        size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

        return length > 0 && !name[length] && (*name < '0' || *name > '9');
}

static int model_message(struct unit *unit, const struct chappe_json_node *json, const char *space,
                         struct c_message **ret)
{
        static const char *const endings[] = { "",         "_message", "_errors",  "_handler",
                                               "_HANDLER", "_CALLS",   "_ANSWERS", NULL };
        struct c_message *message = gen_alloc(unit->arena, sizeof(*message));
        const struct chappe_json_node *doc;
        const char *name = name_stem(unit->arena, json->key);
        int status;

        *ret = message;
        if (json->kind != CHAPPE_JSON_OBJECT || !is_name(json->key))
                return complain(unit, json, "a message is an object under a name of letters, digits and underscores");
        doc = chappe_json_find(json, "doc");
        message->avro = gen_printf(unit->arena, "%s", json->key);
        message->one_way = schema_is_one_way(json);
        message->doc = doc && doc->kind == CHAPPE_JSON_STRING ? doc->string : NULL;
        message->stem = name_claim_all(unit->arena, &unit->globals,
                                       gen_printf(unit->arena, "%s_%s", unit->protocol_stem, name), endings);
        message->reply = name_claim(
                unit->arena, &unit->tags,
                name_tag(unit->arena, gen_printf(unit->arena, "%s%s%s_reply", space, *space ? "." : "", json->key)));
        status = model_request(unit, message, json, space);
        if (status >= 0)
                status = model_response(unit, message, json, space);
        return status < 0 ? status : model_errors(unit, message, json, space);
}

int model_protocol(struct unit *unit)
{
        const struct chappe_json_node *root = unit->file->document.root;
        const struct chappe_json_node *name = chappe_json_find(root, "protocol"),
                                      *messages = chappe_json_find(root, "messages");
        const char *space = schema_protocol_space(unit->library, root);
        struct c_message **end = &unit->messages;
        int status;

        if (name->kind != CHAPPE_JSON_STRING)
                return complain(unit, name, "a protocol's name is a string");
        unit->protocol = schema_full_name(unit->library, name->string, space);
        unit->protocol_stem = name_claim_all(unit->arena, &unit->tags, name_tag(unit->arena, unit->protocol),
                                             (const char *const[]){ "_outcome", NULL });
        status = model_types(unit);
        if (status < 0 || !messages)
                return status;
        if (messages->kind != CHAPPE_JSON_OBJECT)
                return complain(unit, messages, "\"messages\" is an object");
        for (const struct chappe_json_node *json = messages->child; json && status >= 0; json = json->next) {
                status = model_message(unit, json, space, end);
                end = &(*end)->next;
        }
        return status;
}
