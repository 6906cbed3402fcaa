/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of a service program: a few options, and every setting as one. */
#include "service/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/nearest.h"

struct option {
        const char *name;
        const char *argument; /* NULL: takes none */
        const char *help;
        int action; /* -1: does not choose what to do */
};

enum { OPTION_OFFLINE, OPTION_CONFIG, OPTION_SET };

static const struct option options[] = {
        { "offline", NULL, "with --check: touch no network", -1 },
        { "config", "FILE", "settings from this libconfig file (or from the one that CHAPPE_CONFIG names)", -1 },
        { "set", "NAME=VALUE", "one setting, or one of librdkafka's properties; the same as --NAME=VALUE", -1 },
        { "check", NULL, "check settings, operations, schemas, database and topics, and end", CHAPPE_ACTION_CHECK },
        { "describe", NULL, "print what the service consumes, produces, calls and answers, as AsyncAPI 3",
          CHAPPE_ACTION_DESCRIBE },
        { "print-config", NULL, "print every setting's value and where it came from", CHAPPE_ACTION_PRINT_CONFIG },
        { "version", NULL, "print the version", CHAPPE_ACTION_VERSION },
        { "help", NULL, "print this", CHAPPE_ACTION_HELP },
};
#define OPTIONS (sizeof(options) / sizeof(*options))
#define WIDTH   80

static const struct option *find_option(const char *name, size_t length)
{
        for (size_t i = 0; i < OPTIONS; i++) {
                if (strlen(options[i].name) == length && strncmp(options[i].name, name, length) == 0)
                        return &options[i];
        }
        return NULL;
}

static int unknown_option(const char *written, struct chappe_error *error)
{
        struct chappe_nearest nearest = { .written = written };

        for (size_t i = 0; i < OPTIONS; i++)
                chappe_nearest_offer(&nearest, options[i].name);
        for (const struct chappe_setting_rule *rule = chappe_settings; rule->name; rule++)
                chappe_nearest_offer(&nearest, rule->name);
        if (!nearest.name)
                return chappe_fail(error, CHAPPE_E_USAGE, "unknown option '--%.60s' (--help lists all)", written);
        bool setting = !find_option(nearest.name, strlen(nearest.name));
        return chappe_fail(error, CHAPPE_E_USAGE, "unknown option '--%.60s': did you mean '--%s%s'?", written,
                           nearest.name, setting ? "=VALUE" : "");
}

static int add_setting(struct chappe_options *ret, const char *pair, struct chappe_error *error)
{
        char *copy = strdup(pair);
        char **settings = copy ? reallocarray(ret->settings, ret->setting_count + 2, sizeof(*settings)) : NULL;
        if (!settings) {
                free(copy);
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for the options");
        }
        ret->settings = settings;
        ret->settings[ret->setting_count++] = copy;
        ret->settings[ret->setting_count] = NULL;
        /* --log-level is log_level, as fingers expect; librdkafka's names, with their dots, have neither. */
        for (; *copy && *copy != '='; copy++)
                *copy = *copy == '-' ? '_' : *copy;
        return 0;
}

static int take_argument(struct chappe_options *ret, const struct option *option, const char *argument,
                         struct chappe_error *error)
{
        if (option == &options[OPTION_SET])
                return add_setting(ret, argument, error);
        ret->config_file = argument;
        return 0;
}

static int choose(struct chappe_options *ret, const struct option *option, struct chappe_error *error)
{
        if (option == &options[OPTION_OFFLINE]) {
                ret->offline = true;
                return 0;
        }
        if (ret->action != CHAPPE_ACTION_RUN && (int)ret->action != option->action)
                return chappe_fail(error, CHAPPE_E_USAGE, "--%s: something else was asked for already", option->name);
        ret->action = (enum chappe_action)option->action;
        return 0;
}

/* *n is moved past what the option takes. */
static int read_option(int argc, char **argv, int *n, struct chappe_options *ret, struct chappe_error *error)
{
        const char *word = argv[(*n)++];
        if (strcmp(word, "-h") == 0)
                word = "--help";
        if (strncmp(word, "--", 2) != 0)
                return chappe_fail(error, CHAPPE_E_USAGE, "'%.60s' is no option (--help lists all)", word);

        const char *name = word + 2, *equals = strchr(name, '=');
        const struct option *option = find_option(name, equals ? (size_t)(equals - name) : strlen(name));
        if (!option)
                return equals ? add_setting(ret, name, error) : unknown_option(name, error);
        if (!option->argument)
                return equals ? chappe_fail(error, CHAPPE_E_USAGE, "--%s takes no value", option->name)
                              : choose(ret, option, error);
        if (equals)
                return take_argument(ret, option, equals + 1, error);
        if (*n >= argc)
                return chappe_fail(error, CHAPPE_E_USAGE, "--%s needs %s", option->name, option->argument);
        return take_argument(ret, option, argv[(*n)++], error);
}

int chappe_options_read(int argc, char **argv, struct chappe_options *ret_options, struct chappe_error *error)
{
        struct chappe_options read = { .config_file = getenv("CHAPPE_CONFIG") };
        int r = 0;

        for (int n = 1; n < argc && r == 0;)
                r = read_option(argc, argv, &n, &read, error);
        if (r == 0 && read.offline && read.action != CHAPPE_ACTION_CHECK)
                r = chappe_fail(error, CHAPPE_E_USAGE, "--offline belongs to --check");
        if (r < 0) {
                chappe_options_deinit(&read);
                return r;
        }
        if (read.config_file && !*read.config_file)
                read.config_file = NULL;
        *ret_options = read;
        return 0;
}

void chappe_options_deinit(struct chappe_options *read)
{
        for (size_t i = 0; i < read->setting_count; i++)
                free(read->settings[i]);
        free(read->settings);
        *read = (struct chappe_options){ 0 };
}

static size_t columns(const char *text, size_t length)
{
        size_t count = 0;

        for (size_t i = 0; i < length; i++)
                count += ((unsigned char)text[i] & 0xc0) != 0x80; /* not the later bytes of a character */
        return count;
}

/* The text from this column on, in lines of at most WIDTH columns, the later ones indented. A line feed begins one
 * anew. */
static void put_wrapped(struct chappe_buffer *buffer, const char *text, size_t column, size_t indent)
{
        while (*text) {
                size_t length = strcspn(text, " \n"), width = columns(text, length);

                if (column > indent && column + 1 + width > WIDTH) {
                        chappe_buffer_printf(buffer, "\n%*s", (int)indent, "");
                        column = indent;
                } else if (column > indent) {
                        chappe_buffer_printf(buffer, " ");
                        column++;
                }
                chappe_buffer_printf(buffer, "%.*s", (int)length, text);
                column += width;
                text += length;
                if (*text == '\n') {
                        chappe_buffer_printf(buffer, "\n%*s", (int)indent, "");
                        column = indent;
                }
                text += *text != '\0';
        }
        chappe_buffer_printf(buffer, "\n");
}

static void help_setting(struct chappe_buffer *buffer, const char *name, const char *value, const char *help,
                         const char *choices)
{
        CHAPPE_CLEANUP(buffer) struct chappe_buffer text = { 0 };

        chappe_buffer_printf(&text, "%s%s%s%s", help, choices ? " (" : "", choices ? choices : "", choices ? ")" : "");
        chappe_buffer_printf(buffer, "  --%s=%s\n        ", name, value);
        if (chappe_buffer_append(&text, "", 1) == 0)
                put_wrapped(buffer, (const char *)text.at, 8, 8);
}

static void help_options(struct chappe_buffer *buffer)
{
        for (size_t i = 0; i < OPTIONS; i++) {
                char left[64];
                const char *argument = options[i].argument;

                snprintf(left, sizeof(left), "--%s%s%s", options[i].name, argument ? " " : "",
                         argument ? argument : "");
                chappe_buffer_printf(buffer, "  %-18s ", left);
                put_wrapped(buffer, options[i].help, 21, 21);
        }
}

int chappe_options_help(const struct chappe_service_config *config, struct chappe_buffer *buffer)
{
        chappe_buffer_printf(buffer, "%s %s%s%s\n\nUsage: %s [OPTION]… [--SETTING=VALUE]…\n\nOptions:\n", config->name,
                             config->version ? config->version : "", config->description ? " - " : "",
                             config->description ? config->description : "", config->name);
        help_options(buffer);
        if (config->settings && config->settings->name) {
                chappe_buffer_printf(buffer, "\nSettings of this service, with their defaults:\n");
                for (const struct chappe_setting *setting = config->settings; setting->name; setting++)
                        help_setting(buffer, setting->name, setting->default_value, setting->help, NULL);
        }
        chappe_buffer_printf(buffer, "\nSettings of every service, with their defaults:\n");
        for (const struct chappe_setting_rule *rule = chappe_settings; rule->name; rule++)
                help_setting(buffer, rule->name, rule->default_value, rule->help, rule->choices);
        chappe_buffer_printf(buffer, "\n");
        put_wrapped(
                buffer,
                "A setting's name in the file is as above (workers = 8;), in the environment CHAPPE_WORKERS. The "
                "command "
                "line wins over the environment, the environment over the file. Any property of librdkafka works under "
                "its own name: --linger.ms=5, CHAPPE_KAFKA_LINGER_MS=5, and in the file kafka = ( \"linger.ms=5\" ). "
                "The value of a secret may be @/path/of/a/file, or @NAME for a systemd credential.",
                0, 0);
        chappe_buffer_printf(buffer, "\n");
        put_wrapped(
                buffer,
                "Exit status: 0 stopped with nothing in flight, 1 could not start or a check failed, 2 wrong option or "
                "setting, 3 consumption broke, 4 stopped with work unfinished (it runs again), 5 left at once.",
                0, 0);
        return chappe_buffer_append(buffer, "", 0);
}
