/* SPDX-License-Identifier: Apache-2.0 */
/* A parsed command line, and the options that several commands share. */
#pragma once

#include "commands.h"

#define VALUES_LIMIT    256
#define ARGUMENTS_LIMIT 256

struct command_line {
        const struct command *command;
        struct {
                const struct command_option *option;
                const char *value;
        } values[VALUES_LIMIT];
        size_t value_count;
        const char *arguments[ARGUMENTS_LIMIT];
        size_t argument_count;
        bool help;
};

/* Every option of a command, shared ones included: the n-th, or NULL. */
const struct command_option *command_option_at(const struct command *command, size_t n);
/* Parses what stands behind the command's name. EXIT_DONE, or EXIT_USAGE with the reason said. */
int command_parse(const struct command *command, int argc, char **argv, struct command_line *ret_line);
