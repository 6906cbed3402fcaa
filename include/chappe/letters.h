/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dead letters as a tool works them off: read, replayed to where they came from, or discarded. Kafka cannot take single records out of
 * a topic: what is settled is noted in the commits of a consumer group of the dead letters' own, so that every tool agrees on it, and
 * that a replay that was killed goes on where it was. The note lasts as long as the cluster keeps the offsets of a group without members.
 */
#pragma once

#include <chappe/client.h>

#ifdef __cplusplus
extern "C" {
#endif

struct chappe_letters;

/* Whose dead letters a topic of this name holds, by the setting dead_letter_topic ("*-dlt"); empty: it is no such topic. Borrowed
 * from the name. */
struct chappe_text chappe_letters_origin(struct chappe_client *client, const char *topic);

/* Reads what is settled. group NULL: chappe-dlq, with the configured prefix. Topics are full names. May wait like the rest of the client.
 * One thread at a time, the client's. */
int chappe_letters_open(struct chappe_client *client, const char *topic, const char *group,
                        struct chappe_letters **ret_letters, struct chappe_error *error);

struct chappe_letters_read {
        int32_t partition; /* -1: all */
        bool settled;      /* those too */
        bool raw;          /* do not decode */
        struct chappe_schema *bare; /* as in struct chappe_client_read */
        /* False ends the read. The record's letter is NULL when its headers tell no origin. */
        bool (*letter)(void *context, const struct chappe_client_record *record, bool settled);
        void *context;
};

/* Every dead letter up to the present end, in order within a partition. -CHAPPE_E_STOPPED after an interrupt. */
int chappe_letters_read(struct chappe_letters *letters, const struct chappe_letters_read *read, struct chappe_error *error);

/* Sends a dead letter, as the callback of a read was given it, as the record that it was: its key, bytes and headers, and one more that
 * counts the replays (chappe_replays). to NULL: to the topic that its headers name, which must be the one that the dead letter topic is
 * named after; another has to be named here. Settled once it is delivered. May wait for room among what is on its way. */
int chappe_letters_replay(struct chappe_letters *letters, const struct chappe_client_record *record, const char *to,
                          struct chappe_error *error);
/* What a replay would say before it sends, for a rehearsal: nothing is sent, and nothing is settled. */
int chappe_letters_check(struct chappe_letters *letters, const struct chappe_client_record *record, const char *to,
                         struct chappe_error *error);
/* It needs no replay. */
int chappe_letters_discard(struct chappe_letters *letters, int32_t partition, int64_t offset, struct chappe_error *error);
/* Waits until what was replayed is delivered, and commits what is settled: after a kill only what came after the last of these is replayed
 * once more. Done by itself whenever a hundred are on their way. Negative: some were not delivered, and are not settled; or the commit
 * failed. */
int chappe_letters_save(struct chappe_letters *letters, struct chappe_error *error);
/* Waits for what is on its way, and saves nothing. Takes NULL; returns NULL. */
struct chappe_letters *chappe_letters_close(struct chappe_letters *letters);

#ifdef __cplusplus
}
#endif
