/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The consumer-group runtime of one service instance, as the floors above see it. In the order of use:
 *
 *   runtime: world, broker, config, log, metrics, names, operations, state filled in by the service; work by the store
 *   chappe_flow_new      compiles the operations table; sets runtime->flow, payload and publisher; touches no network
 *   chappe_flow_read     rpc: its reply partition; runtime->answer and runtime->calls set by rpc
 *   chappe_flow_start    topics, schemas, producers, poll strand, workers, subscription. From here on publishing works
 *                        (the store's relay starts after this)
 *   chappe_flow_ready    the group has given us our share
 *   chappe_flow_drain    stop intake, wait for handlers and their deliveries, commit
 *                        (then the relay stops, rpc stops)
 *   chappe_flow_stop     flush, close consumer and producers, join every strand
 *   chappe_flow_free
 *
 * Settings used: the rows of config/settings.c under consuming, publishing, schemas, topics, budgets and watching.
 */
#pragma once

#include "flow/context.h"

struct chappe_flow;

/* A partition that is read without a group, by the poll strand. */
struct chappe_source {
        const char *topic; /* with prefix */
        int32_t partition;
        int64_t offset; /* or EARLIEST, LATEST: the end as it is when chappe_flow_start returns or earlier */
        /* On the poll strand; must not wait. Takes the record: releases it now or later. */
        void (*record)(void *context, struct chappe_record *record);
        void (*end)(void *context); /* the partition was read to its present end; may be NULL */
        void *context;
};

/* Compiles the operations table. runtime must outlive the flow. Errors name the operation. */
int chappe_flow_new(struct chappe_runtime *runtime, struct chappe_flow **ret_flow, struct chappe_error *error);
/* Before start: one more partition to read. Texts are copied. */
int chappe_flow_read(struct chappe_flow *flow, const struct chappe_source *source, struct chappe_error *error);
/* Would its clients come to be, with what was configured? Touches no network; the broker is open, and has its remarks
 * afterwards. */
int chappe_flow_check(struct chappe_flow *flow, struct chappe_error *error);
/* Connects and begins to consume; waits at most timeout_ms in all. On failure everything is closed again. */
int chappe_flow_start(struct chappe_flow *flow, int64_t timeout_ms, struct chappe_error *error);
/* The group has assigned something (it may be nothing) and not taken us for lost since, or there is nothing to consume.
 * Any strand. */
bool chappe_flow_ready(struct chappe_flow *flow);
/* False, with the reason in *error, once consumption has stopped for a reason of its own (a fatal error of the broker),
 * or while the watchdog finds it standing still (CHAPPE_E_HANDLER_STUCK, CHAPPE_E_PARTITION_STALLED,
 * CHAPPE_E_POLL_LATE). Any strand. */
bool chappe_flow_healthy(struct chappe_flow *flow, struct chappe_error *error);
/* Is there anything that the watchdog finds wrong, though a new start need not help: an outage, commits that fail, a
 * full park, a record that gets old, a dead letter that cannot be written, a topic that is paused? Any
 * strand. */
bool chappe_flow_trouble(struct chappe_flow *flow, struct chappe_error *error);
/* The handlers that run, as text; "" when there is nothing to consume. Any strand, even while a stop goes on. */
void chappe_flow_list_running(struct chappe_flow *flow, char *ret_text, size_t size);
/* A topic, as in the table, is held, or let go of. Any strand, while the flow runs. */
int chappe_flow_pause(struct chappe_flow *flow, const char *topic, bool paused, struct chappe_error *error);
/* The topic's partitions go on at this time; <chappe/control.h> says how. Waits. */
int chappe_flow_seek(struct chappe_flow *flow, const char *topic, int64_t time_ms, int64_t timeout_ms,
                     struct chappe_error *error);
/* The first topic that is paused, as in the table, or NULL. Any strand, while the flow runs. */
const char *chappe_flow_paused(struct chappe_flow *flow);
/* Stops intake, waits for what is in hand, commits what finished. Negative: the error lists what was unfinished at the
 * end of the timeout; it runs again elsewhere. */
int chappe_flow_drain(struct chappe_flow *flow, int64_t timeout_ms, struct chappe_error *error);
/* Drains if that was not done, flushes, closes. 0 only when nothing is in flight and every delivery report was counted.
 */
int chappe_flow_stop(struct chappe_flow *flow, int64_t timeout_ms, struct chappe_error *error);
/* Stops if need be; takes NULL; returns NULL. */
struct chappe_flow *chappe_flow_free(struct chappe_flow *flow);

/* A copy, by malloc, of the topic's name with the prefix in front; NULL when memory is short. */
char *chappe_flow_topic(const struct chappe_runtime *runtime, const char *topic);
