/* SPDX-License-Identifier: Apache-2.0 */
/* The registry's REST calls. An answer is believed only as far as it has the form it should have. */
#include "registry/rest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "avro/json_tree.h"
#include "base/cleanup.h"
#include "observe/escape.h"
#include "registry/http.h"

#define ANSWER_DEPTH 16
#define ARENA_LIMIT  (8u << 20) /* of a parsed answer: names and nodes of 1 MiB of JSON */
#define REASON_SIZE  200

struct chappe_rest {
        struct chappe_http *http;
};

/* One answer: from where it is, its bytes and its tree, all owned here. */
struct answer {
        struct chappe_buffer address;
        struct chappe_buffer bytes;
        struct chappe_arena *arena;
        struct chappe_json_document document;
};

static void answer_deinit(struct answer *answer)
{
        chappe_arena_free(answer->arena);
        chappe_buffer_deinit(&answer->bytes);
        chappe_buffer_deinit(&answer->address);
}

#define ANSWER __attribute__((cleanup(answer_deinit))) struct answer

static const char *address_of(const struct answer *answer)
{
        return (const char *)answer->address.at;
}

static int make_no_sense(struct chappe_error *error, const struct answer *answer, const char *what)
{
        return chappe_fail(error, CHAPPE_E_REGISTRY_ANSWER, "%s: %s", address_of(answer), what);
}

static const struct chappe_json_node *member(const struct chappe_json_node *object, const char *name, uint8_t kind)
{
        const struct chappe_json_node *found =
                object && object->kind == CHAPPE_JSON_OBJECT ? chappe_json_find(object, name) : NULL;

        return found && found->kind == kind ? found : NULL;
}

static int parse(struct answer *answer, struct chappe_error *error)
{
        answer->document = (struct chappe_json_document){
                .name = address_of(answer),
                .text = { (const char *)answer->bytes.at, answer->bytes.length },
                .syntax_code = CHAPPE_E_REGISTRY_ANSWER,
                .depth = ANSWER_DEPTH,
        };
        answer->arena = chappe_arena_new(ARENA_LIMIT);
        if (!answer->arena)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "the registry's answer");
        return chappe_json_parse(&answer->document, answer->arena, error);
}

/* What a refusal says: {"error_code": 40403, "message": "…"}, or nothing that can be read. */
static int fail_refused(struct answer *answer, long http_status, struct chappe_error *error)
{
        const struct chappe_json_node *root = parse(answer, NULL) == 0 ? answer->document.root : NULL;
        const struct chappe_json_node *number = member(root, "error_code", CHAPPE_JSON_NUMBER);
        const struct chappe_json_node *message = member(root, "message", CHAPPE_JSON_STRING);
        char reason[REASON_SIZE];
        int64_t code = http_status;
        size_t length = 0;
        int kind = CHAPPE_E_REGISTRY_REFUSED;

        if (number && !chappe_json_integer(&answer->document, number, &code))
                code = http_status;
        if (message)
                length = chappe_escape(CHAPPE_ESCAPE_PLAIN, (struct chappe_text){ message->string, message->count },
                                       reason, sizeof(reason), NULL);
        if (code == 40401 || code == 40402 || code == 40403 || (http_status == 404 && number))
                kind = CHAPPE_E_SCHEMA_NOT_FOUND;
        else if (http_status >= 500 || http_status == 429)
                kind = CHAPPE_E_REGISTRY_UNREACHABLE;
        return chappe_fail(error, kind, "%s: the registry answers %" PRId64 "%s%.*s", address_of(answer), code,
                           length ? ": " : "", (int)length, reason);
}

static int ask(struct chappe_rest *rest, const char *path, struct chappe_text body, struct answer *answer,
               struct chappe_error *error)
{
        long http_status = 0;
        int status;

        if (chappe_buffer_printf(&answer->address, "%s%s", chappe_http_url(rest->http), path) < 0)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "asking the registry");
        status = chappe_http_request(rest->http, path, body, &http_status, &answer->bytes, error);
        if (status < 0)
                return status;
        if (http_status < 200 || http_status > 299)
                return fail_refused(answer, http_status, error);
        return parse(answer, error);
}

/* "/subjects/", subject encoded, rest. */
static int subject_path(struct chappe_buffer *path, const char *prefix, const char *subject, const char *tail,
                        struct chappe_error *error)
{
        if (chappe_buffer_append(path, prefix, strlen(prefix)) < 0 || chappe_http_append_segment(path, subject) < 0 ||
            chappe_buffer_append(path, tail, strlen(tail) + 1) < 0)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "asking the registry");
        return 0;
}

/* {"schema": "…"} with the text byte for byte inside. */
static int schema_body(struct chappe_buffer *body, struct chappe_text text, struct chappe_error *error)
{
        uint8_t *room;
        size_t length;

        if (chappe_buffer_append(body, "{\"schema\":\"", 11) < 0 ||
            !(room = chappe_buffer_reserve(body, text.length * 6 + 1)))
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "asking the registry");
        length = chappe_escape(CHAPPE_ESCAPE_JSON, text, (char *)room, text.length * 6 + 1, NULL);
        body->length += length;
        if (chappe_buffer_append(body, "\"}", 2) < 0)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "asking the registry");
        return 0;
}

static int take_id(const struct answer *answer, uint32_t *ret_id, struct chappe_error *error)
{
        const struct chappe_json_node *number = member(answer->document.root, "id", CHAPPE_JSON_NUMBER);
        int64_t id;

        if (!number || !chappe_json_integer(&answer->document, number, &id) || id < 0 || id > INT32_MAX)
                return make_no_sense(error, answer, "the answer has no id");
        *ret_id = (uint32_t)id;
        return 0;
}

static int take_text(const struct answer *answer, struct chappe_buffer *text, struct chappe_error *error)
{
        const struct chappe_json_node *root = answer->document.root;
        const struct chappe_json_node *schema = member(root, "schema", CHAPPE_JSON_STRING);
        const struct chappe_json_node *type = member(root, "schemaType", CHAPPE_JSON_STRING);
        const struct chappe_json_node *references = member(root, "references", CHAPPE_JSON_ARRAY);

        if (!schema)
                return make_no_sense(error, answer, "the answer has no schema");
        if (type && strcmp(type->string, "AVRO") != 0)
                return make_no_sense(error, answer, "the schema is not Avro");
        if (references && references->count > 0)
                return make_no_sense(error, answer, "the schema refers to others, which is not supported");
        if (chappe_buffer_append(text, schema->string, schema->count) < 0)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "the registry's answer");
        return 0;
}

static int rest_schema(void *context, uint32_t id, struct chappe_buffer *text, struct chappe_error *error)
{
        ANSWER answer = { 0 };
        char path[60];
        int status;

        snprintf(path, sizeof(path), "/schemas/ids/%" PRIu32, id);
        status = ask(context, path, (struct chappe_text){ 0 }, &answer, error);
        return status < 0 ? status : take_text(&answer, text, error);
}

static int rest_belongs(void *context, uint32_t id, const char *subject, struct chappe_error *error)
{
        ANSWER answer = { 0 };
        const struct chappe_json_node *root;
        char path[60];
        int status;

        snprintf(path, sizeof(path), "/schemas/ids/%" PRIu32 "/versions", id);
        status = ask(context, path, (struct chappe_text){ 0 }, &answer, error);
        if (status < 0)
                return status;
        root = answer.document.root;
        if (root->kind != CHAPPE_JSON_ARRAY)
                return make_no_sense(error, &answer, "the answer is no list");
        for (const struct chappe_json_node *entry = root->count ? root->child : NULL; entry; entry = entry->next) {
                const struct chappe_json_node *name = member(entry, "subject", CHAPPE_JSON_STRING);

                if (name && name->count == strlen(subject) && memcmp(name->string, subject, name->count) == 0)
                        return 1;
        }
        return 0;
}

/* [{"context": ".", "id": 41}, …], one a context; "." is the one that ids without a context belong to. */
static int take_listed_id(const struct answer *answer, uint32_t *ret_id, struct chappe_error *error)
{
        const struct chappe_json_node *root = answer->document.root, *chosen = NULL;
        const struct chappe_json_node *number;
        int64_t id;

        if (root->kind != CHAPPE_JSON_ARRAY)
                return make_no_sense(error, answer, "the answer is no list");
        for (const struct chappe_json_node *entry = root->count ? root->child : NULL; entry; entry = entry->next) {
                const struct chappe_json_node *name = member(entry, "context", CHAPPE_JSON_STRING);

                if (!chosen || (name && name->count == 1 && name->string[0] == '.'))
                        chosen = entry;
        }
        if (!chosen)
                return chappe_fail(error, CHAPPE_E_SCHEMA_NOT_FOUND, "%s: no schema has this GUID", address_of(answer));
        number = member(chosen, "id", CHAPPE_JSON_NUMBER);
        if (!number || !chappe_json_integer(&answer->document, number, &id) || id < 0 || id > INT32_MAX)
                return make_no_sense(error, answer, "the answer has no id");
        *ret_id = (uint32_t)id;
        return 0;
}

static int rest_identify(void *context, const uint8_t guid[16], uint32_t *ret_id, struct chappe_error *error)
{
        ANSWER answer = { 0 };
        char path[80];
        int length = snprintf(path, sizeof(path), "/schemas/guids/");
        int status;

        for (int i = 0; i < 16; i++)
                length += snprintf(path + length, sizeof(path) - (size_t)length, "%s%02x",
                                   i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", guid[i]);
        snprintf(path + length, sizeof(path) - (size_t)length, "/ids");
        status = ask(context, path, (struct chappe_text){ 0 }, &answer, error);
        return status < 0 ? status : take_listed_id(&answer, ret_id, error);
}

static int post_schema(struct chappe_rest *rest, const char *subject, const char *tail, struct chappe_text text,
                       uint32_t *ret_id, struct chappe_error *error)
{
        CHAPPE_CLEANUP(buffer) struct chappe_buffer path = { 0 };
        CHAPPE_CLEANUP(buffer) struct chappe_buffer body = { 0 };
        ANSWER answer = { 0 };
        int status = subject_path(&path, "/subjects/", subject, tail, error);

        if (status == 0)
                status = schema_body(&body, text, error);
        if (status == 0)
                status = ask(rest, (const char *)path.at, (struct chappe_text){ (const char *)body.at, body.length },
                             &answer, error);
        return status < 0 ? status : take_id(&answer, ret_id, error);
}

static int rest_find(void *context, const char *subject, struct chappe_text text, uint32_t *ret_id,
                     struct chappe_error *error)
{
        return post_schema(context, subject, "", text, ret_id, error);
}

static int rest_enrol(void *context, const char *subject, struct chappe_text text, uint32_t *ret_id,
                      struct chappe_error *error)
{
        return post_schema(context, subject, "/versions", text, ret_id, error);
}

/* Subject and version as one tail: both encoded. */
static int version_path(struct chappe_buffer *path, const char *prefix, const char *subject, const char *version,
                        struct chappe_error *error)
{
        int status = subject_path(path, prefix, subject, "/versions/", error);

        if (status < 0)
                return status;
        path->length--; /* its terminator */
        if (chappe_http_append_segment(path, version) < 0 || chappe_buffer_append(path, "", 1) < 0)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "asking the registry");
        return 0;
}

int chappe_rest_compatible(struct chappe_rest *rest, const char *subject, const char *version, struct chappe_text text,
                           struct chappe_error *error)
{
        CHAPPE_CLEANUP(buffer) struct chappe_buffer path = { 0 };
        CHAPPE_CLEANUP(buffer) struct chappe_buffer body = { 0 };
        ANSWER answer = { 0 };
        const struct chappe_json_node *verdict;
        int status = version_path(&path, "/compatibility/subjects/", subject, version, error);

        if (status == 0)
                status = schema_body(&body, text, error);
        if (status == 0)
                status = ask(rest, (const char *)path.at, (struct chappe_text){ (const char *)body.at, body.length },
                             &answer, error);
        if (status < 0)
                return status;
        verdict = answer.document.root->kind == CHAPPE_JSON_OBJECT
                          ? chappe_json_find(answer.document.root, "is_compatible")
                          : NULL;
        if (!verdict || (verdict->kind != CHAPPE_JSON_TRUE && verdict->kind != CHAPPE_JSON_FALSE))
                return make_no_sense(error, &answer, "the answer has no verdict");
        return verdict->kind == CHAPPE_JSON_TRUE;
}

int chappe_rest_version(struct chappe_rest *rest, const char *subject, const char *version, struct chappe_buffer *text,
                        uint32_t *ret_id, struct chappe_error *error)
{
        CHAPPE_CLEANUP(buffer) struct chappe_buffer path = { 0 };
        ANSWER answer = { 0 };
        int status = version_path(&path, "/subjects/", subject, version, error);

        if (status == 0)
                status = ask(rest, (const char *)path.at, (struct chappe_text){ 0 }, &answer, error);
        if (status == 0)
                status = take_id(&answer, ret_id, error);
        return status < 0 ? status : take_text(&answer, text, error);
}

int chappe_rest_open(const struct chappe_rest_config *config, struct chappe_rest **ret_rest, struct chappe_error *error)
{
        struct chappe_rest *rest = calloc(1, sizeof(*rest));
        int status;

        if (!rest)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "opening the registry");
        status = chappe_http_open(config, &rest->http, error);
        if (status < 0) {
                free(rest);
                return status;
        }
        *ret_rest = rest;
        return 0;
}

struct chappe_registry_source chappe_rest_source(struct chappe_rest *rest)
{
        return (struct chappe_registry_source){ rest_schema, rest_belongs, rest_find, rest_enrol, rest_identify, rest };
}

struct chappe_rest *chappe_rest_close(struct chappe_rest *rest)
{
        if (!rest)
                return NULL;
        chappe_http_close(rest->http);
        free(rest);
        return NULL;
}
