/* SPDX-License-Identifier: Apache-2.0 */
/* Where reading a partition begins, and what was gone before it could be read. Of the poll strand; asks the broker. */
#pragma once

#include "flow/context.h"

/* The offset from which a partition is read that the group has committed at (NONE: never). Without a commit it is the
 * end of the log that start_from names; but a partition that was added to a topic which the group knows is read from
 * its beginning, or what was sent before we saw it would be lost. EARLIEST or LATEST when nobody answers. */
int64_t chappe_beginning(const struct chappe_runtime *runtime, const char *group,
                         const struct chappe_position *committed);
/* The record found at offset found is not the one expected there: was what lies between deleted? Says so in the log;
 * compaction and the marks of transactions leave gaps too, of which nothing is said. */
void chappe_beginning_tell_gap(const struct chappe_runtime *runtime, const char *topic, int32_t partition,
                               int64_t expected, int64_t found);
