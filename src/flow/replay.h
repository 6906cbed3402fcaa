/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bounded window of the log that is run once more, in a group of its own: which partitions it has, and whether it is
 * over. The window stands in the group's commits (flow/progress.h) before its first member comes, so that a life that
 * is killed, several members, and whoever looks from outside all know the same end. docs/decisions/ says why so.
 */
#pragma once

#include "flow/channels.h"

#define CHAPPE_REPLAY_NAME_MAXIMUM 100

struct chappe_replay;

/* Over all members and all lives, as committed. */
struct chappe_replay_state {
        bool over;
        int64_t finished; /* records */
        int64_t failed;   /* of them, given up */
        int64_t left;     /* offsets */
};

/* The group of a replay of what this group has done, by malloc; NULL when memory is short. */
char *chappe_replay_group(const char *group, const char *name);
/* 1 to 100 letters, digits, '.', '_' and '-'. */
int chappe_replay_check_name(const char *name, struct chappe_error *error);

/* Reads the window that runtime->replay_name has in the group of channels, on the topics with events that are consumed.
 * Asks the broker. -CHAPPE_E_REPLAY_MISSING when it has none. */
int chappe_replay_open(struct chappe_runtime *runtime, const struct chappe_channels *channels,
                       struct chappe_replay **ret_replay, struct chappe_error *error);
/* Begins to look for the end, whenever it is told that this may have come. */
int chappe_replay_start(struct chappe_replay *replay, struct chappe_error *error);
/* Has the window a part in this topic, in this partition of it? All of them, where there is no replay (NULL). */
bool chappe_replay_has_topic(const struct chappe_replay *replay, const char *topic);
bool chappe_replay_has(const struct chappe_replay *replay, const char *topic, int32_t partition);
/* Sets it apart, in the inbox, from all other replays and from the life of the service. Borrowed. */
const char *chappe_replay_key(const struct chappe_replay *replay);
/* Of what is ours nothing is left: is it so everywhere? Any strand. */
void chappe_replay_look(struct chappe_replay *replay);
/* Waits for the end. -CHAPPE_E_TIMEOUT: it has not come. *ret_state as known by then. Any strand but the poll strand.
 */
int chappe_replay_wait(struct chappe_replay *replay, int64_t timeout_ms, struct chappe_replay_state *ret_state,
                       struct chappe_error *error);
/* Looks a last time, if there is time; whoever waits is told. NULL: nothing. */
void chappe_replay_stop(struct chappe_replay *replay, int64_t timeout_ms);
/* Takes NULL; returns NULL. */
struct chappe_replay *chappe_replay_free(struct chappe_replay *replay);
