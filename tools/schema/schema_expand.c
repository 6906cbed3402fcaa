/* SPDX-License-Identifier: Apache-2.0 */
/* Writing types out: the file's own text is copied, and only references to what is not yet written are replaced. */
#include "schema/schema_expand.h"

#include <ctype.h>

#include "schema/schema_walk.h"

/* Names already written into the text. */
struct written {
        const char *name;
        const struct written *next;
};

struct expansion {
        struct schema_library *library;
        struct chappe_buffer *buffer;
        const struct written *written;
        size_t depth; /* imports within imports */
        struct chappe_error *error;
};

/* The piece of a file that is being copied: everything before the cursor is done. */
struct piece {
        struct expansion *expansion;
        struct schema_file *file;
        size_t cursor;
};

static int expand(struct piece *piece, const struct chappe_json_node *json, const char *space);

static int append(struct expansion *expansion, const char *at, size_t length)
{
        if (chappe_buffer_append(expansion->buffer, at, length) < 0)
                return chappe_fail(expansion->error, CHAPPE_E_NO_MEMORY, "a schema text of %zu bytes", length);
        return 0;
}

static int append_string(struct expansion *expansion, const char *string)
{
        return append(expansion, string, strlen(string));
}

static int copy_until(struct piece *piece, size_t end)
{
        size_t from = piece->cursor;

        piece->cursor = end;
        return append(piece->expansion, piece->file->document.text.at + from, end - from);
}

/* Copies up to the node, and leaves the node itself out. */
static int replace(struct piece *piece, const struct chappe_json_node *json)
{
        int status = copy_until(piece, json->at);

        piece->cursor = json->end;
        return status;
}

static bool is_written(const struct expansion *expansion, const char *name)
{
        for (const struct written *written = expansion->written; written; written = written->next) {
                if (strcmp(written->name, name) == 0)
                        return true;
        }
        return false;
}

static void note_written(struct expansion *expansion, const char *name)
{
        struct written *written = chappe_arena_alloc(schema_library_arena(expansion->library), sizeof(*written));

        *written = (struct written){ name, expansion->written };
        expansion->written = written;
}

/* A definition from elsewhere, on one line, with its namespace said. */
static int write_definition(struct expansion *expansion, const struct schema_definition *definition)
{
        const struct chappe_json_node *json = definition->json, *name = chappe_json_find(json, "name");
        bool says = chappe_json_find(json, "namespace") || strchr(name->string, '.');
        struct piece piece = { expansion, definition->file, json->at };
        size_t start = expansion->buffer->length;
        int status = 0;

        if (++expansion->depth > schema_library_limits(expansion->library)->schema_depth)
                return chappe_fail(expansion->error, CHAPPE_E_SCHEMA_LIMIT,
                                   "%s: imports nest deeper than %zu (schema_depth)", definition->file->path,
                                   schema_library_limits(expansion->library)->schema_depth);
        if (!says) {
                status = copy_until(&piece, json->at + 1);
                if (status >= 0)
                        status = append_string(expansion, "\"namespace\":\"");
                if (status >= 0)
                        status = append_string(expansion, definition->space);
                if (status >= 0)
                        status = append_string(expansion, "\",");
        }
        if (status >= 0)
                status = expand(&piece, json, definition->space);
        if (status >= 0)
                status = copy_until(&piece, json->end);
        schema_minify(expansion->buffer, start);
        expansion->depth--;
        return status;
}

static int expand_reference(struct piece *piece, const struct chappe_json_node *whole, const char *name,
                            const char *space)
{
        struct expansion *expansion = piece->expansion;
        const char *full = schema_full_name(expansion->library, name, space);
        const struct schema_definition *definition;
        int status;

        /* What its own namespace lacks, Java looks for in none, and so does the parser. */
        if (schema_is_primitive(name) || is_written(expansion, full) || is_written(expansion, name))
                return 0;
        status = schema_library_find(expansion->library, full, &definition, expansion->error);
        if (status >= 0 && !definition)
                status = schema_library_find(expansion->library, name, &definition, expansion->error);
        if (status < 0 || !definition)
                return status < 0 ? status
                                  : chappe_json_fail(&piece->file->document, whole, expansion->error,
                                                     CHAPPE_E_SCHEMA_INVALID,
                                                     "no type %s here, nor a file for it in the include folders", full);
        status = replace(piece, whole);
        return status < 0 ? status : write_definition(expansion, definition);
}

static int expand_definition(struct piece *piece, const struct chappe_json_node *json, const char *outer)
{
        struct expansion *expansion = piece->expansion;
        const struct chappe_json_node *name = chappe_json_find(json, "name"), *type = chappe_json_find(json, "type");
        const struct chappe_json_node *fields = chappe_json_find(json, "fields");
        const char *space = schema_space(expansion->library, json, outer);
        const char *full = schema_full_name(expansion->library, name->string, space);
        int status = 0;

        if (is_written(expansion, full)) {
                status = replace(piece, json);
                return status < 0 || chappe_buffer_printf(expansion->buffer, "\"%s\"", full) < 0 ? -CHAPPE_E_NO_MEMORY
                                                                                                 : 0;
        }
        note_written(expansion, full);
        /* The members may stand in any order, and the copying goes from front to back. */
        for (const struct chappe_json_node *member = json->child; member && status >= 0; member = member->next) {
                if (member == type && strcmp(type->string, "error") == 0) {
                        status = replace(piece, type);
                        if (status >= 0)
                                status = append_string(expansion, "\"record\"");
                }
                if (member != fields || member->kind != CHAPPE_JSON_ARRAY)
                        continue;
                for (const struct chappe_json_node *field = fields->child; field && status >= 0; field = field->next) {
                        const struct chappe_json_node *inner = chappe_json_find(field, "type");

                        if (inner)
                                status = expand(piece, inner, space);
                }
        }
        return status;
}

static int expand_object(struct piece *piece, const struct chappe_json_node *json, const char *space)
{
        const char *word = schema_type_word(json);
        int status = 0;

        if (schema_is_definition(json))
                return expand_definition(piece, json, space);
        if (word && strcmp(word, "array") != 0 && strcmp(word, "map") != 0)
                return expand_reference(piece, json, word, space);
        for (const struct chappe_json_node *member = json->child; member && status >= 0; member = member->next) {
                if (strcmp(member->key, "items") == 0 || strcmp(member->key, "values") == 0 ||
                    (strcmp(member->key, "type") == 0 && !word))
                        status = expand(piece, member, space);
        }
        return status;
}

static int expand(struct piece *piece, const struct chappe_json_node *json, const char *space)
{
        int status = 0;

        if (json->kind == CHAPPE_JSON_STRING)
                return expand_reference(piece, json, json->string, space);
        if (json->kind == CHAPPE_JSON_OBJECT)
                return expand_object(piece, json, space);
        if (json->kind != CHAPPE_JSON_ARRAY)
                return 0;
        for (const struct chappe_json_node *branch = json->child; branch && status >= 0; branch = branch->next)
                status = expand(piece, branch, space);
        return status;
}

static int expand_from(struct expansion *expansion, struct schema_file *file, const struct chappe_json_node *json,
                       const char *space, size_t from, size_t end)
{
        struct piece piece = { expansion, file, from };
        int status = expand(&piece, json, space);

        return status < 0 ? status : copy_until(&piece, end);
}

int schema_expand_file(struct schema_library *library, struct schema_file *file, struct chappe_buffer *buffer,
                       struct chappe_error *error)
{
        struct expansion expansion = { library, buffer, NULL, 0, error };

        return expand_from(&expansion, file, file->document.root, "", 0, file->document.text.length);
}

/* As many line breaks as stand before the node in its file. */
static int start_at_line(struct expansion *expansion, const struct schema_file *file,
                         const struct chappe_json_node *json)
{
        int status = 0;

        for (size_t i = 0; i < json->at && status >= 0; i++) {
                if (file->document.text.at[i] == '\n')
                        status = append(expansion, "\n", 1);
        }
        return status;
}

int schema_expand_type(struct schema_library *library, struct schema_file *file, const struct chappe_json_node *json,
                       const char *space, struct chappe_buffer *buffer, struct chappe_error *error)
{
        struct expansion expansion = { library, buffer, NULL, 0, error };
        int status = start_at_line(&expansion, file, json);
        bool says = !schema_is_definition(json) || chappe_json_find(json, "namespace") || !*space;
        size_t from = json->at;

        if (status >= 0 && !says) {
                status = chappe_buffer_printf(buffer, "{\"namespace\":\"%s\",", space);
                from++;
        }
        return status < 0 ? status : expand_from(&expansion, file, json, space, from, json->end);
}

/* "name":<as written>, for a member of the message that belongs to the request record too. */
static int copy_member(struct expansion *expansion, const struct schema_file *file,
                       const struct chappe_json_node *message, const char *name)
{
        const struct chappe_json_node *member = chappe_json_find(message, name);

        if (!member)
                return 0;
        return chappe_buffer_printf(expansion->buffer, "\"%s\":%.*s,", name, (int)(member->end - member->at),
                                    file->document.text.at + member->at);
}

int schema_expand_request(struct schema_library *library, struct schema_file *file,
                          const struct chappe_json_node *message, const char *space, struct chappe_buffer *buffer,
                          struct chappe_error *error)
{
        struct expansion expansion = { library, buffer, NULL, 0, error };
        const struct chappe_json_node *request = chappe_json_find(message, "request");
        struct piece piece = { &expansion, file, request->at };
        int status = start_at_line(&expansion, file, request);

        if (status >= 0)
                status = chappe_buffer_printf(buffer,
                                              "{\"type\":\"record\",\"name\":\"%c%sRequest\",\"namespace\":\"%s\",",
                                              toupper((unsigned char)message->key[0]), message->key + 1, space);
        if (status >= 0)
                status = copy_member(&expansion, file, message, "doc");
        if (status >= 0)
                status = copy_member(&expansion, file, message, "chappe.key");
        if (status >= 0)
                status = copy_member(&expansion, file, message, "chappe.idempotency");
        if (status >= 0)
                status = append_string(&expansion, "\"fields\":");
        for (const struct chappe_json_node *field = request->child; field && status >= 0; field = field->next) {
                const struct chappe_json_node *type = chappe_json_find(field, "type");

                if (type)
                        status = expand(&piece, type, space);
        }
        if (status >= 0)
                status = copy_until(&piece, request->end);
        return status < 0 ? status : append_string(&expansion, "}");
}

bool schema_is_one_way(const struct chappe_json_node *message)
{
        const struct chappe_json_node *one_way = chappe_json_find(message, "one-way");

        return one_way && one_way->kind == CHAPPE_JSON_TRUE;
}

int schema_expand_response(struct schema_library *library, struct schema_file *file,
                           const struct chappe_json_node *message, const char *space, struct chappe_buffer *buffer,
                           struct chappe_error *error)
{
        const struct chappe_json_node *response = chappe_json_find(message, "response");
        bool null = response && response->kind == CHAPPE_JSON_STRING && strcmp(response->string, "null") == 0;
        const struct chappe_json_node *errors = chappe_json_find(message, "errors");

        if (schema_is_one_way(message) && ((response && !null) || (errors && errors->count > 0)))
                return chappe_json_fail(&file->document, message, error, CHAPPE_E_SCHEMA_INVALID,
                                        "a message that is \"one-way\" has no response but \"null\", and no errors");
        if (response)
                return schema_expand_type(library, file, response, space, buffer, error);
        if (!schema_is_one_way(message))
                return chappe_json_fail(&file->document, message, error, CHAPPE_E_SCHEMA_INVALID,
                                        "a message needs a \"response\", unless it is \"one-way\"");
        return chappe_buffer_printf(buffer, "\"null\"");
}

void schema_minify(struct chappe_buffer *buffer, size_t from)
{
        size_t to = from;
        bool quoted = false;

        for (size_t i = from; i < buffer->length; i++) {
                char c = (char)buffer->at[i];

                if (!quoted && isspace((unsigned char)c))
                        continue;
                buffer->at[to++] = (uint8_t)c;
                if (quoted && c == '\\')
                        buffer->at[to++] = buffer->at[++i];
                else if (c == '"')
                        quoted = !quoted;
        }
        buffer->length = to;
}
