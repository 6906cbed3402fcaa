/* SPDX-License-Identifier: Apache-2.0 */
/* Settings of one service: gathered from all sources, checked, then immutable. */
#include "config/config.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/model.h"
#include "config/nearest.h"

#define PROPERTIES_MAXIMUM 500
#define ENVIRONMENT_PREFIX "CHAPPE_"
#define BROKERS            "brokers"
#define BOOTSTRAP_SERVERS  "bootstrap.servers"

CHAPPE_CLEANUP_DEFINE(config, struct chappe_config *, (void)chappe_config_free)

static int no_memory(struct chappe_error *error)
{
        return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for the settings");
}

static struct chappe_config_entry *find_known(const struct chappe_config *config, const char *name)
{
        for (size_t i = 0; i < config->known; i++) {
                if (strcmp(config->entries[i].name, name) == 0)
                        return &config->entries[i];
        }
        return NULL;
}

static void entry_deinit(struct chappe_config_entry *entry)
{
        if (entry->secret && entry->value)
                explicit_bzero(entry->value, strlen(entry->value));
        free(entry->name);
        free(entry->value);
        free(entry->origin);
        *entry = (struct chappe_config_entry){0};
}

struct chappe_config *chappe_config_free(struct chappe_config *config)
{
        if (config) {
                for (size_t i = 0; i < config->count; i++)
                        entry_deinit(&config->entries[i]);
                free(config->entries);
                free(config);
        }
        return NULL;
}

/* The properties of librdkafka whose values must not be shown. */
static bool property_is_secret(const char *name)
{
        return strstr(name, "password") || strstr(name, "secret") || strstr(name, "key.pem") ||
               strcmp(name, "sasl.oauthbearer.config") == 0;
}

/* Those without a dot, by which properties are told from settings otherwise. */
static const char *const dotless_properties[] = {"acks", "debug", "partitioner", "retries"};

#define DOTLESS_PROPERTIES (sizeof(dotless_properties) / sizeof(*dotless_properties))

static bool looks_like_property(const char *name)
{
        for (size_t i = 0; i < DOTLESS_PROPERTIES; i++) {
                if (strcmp(name, dotless_properties[i]) == 0)
                        return true;
        }
        return strchr(name, '.');
}

static int unknown(const struct chappe_config *config, const struct chappe_config_place *place, const char *name,
                   struct chappe_error *error)
{
        struct chappe_nearest nearest = {.written = name};

        for (size_t i = 0; i < config->known; i++)
                chappe_nearest_offer(&nearest, config->entries[i].name);
        for (size_t i = 0; i < DOTLESS_PROPERTIES; i++)
                chappe_nearest_offer(&nearest, dotless_properties[i]);
        chappe_nearest_offer(&nearest, "kafka");
        if (nearest.name)
                return chappe_fail(error, CHAPPE_E_SETTING_UNKNOWN, "%s: unknown setting '%.60s': did you mean '%s'?",
                                   place->origin, name, nearest.name);
        return chappe_fail(error, CHAPPE_E_SETTING_UNKNOWN, "%s: unknown setting '%.60s' (--help lists all)",
                           place->origin, name);
}

/* Replaces value and origin; secrets are read from where they really stand. */
static int assign(const struct chappe_config *config, struct chappe_config_entry *entry,
                  const struct chappe_config_place *place, const char *value, struct chappe_error *error)
{
        CHAPPE_CLEANUP(string) char *secret = NULL;
        int64_t integer = 0;
        int r = 0;

        if (entry->secret) {
                r = chappe_config_read_secret(config, place, entry->name, value, &secret, error);
                value = secret;
        }
        if (r == 0 && entry->rule)
                r = chappe_config_check_value(entry->rule, place->origin, &value, &integer, error);
        if (r < 0)
                return r;

        char *copy = strdup(value), *origin = strdup(place->origin);
        if (!copy || !origin) {
                free(copy);
                free(origin);
                return no_memory(error);
        }
        free(entry->value);
        free(entry->origin);
        entry->value = copy;
        entry->origin = origin;
        entry->integer = integer;
        return 0;
}

/* The property's entry, made in its place by name when it is new. */
static int property_entry(struct chappe_config *config, const char *name, struct chappe_config_entry **ret_entry,
                          struct chappe_error *error)
{
        size_t at = config->known;

        while (at < config->count && strcmp(config->entries[at].name, name) < 0)
                at++;
        if (at < config->count && strcmp(config->entries[at].name, name) == 0) {
                *ret_entry = &config->entries[at];
                return 0;
        }
        if (config->count - config->known >= PROPERTIES_MAXIMUM)
                return chappe_fail(error, CHAPPE_E_LIMIT, "more than %d librdkafka properties", PROPERTIES_MAXIMUM);

        struct chappe_config_entry *entries = reallocarray(config->entries, config->count + 1, sizeof(*entries));
        if (!entries)
                return no_memory(error);
        config->entries = entries;

        struct chappe_config_entry entry = {
                .name = strdup(name), .value = strdup(""), .secret = property_is_secret(name)};
        if (!entry.name || !entry.value) {
                entry_deinit(&entry);
                return no_memory(error);
        }
        memmove(&entries[at + 1], &entries[at], (config->count - at) * sizeof(*entries));
        entries[at] = entry;
        config->count++;
        *ret_entry = &entries[at];
        return 0;
}

int chappe_config_put_property(struct chappe_config *config, const struct chappe_config_place *place, const char *name,
                               const char *value, struct chappe_error *error)
{
        struct chappe_config_entry *entry;

        if (strcmp(name, BOOTSTRAP_SERVERS) == 0 || strcmp(name, "metadata.broker.list") == 0)
                return chappe_config_put(config, place, BROKERS, value, error);
        int r = property_entry(config, name, &entry, error);
        return r < 0 ? r : assign(config, entry, place, value, error);
}

int chappe_config_put(struct chappe_config *config, const struct chappe_config_place *place, const char *name,
                      const char *value, struct chappe_error *error)
{
        struct chappe_config_entry *entry = find_known(config, name);

        if (entry)
                return assign(config, entry, place, value, error);
        if (looks_like_property(name))
                return chappe_config_put_property(config, place, name, value, error);
        return unknown(config, place, name, error);
}

/* Splits "name=value" and hands it on. */
static int put_split(struct chappe_config *config, const struct chappe_config_place *place, const char *pair,
                     bool property, struct chappe_error *error)
{
        const char *equals = strchr(pair, '=');
        if (!equals || equals == pair)
                return chappe_fail(error, CHAPPE_E_SETTING_VALUE, "%s: '%.60s' is not name=value", place->origin, pair);

        CHAPPE_CLEANUP(string) char *name = strndup(pair, (size_t)(equals - pair));
        if (!name)
                return no_memory(error);
        return property ? chappe_config_put_property(config, place, name, equals + 1, error)
                        : chappe_config_put(config, place, name, equals + 1, error);
}

int chappe_config_put_pair(struct chappe_config *config, const struct chappe_config_place *place, const char *pair,
                           struct chappe_error *error)
{
        return put_split(config, place, pair, true, error);
}

/* CHAPPE_KAFKA_LINGER_MS is linger.ms: no property's name has an underscore. */
static void variable_to_name(char *name, bool property)
{
        for (; *name; name++)
                *name = property && *name == '_' ? '.' : (char)tolower((unsigned char)*name);
}

/* Variables that are not settings: which file to read, and what only tests look at. */
static bool variable_is_reserved(const char *variable)
{
        return strncmp(variable, "CHAPPE_CONFIG=", 14) == 0 || strncmp(variable, "CHAPPE_TEST", 11) == 0;
}

static int put_variable(struct chappe_config *config, const char *variable, struct chappe_error *error)
{
        const char *equals = strchr(variable, '=');
        size_t prefix = strlen(ENVIRONMENT_PREFIX);

        if (!equals || strncmp(variable, ENVIRONMENT_PREFIX, prefix) != 0 || variable_is_reserved(variable))
                return 0;
        CHAPPE_CLEANUP(string) char *origin = strndup(variable, (size_t)(equals - variable));
        CHAPPE_CLEANUP(string) char *name = origin ? strdup(origin + prefix) : NULL;
        if (!name)
                return no_memory(error);

        struct chappe_config_place place = {.origin = origin};
        bool property = strncmp(name, "KAFKA_", 6) == 0;
        variable_to_name(name, property);
        return property ? chappe_config_put_property(config, &place, name + 6, equals + 1, error)
                        : chappe_config_put(config, &place, name, equals + 1, error);
}

static int add_rules(struct chappe_config *config, const struct chappe_setting_rule *rules, struct chappe_error *error)
{
        for (; rules && rules->name; rules++) {
                struct chappe_config_place place = {.origin = "default"};
                struct chappe_config_entry *entries =
                        reallocarray(config->entries, config->count + 1, sizeof(*entries));
                if (!entries)
                        return no_memory(error);
                config->entries = entries;
                if (find_known(config, rules->name))
                        return chappe_fail(error, CHAPPE_E_SETTING_VALUE,
                                           "the service's setting '%s' has the name of another one", rules->name);

                struct chappe_config_entry *entry = &entries[config->count++];
                *entry = (struct chappe_config_entry){
                        .name = strdup(rules->name), .rule = rules, .secret = rules->secret};
                config->known = config->count;
                if (!entry->name)
                        return no_memory(error);
                int r = assign(config, entry, &place, rules->default_value, error);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int gather(struct chappe_config *config, const struct chappe_config_sources *sources, struct chappe_error *error)
{
        struct chappe_config_place command_line = {.origin = "command line", .command_line = true};
        int r = add_rules(config, chappe_settings, error);

        if (r == 0)
                r = add_rules(config, sources->extra, error);
        if (r == 0 && sources->file)
                r = chappe_config_read_file(config, sources->file, error);
        for (char *const *variable = sources->environment; r == 0 && variable && *variable; variable++)
                r = put_variable(config, *variable, error);
        for (const char *const *pair = sources->settings; r == 0 && pair && *pair; pair++)
                r = put_split(config, &command_line, *pair, false, error);
        return r;
}

/* brokers among the properties, so that the broker finds everything in one list. */
static int add_bootstrap_servers(struct chappe_config *config, struct chappe_error *error)
{
        const struct chappe_config_entry *brokers = find_known(config, BROKERS);
        struct chappe_config_place place = {.origin = brokers->origin};
        struct chappe_config_entry *entry;
        CHAPPE_CLEANUP(string) char *value = strdup(brokers->value);
        CHAPPE_CLEANUP(string) char *origin = strdup(brokers->origin);

        place.origin = origin; /* adding the property moves the entries */
        if (!value || !origin)
                return no_memory(error);
        int r = property_entry(config, BOOTSTRAP_SERVERS, &entry, error);
        return r < 0 ? r : assign(config, entry, &place, value, error);
}

int chappe_config_load(const struct chappe_config_sources *sources, struct chappe_config **ret_config,
                       struct chappe_error *error)
{
        CHAPPE_CLEANUP(config) struct chappe_config *config = calloc(1, sizeof(*config));
        if (!config)
                return no_memory(error);

        config->environment = sources->environment;
        int r = gather(config, sources, error);
        config->environment = NULL;
        if (r == 0)
                r = add_bootstrap_servers(config, error);
        if (r < 0)
                return r;
        *ret_config = CHAPPE_TAKE(config);
        return 0;
}

const char *chappe_config_find(const struct chappe_config *config, const char *name)
{
        const struct chappe_config_entry *entry = find_known(config, name);
        return entry ? entry->value : NULL;
}

static const struct chappe_config_entry *get(const struct chappe_config *config, const char *name)
{
        const struct chappe_config_entry *entry = find_known(config, name);
        assert(entry && "a setting that is in no table");
        return entry;
}

const char *chappe_config_text(const struct chappe_config *config, const char *name)
{
        return get(config, name)->value;
}

int64_t chappe_config_integer(const struct chappe_config *config, const char *name)
{
        return get(config, name)->integer;
}

bool chappe_config_boolean(const struct chappe_config *config, const char *name)
{
        return get(config, name)->integer != 0;
}

size_t chappe_config_kafka_count(const struct chappe_config *config)
{
        return config->count - config->known;
}

void chappe_config_kafka_at(const struct chappe_config *config, size_t n, const char **ret_name, const char **ret_value)
{
        assert(n < chappe_config_kafka_count(config));
        *ret_name = config->entries[config->known + n].name;
        *ret_value = config->entries[config->known + n].value;
}

size_t chappe_config_count(const struct chappe_config *config)
{
        return config->count;
}

void chappe_config_at(const struct chappe_config *config, size_t n, struct chappe_config_value *ret_value)
{
        assert(n < config->count);
        const struct chappe_config_entry *entry = &config->entries[n];

        *ret_value = (struct chappe_config_value){
                .name = entry->name,
                .value = entry->secret && *entry->value ? "(hidden)" : entry->value,
                .origin = entry->origin,
                .rule = entry->rule,
        };
}
