/* SPDX-License-Identifier: Apache-2.0 */
/* Compatibility of a new schema with those before it, by the levels of Confluent's registry. */
#pragma once

#include "commands.h"

/* By --level and --transitive; the arguments are the new schema and the older ones, the newest first. Says each "no"; the exit
 * code is the answer. */
int schema_level_check(const struct command_line *line);
