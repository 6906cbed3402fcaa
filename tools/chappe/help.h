/* SPDX-License-Identifier: Apache-2.0 */
/* Help, on standard output. */
#pragma once

#include "commands.h"

void help_all(void);
/* The commands of a group: "topic". */
void help_group(const char *group);
void help_command(const struct command *command);
