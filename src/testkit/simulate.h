/* SPDX-License-Identifier: Apache-2.0 */
/* One seed of a simulation, and what many of them add up to. */
#pragma once

#include "testkit/schedule.h"

#define WORKERS_MAXIMUM  16
#define KIND_NAME_SIZE   32
#define SIGHT_SIZE       64
#define FAILURES_MAXIMUM 16

struct covered_kind {
        char name[KIND_NAME_SIZE];
        uint64_t seen;
        uint32_t kills;
};

struct covered_sight {
        char what[SIGHT_SIZE];
        uint64_t times;
        uint32_t seeds; /* that met it */
};

/* Shared memory: one worker process writes, the parent reads when it has ended. */
struct worker_result {
        uint64_t current; /* seed: the one to blame if the process dies */
        uint32_t seeds;
        uint32_t failed;
        uint64_t failures[FAILURES_MAXIMUM];
        uint32_t unrepeated;
        uint64_t switches;
        uint32_t crashes;
        size_t kind_count;
        struct covered_kind kinds[STEP_KINDS];
        size_t sight_count;
        struct covered_sight sights[SIGHTS];
};

/* A test framework's handlers would go on with the next test, in the wrong process. */
void chappe_testkit_forget_handlers(void);
/* How this simulation is run, to its line's end. */
void chappe_testkit_print_command(const struct chappe_testkit_simulation *simulation, FILE *file);

/* 0, or negative when a promise was broken: said on stderr. ret_hash: of the trace. */
int chappe_testkit_run_seed(const struct chappe_testkit_simulation *simulation, uint64_t seed,
                            const struct selection *selection, FILE *trace, struct worker_result *result,
                            uint64_t *ret_hash);
/* Those of the seed that are selected, a line each; NULL: none is printed. Returns how many there are in all. */
size_t chappe_testkit_print_faults(const struct chappe_testkit_simulation *simulation, uint64_t seed,
                                   const struct selection *selection, FILE *file);
struct covered_kind *chappe_testkit_covered(struct worker_result *result, const char *name);
void chappe_testkit_saw(struct worker_result *result, const char *what, uint64_t times, uint32_t seeds);
