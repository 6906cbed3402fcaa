/* SPDX-License-Identifier: Apache-2.0 */
/* A configuration while it is being gathered: entries for every known setting, and librdkafka's properties as they
 * come. */
#pragma once

#include <stdbool.h>

#include "config/config.h"

#define CHAPPE_CONFIG_VALUE_MAXIMUM 65536 /* bytes of one value */

struct chappe_config_entry {
        char *name;
        char *value;
        char *origin;                           /* "orders.cfg:14"; NULL: the default */
        const struct chappe_setting_rule *rule; /* NULL: a librdkafka property */
        int64_t integer;                        /* of integers; 0 or 1 of booleans */
        bool secret;
};

struct chappe_config {
        struct chappe_config_entry *entries; /* known settings in their order, then properties by name */
        size_t count;
        size_t known;
        char *const *environment; /* while loading: for CREDENTIALS_DIRECTORY */
};

/* Where a value stands: for messages, for paths beside it, and for what is forbidden there. */
struct chappe_config_place {
        const char *origin;    /* "orders.cfg:14", "CHAPPE_WORKERS", "command line" */
        const char *directory; /* relative secret files start here; NULL: the working directory */
        bool command_line;
};

/* Takes one value from a source; a later source's replaces it. */
int chappe_config_put(struct chappe_config *config, const struct chappe_config_place *place, const char *name,
                      const char *value, struct chappe_error *error);
/* The same for a librdkafka property, whatever its name. */
int chappe_config_put_property(struct chappe_config *config, const struct chappe_config_place *place, const char *name,
                               const char *value, struct chappe_error *error);
/* "name=value" of a property. */
int chappe_config_put_pair(struct chappe_config *config, const struct chappe_config_place *place, const char *pair,
                           struct chappe_error *error);

/* file.c: everything in a libconfig file. */
int chappe_config_read_file(struct chappe_config *config, const char *path, struct chappe_error *error);

/* numbers.c: refuses numbers in a libconfig text that versions of the library read differently or cut. */
int chappe_config_check_numbers(const char *path, const char *text, struct chappe_error *error);

/* value.c: checks a text against the rule; fills in the entry's integer; *value may be replaced by its normal form. */
int chappe_config_check_value(const struct chappe_setting_rule *rule, const char *origin, const char **value,
                              int64_t *ret_integer, struct chappe_error *error);
/* value.c: a secret's value by malloc: what stands there, or what the file or credential behind '@' holds. */
int chappe_config_read_secret(const struct chappe_config *config, const struct chappe_config_place *place,
                              const char *name, const char *value, char **ret_value, struct chappe_error *error);
