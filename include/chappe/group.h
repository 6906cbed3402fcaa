/* SPDX-License-Identifier: Apache-2.0 */
/* Consumer groups as a tool sees them: who is in them, how far they are, where they are to go on. Each call may wait up to the setting
 * broker_timeout_ms for every question that it asks the cluster. */
#pragma once

#include <chappe/client.h>

#ifdef __cplusplus
extern "C" {
#endif

struct chappe_group {
        const char *name;
        const char *state;   /* in Kafka's words: Stable, Empty, PreparingRebalance, CompletingRebalance, Dead */
        const char *clients; /* its members' client ids, with commas between them */
        size_t member_count;
};

/* The groups whose name fits a pattern ("shop.*"; NULL: all), by name. One allocation, for free(). -CHAPPE_E_BROKER_UNSUPPORTED on the
 * embedded broker. */
int chappe_client_groups(struct chappe_client *client, const char *pattern, struct chappe_group **ret_groups,
                         size_t *ret_count, struct chappe_error *error);

/* How far a group is in one partition. */
struct chappe_group_partition {
        const char *topic;
        int32_t partition;
        int64_t committed; /* everything before it is finished */
        int64_t low;       /* the partition's first offset, and the one that its next record will have */
        int64_t high;
        int64_t lag;       /* offsets from the committed one to the end */
        int64_t finished;  /* of these, finished already: Chappe tells it in the commit's metadata */
        int64_t failing;   /* records that have failed and wait for another attempt; at most 64 are told */
        int64_t oldest_ms; /* when the first unfinished record was written, ms since the epoch; -1: there is none */
        bool foreign;      /* metadata that Chappe did not write */
        int64_t until;     /* of a replay's window: its end, from which lag is counted then; -1: it is no replay */
        int64_t ran;       /* of a replay: records that have finished, and of them those that were given up */
        int64_t given_up;
};

/* Every partition in which the group has committed, by topic and partition. One allocation, for free(). An unknown group has none. */
int chappe_client_group(struct chappe_client *client, const char *group, struct chappe_group_partition **ret_partitions,
                        size_t *ret_count, struct chappe_error *error);

/* For each position: of the offsets in front of it, how many are finished already beyond what the group has committed there. */
int chappe_client_group_finished(struct chappe_client *client, const char *group,
                                 const struct chappe_client_position *positions, size_t count, int64_t *ret_finished,
                                 struct chappe_error *error);

/* Where the group goes on: commits these offsets, and forgets what was finished beyond the former ones. -CHAPPE_E_GROUP_BUSY while it has
 * members. */
int chappe_client_group_reset(struct chappe_client *client, const char *group,
                              const struct chappe_client_position *positions, size_t count, struct chappe_error *error);

/* Part of a window: the records of one partition from one offset on, up to another one that is not part of it. */
struct chappe_client_window {
        const char *topic; /* full name */
        int32_t partition;
        int64_t from;
        int64_t until;
};

/* Prepares a replay of what this group handles (<chappe/control.h>): commits the window for the group "GROUP-replay-NAME". Empty parts are
 * left out. -CHAPPE_E_REPLAY_THERE when that group has committed anything before. */
int chappe_client_group_replay(struct chappe_client *client, const char *group, const char *name,
                               const struct chappe_client_window *windows, size_t count, struct chappe_error *error);
/* Can a replay have this name? 1 to 100 letters, digits, '.', '_' and '-'; -CHAPPE_E_SETTING_VALUE. */
int chappe_client_group_replay_check(const char *name, struct chappe_error *error);
/* Forgets a group with all that it has committed. -CHAPPE_E_GROUP_BUSY while it has members; 1: there was none.
 * -CHAPPE_E_BROKER_UNSUPPORTED on the embedded broker. */
int chappe_client_group_delete(struct chappe_client *client, const char *group, struct chappe_error *error);

#ifdef __cplusplus
}
#endif
