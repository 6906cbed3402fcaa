/* SPDX-License-Identifier: Apache-2.0 */
/* What all calls of an instance share: its place in a reply topic, and who waits there. */
#pragma once

#include "flow/publisher.h"
#include "rpc/pending_calls.h"
#include "rpc/rpc.h"
#include "wire/call_headers.h"

struct chappe_metric;

/* One message that the operations table CALLS. */
struct chappe_callee {
        const struct chappe_operation *operation;
        char *topic; /* with prefix */
        int32_t timeout_ms;
};

/* Beside each slot of the pending calls. */
struct chappe_waiting_call {
        struct chappe_calls *calls;
        struct chappe_condition *condition;  /* made on first use, kept */
        struct chappe_deliveries deliveries; /* of the request */
        /* under mutex */
        int failure; /* the request's delivery failed with this code; 0: not so far */
        struct chappe_record reply;
};

struct chappe_calls {
        /* constant after open */
        struct chappe_runtime *runtime;
        struct chappe_executor *executor;
        const struct chappe_clock *clock;
        struct chappe_callee *callees;
        size_t callee_count;
        char *reply_topic;
        int32_t reply_partition;
        struct chappe_metric *sent;
        struct chappe_metric *failed;
        struct chappe_metric *late;
        struct chappe_metric *duration;
        struct chappe_mutex *mutex;
        struct chappe_waiting_call *waiting; /* one a slot */

        /* under mutex */
        struct chappe_pending_calls pending;
        bool stopping;
};

/* The row of the table for this message, or NULL. */
const struct chappe_callee *chappe_calls_find(const struct chappe_calls *calls, const struct chappe_message *message);

/* One exchange. Sends the request and waits for its reply; on 0 the record is the caller's to release. Sends again,
 * with the next attempt's number, when the request was not delivered. */
struct chappe_exchange {
        struct chappe_outgoing outgoing;       /* but for the headers */
        struct chappe_request_headers headers; /* but for correlation, reply topic and attempt */
        int64_t deadline_us;
};
int chappe_calls_exchange(struct chappe_calls *calls, struct chappe_exchange *exchange, struct chappe_record *ret_reply,
                          struct chappe_error *error);
