/* SPDX-License-Identifier: Apache-2.0 */
/* Topics of the operations table: created where they are missing, checked where they are not. */
#pragma once

#include "flow/channels.h"

/* Creates (setting topics_create: yes, no, dry-run) what is missing. A missing topic that may not be created is an
 * error. *ret_partitions: how many those that are read have. */
int chappe_topics_prepare(struct chappe_runtime *runtime, size_t *ret_partitions, struct chappe_error *error);
/* One topic more. configured: properties such as cleanup.policy. 0, also when it is there already. */
int chappe_topic_make(struct chappe_runtime *runtime, const char *name, int32_t partitions,
                      const struct chappe_property *configured, size_t count, struct chappe_error *error);
/* The dead letter topic of a channel, with as many partitions as the channel's topic. */
int chappe_topics_make_dead_letter(struct chappe_runtime *runtime, const struct chappe_channel *channel,
                                   struct chappe_error *error);
