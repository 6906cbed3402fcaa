/* SPDX-License-Identifier: Apache-2.0 */
/* Writing C text: into memory first, into files only when all of it is there. */
#include "emit.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#define LITERAL_WIDTH 96

static void *need(void *memory)
{
        if (memory)
                return memory;
        fputs("chappe-gen: out of memory\n", stderr);
        exit(1);
}

void *gen_alloc(struct chappe_arena *arena, size_t size)
{
        return need(chappe_arena_zalloc(arena, size));
}

static char *format_text(const char *format, va_list arguments)
{
        char *text;

        return need(vasprintf(&text, format, arguments) < 0 ? NULL : text);
}

const char *gen_printf(struct chappe_arena *arena, const char *format, ...)
{
        va_list arguments;
        char *made, *text;

        va_start(arguments, format);
        made = format_text(format, arguments);
        va_end(arguments);
        text = gen_alloc(arena, strlen(made) + 1);
        strcpy(text, made);
        free(made);
        return text;
}

void emit(struct chappe_buffer *out, const char *format, ...)
{
        va_list arguments;
        char *made;
        size_t length;

        va_start(arguments, format);
        made = format_text(format, arguments);
        va_end(arguments);
        length = strlen(made);
        memcpy(need((char *)chappe_buffer_reserve(out, length + 1)), made, length);
        out->length += length;
        free(made);
}

void emit_line(struct chappe_buffer *out, int depth, const char *format, ...)
{
        va_list arguments;
        char *made;

        va_start(arguments, format);
        made = format_text(format, arguments);
        va_end(arguments);
        emit(out, "%*s%s\n", 8 * depth, "", made);
        free(made);
}

void emit_doc(struct chappe_buffer *out, const char *indent, const char *text)
{
        if (!text || !*text)
                return;
        emit(out, "%s/* ", indent);
        for (; *text; text++) {
                bool opens_or_closes = (text[0] == '*' && text[1] == '/') || (text[0] == '/' && text[1] == '*');

                if ((unsigned char)*text < ' ')
                        emit(out, " ");
                else if (*text == '\\' && !text[1])
                        emit(out, "\\ ");
                else
                        emit(out, opens_or_closes ? "%c " : "%c", *text);
        }
        emit(out, " */\n");
}

static void emit_character(struct chappe_buffer *out, unsigned char c)
{
        if (c == '"' || c == '\\')
                emit(out, "\\%c", c);
        else if (c == '\n')
                emit(out, "\\n");
        else if (c < ' ' || c == 0x7f || c == '?') /* three digits never swallow what follows; ?? would be a trigraph */
                emit(out, "\\%03o", c);
        else
                emit(out, "%c", c);
}

void emit_string(struct chappe_buffer *out, struct chappe_text text)
{
        size_t width = 0;

        emit(out, "\"");
        for (size_t i = 0; i < text.length; i++) {
                bool start = ((unsigned char)text.at[i] & 0xc0) != 0x80; /* of a UTF-8 character */

                if (start && (width >= LITERAL_WIDTH || (i > 0 && text.at[i - 1] == '\n'))) {
                        emit(out, "\"\n        \"");
                        width = 0;
                }
                emit_character(out, (unsigned char)text.at[i]);
                width++;
        }
        emit(out, "\"");
}

int emit_file(const char *path, const struct chappe_buffer *content, struct chappe_error *error)
{
        struct chappe_arena *arena = need(chappe_arena_new(0));
        const char *part = gen_printf(arena, "%s.part%ld", path, (long)getpid());
        FILE *file = fopen(part, "we");
        bool written = file && fwrite(content->at, 1, content->length, file) == content->length;
        int status = 0;

        if (file && fclose(file) != 0)
                written = false;
        if (!written || rename(part, path) < 0) {
                status = chappe_fail(error, CHAPPE_E_IO, "%s: %s", path, strerror(errno));
                unlink(part);
        }
        chappe_arena_free(arena);
        return status;
}
