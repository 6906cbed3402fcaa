/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is it the record, or the world? When many keys fail at once it is the world: the breaker of their topic opens, and
 * nothing of it runs but one record now and then, until one gets through. One key that fails, however often, does not
 * open it. Pure; time is given.
 *
 * Every key counts once, by its latest outcome among the last CHAPPE_BREAKER_OUTCOMES, none older than
 * CHAPPE_BREAKER_WINDOW_US.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHAPPE_BREAKER_OUTCOMES  64
#define CHAPPE_BREAKER_WINDOW_US INT64_C(60000000)
#define CHAPPE_BREAKER_PATIENCE  10

struct chappe_breaker_policy {
        int32_t percent; /* of the keys must fail for it to open; 0: it never does */
        int32_t keys;    /* and at least so many */
        int64_t wait_us; /* then one record probes, and again after each that failed */
};

enum chappe_breaker_state {
        CHAPPE_BREAKER_CLOSED,
        CHAPPE_BREAKER_OPEN,    /* nothing runs */
        CHAPPE_BREAKER_PROBING, /* one record may run */
        CHAPPE_BREAKER_PROBED,  /* it runs */
};

/* Zero-initialise. */
struct chappe_breaker {
        enum chappe_breaker_state state;
        int64_t opened_us;
        int64_t probe_us; /* when a record may probe; from then on, since when one might */
        struct {
                uint64_t key;
                int64_t at_us;
                bool failed;
        } outcomes[CHAPPE_BREAKER_OUTCOMES]; /* a ring */
        uint64_t count;                      /* of outcomes so far */
};

/* How a record of this key came out while the breaker was closed; opens it when too many keys fail. True: it has opened
 * with this. */
bool chappe_breaker_note(struct chappe_breaker *breaker, const struct chappe_breaker_policy *policy, uint64_t key,
                         bool failed, int64_t now_us);
/* A record is about to be given up: may it be? Not while the breaker is not closed, nor when another key fails too and
 * none gets through, which opens it. */
bool chappe_breaker_gives_up(struct chappe_breaker *breaker, const struct chappe_breaker_policy *policy,
                             int64_t now_us);
/* Time passes: an open breaker whose time has come begins to probe; so does one whose probing record has been running
 * for CHAPPE_BREAKER_PATIENCE times the wait: it may never come back. */
enum chappe_breaker_state chappe_breaker_look(struct chappe_breaker *breaker,
                                              const struct chappe_breaker_policy *policy, int64_t now_us);
/* The probing record has begun. */
void chappe_breaker_probe_begins(struct chappe_breaker *breaker);
/* How it came out: passed closes the breaker, failed lets it wait again. */
void chappe_breaker_probe_ends(struct chappe_breaker *breaker, const struct chappe_breaker_policy *policy, bool failed,
                               int64_t now_us);
/* It came back without having run: another one may. */
void chappe_breaker_probe_unrun(struct chappe_breaker *breaker);
