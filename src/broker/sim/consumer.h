/* SPDX-License-Identifier: Apache-2.0 */
/* A simulated consumer, as its own files share it. */
#pragma once

#include "broker/sim/sim_private.h"

/* One partition that is being read. */
struct sim_reading {
        struct sim_topic *topic;
        int32_t partition;
        int64_t position; /* the next record to take */
        int64_t fetched;  /* records before this have arrived */
        int64_t end_told; /* the end that was told last */
        bool told_missing;
        struct chappe_consumer *consumer;
        struct chappe_timer fetch;
};

enum sim_membership {
        SIM_OUTSIDE, /* no subscription */
        SIM_JOINING, /* asked to be in the coming generation */
        SIM_GAINED,  /* an assignment came; accept is awaited */
        SIM_OWNING,
        SIM_GIVING_UP, /* revoked or lost was told or will be; release is awaited */
        SIM_DEAD,      /* fatal: fenced */
};

/* An event on its way to the poll. Positions in one allocation with it. */
struct sim_event {
        struct chappe_consumer_event event;
        struct chappe_position *positions;
        struct sim_event *previous, *next;
};

/* A commit on its way. */
struct sim_commit {
        struct chappe_consumer *consumer;
        struct chappe_position *positions;
        size_t count;
        void *token;
        int32_t generation;
        uint64_t member;    /* its number: the member may be gone */
        uint64_t deletions; /* of topics, before it was sent */
        struct chappe_timer arrival;
        struct sim_commit *previous, *next;
};

struct chappe_consumer {
        struct sim_broker *broker;
        struct chappe_consumer_config config; /* group copied; properties not kept */
        char *group_name;
        struct sim_group *group;   /* NULL: none */
        struct sim_member *member; /* NULL: not one, or no longer */
        struct sim_subscription subscription;
        char *instance;
        char **topics;
        size_t topic_count;
        int64_t heartbeat_us;
        int64_t poll_maximum_us;
        bool from_latest; /* auto.offset.reset */

        enum sim_membership membership;
        int32_t generation;
        bool expelled;                   /* the coordinator has put it out; it does not know yet */
        bool lost;                       /* while giving up: not ours any more */
        bool told_lost;                  /* and its owner knows */
        bool told_gained;                /* the gain that awaits accept */
        bool rejoins;                    /* cooperative: once what has come with this assignment is answered */
        struct chappe_position *revoked; /* cooperative: awaits release; NULL: everything does */
        size_t revoked_count;
        int64_t polled_us;
        struct chappe_timer heartbeat;
        struct chappe_timer join; /* a request to join, or an assignment, on its way */
        struct sim_reading **readings;
        size_t reading_count;
        struct sim_commit *commits;
        int64_t last_commit_us; /* commits arrive in their order */
        struct sim_event *events;
        struct sim_event *told; /* what the last poll handed out */
        struct chappe_timer ready;
        size_t lent; /* records taken and not released */
        size_t lent_bytes;
        struct chappe_consumer *previous, *next;
};

/* events.c */
/* Copies positions, names and metadata. NULL positions: none. */
struct sim_event *chappe_sim_event_add(struct chappe_consumer *consumer, enum chappe_consumer_event_kind kind,
                                       const struct chappe_position *positions, size_t count);
void chappe_sim_event_drop(struct chappe_consumer *consumer, enum chappe_consumer_event_kind kind);
void chappe_sim_events_free(struct chappe_consumer *consumer);
struct chappe_position *chappe_sim_positions_copy(const struct chappe_position *positions, size_t count);
/* Says soon that polling has become worthwhile, outside whatever runs now. */
void chappe_sim_consumer_ready(struct chappe_consumer *consumer);
void chappe_sim_consumer_ready_fired(struct chappe_timer *timer);

/* fetch.c */
/* NULL: it is not being read. */
struct sim_reading *chappe_sim_reading_find(const struct chappe_consumer *consumer, const char *topic,
                                            int32_t partition);
void chappe_sim_reading_remove(struct chappe_consumer *consumer, const char *topic, int32_t partition);
int chappe_sim_readings_add(struct chappe_consumer *consumer, const struct chappe_position *positions, size_t count,
                            struct chappe_error *error);
void chappe_sim_readings_clear(struct chappe_consumer *consumer);

/* cooperative.c */
bool chappe_sim_cooperates(const struct chappe_consumer *consumer);
/* Tells what is no longer assigned as revoked; false when there is nothing of that kind. */
bool chappe_sim_cooperative_revoke(struct chappe_consumer *consumer);
/* What was told is released. */
void chappe_sim_cooperative_released(struct chappe_consumer *consumer);

/* membership.c */
void chappe_sim_membership_join(struct chappe_consumer *consumer);
void chappe_sim_membership_heartbeat(struct chappe_timer *timer);
void chappe_sim_membership_arrived(struct chappe_timer *timer);

/* commit.c */
void chappe_sim_commits_free(struct chappe_consumer *consumer);
