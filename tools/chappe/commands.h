/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands of `chappe`: one table, from which help, option parsing and completion derive. A command is a file
 * command-<name>.c that defines one struct command; commands.c lists it.
 *
 * Exit codes, for all commands: 0 done; 1 failed, or the answer is no; 2 wrong usage; 3 the cluster or the registry did
 * not answer; 130 interrupted.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <chappe/error.h>
#include <chappe/text.h>

enum command_exit {
        EXIT_DONE = 0,
        EXIT_FAILED = 1,
        EXIT_USAGE = 2,
        EXIT_UNREACHABLE = 3,
        EXIT_PIPE = 141, /* whoever read the output has gone */
        EXIT_INTERRUPTED = 130,
};

struct command_option {
        const char *name;     /* "from": --from */
        char letter;          /* 'f': -f; 0 for none */
        const char *argument; /* "TIME"; NULL: a switch */
        const char *help;
        const char *choices; /* "json,*.avro,limit=": checked, completed; NULL: anything */
};

struct command_line;

struct command {
        const char *name;                            /* "consume", or "topic ls" */
        const char *arguments;                       /* "TOPIC [JSON]"; NULL: none */
        const char *summary;                         /* one line, for the list */
        const char *details;                         /* paragraphs for --help; NULL: none */
        const struct command_option *options;        /* ends with { 0 }; NULL: none */
        int least, most;                             /* arguments; most -1: any number */
        bool cluster;                                /* takes --brokers, --set, --config too */
        bool table;                                  /* takes -o json too */
        int (*run)(const struct command_line *line); /* returns the exit code */
};

/* All commands, in the order of the help; ends with NULL. */
extern const struct command *const commands[];

/* The n-th argument, or NULL. */
const char *command_argument(const struct command_line *line, size_t n);
size_t command_argument_count(const struct command_line *line);
/* The (last) value of an option; "" for a switch that was given; NULL when it was not. */
const char *command_value(const struct command_line *line, const char *option);
/* The value of an option that the command cannot do without. NULL: said that it is missing, return EXIT_USAGE. */
const char *command_required(const struct command_line *line, const char *option);
bool command_given(const struct command_line *line, const char *option);
/* The n-th value of an option that may be repeated, or NULL. */
const char *command_value_at(const struct command_line *line, const char *option, size_t n);
/* A whole number within bounds: *value keeps its default when the option was not given. False: said what is wrong,
 * return EXIT_USAGE. */
bool command_integer(const struct command_line *line, const char *option, int64_t least, int64_t most, int64_t *value);
/* All of the text, within bounds; says nothing. */
bool command_parse_integer(const char *text, int64_t least, int64_t most, int64_t *ret);
/* "250ms", "10s", "5m", "2h", "1d", or plain seconds, in milliseconds. The same manner. */
bool command_duration(const struct command_line *line, const char *option, int64_t *value_ms);
bool command_parse_duration(const char *text, int64_t *ret_ms);

/* Finds the command, parses, checks and runs it. */
int command_main(int argc, char **argv);

/* Talk, on standard error. */
void command_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Says the error with its code and advice; returns the exit code for it. */
int command_fail(const struct chappe_error *error);
/* The same for a file that the operating system refuses, by errno. */
int command_fail_io(const char *path, int reason);
/* Says what is wrong with the usage; returns EXIT_USAGE. */
int command_misuse(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Texts may quote what others wrote: nothing in them reaches a terminal as a command, and none is two lines. */
void command_plain(FILE *file, struct chappe_text text);
/* May this stream be coloured? A terminal, and NO_COLOR is not set. */
bool command_colour(int fd);
