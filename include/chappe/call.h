/* SPDX-License-Identifier: Apache-2.0 */
/* Calling other services: request/reply over correlation ids. */
#pragma once

#include <chappe/context.h>
#include <chappe/type.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Sends the request to the topic for which the service's table CALLS this message, and waits for the reply until the sooner of the
 * operation's timeout and the context's deadline. Blocks this handler only. 0: *ret_reply holds the response; positive: that declared
 * error; negative: no answer (-CHAPPE_E_TIMEOUT: the outcome is unknown), chappe_context_error says why. Never hangs past the
 * deadline. Refused while the context has a transaction open: call first, then store. The reply's memory is the context's arena. */
int chappe_call(struct chappe_context *ctx, const struct chappe_message *message, const void *request, void *ret_reply);

/* Sends a one-way message to the topic for which the service's table CALLS it, and waits for nobody: as an event is published
 * (<chappe/publish.h>), with a transaction open as a row of the outbox. Its handler's failures are tried again by the operation's retry
 * policy, then a dead letter. Negative: not accepted; chappe_context_error says why. */
int chappe_send(struct chappe_context *ctx, const struct chappe_message *message, const void *request);

#ifdef __cplusplus
}
#endif
