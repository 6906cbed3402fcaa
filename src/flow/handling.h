/* SPDX-License-Identifier: Apache-2.0 */
/* One record's way through decoding, handler and store, to a decision. On a worker. */
#pragma once

#include "flow/handover.h"

/* Runs the record of a job in this context (reset for it). The reason for anything but CHAPPE_DONE is in ctx->error (a
 * code of -error or the handler's own with ctx->reason). */
enum chappe_decision chappe_handle(struct chappe_context *ctx, struct chappe_job *job);

/* The steps before the handler, for those that run together. */
/* What the event's record is to us: ctx->familiar has the operation that takes it. Negative: ctx->error says why that
 * cannot be told. */
int chappe_handle_open(struct chappe_context *ctx, const struct chappe_job *job);
/* Has it taken effect before? 1 yes, 0 no, negative. */
int chappe_handle_seen(struct chappe_context *ctx);
/* What was just opened, into the struct of ctx->operation's type; what is not in there lives in the record, or in the
 * arena. */
int chappe_handle_decode(struct chappe_context *ctx, const struct chappe_job *job, void *ret_event);
