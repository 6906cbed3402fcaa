/* SPDX-License-Identifier: Apache-2.0 */
/* Publishing events. */
#pragma once

#include <chappe/context.h>
#include <chappe/type.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Publishes one event to the topic for which the service's table PRODUCES this type. Never blocks on delivery: the record being
 * handled is finished only once this is delivered. With a transaction open in the context (chappe_store) it becomes an outbox row
 * of that transaction instead. Negative: not accepted; chappe_context_error says why. The value is encoded before returning. */
int chappe_publish(struct chappe_context *ctx, const struct chappe_type *type, const void *event);

/* The same to a named topic (without prefix), for a type that the table PRODUCES to several. */
int chappe_publish_to(struct chappe_context *ctx, const char *topic, const struct chappe_type *type, const void *event);

#ifdef __cplusplus
}
#endif
