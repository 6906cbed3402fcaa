/* SPDX-License-Identifier: Apache-2.0 */
/* A fleet file. */
#include "fleet_file.h"

#include <errno.h>
#include <libconfig.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/nearest.h"

struct reader {
        const char *file;
        struct chappe_error *error;
};

static int wrong(const struct reader *reader, const config_setting_t *at, const char *what)
{
        return chappe_fail(reader->error, CHAPPE_E_CONFIG_FILE, "%s:%u: %s", reader->file,
                           config_setting_source_line(at), what);
}

static int refuse_unknown(const struct reader *reader, const config_setting_t *group, const char *const *known)
{
        for (int i = 0; i < config_setting_length(group); i++) {
                const config_setting_t *member = config_setting_get_elem(group, (unsigned int)i);
                struct chappe_nearest nearest = { .written = config_setting_name(member) };
                char what[200];
                const char *const *name = known;

                while (*name && strcmp(*name, config_setting_name(member)) != 0)
                        chappe_nearest_offer(&nearest, *name++);
                if (*name)
                        continue;
                snprintf(what, sizeof(what), "unknown '%.60s'%s%s%s", config_setting_name(member),
                         nearest.name ? ": did you mean '" : "", nearest.name ? nearest.name : "",
                         nearest.name ? "'?" : "");
                return wrong(reader, member, what);
        }
        return 0;
}

static int read_settings(const struct reader *reader, const config_setting_t *group,
                         struct fleet_settings *ret_settings)
{
        config_setting_t *list = config_setting_get_member(group, "settings");

        if (!list)
                return 0;
        if (!config_setting_is_list(list) && !config_setting_is_array(list))
                return wrong(reader, list, "settings is a list of texts: ( \"workers=4\", … )");
        for (int i = 0; i < config_setting_length(list); i++) {
                const char *pair = config_setting_get_string_elem(list, i);
                if (!pair || !strchr(pair, '='))
                        return wrong(reader, list, "each setting is a text \"name=value\"");
                if (ret_settings->count == FLEET_SETTINGS_LIMIT)
                        return wrong(reader, list, "too many settings");
                if (!(ret_settings->at[ret_settings->count++] = strdup(pair)))
                        return chappe_fail(reader->error, CHAPPE_E_NO_MEMORY, "out of memory");
        }
        return 0;
}

/* The config file lies beside the fleet file, unless its path is absolute. */
static char *beside(const char *file, const char *config)
{
        char *copy = strdup(file), *path = NULL;

        if (!copy || config[0] == '/')
                path = strdup(config);
        else if (asprintf(&path, "%s/%s", dirname(copy), config) < 0)
                path = NULL;
        free(copy);
        return path;
}

static int read_service(const struct reader *reader, const config_setting_t *group, struct fleet_service *ret_service)
{
        static const char *const known[] = { "name", "program", "config", "instances", "settings", NULL };
        const char *name, *program = NULL, *config = NULL;
        int status = refuse_unknown(reader, group, known);

        if (status < 0)
                return status;
        if (!config_setting_is_group(group) || !config_setting_lookup_string(group, "name", &name) || !*name)
                return wrong(reader, group, "a service needs a name");
        ret_service->instances = 1;
        config_setting_lookup_string(group, "program", &program);
        config_setting_lookup_string(group, "config", &config);
        config_setting_lookup_int(group, "instances", &ret_service->instances);
        if (ret_service->instances < 1 || ret_service->instances > FLEET_INSTANCES_LIMIT)
                return wrong(reader, group, "instances is a number from 1 to 64");
        ret_service->name = strdup(name);
        if (program)
                ret_service->program = strdup(program);
        else if (asprintf(&ret_service->program, "%s/%s", name, name) < 0)
                ret_service->program = NULL;
        ret_service->config = config ? beside(reader->file, config) : NULL;
        if (!ret_service->name || !ret_service->program || (config && !ret_service->config))
                return chappe_fail(reader->error, CHAPPE_E_NO_MEMORY, "out of memory");
        return read_settings(reader, group, &ret_service->settings);
}

static int read_fleet(const struct reader *reader, const config_setting_t *root, struct fleet *fleet)
{
        static const char *const known[] = { "settings", "services", NULL };
        config_setting_t *list = config_setting_get_member(root, "services");
        int status = refuse_unknown(reader, root, known);

        if (status == 0)
                status = read_settings(reader, root, &fleet->settings);
        if (status < 0)
                return status;
        if (!list || !config_setting_is_list(list) || config_setting_length(list) == 0)
                return wrong(reader, list ? list : root, "services is a list: ( { name = \"orders\"; }, … )");
        for (int i = 0; i < config_setting_length(list) && status == 0; i++) {
                if (fleet->count == FLEET_SERVICES_LIMIT)
                        return wrong(reader, list, "too many services");
                status = read_service(reader, config_setting_get_elem(list, (unsigned int)i),
                                      &fleet->services[fleet->count++]);
        }
        return status;
}

int fleet_read(const char *file, struct fleet **ret_fleet, struct chappe_error *error)
{
        struct reader reader = { .file = file, .error = error };
        struct fleet *fleet = calloc(1, sizeof(*fleet));
        config_t config;
        int status;

        if (!fleet)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "out of memory");
        config_init(&config);
        if (config_read_file(&config, file))
                status = read_fleet(&reader, config_root_setting(&config), fleet);
        else if (config_error_type(&config) == CONFIG_ERR_FILE_IO)
                status = chappe_fail(error, CHAPPE_E_CONFIG_FILE, "%s: %s", file, strerror(errno));
        else
                status = chappe_fail(error, CHAPPE_E_CONFIG_FILE, "%s:%d: %s", file, config_error_line(&config),
                                     config_error_text(&config));
        config_destroy(&config);
        if (status < 0)
                fleet_free(fleet);
        else
                *ret_fleet = fleet;
        return status;
}

static void free_settings(struct fleet_settings *settings)
{
        for (size_t i = 0; i < settings->count; i++)
                free(settings->at[i]);
}

struct fleet *fleet_free(struct fleet *fleet)
{
        if (!fleet)
                return NULL;
        for (size_t i = 0; i < fleet->count; i++) {
                free(fleet->services[i].name);
                free(fleet->services[i].program);
                free(fleet->services[i].config);
                free_settings(&fleet->services[i].settings);
        }
        free_settings(&fleet->settings);
        free(fleet);
        return NULL;
}
