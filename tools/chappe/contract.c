/* SPDX-License-Identifier: Apache-2.0 */
/* A message of a protocol file, made at run time. */
#include "contract.h"

#include <stdio.h>
#include <string.h>

#include <chappe/client.h>

#include "config/nearest.h"
#include "schema/schema_expand.h"
#include "schema/schema_walk.h"

#define ALIGNMENT 16 /* of any C type within the reply */

struct opening {
        struct schema_library *library;
        struct schema_file *file;
        const struct chappe_json_node *json;
        const char *space;
        struct contract *contract;
        struct chappe_error *error;
};

/* The type of a text that was written out; the schema is the contract's. */
static int make_type(struct opening *opening, const struct chappe_buffer *text, struct chappe_schema **ret_schema,
                     const struct chappe_type **ret_type)
{
        int status = schema_library_parse(opening->library, opening->file->path, text, ret_schema, opening->error);

        return status < 0 ? status
                          : chappe_client_type(*ret_schema, opening->contract->arena, ret_type, opening->error);
}

static int make_request(struct opening *opening)
{
        CHAPPE_CLEANUP(buffer) struct chappe_buffer text = { 0 };
        const struct chappe_json_node *request = chappe_json_find(opening->json, "request");
        int status;

        if (!request || request->kind != CHAPPE_JSON_ARRAY)
                return chappe_json_fail(&opening->file->document, opening->json, opening->error,
                                        CHAPPE_E_SCHEMA_INVALID, "a message needs a \"request\": a list of fields");
        status = schema_expand_request(opening->library, opening->file, opening->json, opening->space, &text,
                                       opening->error);
        if (status >= 0)
                schema_minify(&text, 0);
        return status < 0 ? status
                          : make_type(opening, &text, &opening->contract->request, &opening->contract->message.request);
}

/* The response or an error, written out; its place is behind what the reply holds already. */
static int make_part(struct opening *opening, struct chappe_buffer *text, struct chappe_schema **ret_schema,
                     const struct chappe_type **ret_type, size_t *ret_offset)
{
        struct chappe_message *message = &opening->contract->message;
        int status;

        schema_minify(text, 0);
        status = make_type(opening, text, ret_schema, ret_type);
        if (status < 0)
                return status;
        *ret_offset = message->reply_size;
        message->reply_size += ((*ret_type)->layout->size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        return 0;
}

static int make_response(struct opening *opening)
{
        CHAPPE_CLEANUP(buffer) struct chappe_buffer text = { 0 };
        struct contract *contract = opening->contract;
        int status = schema_expand_response(opening->library, opening->file, opening->json, opening->space, &text,
                                            opening->error);

        return status < 0 ? status
                          : make_part(opening, &text, &contract->response, &contract->message.response,
                                      &contract->message.response_offset);
}

static int make_error(struct opening *opening, const struct chappe_json_node *json, size_t n)
{
        CHAPPE_CLEANUP(buffer) struct chappe_buffer text = { 0 };
        struct contract *contract = opening->contract;
        int status = schema_expand_type(opening->library, opening->file, json, opening->space, &text, opening->error);

        return status < 0 ? status
                          : make_part(opening, &text, &contract->refusals[n], &contract->errors[n].type,
                                      &contract->errors[n].offset);
}

static int make_errors(struct opening *opening)
{
        const struct chappe_json_node *errors = chappe_json_find(opening->json, "errors");
        struct contract *contract = opening->contract;
        int status = 0;

        contract->message.errors = contract->errors;
        if (!errors || errors->kind != CHAPPE_JSON_ARRAY)
                return 0;
        for (const struct chappe_json_node *json = errors->child; json && status >= 0; json = json->next) {
                size_t n = contract->message.error_count;

                if (n == CONTRACT_ERRORS_LIMIT)
                        return chappe_fail(opening->error, CHAPPE_E_LIMIT, "more than %d errors",
                                           CONTRACT_ERRORS_LIMIT);
                contract->errors[n].outcome = (int)n + 1;
                status = make_error(opening, json, n);
                contract->message.error_count += status >= 0;
        }
        return status;
}

static int find_message(struct opening *opening, const char *name)
{
        const struct chappe_json_node *root = opening->file->document.root;
        const struct chappe_json_node *messages = chappe_json_find(root, "messages");
        struct chappe_nearest nearest = { .written = name };

        if (!opening->file->protocol)
                return chappe_fail(opening->error, CHAPPE_E_USAGE, "%s is no protocol (.avpr)", opening->file->path);
        opening->json = messages ? chappe_json_find(messages, name) : NULL;
        if (opening->json)
                return 0;
        for (const struct chappe_json_node *message = messages && messages->kind == CHAPPE_JSON_OBJECT ? messages->child
                                                                                                       : NULL;
             message; message = message->next)
                chappe_nearest_offer(&nearest, message->key);
        if (nearest.name)
                return chappe_fail(opening->error, CHAPPE_E_USAGE, "%s has no message '%s': did you mean '%s'?",
                                   opening->file->path, name, nearest.name);
        return chappe_fail(opening->error, CHAPPE_E_USAGE, "%s has no message '%s'", opening->file->path, name);
}

static int make_message(struct opening *opening, const char *name)
{
        struct contract *contract = opening->contract;
        const struct chappe_json_node *root = opening->file->document.root;
        const struct chappe_json_node *protocol = chappe_json_find(root, "protocol");
        const struct chappe_json_node *idempotency;
        int status = find_message(opening, name);

        if (status < 0)
                return status;
        opening->space = schema_protocol_space(opening->library, root);
        idempotency = chappe_json_find(opening->json, "chappe.idempotency");
        contract->message.protocol =
                chappe_arena_printf(contract->arena, "%s",
                                    schema_full_name(opening->library, protocol->string, opening->space))
                        .at;
        contract->message.name = name;
        contract->message.one_way = schema_is_one_way(opening->json);
        if (idempotency && idempotency->kind == CHAPPE_JSON_STRING)
                contract->message.idempotency_field =
                        chappe_arena_printf(contract->arena, "%s", idempotency->string).at;
        status = make_request(opening);
        if (status >= 0)
                status = make_response(opening);
        return status < 0 ? status : make_errors(opening);
}

int contract_open(const struct command_line *line, const char *topic, const char *message,
                  struct contract *ret_contract)
{
        const char *path = command_value(line, "protocol");
        CHAPPE_CLEANUP(library) struct schema_library *library = NULL;
        struct chappe_error error;
        struct opening opening = { .contract = ret_contract, .error = &error };
        int status;

        *ret_contract = (struct contract){ .arena = chappe_arena_new(0) };
        status = schema_library_open(line, NULL, &library);
        if (status != EXIT_DONE)
                return status;
        opening.library = library;
        if (!path)
                path = schema_library_find_protocol(library, topic);
        if (!path)
                return command_misuse("no contract for %s in the include folders (-I, else ./schemas); --protocol "
                                      "FILE.avpr names one",
                                      topic);
        status = schema_library_load(library, path, &opening.file, &error);
        if (status >= 0) {
                schema_library_add_root(library, opening.file);
                status = make_message(&opening, message);
        }
        return status < 0 ? command_fail(&error) : EXIT_DONE;
}

void contract_close(struct contract *contract)
{
        chappe_schema_unref(contract->request);
        chappe_schema_unref(contract->response);
        for (size_t i = 0; i < CONTRACT_ERRORS_LIMIT; i++)
                chappe_schema_unref(contract->refusals[i]);
        chappe_arena_free(contract->arena);
}
