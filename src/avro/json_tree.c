/* SPDX-License-Identifier: Apache-2.0 */
/* Looking at a JSON tree: members, numbers, and where a value stands. */
#include <errno.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "avro/json_tree.h"

const struct chappe_json_node *chappe_json_find(const struct chappe_json_node *object, const char *key)
{
        size_t length = strlen(key);

        if (object->kind != CHAPPE_JSON_OBJECT)
                return NULL;
        for (const struct chappe_json_node *member = object->child; member; member = member->next) {
                if (member->key_length == length && memcmp(member->key, key, length) == 0)
                        return member;
        }
        return NULL;
}

bool chappe_json_integer(const struct chappe_json_document *document, const struct chappe_json_node *node, int64_t *ret)
{
        const char *at = document->text.at + node->at, *end = document->text.at + node->end;
        bool negative = node->kind == CHAPPE_JSON_NUMBER && *at == '-';
        int64_t value = 0;

        if (node->kind != CHAPPE_JSON_NUMBER)
                return false;
        for (at += negative; at < end; at++) {
                if (*at < '0' || *at > '9' || __builtin_mul_overflow(value, 10, &value))
                        return false;
                if (negative ? __builtin_sub_overflow(value, *at - '0', &value)
                             : __builtin_add_overflow(value, *at - '0', &value))
                        return false;
        }
        *ret = value;
        return true;
}

/* DIGITS × 10^exponent of a number without its sign; false: more than 18 digits, or an exponent of more than four. */
static bool small_number(const char *at, const char *end, uint64_t *ret_digits, int *ret_exponent)
{
        int behind = 0, exponent = 0, count = 0;
        bool point = false, negative;

        *ret_digits = 0;
        for (; at < end && *at != 'e' && *at != 'E'; at++) {
                if (*at == '.') {
                        point = true;
                        continue;
                }
                *ret_digits = 10 * *ret_digits + (uint64_t)(*at - '0');
                behind += point;
                if (++count > 18)
                        return false;
        }
        if (at < end) {
                negative = at[1] == '-';
                at += at[1] == '-' || at[1] == '+' ? 2 : 1;
                if (end - at > 4)
                        return false;
                for (; at < end; at++)
                        exponent = 10 * exponent + (*at - '0');
                exponent = negative ? -exponent : exponent;
        }
        *ret_exponent = exponent - behind;
        return true;
}

/* Digits and power of ten are both exact up to these bounds: one multiplication or division rounds, once, as it should.
 */
static bool exact_number(const struct chappe_json_document *document, const struct chappe_json_node *node,
                         uint64_t digits_most, int exponent_most, uint64_t *ret_digits, int *ret_exponent)
{
        const char *at = document->text.at + node->at;

        return small_number(at + (*at == '-'), document->text.at + node->end, ret_digits, ret_exponent) &&
               *ret_digits <= digits_most && *ret_exponent >= -exponent_most && *ret_exponent <= exponent_most;
}

/* The C library reads numbers in the locale's way; the decimal point is all that differs. */
static void copy_number(const struct chappe_json_document *document, const struct chappe_json_node *node, char *buffer)
{
        size_t length = node->end - node->at;

        memcpy(buffer, document->text.at + node->at, length);
        buffer[length] = '\0';
        for (char *point = buffer; *point; point++) {
                if (*point == '.')
                        *point = localeconv()->decimal_point[0];
        }
}

double chappe_json_double(const struct chappe_json_document *document, const struct chappe_json_node *node)
{
        static const double powers[] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                         1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
        char buffer[CHAPPE_JSON_NUMBER_LENGTH + 1];
        uint64_t digits;
        double number;
        int exponent;

        if (exact_number(document, node, UINT64_C(1) << 53, 22, &digits, &exponent)) {
                number = exponent < 0 ? (double)digits / powers[-exponent] : (double)digits * powers[exponent];
                return document->text.at[node->at] == '-' ? -number : number;
        }
        copy_number(document, node, buffer);
        return strtod(buffer, NULL);
}

float chappe_json_float(const struct chappe_json_document *document, const struct chappe_json_node *node)
{
        static const float powers[] = { 1e0f, 1e1f, 1e2f, 1e3f, 1e4f, 1e5f, 1e6f, 1e7f, 1e8f, 1e9f, 1e10f };
        char buffer[CHAPPE_JSON_NUMBER_LENGTH + 1];
        uint64_t digits;
        float number;
        int exponent;

        if (exact_number(document, node, UINT64_C(1) << 24, 10, &digits, &exponent)) {
                number = exponent < 0 ? (float)digits / powers[-exponent] : (float)digits * powers[exponent];
                return document->text.at[node->at] == '-' ? -number : number;
        }
        copy_number(document, node, buffer);
        return strtof(buffer, NULL);
}

const char *chappe_json_kind_name(const struct chappe_json_node *node)
{
        static const char *const names[] = {
                [CHAPPE_JSON_NULL] = "null",        [CHAPPE_JSON_FALSE] = "false",     [CHAPPE_JSON_TRUE] = "true",
                [CHAPPE_JSON_NUMBER] = "a number",  [CHAPPE_JSON_STRING] = "a string", [CHAPPE_JSON_ARRAY] = "an array",
                [CHAPPE_JSON_OBJECT] = "an object",
        };

        return names[node->kind];
}

/* Writes the path in front of what is already in the buffer's tail; returns its new start. */
static char *prepend_step(const struct chappe_json_node *node, char *start, char *at)
{
        char step[96];
        int length;

        if (node->key) {
                length = snprintf(step, sizeof(step), ".%.64s", node->key);
        } else {
                unsigned index = 0;

                for (const struct chappe_json_node *other = node->parent->child; other != node; other = other->next)
                        index++;
                length = snprintf(step, sizeof(step), "[%u]", index);
        }
        if (at - start < length + 4)
                return NULL;
        return memcpy(at - length, step, (size_t)length);
}

static const char *path_of(const struct chappe_json_node *node, char buffer[240])
{
        char *at = buffer + 239;

        *at = '\0';
        for (; node->parent; node = node->parent) {
                char *longer = prepend_step(node, buffer, at);

                if (!longer) {
                        at -= 3;
                        return memcpy(at, "...", 3);
                }
                at = longer;
        }
        *--at = '$';
        return at;
}

static void position_of(struct chappe_text text, size_t offset, unsigned *ret_line, unsigned *ret_column)
{
        unsigned line = 1, column = 1;

        for (size_t i = 0; i < offset && i < text.length; i++) {
                if (text.at[i] == '\n') {
                        line++;
                        column = 1;
                } else if (((unsigned char)text.at[i] & 0xC0) != 0x80) {
                        column++;
                }
        }
        *ret_line = line;
        *ret_column = column;
}

int chappe_json_fail(const struct chappe_json_document *document, const struct chappe_json_node *node,
                     struct chappe_error *error, int code, const char *format, ...)
{
        char message[300], path[240];
        unsigned line, column;
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(message, sizeof(message), format, arguments);
        va_end(arguments);
        position_of(document->text, node->at, &line, &column);
        return chappe_fail(error, code, "%s%s%u:%u: %s: %s", document->name ? document->name : "",
                           document->name ? ":" : "line ", line, column, path_of(node, path), message);
}

int chappe_json_fail_at(const struct chappe_json_document *document, size_t offset, struct chappe_error *error,
                        int code, const char *message)
{
        unsigned line, column;

        position_of(document->text, offset, &line, &column);
        return chappe_fail(error, code, "%s%s%u:%u: %s", document->name ? document->name : "",
                           document->name ? ":" : "line ", line, column, message);
}
