/* SPDX-License-Identifier: Apache-2.0 */
/* How far behind: in words for people, and added up. */
#pragma once

#include <chappe/group.h>

/* "3s", "12m", "5h", "2d": since then; "-" for a time before the epoch, or none. */
const char *lag_behind(int64_t oldest_ms, int64_t now_ms, char buffer[24]);
/* Adds a partition's figures to a sum; the older oldest_ms stays. */
void lag_add(struct chappe_group_partition *sum, const struct chappe_group_partition *partition);
