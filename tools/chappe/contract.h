/* SPDX-License-Identifier: Apache-2.0 */
/* A message of a protocol file, as the runtime wants it: what chappe-gen would have written, made at run time. */
#pragma once

#include <chappe/type.h>

#include "schemas.h"

#define CONTRACT_ERRORS_LIMIT 64

struct contract {
        struct chappe_message message;
        struct chappe_message_error errors[CONTRACT_ERRORS_LIMIT];
        struct chappe_schema *request, *response, *refusals[CONTRACT_ERRORS_LIMIT];
        struct chappe_arena *arena;
};

/* Reads a message from the file that --protocol names, or else from the one that stands for the topic in the include
 * folders. EXIT_DONE, or the exit code with the reason said; contract_close in any case. */
int contract_open(const struct command_line *line, const char *topic, const char *message,
                  struct contract *ret_contract);
void contract_close(struct contract *contract);
