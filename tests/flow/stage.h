/* SPDX-License-Identifier: Apache-2.0 */
/* A stage for the runtime: instances of one service on a simulated cluster, each in a process of its own. */
#pragma once

#include "broker/sim/sim.h"
#include "config/config.h"
#include "flow/flow.h"

#define STAGE_INSTANCES 3

struct event {
        struct chappe_text key;
        int64_t n;
};
extern struct chappe_type event_type; /* test.Event; its fingerprint is filled in by stage_open */

struct stage;

struct instance {
        struct stage *stage;
        const char *name;
        struct chappe_process *process;
        struct chappe_world world;
        struct chappe_runtime runtime;
        struct chappe_strand *strand;
        bool stop; /* under mutex */
        bool running;
        struct chappe_mutex *mutex;
        struct chappe_condition *changed;
        int start_status;
        int stop_status;
        int incarnation;
        struct chappe_error error;
};

struct stage {
        struct chappe_fibers *fibers;
        struct chappe_sim *sim;
        const struct chappe_operation *operations;
        const char *settings[16]; /* "name=value"; filled before the first start */
        void *state;              /* of every instance */
        int log;                  /* where instances log; 0: standard error with CHAPPE_TEST_LOG, else nowhere */
        const char *replay[STAGE_INSTANCES]; /* the name of the window that this one runs once more; NULL: live */
        uint64_t seed;
        struct instance instances[STAGE_INSTANCES];
        /* Told before every step; may kill. */
        void (*step)(struct stage *stage, struct instance *instance, const char *kind);
};

void stage_open(struct stage *stage, uint64_t seed, const struct chappe_sim_faults *faults);
void stage_close(struct stage *stage);
/* Starts an instance in a fresh process. */
void stage_start(struct stage *stage, int n);
/* Asks it to stop; run the stage until it has. */
void stage_stop(struct stage *stage, int n);
/* kill -9; its remains are cleared away while the stage runs. */
void stage_kill(struct stage *stage, int n);
bool stage_running(const struct stage *stage, int n);
/* Runs for so long, or until done says so. */
void stage_run(struct stage *stage, int64_t for_us, bool (*done)(void *context), void *context);
/* Runs until every instance has ended, and clears them away. */
void stage_end(struct stage *stage);

/* A handler takes its time. */
void stage_nap(struct chappe_context *ctx, int64_t for_us);

/* Is this line, name, labels and value, among the metrics of an instance that runs? */
bool stage_measures(const struct stage *stage, int n, const char *line);

/* Appends an event as a publisher would, single-object framed. */
void stage_append(struct stage *stage, const char *topic, int32_t partition, const char *key, int64_t n);
