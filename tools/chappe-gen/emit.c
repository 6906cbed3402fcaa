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

/* Bytes of a character that turns the direction of writing, with which a comment could show code that is none; else 0.
 */
static size_t turning(const unsigned char *at, size_t length)
{
        bool third;

        if (length < 3 || at[0] != 0xe2 || (at[1] != 0x80 && at[1] != 0x81))
                return 0;
        third = at[1] == 0x80 ? at[2] == 0x8e || at[2] == 0x8f || (at[2] >= 0xaa && at[2] <= 0xae)
                              : at[2] >= 0xa6 && at[2] <= 0xa9;
        return third ? 3 : 0;
}

void emit_doc(struct chappe_buffer *out, const char *indent, const char *text)
{
        if (!text || !*text)
                return;
        emit(out, "%s/* ", indent);
        for (; *text; text++) {
                bool opens_or_closes = (text[0] == '*' && text[1] == '/') || (text[0] == '/' && text[1] == '*');
                size_t skip = turning((const unsigned char *)text, strnlen(text, 3));

                if (skip)
                        text += skip - 1;
                else if ((unsigned char)*text < ' ')
                        emit(out, " ");
                else if (*text == '\\' && !text[1])
                        emit(out, "\\ ");
                else
                        emit(out, opens_or_closes ? "%c " : "%c", *text);
        }
        emit(out, " */\n");
}

const char *emit_base_name(struct chappe_arena *arena, const char *path)
{
        char *name = (char *)gen_printf(arena, "%s", strrchr(path, '/') ? strrchr(path, '/') + 1 : path);

        for (char *at = name; *at; at++) {
                if (*at == '*' || *at == '\\' || (unsigned char)*at < ' ')
                        *at = '_';
        }
        return name;
}

static void emit_character(struct chappe_buffer *out, unsigned char c, bool escape)
{
        if (c == '"' || c == '\\')
                emit(out, "\\%c", c);
        else if (c == '\n')
                emit(out, "\\n");
        else if (escape || c < ' ' || c == 0x7f || c == '?') /* three digits never swallow what follows; ?? would be a
                                                              trigraph */
                emit(out, "\\%03o", c);
        else
                emit(out, "%c", c);
}

void emit_string(struct chappe_buffer *out, struct chappe_text text)
{
        size_t width = 0, escaped = 0;

        emit(out, "\"");
        for (size_t i = 0; i < text.length; i++) {
                bool start = ((unsigned char)text.at[i] & 0xc0) != 0x80; /* of a UTF-8 character */
                size_t turns = turning((const unsigned char *)text.at + i, text.length - i);

                if (start && (width >= LITERAL_WIDTH || (i > 0 && text.at[i - 1] == '\n'))) {
                        emit(out, "\"\n        \"");
                        width = 0;
                }
                escaped = turns ? turns : escaped - (escaped > 0);
                emit_character(out, (unsigned char)text.at[i], escaped > 0);
                width++;
        }
        emit(out, "\"");
}

/* A folder that is not there is told by its name. */
static int refused(const char *path, int reason, struct chappe_error *error)
{
        const char *end = strrchr(path, '/');

        if (reason != ENOENT || !end)
                return chappe_fail(error, CHAPPE_E_IO, "%s: %s", path, strerror(reason));
        return chappe_fail(error, CHAPPE_E_IO, "%s: there is no folder %.*s: make it first, or write elsewhere (-o)",
                           path, (int)(end - path), path);
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
                status = refused(path, errno, error);
                unlink(part);
        }
        chappe_arena_free(arena);
        return status;
}
