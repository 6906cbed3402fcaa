/* SPDX-License-Identifier: Apache-2.0 */
/* What a contract's file says can be written and read. */
#include "parts.h"

#include <stdlib.h>
#include <string.h>

#include "schema/schema_expand.h"
#include "schema/schema_walk.h"

static const char *keep(struct parts *parts, const char *format, const char *one, const char *two)
{
        struct chappe_text text = chappe_arena_printf(schema_library_arena(parts->library), format, one, two);

        return text.at ? text.at : "";
}

static int add(struct parts *parts, const char *name, enum part_role role, const struct chappe_buffer *text,
               struct chappe_error *error)
{
        struct part *at;
        int status;

        if (parts->count == PARTS_LIMIT)
                return chappe_fail(error, CHAPPE_E_LIMIT, "%s: more than %d requests and answers", parts->path,
                                   PARTS_LIMIT);
        at = realloc(parts->at, (parts->count + 1) * sizeof(*at));
        if (!at)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "out of memory");
        parts->at = at;
        at[parts->count] = (struct part){ name, role, NULL };
        status = schema_library_parse(parts->library, parts->path, text, &at[parts->count].schema, error);
        parts->count += status >= 0;
        return status;
}

static int add_errors(struct parts *parts, const struct chappe_json_node *message, const char *space,
                      struct chappe_error *error)
{
        const struct chappe_json_node *errors = chappe_json_find(message, "errors");
        int status = 0;

        if (!errors || errors->kind != CHAPPE_JSON_ARRAY)
                return 0;
        for (const struct chappe_json_node *json = errors->child; json && status >= 0; json = json->next) {
                CHAPPE_CLEANUP(buffer) struct chappe_buffer text = { 0 };

                status = schema_expand_type(parts->library, parts->file, json, space, &text, error);
                if (status >= 0)
                        status = add(parts, "", PART_ANSWER, &text, error);
                if (status >= 0)
                        parts->at[parts->count - 1].name = keep(parts, "%s error %s", message->key,
                                                                chappe_schema_name(parts->at[parts->count - 1].schema));
        }
        return status;
}

static int add_message(struct parts *parts, const struct chappe_json_node *message, const char *space,
                       struct chappe_error *error)
{
        CHAPPE_CLEANUP(buffer) struct chappe_buffer request = { 0 };
        CHAPPE_CLEANUP(buffer) struct chappe_buffer response = { 0 };
        const struct chappe_json_node *fields = chappe_json_find(message, "request");
        int status;

        if (!fields || fields->kind != CHAPPE_JSON_ARRAY)
                return chappe_json_fail(&parts->file->document, message, error, CHAPPE_E_SCHEMA_INVALID,
                                        "a message needs a \"request\": a list of fields");
        status = schema_expand_request(parts->library, parts->file, message, space, &request, error);
        if (status >= 0)
                status = add(parts, keep(parts, "%s request%s", message->key, ""), PART_REQUEST, &request, error);
        if (status >= 0)
                status = schema_expand_response(parts->library, parts->file, message, space, &response, error);
        if (status >= 0)
                status = add(parts, keep(parts, "%s response%s", message->key, ""), PART_ANSWER, &response, error);
        return status < 0 ? status : add_errors(parts, message, space, error);
}

static int add_messages(struct parts *parts, struct chappe_error *error)
{
        const struct chappe_json_node *root = parts->file->document.root;
        const struct chappe_json_node *messages = chappe_json_find(root, "messages");
        const struct chappe_json_node *protocol = chappe_json_find(root, "protocol");
        const char *space = schema_protocol_space(parts->library, root);
        int status = 0;

        if (!protocol || protocol->kind != CHAPPE_JSON_STRING)
                return chappe_json_fail(&parts->file->document, root, error, CHAPPE_E_SCHEMA_INVALID,
                                        "a protocol's name is a string");
        parts->name = schema_full_name(parts->library, protocol->string, space);
        if (messages && messages->kind != CHAPPE_JSON_OBJECT)
                return chappe_json_fail(&parts->file->document, messages, error, CHAPPE_E_SCHEMA_INVALID,
                                        "\"messages\" is an object");
        for (const struct chappe_json_node *json = messages ? messages->child : NULL; json && status >= 0;
             json = json->next)
                status = add_message(parts, json, space, error);
        return status;
}

static int add_schema(struct parts *parts, struct chappe_error *error)
{
        CHAPPE_CLEANUP(buffer) struct chappe_buffer text = { 0 };
        const char *name;
        int status = schema_expand_file(parts->library, parts->file, &text, error);

        if (status >= 0)
                status = add(parts, "", PART_EVENT, &text, error);
        if (status < 0)
                return status;
        name = chappe_schema_node_name(chappe_schema_root(parts->at[0].schema));
        if (name)
                parts->name = name;
        return 0;
}

int parts_open(const struct command_line *line, const char *path, const char *folder, struct parts *ret_parts)
{
        struct chappe_error error;
        int status;

        *ret_parts = (struct parts){ .path = path, .name = path };
        status = schema_library_open(line, folder, &ret_parts->library);
        if (status != EXIT_DONE)
                return status;
        status = schema_library_load(ret_parts->library, path, &ret_parts->file, &error);
        if (status >= 0) {
                schema_library_add_root(ret_parts->library, ret_parts->file);
                status = ret_parts->file->protocol ? add_messages(ret_parts, &error) : add_schema(ret_parts, &error);
        }
        return status < 0 ? command_fail(&error) : EXIT_DONE;
}

void parts_close(struct parts *parts)
{
        for (size_t i = 0; i < parts->count; i++)
                chappe_schema_unref(parts->at[i].schema);
        free(parts->at);
        schema_library_free(parts->library);
}

const struct part *parts_find(const struct parts *parts, const char *name)
{
        for (size_t i = 0; i < parts->count; i++) {
                if (strcmp(parts->at[i].name, name) == 0)
                        return &parts->at[i];
        }
        return NULL;
}
