/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers in a libconfig text, as they are written. libconfig 1.5 cuts an integer beyond 32 bits silently when it lacks
 * its L, and reads 010 as ten where 1.7 reads eight: both are refused, as only the raw text still shows them.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "config/model.h"

struct cursor {
        const char *path;
        const char *at;
        int line;
};

static void skip_to(struct cursor *cursor, const char *end)
{
        for (; *cursor->at && cursor->at < end; cursor->at++)
                cursor->line += *cursor->at == '\n';
}

static void skip_string(struct cursor *cursor)
{
        cursor->at++;
        while (*cursor->at && *cursor->at != '"') {
                if (*cursor->at == '\\' && cursor->at[1])
                        cursor->at++;
                cursor->line += *cursor->at == '\n';
                cursor->at++;
        }
        if (*cursor->at)
                cursor->at++;
}

/* True when there was one. */
static bool skip_comment(struct cursor *cursor)
{
        const char *end;

        if (*cursor->at == '#' || strncmp(cursor->at, "//", 2) == 0)
                end = strchr(cursor->at, '\n');
        else if (strncmp(cursor->at, "/*", 2) == 0)
                end = (end = strstr(cursor->at + 2, "*/")) ? end + 2 : NULL;
        else
                return false;
        skip_to(cursor, end ? end : cursor->at + strlen(cursor->at));
        return true;
}

static int check_number(const struct cursor *cursor, size_t length, struct chappe_error *error)
{
        const char *digits = cursor->at + (*cursor->at == '-' || *cursor->at == '+');
        size_t count = strspn(digits, "0123456789");
        const char *end = cursor->at + length;

        if (digits + count != end && digits[count] != 'L')
                return 0; /* hexadecimal, a fraction, or the parser's to refuse */
        if (count > 1 && *digits == '0')
                return chappe_fail(error, CHAPPE_E_CONFIG_FILE,
                                   "%s:%d: the number %.*s starts with 0: write it without", cursor->path, cursor->line,
                                   (int)length, cursor->at);

        bool wide = digits[count] == 'L';
        errno = 0;
        long long number = strtoll(cursor->at, NULL, 10);
        if (errno)
                return chappe_fail(error, CHAPPE_E_CONFIG_FILE, "%s:%d: the number %.*s is too large", cursor->path,
                                   cursor->line, (int)(length < 40 ? length : 40), cursor->at);
        if (!wide && (number > INT_MAX || number < INT_MIN))
                return chappe_fail(error, CHAPPE_E_CONFIG_FILE, "%s:%d: the number %lld needs an L at its end: %lldL",
                                   cursor->path, cursor->line, number, number);
        return 0;
}

int chappe_config_check_numbers(const char *path, const char *text, struct chappe_error *error)
{
        struct cursor cursor = {path, text, 1};
        int r = 0;

        while (*cursor.at && r == 0) {
                if (*cursor.at == '"') {
                        skip_string(&cursor);
                } else if (isalpha((unsigned char)*cursor.at) || *cursor.at == '*' || *cursor.at == '_') {
                        cursor.at++; /* a name, with the digits inside it */
                        while (isalnum((unsigned char)*cursor.at) || strchr("_-*", *cursor.at ? *cursor.at : ' '))
                                cursor.at++;
                } else if (isdigit((unsigned char)*cursor.at) ||
                           (strchr("+-", *cursor.at) && isdigit((unsigned char)cursor.at[1]))) {
                        size_t length = 1;
                        while (isalnum((unsigned char)cursor.at[length]) || cursor.at[length] == '.')
                                length++;
                        r = check_number(&cursor, length, error);
                        cursor.at += length;
                } else if (!skip_comment(&cursor)) {
                        skip_to(&cursor, cursor.at + 1);
                }
        }
        return r;
}
