/* SPDX-License-Identifier: Apache-2.0 */
/* Sending records: one producer that lingers, for events, and one that does not, for requests and replies. */
#pragma once

#include "flow/context.h"
#include "flow/deliveries.h"

enum chappe_urgency {
        CHAPPE_SEND_EVENT,  /* waits linger_ms for company */
        CHAPPE_SEND_URGENT, /* leaves at once */
};

/* Opens the producers (the urgent one only when asked). ready is called on any thread when chappe_publisher_poll is
 * worthwhile. */
int chappe_publisher_open(struct chappe_runtime *runtime, bool urgent, void (*ready)(void *context), void *context,
                          struct chappe_publisher **ret_publisher, struct chappe_error *error);
/* Would it open, with what was configured? Asks no broker. */
int chappe_publisher_check(struct chappe_runtime *runtime, struct chappe_error *error);
/* Looks a topic up in advance; the first lookup of a topic asks the cluster. May wait up to timeout_ms. */
int chappe_publisher_warm(struct chappe_publisher *publisher, enum chappe_urgency urgency, const char *topic,
                          int64_t timeout_ms, struct chappe_error *error);
/* Has the topic been looked up before? */
bool chappe_publisher_knows(struct chappe_publisher *publisher, enum chappe_urgency urgency, const char *topic);
/* How many partitions a topic has; negative when it cannot be found out. May wait like chappe_publisher_warm. */
int32_t chappe_publisher_partitions(struct chappe_publisher *publisher, enum chappe_urgency urgency, const char *topic,
                                    struct chappe_error *error);
/* Sends; everything is copied. With the queue full it waits on the seam, at most publish_timeout_ms. deliveries may be
 * NULL: nobody waits for this one (failures are still counted and logged). 0: accepted. Any strand but the poll strand.
 */
int chappe_publisher_send(struct chappe_publisher *publisher, enum chappe_urgency urgency,
                          const struct chappe_outgoing *outgoing, struct chappe_deliveries *deliveries,
                          struct chappe_error *error);
/* What a context sends on: with its transaction when one is open, else at once, reported to its deliveries. */
static inline int chappe_publisher_send_on(struct chappe_context *ctx, const struct chappe_outgoing *outgoing)
{
        const struct chappe_unit_of_work_operations *work = ctx->runtime->work;
        if (work && work->open(ctx))
                return work->publish(ctx, outgoing);
        return chappe_publisher_send(ctx->runtime->publisher, CHAPPE_SEND_EVENT, outgoing, ctx->deliveries,
                                     &ctx->error);
}

/* The poll strand: runs the delivery callbacks that are due; true when there were some. */
bool chappe_publisher_poll(struct chappe_publisher *publisher);
size_t chappe_publisher_in_flight(struct chappe_publisher *publisher);
/* Waits for every report. The poll strand, or after it has ended. */
int chappe_publisher_flush(struct chappe_publisher *publisher, int64_t timeout_ms, struct chappe_error *error);
/* Closes the producers; what is in flight is reported as unknown. Takes NULL; returns NULL. */
struct chappe_publisher *chappe_publisher_close(struct chappe_publisher *publisher);
