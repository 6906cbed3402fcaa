/* SPDX-License-Identifier: Apache-2.0 */
/* The one list of commands. */
#include "commands.h"

extern const struct command command_schema_check, command_schema_canonical, command_schema_fingerprint;
extern const struct command command_schema_decode, command_schema_encode;
extern const struct command command_dev, command_run;
extern const struct command command_explain, command_completion;

const struct command *const commands[] = {
        &command_schema_check,
        &command_schema_canonical,
        &command_schema_fingerprint,
        &command_schema_decode,
        &command_schema_encode,
        &command_dev,
        &command_run,
        &command_explain,
        &command_completion,
        NULL,
};
