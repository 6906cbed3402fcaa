/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fleet file (libconfig): which services run together.
 *
 *   settings = ( "synchronous=normal" );                  # for all of them
 *   services = (
 *           { name = "orders"; config = "orders/orders.cfg"; instances = 2; settings = ( "workers=16" ); }
 *   );
 *
 * program (default NAME/NAME) is looked for in the folder of programs, config beside the fleet file. In settings {run}
 * is the run's folder, {instance} the instance's name, {number} its number.
 */
#pragma once

#include <stddef.h>

#include <chappe/error.h>

#define FLEET_SERVICES_LIMIT  64
#define FLEET_SETTINGS_LIMIT  64
#define FLEET_INSTANCES_LIMIT 64

struct fleet_settings {
        char *at[FLEET_SETTINGS_LIMIT];
        size_t count;
};

struct fleet_service {
        char *name;
        char *program;
        char *config; /* with its folder, or NULL */
        int instances;
        struct fleet_settings settings;
};

struct fleet {
        struct fleet_service services[FLEET_SERVICES_LIMIT];
        size_t count;
        struct fleet_settings settings;
};

/* Errors carry file and line. */
int fleet_read(const char *file, struct fleet **ret_fleet, struct chappe_error *error);
struct fleet *fleet_free(struct fleet *fleet);
