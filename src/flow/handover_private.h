/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the handover share: the lock (handover.c), jobs on their way in (handover_give.c), to workers and
 * back (handover_exchange.c), shares and breakers. */
#pragma once

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "flow/breaker.h"
#include "flow/handover.h"
#include "flow/job_key.h"
#include "flow/waiters.h"

struct chappe_handover {
        /* constant after start */
        const struct chappe_runtime *runtime;
        struct chappe_executor *executor;
        struct chappe_wake *bell;
        struct chappe_mutex *mutex;
        struct chappe_runs runs; /* guards itself */
        size_t enough;           /* workers, while handlers are quick */
        size_t most;             /* jobs that a worker may be given at a time */
        int64_t quick_us;        /* a handler that takes no longer is quick, on this machine */
        /* of the poll strand */
        struct chappe_job *settled; /* since the last chappe_handover_settle, latest first */
        int64_t looked_us;          /* the last look at what workers hold */
        /* of everybody */
        _Atomic bool others_wait; /* records of other keys, for what a worker is at: in its hand, or in a common lane */
        _Atomic bool lanes_wait;  /* for workers that run, though others are idle */
        /* under mutex */
        struct chappe_dispatcher *dispatcher;
        struct chappe_task **taken;            /* out of there, on their way to a worker */
        struct chappe_topic_breaker *breakers; /* one a channel */
        size_t breakers_open;
        size_t halting;              /* records, of all topics */
        bool breakers_stir;          /* the poll strand has to heed them */
        struct chappe_arena *memory; /* of all jobs; NULL: there are none */
        size_t jobs;                 /* in there */
        struct chappe_task *spare;   /* of jobs that nobody has */
        size_t spare_jobs;
        struct chappe_random random;
        struct chappe_waiters waiters;
        size_t batch;      /* jobs that the latest worker to come asked for: many while handlers are quick */
        int64_t pace_us16; /* sixteenths of what a record takes a worker, of late */
        uint32_t draining; /* shares */
        int64_t due_us;    /* the poll strand will wake by itself then */
        size_t want_room;  /* shares that the poll strand waits for room for */
        bool full;         /* or it waits for some for all */
        bool closed;
};

/* The operations of one topic share a breaker, as they share an order. */
struct chappe_topic_breaker {
        struct chappe_breaker_policy policy; /* constant after start */
        struct chappe_breaker breaker;
        size_t probes; /* so far */
        struct chappe_metric *gauge;
        size_t halting; /* records whose dead letter cannot be written: nothing else of the topic runs */
        bool halted;    /* so the shares are held; the poll strand's */
        struct chappe_metric *paused_gauge;
        bool paused;       /* on request */
        bool waited;       /* so the shares are held; the poll strand's */
        bool told;         /* this and the next ones: the poll strand's; it is open */
        bool changed;      /* and that is news */
        bool lapsed;       /* it closed for lack of keys */
        int64_t lasted_us; /* until it closed */
};

static inline struct chappe_job *chappe_job_of(struct chappe_task *task)
{
        return CHAPPE_CONTAINER(task, struct chappe_job, task);
}

/* By which its record is known again: when a topic is made anew, another one is at that offset. */
static inline int16_t chappe_job_print(const struct chappe_job *job)
{
        return (int16_t)(chappe_key_mix(chappe_job_key(job) ^ (uint64_t)job->record.timestamp_ms) & 0xff);
}

/* Under the lock: does intake wait for room for this share? */
static inline void chappe_handover_want_room(struct chappe_handover *handover, struct chappe_share *share, bool wants)
{
        handover->want_room += (size_t)wants - (size_t)share->wants_room;
        share->wants_room = wants;
}

/* As one that nobody has. */
static inline void chappe_job_clear(struct chappe_job *job)
{
        size_t from = offsetof(struct chappe_job, marked);
        if (!job->marked)
                return;
        free(job->reason);
        memset((char *)job + from, 0, sizeof(*job) - from);
}

/* Under the lock: what commits may tell of it, even while a worker has it again. Of one that is all but finished,
 * nothing. */
static inline void chappe_job_tell(struct chappe_job *job, bool again)
{
        job->told_failures = job->failures;
        job->told_first_us = again ? job->first_us : 0;
}

/* How long a quick handler may take on this machine: measured, in some microseconds. */
int64_t chappe_handover_quick_us(const struct chappe_clock *clock);
#define CHAPPE_QUICK_NO_MORE 3 /* times that, and handlers are not quick any more */
/* Under the lock: are they, so that the records of this share may have one lane? */
static inline bool chappe_handover_is_quick(const struct chappe_handover *handover, const struct chappe_share *share)
{
        return handover->pace_us16 < 16 * handover->quick_us * (share->merged ? CHAPPE_QUICK_NO_MORE : 1);
}
/* Under the lock: workers that run, but for those whose handler has been waiting for something. */
size_t chappe_handover_quick_workers(const struct chappe_handover *handover);
/* Under the lock, before records are added and after that: is it one lane for all keys of the share, or one for each?
 */
void chappe_handover_merge(struct chappe_handover *handover, struct chappe_share *share, int64_t now_us);
void chappe_handover_spread_crowd(struct chappe_handover *handover, struct chappe_share *share);

static inline void chappe_handover_lock(struct chappe_handover *handover)
{
        chappe_mutex_lock(handover->executor, handover->mutex);
}

static inline void chappe_handover_unlock(struct chappe_handover *handover)
{
        chappe_mutex_unlock(handover->executor, handover->mutex);
}

int chappe_handover_breakers_init(struct chappe_handover *handover, struct chappe_error *error);
void chappe_handover_breakers_deinit(struct chappe_handover *handover);
/* Under the lock: a probing job begins; a job comes back, before its lane hears of it. */
void chappe_handover_probe_begins(struct chappe_handover *handover, struct chappe_job *job);
void chappe_handover_note_unusual(struct chappe_handover *handover, struct chappe_job *job);
static inline struct chappe_topic_breaker *chappe_handover_breaker_of(struct chappe_handover *handover,
                                                                      const struct chappe_job *job)
{
        return &handover->breakers[job->channel - handover->runtime->channels->at];
}
static inline uint64_t chappe_handover_salt(const struct chappe_job *job)
{
        return chappe_key_mix((uint64_t)job->record.partition + 1);
}
/* Of the key, not of its lane: in partition order, all keys share one. */
static inline struct chappe_breaker_run chappe_handover_run_of(const struct chappe_job *job)
{
        return (struct chappe_breaker_run){ .key = chappe_job_key(job) ^ chappe_handover_salt(job),
                                            .began_us = job->began_us,
                                            .ended_us = job->ended_us,
                                            .failed = job->outcome == CHAPPE_OUTCOME_FAILED };
}
/* Jobs of one share got through, or no handler saw them. */
void chappe_handover_note_passed(struct chappe_handover *handover, struct chappe_job *const *jobs, size_t count);
static inline void chappe_handover_note_outcome(struct chappe_handover *handover, struct chappe_job *job)
{
        if (job->outcome != CHAPPE_OUTCOME_PASSED || job->task.probe) {
                chappe_handover_note_unusual(handover, job);
                return;
        }
        chappe_handover_note_passed(handover, &job, 1);
        job->outcome = CHAPPE_OUTCOME_NONE;
}
/* Under the lock: an earlier owner saw the record of this job fail; have others got through since a job failed? */
void chappe_handover_recall_suspect(struct chappe_handover *handover, const struct chappe_job *job, int64_t now_us);
bool chappe_handover_has_witness(struct chappe_handover *handover, const struct chappe_job *job);
/* Under the lock: the dead letter of a job could not be written; jobs are let go of. */
void chappe_handover_note_halt(struct chappe_handover *handover, struct chappe_job *job);
void chappe_handover_end_halts(struct chappe_handover *handover, const struct chappe_released *released);
/* Under the lock: wakes as many idle workers as there are batches of lanes for, beyond those that busy ones are about
 * to take. */
void chappe_handover_wake_workers(struct chappe_handover *handover, size_t busy);
/* Under the lock: wakes one if there are lanes that nobody is about to take. */
void chappe_handover_wake_one_more(struct chappe_handover *handover);
/* Under the lock: did something change for the poll strand? Then the bell is to be rung, without the lock. */
bool chappe_handover_concerns_poll(struct chappe_handover *handover, const struct chappe_released *released);
/* Ends a locked section that may have released tasks: wakes whom it concerns, unlocks, and gives the records back. */
void chappe_handover_end_section(struct chappe_handover *handover, const struct chappe_released *released, size_t busy);
/* Under the lock, in a later section: the jobs of those tasks are spare. */
void chappe_handover_recycle(struct chappe_handover *handover, struct chappe_released *released);
/* Both, with a section for the second. */
void chappe_handover_conclude(struct chappe_handover *handover, struct chappe_released *released);
