/* SPDX-License-Identifier: Apache-2.0 */
/* The libconfig file: settings at the top, librdkafka's properties in the list 'kafka'. */
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libconfig.h>

#include "base/cleanup.h"
#include "config/model.h"

#define FILE_SIZE_MAXIMUM (1024 * 1024)

struct source {
        struct chappe_config *config;
        const char *path;
        char *directory; /* of path */
        config_t parsed;
};

static int no_memory(struct chappe_error *error)
{
        return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for the settings");
}

static int read_text(const char *path, char **ret_text, struct chappe_error *error)
{
        FILE *file = fopen(path, "re");
        if (!file)
                return chappe_fail(error, CHAPPE_E_CONFIG_FILE, "cannot read %s: %s", path, strerror(errno));

        CHAPPE_CLEANUP(buffer) struct chappe_buffer buffer = {0};
        size_t length = 0;
        errno = 0;
        do {
                uint8_t *room = chappe_buffer_reserve(&buffer, 4096 + 1);
                if (!room)
                        break;
                length = fread(room, 1, 4096, file);
                buffer.length += length;
                room[length] = '\0';
        } while (length > 0 && buffer.length <= FILE_SIZE_MAXIMUM);
        int reason = ferror(file) ? errno : 0;
        fclose(file);

        if (!buffer.at)
                return no_memory(error);
        if (reason)
                return chappe_fail(error, CHAPPE_E_CONFIG_FILE, "cannot read %s: %s", path, strerror(reason));
        if (length > 0 || memchr(buffer.at, '\0', buffer.length))
                return chappe_fail(error, CHAPPE_E_CONFIG_FILE, "%s is not a text of at most %d bytes", path,
                                   FILE_SIZE_MAXIMUM);
        *ret_text = (char *)CHAPPE_TAKE(buffer.at);
        return 0;
}

/* libconfig names included files as their include directives do (1.5) or with the directory in front (1.7). */
static char *included_path(const struct source *source, const char *path)
{
        size_t length = strlen(source->directory);
        bool complete = *path == '/' || strcmp(source->directory, ".") == 0 ||
                        (strncmp(path, source->directory, length) == 0 && path[length] == '/');
        char *joined;

        return asprintf(&joined, "%s%s%s", complete ? "" : source->directory, complete ? "" : "/", path) < 0 ? NULL
                                                                                                             : joined;
}

/* "orders.cfg:14" by malloc; NULL when memory is short. */
static char *origin_of(const struct source *source, const config_setting_t *setting)
{
        const char *path = config_setting_source_file(setting); /* NULL in the text itself */
        CHAPPE_CLEANUP(string) char *included = path ? included_path(source, path) : strdup(source->path);
        char *origin;

        if (!included || asprintf(&origin, "%s:%u", included, config_setting_source_line(setting)) < 0)
                return NULL;
        return origin;
}

static int wrong_form(const struct source *source, const config_setting_t *setting, const char *text,
                      struct chappe_error *error)
{
        CHAPPE_CLEANUP(string) char *origin = origin_of(source, setting);
        return chappe_fail(error, CHAPPE_E_CONFIG_FILE, "%s: %s", origin ? origin : source->path, text);
}

/* A scalar's text; NULL for anything else. storage takes numbers. */
static const char *scalar_text(const config_setting_t *setting, char storage[32])
{
        switch (config_setting_type(setting)) {
        case CONFIG_TYPE_STRING:
                return config_setting_get_string(setting);
        case CONFIG_TYPE_BOOL:
                return config_setting_get_bool(setting) ? "true" : "false";
        case CONFIG_TYPE_INT:
        case CONFIG_TYPE_INT64:
                snprintf(storage, 32, "%lld", (long long)config_setting_get_int64(setting));
                return storage;
        default:
                return NULL;
        }
}

static int put_properties(struct source *source, const config_setting_t *list, struct chappe_error *error)
{
        static const char form[] =
                "kafka is a list of librdkafka properties: kafka = ( \"linger.ms=5\", \"acks=all\" )";

        if (!config_setting_is_list(list) && !config_setting_is_array(list))
                return wrong_form(source, list, form, error);
        for (int i = 0; i < config_setting_length(list); i++) {
                const config_setting_t *pair = config_setting_get_elem(list, (unsigned)i);
                if (config_setting_type(pair) != CONFIG_TYPE_STRING)
                        return wrong_form(source, pair, form, error);

                CHAPPE_CLEANUP(string) char *origin = origin_of(source, pair);
                if (!origin)
                        return no_memory(error);
                struct chappe_config_place place = {.origin = origin, .directory = source->directory};
                int r = chappe_config_put_pair(source->config, &place, config_setting_get_string(pair), error);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int put_setting(struct source *source, const config_setting_t *setting, struct chappe_error *error)
{
        char storage[32];

        if (strcmp(config_setting_name(setting), "kafka") == 0)
                return put_properties(source, setting, error);

        CHAPPE_CLEANUP(string) char *origin = origin_of(source, setting);
        if (!origin)
                return no_memory(error);
        struct chappe_config_place place = {.origin = origin, .directory = source->directory};
        const char *value = scalar_text(setting, storage);
        /* An unknown name is the better complaint, whatever its value looks like. */
        if (!value && chappe_config_find(source->config, config_setting_name(setting)))
                return wrong_form(source, setting, "a setting's value is a text, an integer, true or false", error);
        return chappe_config_put(source->config, &place, config_setting_name(setting), value ? value : "", error);
}

static int parse(struct source *source, const char *text, struct chappe_error *error)
{
        config_set_include_dir(&source->parsed, source->directory);
        if (config_read_string(&source->parsed, text))
                return 0;
        const char *path = config_error_file(&source->parsed);
        CHAPPE_CLEANUP(string) char *included = included_path(source, path ? path : "");
        return chappe_fail(error, CHAPPE_E_CONFIG_FILE, "%s:%d: %s", path && included ? included : source->path,
                           config_error_line(&source->parsed), config_error_text(&source->parsed));
}

static int check_included(const struct source *source, struct chappe_error *error)
{
        const config_setting_t *root = config_root_setting(&source->parsed);
        const char *last = NULL;
        int r = 0;

        for (int i = 0; i < config_setting_length(root) && r == 0; i++) {
                const char *path = config_setting_source_file(config_setting_get_elem(root, (unsigned)i));
                if (!path || (last && strcmp(path, last) == 0))
                        continue;
                CHAPPE_CLEANUP(string) char *included = included_path(source, path);
                CHAPPE_CLEANUP(string) char *text = NULL;
                r = included ? read_text(included, &text, error) : no_memory(error);
                if (r == 0)
                        r = chappe_config_check_numbers(included, text, error);
                last = path;
        }
        return r;
}

static int read_source(struct source *source, struct chappe_error *error)
{
        CHAPPE_CLEANUP(string) char *text = NULL;
        int r = read_text(source->path, &text, error);

        if (r == 0)
                r = chappe_config_check_numbers(source->path, text, error);
        if (r == 0)
                r = parse(source, text, error);
        if (r == 0)
                r = check_included(source, error);

        const config_setting_t *root = config_root_setting(&source->parsed);
        for (int i = 0; r == 0 && i < config_setting_length(root); i++)
                r = put_setting(source, config_setting_get_elem(root, (unsigned)i), error);
        return r;
}

int chappe_config_read_file(struct chappe_config *config, const char *path, struct chappe_error *error)
{
        CHAPPE_CLEANUP(string) char *copy = strdup(path);
        struct source source = {.config = config, .path = path};

        if (!copy)
                return no_memory(error);
        source.directory = dirname(copy);
        config_init(&source.parsed);
        int r = read_source(&source, error);
        config_destroy(&source.parsed);
        return r;
}
