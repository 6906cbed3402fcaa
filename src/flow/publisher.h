/* SPDX-License-Identifier: Apache-2.0 */
/* Sending records: one producer that lingers, for events, and one that does not, for requests and replies. */
#pragma once

#include <stdatomic.h>

#include "flow/context.h"

enum chappe_urgency {
        CHAPPE_SEND_EVENT,  /* waits linger_ms for company */
        CHAPPE_SEND_URGENT, /* leaves at once */
};

/*
 * Counts the deliveries that something waits for: a record being handled, an opened context, a row of the outbox.
 * Starts with one hold, its owner's; every send adds one, every report drops one. Who drops the last one learns it: the
 * owner from chappe_deliveries_drop, or else settled is called on the poll strand. It must stay in place until then.
 */
struct chappe_deliveries {
        _Atomic uint32_t outstanding;
        _Atomic int failed; /* the code of the first failure; 0: none */
        void (*settled)(struct chappe_deliveries *deliveries, void *context); /* must not wait */
        void *context;
};

/* A fresh count with one hold. */
void chappe_deliveries_init(struct chappe_deliveries *deliveries, void (*settled)(struct chappe_deliveries *, void *),
                            void *context);
/* Gives up the owner's hold; true when nothing is outstanding (settled will not be called). */
bool chappe_deliveries_drop(struct chappe_deliveries *deliveries);
/* 0 when everything reported so far was delivered, else -code of the first failure. */
int chappe_deliveries_result(const struct chappe_deliveries *deliveries);

/* Opens the producers (the urgent one only when asked). ready is called on any thread when chappe_publisher_poll is
 * worthwhile. */
int chappe_publisher_open(struct chappe_runtime *runtime, bool urgent, void (*ready)(void *context), void *context,
                          struct chappe_publisher **ret_publisher, struct chappe_error *error);
/* Looks a topic up in advance; the first lookup of a topic asks the cluster. May wait up to timeout_ms. */
int chappe_publisher_warm(struct chappe_publisher *publisher, enum chappe_urgency urgency, const char *topic,
                          int64_t timeout_ms, struct chappe_error *error);
/* How many partitions a topic has; negative when it cannot be found out. May wait like chappe_publisher_warm. */
int32_t chappe_publisher_partitions(struct chappe_publisher *publisher, enum chappe_urgency urgency, const char *topic,
                                    struct chappe_error *error);
/* Sends; everything is copied. With the queue full it waits on the seam, at most publish_timeout_ms. deliveries may be
 * NULL: nobody waits for this one (failures are still counted and logged). 0: accepted. Any strand but the poll strand.
 */
int chappe_publisher_send(struct chappe_publisher *publisher, enum chappe_urgency urgency,
                          const struct chappe_outgoing *outgoing, struct chappe_deliveries *deliveries,
                          struct chappe_error *error);

/* The poll strand: runs the delivery callbacks that are due; true when there were some. */
bool chappe_publisher_poll(struct chappe_publisher *publisher);
size_t chappe_publisher_in_flight(struct chappe_publisher *publisher);
/* Waits for every report. The poll strand, or after it has ended. */
int chappe_publisher_flush(struct chappe_publisher *publisher, int64_t timeout_ms, struct chappe_error *error);
/* Closes the producers; what is in flight is reported as unknown. Takes NULL; returns NULL. */
struct chappe_publisher *chappe_publisher_close(struct chappe_publisher *publisher);
