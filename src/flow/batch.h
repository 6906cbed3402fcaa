/* SPDX-License-Identifier: Apache-2.0 */
/* Several records that one handler is given at once. Of one worker. */
#pragma once

#include "flow/handover.h"

/* How many of these jobs, from the first on, may run together; 1: the first runs by itself. */
size_t chappe_batch_length(struct chappe_job *const *jobs, size_t count);
/* Runs the handler once for all of them, in a context that was reset for the first: those that it does not apply to, or
 * that cannot be decoded now, end it. Returns for how many jobs *ret_decision is: CHAPPE_DONE, all of them are
 * finished; otherwise none is. 0: nothing was run, for there are not two that go together. May wait. */
size_t chappe_batch_handle(struct chappe_context *ctx, struct chappe_job **jobs, size_t count,
                           enum chappe_decision *ret_decision);
