/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is it the record, or the world? When many keys fail at once it is the world: the breaker of their topic opens, and
 * nothing of it runs but one record now and then, until one gets through. One key that fails, however often, does not
 * open it. Pure; time is given.
 *
 * Every key counts once, by its latest outcome among the last CHAPPE_BREAKER_OUTCOMES, none older than
 * CHAPPE_BREAKER_WINDOW_US. A record that failed, since when as many keys as make an outage began and got through, and
 * that fails again, is proven poison: its failures count for no outage.
 *
 * A record that has used up its attempts is given up, but in an outage, and in doubt: while another key fails too,
 * unproven, and none gets through. Doubt has an end, an outage has none but a record that gets through.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHAPPE_BREAKER_OUTCOMES  64
#define CHAPPE_BREAKER_WINDOW_US INT64_C(60000000)
#define CHAPPE_BREAKER_PATIENCE  10

struct chappe_breaker_policy {
        int32_t percent;  /* of the keys must fail for it to open; 0: it never does */
        int32_t keys;     /* and at least so many */
        int64_t wait_us;  /* then one record probes, and again after each that failed */
        int64_t doubt_us; /* for so long a record is kept for doubt */
};

/* What a record has been through. Zero-initialise. */
struct chappe_suspect {
        int64_t failed_us;  /* when it failed first; 0: not yet */
        int64_t doubted_us; /* since when it is kept for doubt; 0: it is not */
        bool witnessed;     /* since it failed, others got through */
};

/* How a record of this key came out. */
struct chappe_breaker_run {
        uint64_t key;
        int64_t began_us;
        int64_t ended_us;
        bool failed;
};

enum chappe_breaker_state {
        CHAPPE_BREAKER_CLOSED,
        CHAPPE_BREAKER_OPEN,    /* nothing runs */
        CHAPPE_BREAKER_PROBING, /* one record may run */
        CHAPPE_BREAKER_PROBED,  /* it runs */
};

/* Zero-initialise. */
struct chappe_breaker {
        struct {
                struct chappe_breaker_run run;
                bool proven;
        } outcomes[CHAPPE_BREAKER_OUTCOMES]; /* a ring */
        enum chappe_breaker_state state;
        bool lapsed; /* it closed because too few keys went on failing */
        int64_t opened_us;
        int64_t probe_us;   /* when a record may probe; from then on, since when one might */
        uint64_t count;     /* of outcomes so far */
        uint64_t failed;    /* those from here on did not fail */
        uint64_t leaf;      /* those before it closed last say nothing about outages */
        uint64_t witnessed; /* those before this one are in the next */
        int64_t witness_us; /* who failed before this has seen enough keys begin and get through since */
};

/* Into the ring, whatever the state. For the functions here. */
static inline void chappe_breaker_add(struct chappe_breaker *breaker, const struct chappe_breaker_run *run, bool proven)
{
        size_t at = breaker->count++ % CHAPPE_BREAKER_OUTCOMES;
        breaker->outcomes[at].run = *run;
        breaker->outcomes[at].proven = proven;
        if (run->failed)
                breaker->failed = breaker->count;
}
/* Has none of the last ones failed, and are all of them of late? Then there are more of them than anybody asks for. */
static inline bool chappe_breaker_is_at_peace(const struct chappe_breaker *breaker, int64_t now_us)
{
        return breaker->count - breaker->failed >= CHAPPE_BREAKER_OUTCOMES &&
               breaker->outcomes[breaker->count % CHAPPE_BREAKER_OUTCOMES].run.ended_us >
                       now_us - CHAPPE_BREAKER_WINDOW_US / 2;
}
/* A record came out while the breaker was closed; opens it when too many keys fail. True: it has opened with this.
 * suspect: of that record. */
bool chappe_breaker_note(struct chappe_breaker *breaker, const struct chappe_breaker_policy *policy,
                         struct chappe_suspect *suspect, const struct chappe_breaker_run *run);
/* The same for one that got through, as most do. */
static inline void chappe_breaker_note_passed(struct chappe_breaker *breaker,
                                              const struct chappe_breaker_policy *policy,
                                              const struct chappe_breaker_run *run)
{
        if (policy->percent == 0 || breaker->state != CHAPPE_BREAKER_CLOSED)
                return;
        chappe_breaker_add(breaker, run, false);
}
/* A record is in hand that an earlier owner saw fail: counts as failing from now on, or as proven. */
void chappe_breaker_recall(struct chappe_breaker *breaker, const struct chappe_breaker_policy *policy,
                           const struct chappe_suspect *suspect, uint64_t key, int64_t now_us);
/* Have enough others begun and got through since it failed? */
bool chappe_breaker_has_witness(struct chappe_breaker *breaker, const struct chappe_breaker_policy *policy,
                                const struct chappe_suspect *suspect);
/* A record that has used up its attempts (used_up), now or when doubt about it began, has failed and been noted: is it
 * given up now? If not, its attempts begin anew when it was used up, or when doubt about it is over. */
bool chappe_breaker_gives_up(struct chappe_breaker *breaker, const struct chappe_breaker_policy *policy,
                             struct chappe_suspect *suspect, bool used_up, int64_t now_us);
/* Time passes: an open breaker whose time has come begins to probe; so does one whose probing record has been running
 * for CHAPPE_BREAKER_PATIENCE times the wait: it may never come back. */
enum chappe_breaker_state chappe_breaker_look(struct chappe_breaker *breaker,
                                              const struct chappe_breaker_policy *policy, int64_t now_us);
/* The probing record has begun. */
void chappe_breaker_probe_begins(struct chappe_breaker *breaker);
/* How it came out: passed closes the breaker, also when it was no longer waited for; failed lets it wait again, unless
 * by now all that failed lately are fewer keys than make an outage: then there is doubt. */
void chappe_breaker_probe_ends(struct chappe_breaker *breaker, const struct chappe_breaker_policy *policy,
                               struct chappe_suspect *suspect, const struct chappe_breaker_run *run);
/* It came back without having run: another one may. */
void chappe_breaker_probe_unrun(struct chappe_breaker *breaker);
