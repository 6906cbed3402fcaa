/* SPDX-License-Identifier: Apache-2.0 */
/* From words to a command. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/nearest.h"

#include "help.h"
#include "options.h"

#define COMMANDS_LIMIT 64
#define WORD_SIZE      32

/* How many words of the line name this command; 0: another one. */
static int match(const struct command *command, int argc, char **argv)
{
        const char *space = strchr(command->name, ' ');
        size_t first = space ? (size_t)(space - command->name) : strlen(command->name);

        if (argc < 1 || strlen(argv[0]) != first || strncmp(argv[0], command->name, first) != 0)
                return 0;
        if (!space)
                return 1;
        return argc > 1 && strcmp(argv[1], space + 1) == 0 ? 2 : 0;
}

static const struct command *find_command(int argc, char **argv, int *words)
{
        for (size_t i = 0; commands[i]; i++) {
                *words = match(commands[i], argc, argv);
                if (*words > 0)
                        return commands[i];
        }
        return NULL;
}

static bool is_group(const char *word)
{
        size_t length = strlen(word);

        for (size_t i = 0; commands[i]; i++) {
                if (strncmp(commands[i]->name, word, length) == 0 && commands[i]->name[length] == ' ')
                        return true;
        }
        return false;
}

/* Half of a command of two words: "topci" for "topic …", "ls" for "topic ls". */
static void offer_words(struct chappe_nearest *nearest, const char *written, char (*words)[WORD_SIZE])
{
        nearest->written = written;
        for (size_t i = 0; commands[i]; i++) {
                const char *space = strchr(commands[i]->name, ' ');

                if (space && strcmp(space + 1, written) == 0) {
                        nearest->name = commands[i]->name;
                        return;
                }
                snprintf(words[i], WORD_SIZE, "%.*s", space ? (int)(space - commands[i]->name) : 0, commands[i]->name);
                if (space)
                        chappe_nearest_offer(nearest, words[i]);
        }
}

static int unknown_command(int argc, char **argv)
{
        bool group = is_group(argv[0]);
        char written[128], words[COMMANDS_LIMIT][WORD_SIZE];
        struct chappe_nearest nearest = { .written = written };

        snprintf(written, sizeof(written), "%s%s%s", argv[0], group && argc > 1 ? " " : "",
                 group && argc > 1 ? argv[1] : "");
        if (group && (argc < 2 || argv[1][0] == '-')) {
                help_group(argv[0]);
                return argc < 2 ? EXIT_USAGE : EXIT_DONE;
        }
        for (size_t i = 0; commands[i]; i++)
                chappe_nearest_offer(&nearest, commands[i]->name);
        if (!nearest.name && !group)
                offer_words(&nearest, argv[0], words);
        if (nearest.name)
                return command_misuse("no command '%s': did you mean '%s'?", written, nearest.name);
        return command_misuse("no command '%s' (chappe --help)", written);
}

/* Output that could not be written is a failure too, other than to a reader who has had enough. */
static int finish(int status)
{
        if (fflush(stdout) == 0 && !ferror(stdout))
                return status;
        if (errno == EPIPE)
                return EXIT_PIPE;
        command_say("standard output: %s", strerror(errno));
        return EXIT_FAILED;
}

static int run(const struct command *command, int argc, char **argv)
{
        struct command_line *line = calloc(1, sizeof(*line));
        int status = line ? command_parse(command, argc, argv, line) : EXIT_FAILED;

        if (status == EXIT_DONE && line->help)
                help_command(command);
        else if (status == EXIT_DONE)
                status = command->run(line);
        free(line);
        return finish(status);
}

int command_main(int argc, char **argv)
{
        const struct command *command;
        int words;

        argc--;
        argv++;
        if (argc > 0 && strcmp(argv[0], "help") == 0) {
                argc--;
                argv++;
                command = argc > 0 ? find_command(argc, argv, &words) : NULL;
                if (command)
                        help_command(command);
                else
                        help_all();
                return finish(EXIT_DONE);
        }
        if (argc > 0 && (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0)) {
                help_all();
                return finish(EXIT_DONE);
        }
        if (argc > 0 && strcmp(argv[0], "--version") == 0) {
                printf("chappe %s\n", CHAPPE_VERSION);
                return finish(EXIT_DONE);
        }
        if (argc < 1) {
                help_all();
                return EXIT_USAGE;
        }
        command = find_command(argc, argv, &words);
        return command ? run(command, argc - words, argv + words) : finish(unknown_command(argc, argv));
}
