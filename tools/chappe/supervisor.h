/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the processes of a fleet: starts them, merges what they write, starts again what crashed, ends them all
 * together. */
#pragma once

#include "fleet_file.h"
#include "merged_log.h"

struct supervisor_config {
        const struct fleet *fleet;
        const char *programs;        /* folder of the programs */
        const char *run_folder;      /* databases and run files; absolute */
        int instances;               /* of each service; 0: as the fleet file says */
        const char *const *settings; /* "name=value" or "service:name=value", above the file's; ends with NULL */
        struct merged_log log;
        const char *ready_file; /* is written once all are ready; NULL: none */
};

/* Runs until SIGINT or SIGTERM, or until a service turns out not to start at all. 0: every service stopped cleanly. */
int supervisor_run(const struct supervisor_config *config, struct chappe_error *error);
