/* SPDX-License-Identifier: Apache-2.0 */
/* Options: --name VALUE, --name=VALUE, -n VALUE, -nVALUE, anywhere on the line; what follows -- is an argument. */
#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/nearest.h"

static const struct command_option help_option = { "help", 'h', NULL, "this text", NULL };
static const struct command_option table_option = { "output", 'o', "FORMAT", "table (default) or json", "table,json" };
static const struct command_option cluster_options[] = {
        { "brokers", 'b', "HOST:PORT,…", "the cluster (else CHAPPE_BROKERS, else localhost:9092)", NULL },
        { "set", 's', "NAME=VALUE", "any setting of Chappe or property of librdkafka; repeatable", NULL },
        { "config", 'c', "FILE", "settings from a file", NULL },
};

#define CLUSTER_OPTIONS (sizeof(cluster_options) / sizeof(*cluster_options))

const struct command_option *command_option_at(const struct command *command, size_t n)
{
        for (const struct command_option *option = command->options; option && option->name; option++) {
                if (n-- == 0)
                        return option;
        }
        if (command->cluster) {
                if (n < CLUSTER_OPTIONS)
                        return &cluster_options[n];
                n -= CLUSTER_OPTIONS;
        }
        if (command->table && n-- == 0)
                return &table_option;
        return n == 0 ? &help_option : NULL;
}

static const struct command_option *find_option(const struct command *command, const char *name, size_t length,
                                                char letter)
{
        const struct command_option *option;

        for (size_t i = 0; (option = command_option_at(command, i)); i++) {
                if (letter ? option->letter == letter
                           : strlen(option->name) == length && strncmp(option->name, name, length) == 0)
                        return option;
        }
        return NULL;
}

static int unknown(const struct command *command, const char *written, const char *name)
{
        struct chappe_nearest nearest = { .written = name };
        const struct command_option *option;

        for (size_t i = 0; (option = command_option_at(command, i)); i++)
                chappe_nearest_offer(&nearest, option->name);
        if (nearest.name)
                return command_misuse("chappe %s has no option '%s': did you mean '--%s'?", command->name, written,
                                      nearest.name);
        return command_misuse("chappe %s has no option '%s' (chappe %s --help)", command->name, written, command->name);
}

/* BACKWARD_TRANSITIVE, as a registry writes it, is backward-transitive. */
static bool is_same(const char *choice, const char *value, size_t length)
{
        for (size_t i = 0; i < length; i++) {
                if (tolower((unsigned char)choice[i]) != tolower((unsigned char)value[i]) &&
                    !(choice[i] == '-' && value[i] == '_'))
                        return false;
        }
        return true;
}

/* Is it one of the choices? Then it is written as that from now on. */
static bool settle_choice(const char *choices, char *value)
{
        size_t length = strlen(value);

        for (const char *at = choices; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
                size_t wanted = strcspn(at, ",");

                if (wanted > 0 && at[wanted - 1] == '=') {
                        if (strncmp(at, value, wanted) == 0)
                                return true;
                } else if (*at == '*') {
                        if (length >= wanted && strncmp(at + 1, value + length - (wanted - 1), wanted - 1) == 0)
                                return true;
                } else if (length == wanted && is_same(at, value, wanted)) {
                        memcpy(value, at, wanted);
                        return true;
                }
        }
        return false;
}

static int add_value(struct command_line *line, const struct command_option *option, char *value)
{
        if (option == &help_option) {
                line->help = true;
                return EXIT_DONE;
        }
        if (option->choices && !settle_choice(option->choices, value))
                return command_misuse("--%s is one of %s, not '%s'", option->name, option->choices, value);
        if (line->value_count == VALUES_LIMIT)
                return command_misuse("more than %d options", VALUES_LIMIT);
        line->values[line->value_count].option = option;
        line->values[line->value_count++].value = value;
        return EXIT_DONE;
}

/* One option that begins at argv[0]; *used counts what it takes. */
static int parse_option(const struct command *command, int argc, char **argv, struct command_line *line, int *used)
{
        char *word = argv[0], *equals = word[1] == '-' ? strchr(word, '=') : NULL;
        size_t length = equals ? (size_t)(equals - word) - 2 : strlen(word) - (word[1] == '-' ? 2 : 1);
        const struct command_option *option =
                word[1] == '-' ? find_option(command, word + 2, length, 0) : find_option(command, NULL, 0, word[1]);
        char name[64] = "";

        *used = 1;
        if (!option) {
                strncat(name, word + (word[1] == '-' ? 2 : 1), length < 63 ? length : 63);
                return unknown(command, word, name);
        }
        if (!option->argument) {
                if (equals || (word[1] != '-' && word[2]))
                        return command_misuse("--%s takes no value", option->name);
                return add_value(line, option, word + strlen(word));
        }
        if (equals)
                return add_value(line, option, equals + 1);
        if (word[1] != '-' && word[2])
                return add_value(line, option, word + 2);
        if (argc < 2)
                return command_misuse("%s needs a value: %s", word, option->argument);
        *used = 2;
        return add_value(line, option, argv[1]);
}

static int check_arguments(const struct command_line *line)
{
        const struct command *command = line->command;
        const char *arguments = command->arguments ? command->arguments : "";

        if (line->help)
                return EXIT_DONE;
        if ((int)line->argument_count < command->least)
                return command_misuse("chappe %s needs more: chappe %s %s", command->name, command->name, arguments);
        if (command->most >= 0 && (int)line->argument_count > command->most)
                return command_misuse("'%s' is one argument too many: chappe %s %s", line->arguments[command->most],
                                      command->name, arguments);
        return EXIT_DONE;
}

int command_parse(const struct command *command, int argc, char **argv, struct command_line *ret_line)
{
        bool options = true;
        int status = EXIT_DONE;

        ret_line->command = command;
        for (int i = 0, used; i < argc && status == EXIT_DONE; i += used) {
                used = 1;
                if (options && strcmp(argv[i], "--") == 0)
                        options = false;
                else if (options && argv[i][0] == '-' && argv[i][1])
                        status = parse_option(command, argc - i, argv + i, ret_line, &used);
                else if (ret_line->argument_count == ARGUMENTS_LIMIT)
                        status = command_misuse("more than %d arguments", ARGUMENTS_LIMIT);
                else
                        ret_line->arguments[ret_line->argument_count++] = argv[i];
        }
        return status == EXIT_DONE ? check_arguments(ret_line) : status;
}

const char *command_argument(const struct command_line *line, size_t n)
{
        return n < line->argument_count ? line->arguments[n] : NULL;
}

size_t command_argument_count(const struct command_line *line)
{
        return line->argument_count;
}

const char *command_value_at(const struct command_line *line, const char *option, size_t n)
{
        for (size_t i = 0; i < line->value_count; i++) {
                if (strcmp(line->values[i].option->name, option) == 0 && n-- == 0)
                        return line->values[i].value;
        }
        return NULL;
}

const char *command_value(const struct command_line *line, const char *option)
{
        const char *value = NULL;

        for (size_t i = 0; i < line->value_count; i++) {
                if (strcmp(line->values[i].option->name, option) == 0)
                        value = line->values[i].value;
        }
        return value;
}

const char *command_required(const struct command_line *line, const char *option)
{
        const char *value = command_value(line, option);
        const struct command_option *known = find_option(line->command, option, strlen(option), 0);

        if (!value)
                command_misuse("chappe %s needs --%s%s%s (chappe %s --help)", line->command->name, option,
                               known->argument ? " " : "", known->argument ? known->argument : "", line->command->name);
        return value;
}

bool command_given(const struct command_line *line, const char *option)
{
        return command_value(line, option) != NULL;
}

bool command_parse_integer(const char *text, int64_t least, int64_t most, int64_t *ret)
{
        char *end;
        long long number;

        errno = 0;
        number = strtoll(text, &end, 10);
        if (end == text || *end || errno || number < least || number > most)
                return false;
        *ret = number;
        return true;
}

bool command_integer(const struct command_line *line, const char *option, int64_t least, int64_t most, int64_t *value)
{
        const char *text = command_value(line, option);
        if (!text || command_parse_integer(text, least, most, value))
                return true;
        command_misuse("--%s is a number from %lld to %lld, not '%s'", option, (long long)least, (long long)most, text);
        return false;
}

bool command_parse_duration(const char *text, int64_t *ret_ms)
{
        static const struct {
                const char *unit;
                int64_t ms;
        } units[] = { { "ms", 1 }, { "", 1000 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 } };
        char *end;
        double number = strtod(text, &end);

        if (end == text || !(number >= 0) || number > 1e9)
                return false;
        for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
                if (strcmp(end, units[i].unit) == 0) {
                        *ret_ms = (int64_t)(number * (double)units[i].ms);
                        return true;
                }
        }
        return false;
}

bool command_duration(const struct command_line *line, const char *option, int64_t *value_ms)
{
        const char *text = command_value(line, option);

        if (!text || command_parse_duration(text, value_ms))
                return true;
        command_misuse("--%s is a duration such as 250ms, 10s or 5m, not '%s'", option, text);
        return false;
}
