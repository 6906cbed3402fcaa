/* SPDX-License-Identifier: Apache-2.0 */
/* chappe completion bash: a completion script, from the table of commands. */
#include <stdio.h>
#include <string.h>

#include "options.h"

static void print_words(void)
{
        for (size_t i = 0; commands[i]; i++) {
                const char *space = strchr(commands[i]->name, ' ');
                int length = space ? (int)(space - commands[i]->name) : (int)strlen(commands[i]->name);

                if (i == 0 || strncmp(commands[i]->name, commands[i - 1]->name, (size_t)length + (space != NULL)) != 0)
                        printf("%.*s ", length, commands[i]->name);
        }
        printf("help");
}

static void print_group(const char *group, size_t length)
{
        printf("                '%.*s') words='", (int)length, group);
        for (size_t i = 0; commands[i]; i++) {
                if (strncmp(commands[i]->name, group, length + 1) == 0)
                        printf("%s ", commands[i]->name + length + 1);
        }
        printf("' ;;\n");
}

static void print_groups(void)
{
        for (size_t i = 0; commands[i]; i++) {
                const char *space = strchr(commands[i]->name, ' ');
                size_t length = space ? (size_t)(space - commands[i]->name) : 0;

                if (space && (i == 0 || strncmp(commands[i]->name, commands[i - 1]->name, length + 1) != 0))
                        print_group(commands[i]->name, length);
        }
}

static void print_options(const struct command *command)
{
        const struct command_option *option;

        printf("                '%s'*) words='", command->name);
        for (size_t i = 0; (option = command_option_at(command, i)); i++)
                printf("--%s ", option->name);
        printf("' ;;\n");
}

static void print_choices(const struct command *command)
{
        const struct command_option *option;

        for (size_t i = 0; (option = command_option_at(command, i)); i++) {
                if (!option->choices)
                        continue;
                printf("                '%s'*' --%s '", command->name, option->name);
                if (option->letter)
                        printf("|'%s'*' -%c '", command->name, option->letter);
                printf(") words='");
                for (const char *at = option->choices; *at; at += strcspn(at, ",") + (at[strcspn(at, ",")] == ','))
                        if (*at != '*') /* a file, which the shell knows better */
                                printf("%.*s ", (int)strcspn(at, ","), at);
                printf("'%s%s ;;\n", strchr(option->choices, '*') ? "; compopt -o default" : "",
                       strchr(option->choices, '=') ? "; compopt -o nospace" : ""); /* the value is yet to come */
        }
}

static int completion(const struct command_line *line)
{
        if (strcmp(command_argument(line, 0), "bash") != 0)
                return command_misuse("completion is there for bash");
        printf("# eval \"$(chappe completion bash)\"\n_chappe() {\n        local word=\"${COMP_WORDS[COMP_CWORD]}\" "
               "words=''\n"
               "        local typed=\"${COMP_WORDS[*]:1:COMP_CWORD-1} \"\n        COMPREPLY=()\n"
               "        if [[ $COMP_CWORD -eq 1 ]]; then\n                words='");
        print_words();
        printf("'\n        elif [[ $COMP_CWORD -eq 2 && \"$word\" != -* ]]; then\n                case "
               "\"${COMP_WORDS[1]}\" in\n");
        print_groups();
        printf("                esac\n        fi\n        if [[ \"$word\" == -* ]]; then\n                case "
               "\"$typed\" in\n");
        for (size_t i = 0; commands[i]; i++)
                print_options(commands[i]);
        printf("                esac\n        elif [[ -z \"$words\" ]]; then\n                case \"$typed\" in\n");
        for (size_t i = 0; commands[i]; i++)
                print_choices(commands[i]);
        printf("                *) compopt -o default; return ;;\n                esac\n        fi\n"
               "        COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n}\ncomplete -F _chappe chappe\n");
        return EXIT_DONE;
}

const struct command command_completion = {
        .name = "completion",
        .arguments = "bash",
        .summary = "a completion script: eval \"$(chappe completion bash)\"",
        .least = 1,
        .most = 1,
        .run = completion,
};
