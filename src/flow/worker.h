/* SPDX-License-Identifier: Apache-2.0 */
/* A worker: takes batches of jobs, runs each, carries its decision out. One strand each. */
#pragma once

#include "flow/handover.h"

struct chappe_worker;

/* Starts the n-th worker. It ends when the handover is closed. */
int chappe_worker_start(struct chappe_runtime *runtime, struct chappe_handover *handover, int n,
                        struct chappe_worker **ret_worker, struct chappe_error *error);
/* Waits for its end and frees it; takes NULL; returns NULL. */
struct chappe_worker *chappe_worker_join(struct chappe_worker *worker);
