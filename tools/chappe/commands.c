/* SPDX-License-Identifier: Apache-2.0 */
/* The one list of commands. */
#include "commands.h"

extern const struct command command_produce, command_consume, command_call;
extern const struct command command_topic_ls, command_topic_show, command_topic_create;
extern const struct command command_group_ls, command_group_show, command_group_reset, command_lag;
extern const struct command command_group_replay, command_group_delete;
extern const struct command command_dlq_ls, command_dlq_show, command_dlq_replay, command_dlq_discard;
extern const struct command command_schema_check, command_schema_diff, command_schema_lint, command_schema_canonical;
extern const struct command command_schema_fingerprint;
extern const struct command command_schema_decode, command_schema_encode, command_schema_register;
extern const struct command command_schema_cat, command_schema_show;
extern const struct command command_dev, command_run;
extern const struct command command_explain, command_completion;

const struct command *const commands[] = {
        &command_produce,
        &command_consume,
        &command_call,
        &command_topic_ls,
        &command_topic_show,
        &command_topic_create,
        &command_group_ls,
        &command_group_show,
        &command_group_reset,
        &command_group_replay,
        &command_group_delete,
        &command_lag,
        &command_dlq_ls,
        &command_dlq_show,
        &command_dlq_replay,
        &command_dlq_discard,
        &command_schema_check,
        &command_schema_diff,
        &command_schema_lint,
        &command_schema_canonical,
        &command_schema_fingerprint,
        &command_schema_decode,
        &command_schema_encode,
        &command_schema_register,
        &command_schema_cat,
        &command_schema_show,
        &command_dev,
        &command_run,
        &command_explain,
        &command_completion,
        NULL,
};
