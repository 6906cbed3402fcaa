/* SPDX-License-Identifier: Apache-2.0 */
/* Errors: filling them in, and what their codes mean. */
#include <chappe/error.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct error_entry {
        int code;
        const char *summary;
        const char *advice;
};

static const struct error_entry error_entries[] = {
#define CHAPPE_ERROR_CODE(symbol, number, summary, advice) { number, summary, advice },
        CHAPPE_ERROR_CODES(CHAPPE_ERROR_CODE)
#undef CHAPPE_ERROR_CODE
};

#define ERROR_COUNT (sizeof(error_entries) / sizeof(error_entries[0]))

/* The text is one line whatever was put into it. */
static void flatten(char *text)
{
        for (; *text; text++)
                if (*text == '\n' || *text == '\r')
                        *text = ' ';
}

int chappe_fail(struct chappe_error *error, int code, const char *format, ...)
{
        if (error) {
                va_list arguments;

                error->code = code;
                va_start(arguments, format);
                vsnprintf(error->text, sizeof(error->text), format, arguments);
                va_end(arguments);
                flatten(error->text);
        }
        return -code;
}

int chappe_error_prefix(struct chappe_error *error, const char *format, ...)
{
        char text[sizeof(error->text)];
        va_list arguments;
        int length;

        if (!error)
                return -CHAPPE_E_USAGE;
        va_start(arguments, format);
        length = vsnprintf(text, sizeof(text), format, arguments);
        va_end(arguments);
        if (length < 0)
                return -error->code;
        if ((size_t)length < sizeof(text) &&
            snprintf(text + length, sizeof(text) - (size_t)length, ": %s", error->text) < 0)
                return -error->code;
        memcpy(error->text, text, sizeof(text));
        flatten(error->text);
        return -error->code;
}

static const struct error_entry *find(int code)
{
        for (size_t i = 0; i < ERROR_COUNT; i++)
                if (error_entries[i].code == code)
                        return &error_entries[i];
        return NULL;
}

const char *chappe_error_summary(int code)
{
        const struct error_entry *entry = find(code);

        return entry ? entry->summary : NULL;
}

const char *chappe_error_advice(int code)
{
        const struct error_entry *entry = find(code);

        return entry ? entry->advice : NULL;
}

static size_t rank(int code)
{
        size_t smaller = 0;

        for (size_t i = 0; i < ERROR_COUNT; i++)
                smaller += error_entries[i].code < code;
        return smaller;
}

/* The list is written by room and not kept sorted; asked only for listings. */
int chappe_error_code_at(size_t n)
{
        for (size_t i = 0; i < ERROR_COUNT; i++)
                if (rank(error_entries[i].code) == n)
                        return error_entries[i].code;
        return 0;
}
