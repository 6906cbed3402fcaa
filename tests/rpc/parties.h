/* SPDX-License-Identifier: Apache-2.0 */
/* Services that call and answer each other on a simulated cluster, put together as the service room does. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <chappe/call.h>
#include <chappe/operation.h>
#include <chappe/service.h>

#include "broker/sim/sim.h"
#include "observe/metrics.h"
#include "rpc/rpc.h"
#include "store/store.h"
#include "wire/call_headers.h"

#define SECOND       INT64_C(1000000)
#define PARTIES      3
#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* test.Test.double: {key, n} is answered with {2n}, or refused with {n} when n is negative. */
struct question {
        struct chappe_text key;
        int64_t n;
};
struct answer {
        int64_t n;
};
#define REFUSED 1
struct answer_reply {
        union {
                struct answer response;
                struct answer refused;
        } value;
};
extern const struct chappe_message double_message;
/* Fingerprints are filled in by stage_open. */
extern struct chappe_type question_type, answer_type, refused_type;

struct stage;

struct party {
        struct stage *stage;
        const char *name;
        const struct chappe_operation *operations;
        const char *database; /* SQLite URI, or NULL: no store */
        const char *settings[8];
        /* On a strand of its own once the party is started; the party ends when it returns, or when told to without it.
         */
        void (*script)(struct party *party);
        struct chappe_process *process;
        struct chappe_world world;
        struct chappe_runtime runtime;
        struct chappe_strand *strand;
        struct chappe_mutex *mutex;
        struct chappe_condition *changed;
        int lives;
        bool stop;
        bool ended;
        int status;
        struct chappe_error error;
};

struct stage {
        struct chappe_fibers *fibers;
        struct chappe_sim *sim;
        struct chappe_random random; /* of the test's own decisions */
        struct party parties[PARTIES];
        /* Told before every step; may kill. */
        void (*step)(struct stage *stage, struct party *party, const char *kind);
};

void stage_open(struct stage *stage, uint64_t seed, const struct chappe_sim_faults *faults);
void party_start(struct party *party);
/* Runs until the script of this party has returned, at most 120 s. */
void stage_run_script(struct stage *stage, int party);
void stage_run_for(struct stage *stage, int64_t for_us);
/* Tells all to stop, runs until they have, and clears away. */
void stage_close(struct stage *stage);
/* After its end: clears the party away, so that it can be started again. */
void party_clear(struct party *party);

/* One call from a context of its own; a copy of the reply. */
int ask(struct party *party, const char *event_id, int64_t n, struct answer *ret_answer,
        struct chappe_error *ret_error);
void nap(const struct chappe_world *world, int64_t for_us);
int64_t counter(struct party *party, const char *name);
/* A question, single-object framed. */
size_t frame_question(uint8_t *bytes, const char *key, int64_t n);
/* Reads the body of an answer behind its frame. */
int64_t read_answer(struct chappe_bytes value, const struct chappe_type *type);
