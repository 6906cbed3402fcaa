/* SPDX-License-Identifier: Apache-2.0 */
/* What the tool says on standard error. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "observe/escape.h"

#include "commands.h"

void command_plain(FILE *file, struct chappe_text text)
{
        char plain[512];

        while (text.length > 0) {
                size_t step = text.length < sizeof(plain) / 8 ? text.length : sizeof(plain) / 8;

                while (step > 1 && step < text.length && ((unsigned char)text.at[step] & 0xc0) == 0x80)
                        step--; /* whole characters */
                fwrite(plain, 1,
                       chappe_escape(CHAPPE_ESCAPE_PLAIN, (struct chappe_text){ text.at, step }, plain, sizeof(plain),
                                     NULL),
                       file);
                text.at += step;
                text.length -= step;
        }
}

static void say(const char *format, va_list arguments)
{
        CHAPPE_CLEANUP(string) char *text = NULL;

        fflush(stdout);
        if (vasprintf(&text, format, arguments) < 0)
                text = NULL;
        fputs("chappe: ", stderr);
        command_plain(stderr, chappe_text(text ? text : format));
        fputc('\n', stderr);
}

bool command_colour(int fd)
{
        const char *none = getenv("NO_COLOR");

        return isatty(fd) && !(none && *none);
}

void command_say(const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        say(format, arguments);
        va_end(arguments);
}

int command_misuse(const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        say(format, arguments);
        va_end(arguments);
        return EXIT_USAGE;
}

static int exit_code(int code)
{
        switch (code) {
        case CHAPPE_E_USAGE:
        case CHAPPE_E_SETTING_UNKNOWN:
        case CHAPPE_E_SETTING_VALUE:
        case CHAPPE_E_CONFIG_FILE:
        case CHAPPE_E_SECRET_EXPOSED:
        case CHAPPE_E_BROKER_PROPERTY:
        case CHAPPE_E_REGISTRY_URL:
                return EXIT_USAGE;
        case CHAPPE_E_TIMEOUT:
        case CHAPPE_E_BROKER_UNREACHABLE:
        case CHAPPE_E_REGISTRY_UNREACHABLE:
                return EXIT_UNREACHABLE;
        case CHAPPE_E_STOPPED:
                return EXIT_INTERRUPTED;
        default:
                return EXIT_FAILED;
        }
}

int command_fail(const struct chappe_error *error)
{
        bool colour = command_colour(STDERR_FILENO);
        const char *advice = chappe_error_advice(error->code);

        fflush(stdout);
        fprintf(stderr, "chappe: %sE%d%s ", colour ? "\033[31m" : "", error->code, colour ? "\033[0m" : "");
        command_plain(stderr, chappe_text(error->text));
        fputc('\n', stderr);
        if (advice && isatty(STDERR_FILENO))
                fprintf(stderr, "        %s (chappe explain E%d)\n", advice, error->code);
        return exit_code(error->code);
}

int command_fail_io(const char *path, int reason)
{
        struct chappe_error error;

        chappe_fail(&error, CHAPPE_E_IO, "%s: %s", path, strerror(reason));
        return command_fail(&error);
}
