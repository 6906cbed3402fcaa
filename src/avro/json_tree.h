/* SPDX-License-Identifier: Apache-2.0 */
/* A JSON text as a tree that remembers where each value stood, so that every complaint can name line, column and path.
 */
#pragma once

#include <chappe/arena.h>
#include <chappe/error.h>
#include <chappe/text.h>

#define CHAPPE_JSON_NUMBER_LENGTH 400 /* characters of the longest number */

enum chappe_json_kind {
        CHAPPE_JSON_NULL,
        CHAPPE_JSON_FALSE,
        CHAPPE_JSON_TRUE,
        CHAPPE_JSON_NUMBER,
        CHAPPE_JSON_STRING,
        CHAPPE_JSON_ARRAY,
        CHAPPE_JSON_OBJECT,
};

struct chappe_json_node {
        uint8_t kind;
        uint32_t at, end;    /* the value's bytes within the document's text */
        uint32_t count;      /* children; bytes of a decoded string */
        uint32_t key_length; /* of a member of an object */
        const char *key;     /* decoded, terminated; NULL outside objects */
        union {
                const char *string;             /* decoded, terminated, may hold NUL inside */
                struct chappe_json_node *child; /* the first one */
        };
        struct chappe_json_node *next; /* sibling */
        struct chappe_json_node *parent;
};

/* Bounds and manners of one document; the text must outlive it. */
struct chappe_json_document {
        const char *name; /* for messages; or NULL */
        struct chappe_text text;
        int syntax_code; /* error code of what is no JSON */
        unsigned depth;  /* deepest nesting accepted */
        const struct chappe_json_node *root;
};

/* Fills in root from the text; nodes and strings come from the arena. */
int chappe_json_parse(struct chappe_json_document *document, struct chappe_arena *arena, struct chappe_error *error);

/* The first member of that name, or NULL. */
const struct chappe_json_node *chappe_json_find(const struct chappe_json_node *object, const char *key);

/* true and the value when the number is an integer that fits. */
bool chappe_json_integer(const struct chappe_json_document *document, const struct chappe_json_node *node,
                         int64_t *ret);
/* The number, correctly rounded (past the range: infinity). */
double chappe_json_double(const struct chappe_json_document *document, const struct chappe_json_node *node);
float chappe_json_float(const struct chappe_json_document *document, const struct chappe_json_node *node);

/* "a number", "a string", … for messages. */
const char *chappe_json_kind_name(const struct chappe_json_node *node);

/* Fails with "name:line:column: path: message" for that node. */
int chappe_json_fail(const struct chappe_json_document *document, const struct chappe_json_node *node,
                     struct chappe_error *error, int code, const char *format, ...)
        __attribute__((format(printf, 5, 6)));

/* The same for what is no value yet: "name:line:column: message". */
int chappe_json_fail_at(const struct chappe_json_document *document, size_t offset, struct chappe_error *error,
                        int code, const char *message);
