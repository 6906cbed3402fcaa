/* SPDX-License-Identifier: Apache-2.0 */
/* The cluster that a command works on, by the options that all such commands share. */
#pragma once

#include <chappe/client.h>

#include "base/cleanup.h"

#include "commands.h"

CHAPPE_CLEANUP_DEFINE(client, struct chappe_client *, (void)chappe_client_close)

/* Opens a client by --brokers, --set, --config and the environment; Ctrl-C interrupts its reads. create: topics of the
 * operations that are missing. setting: one of the command's own, below the user's; NULL: none. */
int cluster_open(const struct command_line *line, const struct chappe_operation *operations, bool create,
                 const char *setting, struct chappe_client **ret_client);
/* Has somebody pressed Ctrl-C? */
bool cluster_interrupted(void);
