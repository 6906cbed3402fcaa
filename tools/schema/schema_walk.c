/* SPDX-License-Identifier: Apache-2.0 */
/* Walking the places of a schema's JSON where a type stands. */
#include "schema/schema_walk.h"

#include <ctype.h>

struct walk {
        struct schema_library *library;
        const struct chappe_json_document *document;
        schema_definition_visitor *visit;
        void *context;
        struct chappe_error *error;
};

static int walk_type(struct walk *walk, const struct chappe_json_node *json, const char *space);

bool schema_is_primitive(const char *name)
{
        static const char *const names[] = { "null", "boolean", "int", "long", "float", "double", "bytes", "string" };

        for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
                if (strcmp(names[i], name) == 0)
                        return true;
        }
        return false;
}

const char *schema_type_word(const struct chappe_json_node *json)
{
        const struct chappe_json_node *type = json->kind == CHAPPE_JSON_OBJECT ? chappe_json_find(json, "type") : NULL;

        return type && type->kind == CHAPPE_JSON_STRING ? type->string : NULL;
}

bool schema_is_definition(const struct chappe_json_node *json)
{
        const char *word = schema_type_word(json);

        return word && (strcmp(word, "record") == 0 || strcmp(word, "error") == 0 || strcmp(word, "enum") == 0 ||
                        strcmp(word, "fixed") == 0);
}

static const char *before_last_dot(struct schema_library *library, const char *name)
{
        struct chappe_text space = { name, (size_t)(strrchr(name, '.') - name) };

        return chappe_arena_text(schema_library_arena(library), space).at;
}

static const char *space_of(struct schema_library *library, const struct chappe_json_node *json,
                            const struct chappe_json_node *name, const char *outer)
{
        const struct chappe_json_node *space = chappe_json_find(json, "namespace");

        if (name && name->kind == CHAPPE_JSON_STRING && strchr(name->string, '.'))
                return before_last_dot(library, name->string);
        return space && space->kind == CHAPPE_JSON_STRING ? space->string : outer;
}

const char *schema_space(struct schema_library *library, const struct chappe_json_node *json, const char *outer)
{
        return space_of(library, json, chappe_json_find(json, "name"), outer);
}

const char *schema_protocol_space(struct schema_library *library, const struct chappe_json_node *protocol)
{
        return space_of(library, protocol, chappe_json_find(protocol, "protocol"), "");
}

const char *schema_full_name(struct schema_library *library, const char *name, const char *space)
{
        if (name[0] == '.') /* in no namespace */
                return name + 1;
        if (strchr(name, '.') || !*space)
                return name;
        return chappe_arena_printf(schema_library_arena(library), "%s.%s", space, name).at;
}

const char *schema_snake(struct chappe_arena *arena, const char *name)
{
        char *out = chappe_arena_alloc(arena, strlen(name) * 2 + 1), *at = out;

        for (const char *from = name; *from; from++) {
                bool upper = isupper((unsigned char)*from);
                bool word = from > name && from[-1] != '_' && from[-1] != '.' &&
                            (!isupper((unsigned char)from[-1]) || islower((unsigned char)from[1]));

                if (upper && word)
                        *at++ = '_';
                *at++ = (char)tolower((unsigned char)*from);
        }
        *at = '\0';
        return out;
}

static int walk_fields(struct walk *walk, const struct chappe_json_node *fields, const char *space)
{
        int status = 0;

        if (!fields || fields->kind != CHAPPE_JSON_ARRAY)
                return 0;
        for (const struct chappe_json_node *field = fields->child; field && status >= 0; field = field->next) {
                const struct chappe_json_node *type = chappe_json_find(field, "type");

                if (type)
                        status = walk_type(walk, type, space);
        }
        return status;
}

static int walk_list(struct walk *walk, const struct chappe_json_node *list, const char *space)
{
        int status = 0;

        if (!list || list->kind != CHAPPE_JSON_ARRAY)
                return 0;
        for (const struct chappe_json_node *type = list->child; type && status >= 0; type = type->next)
                status = walk_type(walk, type, space);
        return status;
}

static int walk_object(struct walk *walk, const struct chappe_json_node *json, const char *space)
{
        static const char *const inner[] = { "type", "items", "values" };
        int status = 0;

        if (schema_is_definition(json)) {
                space = schema_space(walk->library, json, space);
                status = walk->visit(walk->context, json, space);
                return status < 0 ? status : walk_fields(walk, chappe_json_find(json, "fields"), space);
        }
        for (size_t i = 0; i < sizeof(inner) / sizeof(*inner) && status >= 0; i++) {
                const struct chappe_json_node *type = chappe_json_find(json, inner[i]);

                if (type)
                        status = walk_type(walk, type, space);
        }
        return status;
}

/* What is no schema at all is left to the schema parser to complain about. */
static int walk_type(struct walk *walk, const struct chappe_json_node *json, const char *space)
{
        if (json->kind == CHAPPE_JSON_ARRAY)
                return walk_list(walk, json, space);
        return json->kind == CHAPPE_JSON_OBJECT ? walk_object(walk, json, space) : 0;
}

static int walk_protocol(struct walk *walk, const struct chappe_json_node *root)
{
        const char *space = schema_protocol_space(walk->library, root);
        const struct chappe_json_node *messages = chappe_json_find(root, "messages");
        int status = walk_list(walk, chappe_json_find(root, "types"), space);

        if (!messages || messages->kind != CHAPPE_JSON_OBJECT)
                return status;
        for (const struct chappe_json_node *message = messages->child; message && status >= 0;
             message = message->next) {
                const struct chappe_json_node *response = chappe_json_find(message, "response");

                status = walk_fields(walk, chappe_json_find(message, "request"), space);
                if (status >= 0 && response)
                        status = walk_type(walk, response, space);
                if (status >= 0)
                        status = walk_list(walk, chappe_json_find(message, "errors"), space);
        }
        return status;
}

int schema_walk_file(struct schema_library *library, struct schema_file *file, schema_definition_visitor *visit,
                     void *context, struct chappe_error *error)
{
        struct walk walk = { library, &file->document, visit, context, error };
        const struct chappe_json_node *root = file->document.root;

        if (!file->protocol)
                return walk_type(&walk, root, "");
        if (root->kind != CHAPPE_JSON_OBJECT || !chappe_json_find(root, "protocol"))
                return chappe_json_fail(&file->document, root, error, CHAPPE_E_SCHEMA_INVALID,
                                        "a protocol is an object with a member \"protocol\"");
        return walk_protocol(&walk, root);
}
