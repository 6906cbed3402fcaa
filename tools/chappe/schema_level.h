/* SPDX-License-Identifier: Apache-2.0 */
/* Compatibility of contracts with those before them, by the levels of Confluent's registry. */
#pragma once

#include "commands.h"

#define SCHEMA_LEVELS "backward,forward,full,backward-transitive,forward-transitive,full-transitive,none"

/* The new against the older ones, the newest of them first: all of them when the level is transitive, else the first.
 * Files, or folders whose contracts are matched by name. Prints each "no"; the exit code is the answer. */
int schema_level_check(const struct command_line *line, const char *level, const char *newer, const char *const *older,
                       size_t count);
