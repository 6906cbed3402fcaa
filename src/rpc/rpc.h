/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Request/reply over correlation ids. In the order of use:
 *
 *   (chappe_flow_new)
 *   chappe_answers_open   for a service that ANSWERS: sets runtime->answer
 *   chappe_calls_open     for a service that CALLS: sets runtime->calls; makes the reply topic and takes one partition
 * of it (chappe_flow_start)   fixes the reply position; from here on chappe_call works (chappe_flow_drain)
 *   chappe_calls_stop     every waiting call ends with -CHAPPE_E_STOPPED
 *   (chappe_flow_stop)
 *   chappe_calls_close, chappe_answers_close
 *
 * Settings used: reply_topic, calls_in_flight, reply_topics_allowed, topics_create, topics_replication.
 */
#pragma once

#include <chappe/call.h>

#include "flow/context.h"

/* Needs a connected runtime->broker and runtime->flow. Waits for the brokers at most timeout_ms. */
int chappe_calls_open(struct chappe_runtime *runtime, int64_t timeout_ms, struct chappe_error *error);
/* Any strand. Calls made afterwards fail at once. Does nothing when not opened. */
void chappe_calls_stop(struct chappe_runtime *runtime);
/* No context may be left and flow must have stopped. Does nothing when not opened. */
void chappe_calls_close(struct chappe_runtime *runtime);

/* Compiles the ANSWERS rows of the table. */
int chappe_answers_open(struct chappe_runtime *runtime, struct chappe_error *error);
void chappe_answers_close(struct chappe_runtime *runtime);
