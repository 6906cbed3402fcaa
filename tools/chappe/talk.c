/* SPDX-License-Identifier: Apache-2.0 */
/* What the tool says on standard error. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "commands.h"

bool command_colour(int fd)
{
        const char *none = getenv("NO_COLOR");

        return isatty(fd) && !(none && *none);
}

void command_say(const char *format, ...)
{
        va_list arguments;

        fflush(stdout);
        fputs("chappe: ", stderr);
        va_start(arguments, format);
        vfprintf(stderr, format, arguments);
        va_end(arguments);
        fputc('\n', stderr);
}

int command_misuse(const char *format, ...)
{
        va_list arguments;

        fputs("chappe: ", stderr);
        va_start(arguments, format);
        vfprintf(stderr, format, arguments);
        va_end(arguments);
        fputc('\n', stderr);
        return EXIT_USAGE;
}

/* Texts of errors may quote what others wrote: nothing in them reaches the terminal as a command. */
static void print_plain(const char *text)
{
        for (; *text; text++)
                fputc((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text, stderr);
}

static int exit_code(int code)
{
        if (code == CHAPPE_E_USAGE || code / 100 == 11)
                return EXIT_USAGE;
        if (code == CHAPPE_E_TOPIC_MISSING)
                return EXIT_FAILED;
        if (code == CHAPPE_E_TIMEOUT || code / 100 == 30 || code / 100 == 31)
                return EXIT_UNREACHABLE;
        return code == CHAPPE_E_STOPPED ? EXIT_INTERRUPTED : EXIT_FAILED;
}

int command_fail(const struct chappe_error *error)
{
        bool colour = command_colour(STDERR_FILENO);
        const char *advice = chappe_error_advice(error->code);

        fflush(stdout);
        fprintf(stderr, "chappe: %sE%d%s ", colour ? "\033[31m" : "", error->code, colour ? "\033[0m" : "");
        print_plain(error->text);
        fputc('\n', stderr);
        if (advice && isatty(STDERR_FILENO))
                fprintf(stderr, "        %s (chappe explain E%d)\n", advice, error->code);
        return exit_code(error->code);
}
