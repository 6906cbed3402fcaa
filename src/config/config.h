/* SPDX-License-Identifier: Apache-2.0 */
/* Settings of one service: defaults < libconfig file < environment (CHAPPE_…) < command line. Immutable once loaded. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <chappe/error.h>

struct chappe_config;

enum chappe_setting_kind { CHAPPE_SETTING_TEXT, CHAPPE_SETTING_INTEGER, CHAPPE_SETTING_BOOLEAN, CHAPPE_SETTING_CHOICE };

/* One known setting: Chappe's own (config/settings.c, the one table) or the service's. */
struct chappe_setting_rule {
        const char *name; /* "workers" */
        enum chappe_setting_kind kind;
        const char *default_value;
        int64_t minimum, maximum; /* integers */
        const char *choices;      /* "auto,pretty,json" */
        bool secret;
        const char *help;
};

struct chappe_config_sources {
        const struct chappe_setting_rule *extra; /* the service's own, ends with { 0 }; NULL: none */
        const char *file;                        /* NULL: none */
        char *const *environment;                /* NULL: none */
        const char *const *settings;             /* "name=value", ends with NULL; NULL: none */
};

/*
 * In the file, settings stand at the top, and librdkafka's properties in a list, each under its own name:
 *
 *      workers = 8;
 *      kafka = ( "linger.ms=5", "compression.type=lz4" );
 *
 * In the environment they are CHAPPE_WORKERS and CHAPPE_KAFKA_LINGER_MS, among settings "workers=8" and "linger.ms=5". A secret's value
 * may be "@/path/of/a/file" or "@name", the systemd credential of that name.
 *
 * Unknown names, wrong values and files that cannot be read are errors with file, line and the nearest known name. Any name that
 * librdkafka knows (with its dots) passes through.
 */
int chappe_config_load(const struct chappe_config_sources *sources, struct chappe_config **ret_config,
                       struct chappe_error *error);
struct chappe_config *chappe_config_free(struct chappe_config *config);

/* A known setting's value; asking for an unknown name is a programming error (asserted). */
const char *chappe_config_text(const struct chappe_config *config, const char *name);
int64_t chappe_config_integer(const struct chappe_config *config, const char *name);
bool chappe_config_boolean(const struct chappe_config *config, const char *name);

/* A value that may not be known: NULL. */
const char *chappe_config_find(const struct chappe_config *config, const char *name);

/* The librdkafka properties that were given, bootstrap.servers (from the setting brokers) always among them, in the order of their
 * names. */
size_t chappe_config_kafka_count(const struct chappe_config *config);
void chappe_config_kafka_at(const struct chappe_config *config, size_t n, const char **ret_name, const char **ret_value);

/* One value with where it came from: for dumps. */
struct chappe_config_value {
        const char *name;
        const char *value;                      /* a secret's is hidden: "(hidden)" */
        const char *origin;                     /* "default", "orders.cfg:14", "CHAPPE_WORKERS", "command line" */
        const struct chappe_setting_rule *rule; /* NULL: a librdkafka property */
};

/* Chappe's settings in the table's order, the service's, then librdkafka's properties. */
size_t chappe_config_count(const struct chappe_config *config);
void chappe_config_at(const struct chappe_config *config, size_t n, struct chappe_config_value *ret_value);

/* Chappe's own settings, ends with { 0 }: the one table from which help and checks derive. */
extern const struct chappe_setting_rule chappe_settings[];
