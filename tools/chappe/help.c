/* SPDX-License-Identifier: Apache-2.0 */
/* Help, from the table of commands. */
#include "help.h"

#include <stdio.h>
#include <string.h>

#include "options.h"

#define NAME_WIDTH 24

static void list_command(const struct command *command)
{
        printf("  %-*s  %s\n", NAME_WIDTH - 4, command->name, command->summary);
}

void help_all(void)
{
        printf("chappe: a tool belt for services on Kafka\n\nusage: chappe COMMAND [OPTION]… [ARGUMENT]…\n\n");
        for (size_t i = 0; commands[i]; i++)
                list_command(commands[i]);
        printf("\nchappe COMMAND --help tells more; chappe --version tells the version. Data goes to standard output, "
               "talk to\n"
               "standard error. Exit codes: 0 done, 1 failed or the answer is no, 2 wrong usage, 3 the cluster or the "
               "registry\n"
               "did not answer, 130 interrupted.\n");
}

void help_group(const char *group)
{
        size_t length = strlen(group);

        printf("usage: chappe %s COMMAND\n\n", group);
        for (size_t i = 0; commands[i]; i++) {
                if (strncmp(commands[i]->name, group, length) == 0 && commands[i]->name[length] == ' ')
                        list_command(commands[i]);
        }
}

static void list_option(const struct command_option *option)
{
        char name[128], letter[8] = "    ";
        int spare;

        if (option->letter)
                snprintf(letter, sizeof(letter), "-%c, ", option->letter);
        snprintf(name, sizeof(name), "%s--%s%s%s", letter, option->name, option->argument ? " " : "",
                 option->argument ? option->argument : "");
        spare = NAME_WIDTH + 2 - (int)strlen(name);
        if (strstr(name, "…"))
                spare += 2; /* bytes, not columns */
        printf("  %s%*s  %s\n", name, spare > 0 ? spare : 0, "", option->help);
}

void help_command(const struct command *command)
{
        const struct command_option *option;
        const char *arguments = command->arguments ? command->arguments : "";

        printf("usage: chappe %s%s%s [OPTION]…\n\n%s\n", command->name, *arguments ? " " : "", arguments,
               command->summary);
        if (command->details)
                printf("\n%s\n", command->details);
        printf("\n");
        for (size_t i = 0; (option = command_option_at(command, i)); i++)
                list_option(option);
}
