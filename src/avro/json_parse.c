/* SPDX-License-Identifier: Apache-2.0 */
/* Reads JSON (RFC 8259) into a tree; strict, bounded in depth, one pass. */
#include <chappe/straight.h>

#include "avro/json_tree.h"

struct parser {
        struct chappe_json_document *document;
        struct chappe_arena *arena;
        struct chappe_error *error;
        const char *start, *at, *end;
        unsigned depth;
};

static int fail_at(struct parser *parser, const char *where, const char *what)
{
        return chappe_json_fail_at(parser->document, (size_t)(where - parser->start), parser->error,
                                   parser->document->syntax_code, what);
}

static int fail(struct parser *parser, const char *what)
{
        return fail_at(parser, parser->at, parser->at == parser->end ? "the JSON text ends too early" : what);
}

static void skip_space(struct parser *parser)
{
        while (parser->at < parser->end &&
               (*parser->at == ' ' || *parser->at == '\n' || *parser->at == '\t' || *parser->at == '\r'))
                parser->at++;
}

static int hex_digit(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        if (c >= 'a' && c <= 'f')
                return c - 'a' + 10;
        if (c >= 'A' && c <= 'F')
                return c - 'A' + 10;
        return -1;
}

/* Four hex digits at the cursor, or -1. */
static int read_hex4(struct parser *parser)
{
        int value = 0;

        if (parser->end - parser->at < 4)
                return -1;
        for (int i = 0; i < 4; i++) {
                int digit = hex_digit(parser->at[i]);

                if (digit < 0)
                        return -1;
                value = value * 16 + digit;
        }
        parser->at += 4;
        return value;
}

static char *put_utf8(char *out, unsigned point)
{
        if (point < 0x80) {
                *out++ = (char)point;
        } else if (point < 0x800) {
                *out++ = (char)(0xC0 | point >> 6);
                *out++ = (char)(0x80 | (point & 63));
        } else if (point < 0x10000) {
                *out++ = (char)(0xE0 | point >> 12);
                *out++ = (char)(0x80 | (point >> 6 & 63));
                *out++ = (char)(0x80 | (point & 63));
        } else {
                *out++ = (char)(0xF0 | point >> 18);
                *out++ = (char)(0x80 | (point >> 12 & 63));
                *out++ = (char)(0x80 | (point >> 6 & 63));
                *out++ = (char)(0x80 | (point & 63));
        }
        return out;
}

/* The cursor stands behind "\u". */
static int read_unicode_escape(struct parser *parser, char **out)
{
        int point = read_hex4(parser);

        if (point >= 0xD800 && point < 0xDC00) {
                int low = -1;

                if (parser->end - parser->at >= 2 && parser->at[0] == '\\' && parser->at[1] == 'u') {
                        parser->at += 2;
                        low = read_hex4(parser);
                }
                point = low >= 0xDC00 && low < 0xE000 ? 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00) : -1;
        } else if (point >= 0xDC00 && point < 0xE000) {
                point = -1;
        }
        if (point < 0)
                return fail(parser, "a \\u escape needs four hex digits, and surrogates come in pairs");
        *out = put_utf8(*out, (unsigned)point);
        return 0;
}

/* The cursor stands behind the backslash. */
static int read_escape(struct parser *parser, char **out)
{
        static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
        const char *found;
        char c;

        if (parser->at == parser->end)
                return fail(parser, NULL);
        c = *parser->at++;
        if (c == 'u')
                return read_unicode_escape(parser, out);
        found = c ? strchr(from, c) : NULL;
        if (!found) {
                parser->at--;
                return fail(parser, "no such escape in JSON");
        }
        *(*out)++ = to[found - from];
        return 0;
}

/* Finds the closing quote; the cursor stands behind the opening one. *ret_plain: what is between stands for itself. */
static const char *string_end(struct parser *parser, bool *ret_plain)
{
        *ret_plain = true;
        for (const char *at = parser->at; at < parser->end; at++) {
                if (*at == '"')
                        return at;
                if ((unsigned char)*at >= 0x20 && *at != '\\')
                        continue;
                *ret_plain = false;
                at += *at == '\\';
        }
        return NULL;
}

/* Decodes up to the closing quote. */
static int read_escaped(struct parser *parser, const char *close, char **out)
{
        int r;

        while (parser->at < close) {
                if (*parser->at == '\\') {
                        parser->at++;
                        r = read_escape(parser, out);
                        if (r < 0)
                                return r;
                } else if ((unsigned char)*parser->at < 0x20) {
                        return fail(parser, "a control character within a string must be escaped");
                } else {
                        *(*out)++ = *parser->at++;
                }
        }
        return 0;
}

/* Decodes the string at the cursor (an opening quote). The decoded form is never longer than the written one. */
static int read_string(struct parser *parser, const char **ret_string, uint32_t *ret_length)
{
        bool plain;
        const char *open = parser->at++, *close = string_end(parser, &plain);
        char *string, *out;
        int r = 0;

        if (!close)
                return fail_at(parser, open, "a string without its closing quote");
        string = out = chappe_arena_alloc(parser->arena, (size_t)(close - parser->at) + 1);
        if (!string)
                return chappe_fail(parser->error, CHAPPE_E_NO_MEMORY, "no memory for a JSON string");
        if (plain)
                out = mempcpy(out, parser->at, (size_t)(close - parser->at));
        else
                r = read_escaped(parser, close, &out);
        if (r < 0)
                return r;
        *out = '\0';
        parser->at = close + 1;
        if (!chappe_utf8_valid(string, (size_t)(out - string)))
                return fail_at(parser, open, "a string that is not UTF-8");
        *ret_string = string;
        *ret_length = (uint32_t)(out - string);
        return 0;
}

static bool skip_digits(struct parser *parser)
{
        const char *start = parser->at;

        while (parser->at < parser->end && *parser->at >= '0' && *parser->at <= '9')
                parser->at++;
        return parser->at > start;
}

/* One of these characters. */
static bool skip_one(struct parser *parser, const char *choice)
{
        if (parser->at == parser->end)
                return false;
        while (*choice && *choice != *parser->at)
                choice++;
        parser->at += *choice != '\0';
        return *choice != '\0';
}

static int read_number(struct parser *parser)
{
        const char *start = parser->at;
        bool valid;

        skip_one(parser, "-");
        valid = skip_one(parser, "0") || skip_digits(parser);
        if (valid && skip_one(parser, "."))
                valid = skip_digits(parser);
        if (valid && skip_one(parser, "eE")) {
                skip_one(parser, "+-");
                valid = skip_digits(parser);
        }
        if (!valid)
                return parser->at == parser->end ? fail(parser, NULL) : fail_at(parser, start, "not a JSON value");
        if (parser->at - start > CHAPPE_JSON_NUMBER_LENGTH)
                return fail_at(parser, start, "a number of more than 400 characters");
        return 0;
}

static int read_word(struct parser *parser, const char *word)
{
        size_t length = strlen(word);

        if ((size_t)(parser->end - parser->at) < length || memcmp(parser->at, word, length) != 0)
                return fail_at(parser, parser->at, "not a JSON value");
        parser->at += length;
        return 0;
}

static int read_value(struct parser *parser, struct chappe_json_node *node);

/* The key of a member and its colon. */
static int read_key(struct parser *parser, struct chappe_json_node *node)
{
        int r;

        skip_space(parser);
        if (parser->at == parser->end || *parser->at != '"')
                return fail(parser, "a member of an object starts with its name in quotes");
        r = read_string(parser, &node->key, &node->key_length);
        if (r < 0)
                return r;
        skip_space(parser);
        return skip_one(parser, ":") ? 0 : fail(parser, "a colon belongs between name and value");
}

/* Items of an array or members of an object; the cursor stands behind the opening bracket. */
static int read_children(struct parser *parser, struct chappe_json_node *node)
{
        bool object = node->kind == CHAPPE_JSON_OBJECT;
        const char *close = object ? "}" : "]";
        struct chappe_json_node **link = &node->child;
        int r;

        skip_space(parser);
        if (skip_one(parser, close))
                return 0;
        if (++parser->depth > parser->document->depth)
                return fail_at(parser, parser->at, "nested too deeply");
        do {
                struct chappe_json_node *child = chappe_arena_zalloc(parser->arena, sizeof(*child));

                if (!child)
                        return chappe_fail(parser->error, CHAPPE_E_NO_MEMORY, "no memory for a JSON value");
                child->parent = node;
                *link = child;
                link = &child->next;
                node->count++;
                r = object ? read_key(parser, child) : 0;
                if (r >= 0)
                        r = read_value(parser, child);
                if (r < 0)
                        return r;
                skip_space(parser);
        } while (skip_one(parser, ","));
        parser->depth--;
        return skip_one(parser, close) ? 0 : fail(parser, object ? "expected ',' or '}'" : "expected ',' or ']'");
}

static int read_scalar(struct parser *parser, struct chappe_json_node *node)
{
        switch (parser->at < parser->end ? *parser->at : 0) {
        case '"':
                node->kind = CHAPPE_JSON_STRING;
                return read_string(parser, &node->string, &node->count);
        case 'n':
                node->kind = CHAPPE_JSON_NULL;
                return read_word(parser, "null");
        case 't':
                node->kind = CHAPPE_JSON_TRUE;
                return read_word(parser, "true");
        case 'f':
                node->kind = CHAPPE_JSON_FALSE;
                return read_word(parser, "false");
        default:
                node->kind = CHAPPE_JSON_NUMBER;
                return read_number(parser);
        }
}

static int read_value(struct parser *parser, struct chappe_json_node *node)
{
        int r;

        skip_space(parser);
        node->at = (uint32_t)(parser->at - parser->start);
        if (skip_one(parser, "{[")) {
                node->kind = parser->at[-1] == '{' ? CHAPPE_JSON_OBJECT : CHAPPE_JSON_ARRAY;
                r = read_children(parser, node);
        } else {
                r = read_scalar(parser, node);
        }
        node->end = (uint32_t)(parser->at - parser->start);
        return r;
}

int chappe_json_parse(struct chappe_json_document *document, struct chappe_arena *arena, struct chappe_error *error)
{
        struct parser parser = { .document = document,
                                 .arena = arena,
                                 .error = error,
                                 .start = document->text.at,
                                 .at = document->text.at,
                                 .end = document->text.at + document->text.length };
        struct chappe_json_node *root;
        int r;

        if (document->text.length > UINT32_MAX - 1)
                return chappe_fail(error, document->syntax_code, "a JSON text of 4 GiB or more");
        root = chappe_arena_zalloc(arena, sizeof(*root));
        if (!root)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a JSON value");
        r = read_value(&parser, root);
        if (r < 0)
                return r;
        skip_space(&parser);
        if (parser.at < parser.end)
                return fail(&parser, "text behind the end of the JSON value");
        document->root = root;
        return 0;
}
