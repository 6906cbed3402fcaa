/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records in hand, between the poll strand and the workers: one lock around the dispatcher, taken once a batch each
 * way.
 *
 * The poll strand gives records, hears of deliveries, drains and drops shares, reads the ledgers. Workers take jobs and
 * bring them back.
 */
#pragma once

#include "base/random.h"
#include "flow/breaker.h"
#include "flow/channels.h"
#include "flow/deliveries.h"
#include "flow/dispatcher.h"
#include "flow/runs.h"
#include "flow/wake.h"

#define CHAPPE_HANDOVER_BATCH 64 /* jobs a worker may ask for at a time */

/* What a run says about the world: a record that no handler saw, or that was given up for its own sake, says nothing.
 */
enum chappe_outcome {
        CHAPPE_OUTCOME_NONE,
        CHAPPE_OUTCOME_PASSED,
        CHAPPE_OUTCOME_FAILED,
};

enum chappe_verdict {
        CHAPPE_VERDICT_UNRUN,  /* an earlier job of its lane failed, or the worker stops */
        CHAPPE_VERDICT_DONE,   /* by its handler, or passed over */
        CHAPPE_VERDICT_BURIED, /* its dead letter is on its way */
        CHAPPE_VERDICT_AGAIN,
};

/* One record with all that the runtime knows of it. Its worker owns it between take and return, else the handover does.
 */
struct chappe_job {
        struct chappe_task task;
        struct chappe_record record;
        struct chappe_deliveries deliveries;
        const struct chappe_channel *channel;
        const struct chappe_meters *meters; /* of its partition */
        enum chappe_verdict verdict;
        int64_t began_us;          /* the latest run */
        int64_t ended_us;          /* its handler, or where there was none, it */
        int64_t due_us;            /* verdict AGAIN */
        struct chappe_job *leader; /* it ran with others, and waits for the deliveries of this one; NULL: for its own */
        struct chappe_job *following;             /* among the settled ones */
        const struct chappe_operation *operation; /* once it is known */
        int64_t first_us;                         /* when its first attempt began; 0: not yet */
        enum chappe_outcome outcome;
        bool marked; /* something of what follows may have changed; it is zero otherwise, as in a job that nobody has */
        int32_t failures;      /* that count against the policy's ceiling */
        int32_t told_failures; /* this and the next: as they were when a worker brought it back last */
        int64_t told_first_us;
        struct chappe_suspect suspect; /* under the handover's lock */
        bool burying;                  /* given up: all that is left is its dead letter */
        bool condemned;                /* set aside before it ran: it is to be buried */
        bool halting;                  /* which cannot be written; counted as such */
        bool outstanding;              /* it came back before all that it published was delivered */
        int reason_code;               /* why it failed last */
        char *reason;                  /* NULL: none; freed with the job */
        struct chappe_job *fellow;     /* the next that waits for those of its leader */
};

struct chappe_handover;

/* bell is rung when the poll strand has something to do. */
int chappe_handover_new(const struct chappe_runtime *runtime, const struct chappe_dispatcher_limits *limits,
                        struct chappe_wake *bell, struct chappe_handover **ret_handover, struct chappe_error *error);
/* After all workers have ended and every share was dropped. Takes NULL; returns NULL. */
struct chappe_handover *chappe_handover_free(struct chappe_handover *handover);

/* Poll strand. */
/* How many records of this share there is room for, and how many bytes. None while its channel is paused, though the
 * poll strand may not have come round to holding the share. */
size_t chappe_handover_room(struct chappe_handover *handover, struct chappe_share *share, size_t *ret_bytes);
/* Is nothing of it in hand? If not, the bell rings when that changes. */
bool chappe_handover_idle(struct chappe_handover *handover, struct chappe_share *share);
/* There is something new for its next commit to tell; returns up to which change it has to tell. */
uint64_t chappe_handover_touch(struct chappe_handover *handover, struct chappe_share *share);
/* Takes over these records. Negative when memory was short: those not taken over were released and *ret_given says how
 * many were (the rest must be read again). */
int chappe_handover_give(struct chappe_handover *handover, struct chappe_share *share,
                         const struct chappe_channel *channel, struct chappe_record *records, size_t count,
                         size_t *ret_given);
/* Carries out what delivery reports have settled since the last call. */
void chappe_handover_settle(struct chappe_handover *handover);
/* Holds, lets probe and lets go the shares of each topic as its breaker says; returns when to look again. */
int64_t chappe_handover_heed_breakers(struct chappe_handover *handover, const struct chappe_assignment *assignment,
                                      int64_t now_us);
/* With nothing in hand, memory that a busy handover keeps goes back to the heap. */
void chappe_handover_rest(struct chappe_handover *handover);
/* Beside a handler that runs for long, nothing waits in its worker's hand: what has not begun goes to whoever is idle,
 * what is done is finished. Returns when to look again. */
int64_t chappe_handover_relieve(struct chappe_handover *handover, int64_t now_us);
/* Wakes what is due; returns when the next is. */
int64_t chappe_handover_tick(struct chappe_handover *handover, int64_t now_us);
void chappe_handover_drain(struct chappe_handover *handover, struct chappe_share *share);
/* So many shares are ours, now that one was gained. */
void chappe_handover_share_out(struct chappe_handover *handover, size_t shares);
/* Is nothing of a draining share in hand any more? */
bool chappe_handover_drained(struct chappe_handover *handover, struct chappe_share *share);
/* The share leaves the assignment; it is freed here, or with its last job. */
void chappe_handover_drop(struct chappe_handover *handover, struct chappe_assignment *assignment,
                          struct chappe_share *share);
/* The share is to begin elsewhere: what nobody works on is let go of. chappe_handover_rewind ends it. */
void chappe_handover_recall(struct chappe_handover *handover, struct chappe_share *share);
/* The share begins at this offset: it was recalled, or its topic was made anew. False while records of before are in
 * hand. */
bool chappe_handover_rewind(struct chappe_handover *handover, struct chappe_share *share, int64_t offset);
/* The offset to commit for a share, or -1; what there is to tell beside it, and up to which change of the share. */
int64_t chappe_handover_commit(struct chappe_handover *handover, const struct chappe_share *share,
                               struct chappe_progress *progress, uint64_t *ret_changes);

struct chappe_share_figures {
        int64_t highest;   /* offset seen */
        int64_t watermark; /* everything before it is finished */
        size_t tasks;
        size_t troubled; /* keys */
        uint64_t changes;
        bool paused;
};
void chappe_handover_figures(struct chappe_handover *handover, const struct chappe_share *share,
                             struct chappe_share_figures *ret_figures);
size_t chappe_handover_records(struct chappe_handover *handover);
/* Keys in trouble, and the bytes of their records; *ret_full: as much as there may be, so that intake waits. */
size_t chappe_handover_troubled(struct chappe_handover *handover, size_t *ret_bytes, bool *ret_full);
uint64_t chappe_handover_late(struct chappe_handover *handover);

/* Holds a channel (by its index), or lets go of it. Any strand; the poll strand has to be woken. */
void chappe_handover_pause(struct chappe_handover *handover, size_t channel, bool paused);
/* The first channel that is paused, or -1. Any strand. */
ptrdiff_t chappe_handover_paused(struct chappe_handover *handover);
/* Which topics are held. Any strand. */
struct chappe_hold {
        size_t count;
        size_t first; /* the channel of one of them, by its index */
};
struct chappe_holds {
        struct chappe_hold outages; /* their breaker is open */
        struct chappe_hold letters; /* a dead letter of theirs cannot be written */
};
void chappe_handover_holds(struct chappe_handover *handover, struct chappe_holds *ret_holds);
/* A record has failed in the handler for as long as its policy allows (used_up), or is doubted: is it given up now? Not
 * in an outage. On a worker; counts as the outcome of this run. */
bool chappe_handover_gives_up(struct chappe_handover *handover, struct chappe_job *job, bool used_up);
/* What the workers are at. Any strand. */
struct chappe_runs *chappe_handover_runs(struct chappe_handover *handover);

/* A record that takes no longer is quick, on this machine. */
int64_t chappe_handover_quickness_us(const struct chappe_handover *handover);
/* Jobs that a worker may be given at a time: those that run together are not divided. */
size_t chappe_handover_most(const struct chappe_handover *handover);
/* Workers. Brings the jobs in this hand back, each with its verdict, and takes up to *maximum new ones (its array has
 * room for chappe_handover_most); waits until there are some. *maximum: as many as its handlers' pace makes worth
 * while; 0 when it has run none yet. After a wait no more than others take. 0: the end. */
size_t chappe_handover_exchange(struct chappe_handover *handover, struct chappe_hand *hand, size_t *maximum);
/* Makes exchange return 0 from now on. Any strand. */
void chappe_handover_close(struct chappe_handover *handover);
