/* SPDX-License-Identifier: Apache-2.0 */
/* One record's way through decoding, handler and store, to a decision. On a worker. */
#pragma once

#include "flow/handover.h"

/* Runs the record of a job in this context (reset for it). The reason for anything but CHAPPE_DONE is in ctx->error (a
 * code of -error or the handler's own with ctx->reason). */
enum chappe_decision chappe_handle(struct chappe_context *ctx, struct chappe_job *job);
