/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of a service program. */
#pragma once

#include "service/service.h"

enum chappe_action {
        CHAPPE_ACTION_RUN,
        CHAPPE_ACTION_HELP,
        CHAPPE_ACTION_VERSION,
        CHAPPE_ACTION_CHECK,
        CHAPPE_ACTION_DESCRIBE,
        CHAPPE_ACTION_PRINT_CONFIG,
};

struct chappe_options {
        enum chappe_action action;
        bool offline;
        const char *config_file; /* borrowed from argv or the environment */
        char **settings;         /* "name=value", ends with NULL */
        size_t setting_count;
};

/* Wrong options are told with the nearest known one. */
int chappe_options_read(int argc, char **argv, struct chappe_options *ret_options, struct chappe_error *error);
void chappe_options_deinit(struct chappe_options *options);
/* The whole help, from the tables of options and settings. */
int chappe_options_help(const struct chappe_service_config *config, struct chappe_buffer *buffer);
