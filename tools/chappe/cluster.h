/* SPDX-License-Identifier: Apache-2.0 */
/* The cluster that a command works on, by the options that all such commands share. */
#pragma once

#include <chappe/group.h>

#include "base/cleanup.h"

#include "commands.h"

CHAPPE_CLEANUP_DEFINE(client, struct chappe_client *, (void)chappe_client_close)

/* Opens a client by --brokers, --set, --config and the environment; Ctrl-C interrupts its reads. create: topics of the
 * operations that are missing. setting: one of the command's own, below the user's; NULL: none. */
int cluster_open(const struct command_line *line, const struct chappe_operation *operations, bool create,
                 const char *setting, struct chappe_client **ret_client);
/* Opens the cluster and asks for the topics that fit a pattern (NULL: all). Both stay the caller's; the list is for
 * free(). */
int cluster_topics(const struct command_line *line, const char *pattern, struct chappe_client **ret_client,
                   struct chappe_client_topic **ret_topics, size_t *ret_count);
/* Has the topic this partition (-1: all are meant)? An exit code, told. */
int cluster_partition(const struct chappe_client_topic *topic, int64_t partition);
/* As cluster_topics, the partitions of a group. */
int cluster_group(const struct command_line *line, const char *group, struct chappe_client **ret_client,
                  struct chappe_group_partition **ret_partitions, size_t *ret_count);
/* Has somebody pressed Ctrl-C? */
bool cluster_interrupted(void);
