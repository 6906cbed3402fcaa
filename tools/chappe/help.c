/* SPDX-License-Identifier: Apache-2.0 */
/* Help, from the table of commands. */
#include "help.h"

#include <stdio.h>
#include <string.h>

#include "options.h"

#define NAME_WIDTH 24
#define WIDTH      80 /* columns */

/* Columns of the first length bytes: characters, as long as none is wide. */
static size_t columns(const char *text, size_t length)
{
        size_t count = 0;

        for (size_t i = 0; i < length; i++)
                count += ((unsigned char)text[i] & 0xc0) != 0x80;
        return count;
}

/* Does the text go on in the same paragraph behind this line break? A line that begins with a space stands as it is. */
static bool goes_on(const char *at)
{
        return at[0] == '\n' && at[1] != '\n' && at[1] != ' ' && at[1] != '\0';
}

/* Fills lines with the words, from a column that is reached already; further lines begin at the indent. */
static void print_wrapped(const char *text, size_t column, size_t indent)
{
        while (*text) {
                size_t length = strcspn(text, " \n"), width = columns(text, length);

                if (column > indent && column + width > WIDTH) {
                        printf("\n%*s", (int)indent, "");
                        column = indent;
                }
                printf("%.*s", (int)length, text);
                column += width;
                text += length;
                if (*text == ' ' || goes_on(text)) {
                        if (column + 1 + columns(text + 1, strcspn(text + 1, " \n")) <= WIDTH) {
                                putchar(' ');
                                column++;
                        } else {
                                printf("\n%*s", (int)indent, "");
                                column = indent;
                        }
                        text++;
                } else if (*text == '\n') {
                        printf("%s%*s", text[1] == '\n' ? "\n\n" : "\n", (int)indent, "");
                        column = indent;
                        text += text[1] == '\n' ? 2 : 1;
                }
        }
        putchar('\n');
}

static void list_command(const struct command *command)
{
        int spare = NAME_WIDTH - 4 - (int)strlen(command->name);

        printf("  %s%*s  ", command->name, spare > 0 ? spare : 0, "");
        print_wrapped(command->summary, NAME_WIDTH, NAME_WIDTH);
}

void help_all(void)
{
        printf("chappe: a tool belt for services on Kafka\n\nusage: chappe COMMAND [OPTION]… [ARGUMENT]…\n\n");
        for (size_t i = 0; commands[i]; i++)
                list_command(commands[i]);
        putchar('\n');
        print_wrapped("chappe COMMAND --help tells more; chappe --version tells the version. Data goes to standard "
                      "output, talk to standard error. Exit codes: 0 done, 1 failed or the answer is no, 2 wrong "
                      "usage, 3 the cluster or the registry did not answer, 130 interrupted.",
                      0, 0);
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
        size_t width, indent = NAME_WIDTH + 6;

        if (option->letter)
                snprintf(letter, sizeof(letter), "-%c, ", option->letter);
        snprintf(name, sizeof(name), "%s--%s%s%s", letter, option->name, option->argument ? " " : "",
                 option->argument ? option->argument : "");
        width = columns(name, strlen(name)) + 4;
        printf("  %s", name);
        if (width < indent)
                printf("%*s", (int)(indent - width + 2), "");
        else
                printf("\n%*s", (int)indent, "");
        print_wrapped(option->help, indent, indent);
}

void help_command(const struct command *command)
{
        const char *arguments = command->arguments ? command->arguments : "";
        const struct command_option *option;
        char usage[512];

        snprintf(usage, sizeof(usage), "usage: chappe %s%s%s [OPTION]…", command->name, *arguments ? " " : "",
                 arguments);
        print_wrapped(usage, 0, 8);
        putchar('\n');
        print_wrapped(command->summary, 0, 0);
        if (command->details) {
                putchar('\n');
                print_wrapped(command->details, 0, 0);
        }
        printf("\n");
        for (size_t i = 0; (option = command_option_at(command, i)); i++)
                list_option(option);
}
