/* SPDX-License-Identifier: Apache-2.0 */
/* One value: does it fit its rule, and where does a secret really stand. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/model.h"
#include "config/nearest.h"

static int check_integer(const struct chappe_setting_rule *rule, const char *origin, const char *value,
                         int64_t *ret_integer, struct chappe_error *error)
{
        char *end;

        errno = 0;
        long long number = strtoll(value, &end, 10);
        if (errno || end == value || *end || strspn(value, "-0123456789") != strlen(value))
                return chappe_fail(error, CHAPPE_E_SETTING_VALUE, "%s: %s = '%.60s' is not an integer", origin,
                                   rule->name, value);

        bool bounded = rule->minimum || rule->maximum;
        if (bounded && (number < rule->minimum || number > rule->maximum))
                return chappe_fail(error, CHAPPE_E_SETTING_VALUE, "%s: %s = %lld is not from %lld to %lld", origin,
                                   rule->name, number, (long long)rule->minimum, (long long)rule->maximum);
        *ret_integer = number;
        return 0;
}

static const char *const words[] = {"false", "true", "no", "yes", "off", "on", "0", "1"};

/* 0, 1, or -1: neither. */
static int64_t boolean_of(const char *value)
{
        for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
                if (strcmp(value, words[i]) == 0)
                        return (int64_t)i % 2;
        return -1;
}

static int check_boolean(const struct chappe_setting_rule *rule, const char *origin, const char **value,
                         int64_t *ret_integer, struct chappe_error *error)
{
        *ret_integer = boolean_of(*value);
        if (*ret_integer >= 0) {
                *value = words[*ret_integer];
                return 0;
        }
        return chappe_fail(error, CHAPPE_E_SETTING_VALUE, "%s: %s = '%.60s' is neither true nor false", origin,
                           rule->name, *value);
}

/* Where yes and no are choices, every word for them is one. */
static int check_choice(const struct chappe_setting_rule *rule, const char *origin, const char **ret_value,
                        struct chappe_error *error)
{
        static const char *const answers[] = {"no", "yes"};
        const char *value = *ret_value, *answer = boolean_of(value) < 0 ? value : answers[boolean_of(value)];
        struct chappe_nearest nearest = {.written = value};
        CHAPPE_CLEANUP(string) char *choices = strdup(rule->choices);
        char *rest = choices;

        if (!choices)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for the settings");
        for (char *choice = strtok_r(rest, ",", &rest); choice; choice = strtok_r(NULL, ",", &rest)) {
                if (strcmp(choice, value) == 0)
                        return 0;
                if (strcmp(choice, answer) == 0) {
                        *ret_value = answer;
                        return 0;
                }
                chappe_nearest_offer(&nearest, choice);
        }
        if (nearest.name)
                return chappe_fail(error, CHAPPE_E_SETTING_VALUE, "%s: %s = '%.60s' is none of %s: did you mean '%s'?",
                                   origin, rule->name, value, rule->choices, nearest.name);
        return chappe_fail(error, CHAPPE_E_SETTING_VALUE, "%s: %s = '%.60s' is none of %s", origin, rule->name, value,
                           rule->choices);
}

int chappe_config_check_value(const struct chappe_setting_rule *rule, const char *origin, const char **value,
                              int64_t *ret_integer, struct chappe_error *error)
{
        *ret_integer = 0;
        if (strlen(*value) > CHAPPE_CONFIG_VALUE_MAXIMUM)
                return chappe_fail(error, CHAPPE_E_SETTING_VALUE, "%s: %s is longer than %d bytes", origin, rule->name,
                                   CHAPPE_CONFIG_VALUE_MAXIMUM);
        switch (rule->kind) {
        case CHAPPE_SETTING_INTEGER:
                return check_integer(rule, origin, *value, ret_integer, error);
        case CHAPPE_SETTING_BOOLEAN:
                return check_boolean(rule, origin, value, ret_integer, error);
        case CHAPPE_SETTING_CHOICE:
                return check_choice(rule, origin, value, error);
        case CHAPPE_SETTING_TEXT:
                break;
        }
        return 0;
}

static const char *environment_get(char *const *environment, const char *name)
{
        size_t length = strlen(name);

        for (; environment && *environment; environment++) {
                if (strncmp(*environment, name, length) == 0 && (*environment)[length] == '=')
                        return *environment + length + 1;
        }
        return NULL;
}

/* "@/a/b" as it is, "@./b" beside the configuration file, "@b" among systemd's credentials. */
static int secret_path(const struct chappe_config *config, const struct chappe_config_place *place, const char *name,
                       const char *reference, char **ret_path, struct chappe_error *error)
{
        const char *directory = place->directory;

        if (!strchr(reference, '/')) {
                directory = environment_get(config->environment, "CREDENTIALS_DIRECTORY");
                if (!directory)
                        return chappe_fail(
                                error, CHAPPE_E_SETTING_VALUE,
                                "%s: %s = '@%.60s' names a systemd credential, but CREDENTIALS_DIRECTORY is not set",
                                place->origin, name, reference);
        }
        int r = *reference == '/' || !directory ? asprintf(ret_path, "%s", reference)
                                                : asprintf(ret_path, "%s/%s", directory, reference);
        return r < 0 ? chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for the settings") : 0;
}

static int read_secret_file(const struct chappe_config_place *place, const char *name, const char *path,
                            char **ret_value, struct chappe_error *error)
{
        FILE *file = fopen(path, "re");
        if (!file)
                return chappe_fail(error, CHAPPE_E_SETTING_VALUE, "%s: %s: cannot read %s: %s", place->origin, name,
                                   path, strerror(errno));

        CHAPPE_CLEANUP(string) char *value = calloc(1, CHAPPE_CONFIG_VALUE_MAXIMUM + 2);
        size_t length = value ? fread(value, 1, CHAPPE_CONFIG_VALUE_MAXIMUM + 1, file) : 0;
        bool broken = ferror(file);
        fclose(file);
        if (!value)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for the settings");
        if (broken || length > CHAPPE_CONFIG_VALUE_MAXIMUM || memchr(value, '\0', length))
                return chappe_fail(error, CHAPPE_E_SETTING_VALUE, "%s: %s: %s is not a text of at most %d bytes",
                                   place->origin, name, path, CHAPPE_CONFIG_VALUE_MAXIMUM);
        /* Editors end files with a newline; no password does. */
        while (length && (value[length - 1] == '\n' || value[length - 1] == '\r'))
                value[--length] = '\0';
        *ret_value = CHAPPE_TAKE(value);
        return 0;
}

int chappe_config_read_secret(const struct chappe_config *config, const struct chappe_config_place *place,
                              const char *name, const char *value, char **ret_value, struct chappe_error *error)
{
        if (*value != '@') {
                if (place->command_line && *value)
                        return chappe_fail(
                                error, CHAPPE_E_SECRET_EXPOSED,
                                "%s is a secret, and command lines can be read by others: give %s=@/path/of/a/file",
                                name, name);
                *ret_value = strdup(value);
                return *ret_value ? 0 : chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for the settings");
        }

        CHAPPE_CLEANUP(string) char *path = NULL;
        int r = secret_path(config, place, name, value + 1, &path, error);
        return r < 0 ? r : read_secret_file(place, name, path, ret_value, error);
}
