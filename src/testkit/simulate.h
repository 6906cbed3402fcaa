/* SPDX-License-Identifier: Apache-2.0 */
/* One seed of a simulation, and what many of them add up to. */
#pragma once

#include "testkit/kit.h"

#define WORKERS_MAXIMUM  16
#define KIND_NAME_SIZE   32
#define FAILURES_MAXIMUM 16

struct covered_kind {
        char name[KIND_NAME_SIZE];
        uint64_t seen;
        uint32_t kills;
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
};

/* 0, or negative when a promise was broken: said on stderr. ret_hash: of the trace. */
int chappe_testkit_run_seed(const struct chappe_testkit_simulation *simulation, uint64_t seed, FILE *trace,
                            struct worker_result *result, uint64_t *ret_hash);
struct covered_kind *chappe_testkit_covered(struct worker_result *result, const char *name);
