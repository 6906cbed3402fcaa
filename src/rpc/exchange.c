/* SPDX-License-Identifier: Apache-2.0 */
/* One request and its reply: sent from the caller's strand, waited for there, and woken by the poll strand. */
#include <inttypes.h>

#include "observe/metrics.h"
#include "rpc/calls.h"

#define ATTEMPTS_MAXIMUM 5

static int out_of_room(struct chappe_calls *calls, struct chappe_error *error)
{
        return chappe_fail(error, CHAPPE_E_CALL_LIMIT, "%" PRIu32 " calls wait already (calls_in_flight)",
                           calls->pending.capacity);
}

static int begin(struct chappe_calls *calls, int64_t deadline_us, uint32_t *ret_slot, struct chappe_error *error)
{
        uint32_t slot = CHAPPE_PENDING_NONE;
        int status = 0;

        chappe_mutex_lock(calls->executor, calls->mutex);
        if (calls->stopping)
                status = chappe_fail(error, CHAPPE_E_STOPPED, "the service stops");
        else if ((slot = chappe_pending_begin(&calls->pending, deadline_us)) == CHAPPE_PENDING_NONE)
                status = out_of_room(calls, error);
        if (status == 0) {
                struct chappe_waiting_call *waiting = &calls->waiting[slot];

                waiting->failure = 0;
                if (!waiting->condition && !(waiting->condition = chappe_condition_new(calls->executor))) {
                        chappe_pending_end(&calls->pending, slot);
                        status = chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a call");
                }
        }
        chappe_mutex_unlock(calls->executor, calls->mutex);
        *ret_slot = slot;
        return status;
}

/* The request's delivery is reported: on the poll strand, or on the sender's own when nothing was sent. */
static void settled(struct chappe_deliveries *deliveries, void *context)
{
        struct chappe_waiting_call *waiting = context;
        struct chappe_calls *calls = waiting->calls;

        chappe_mutex_lock(calls->executor, calls->mutex);
        waiting->failure = -chappe_deliveries_result(deliveries);
        if (waiting->failure)
                chappe_condition_signal(calls->executor, waiting->condition);
        chappe_pending_reported(&calls->pending, (uint32_t)(waiting - calls->waiting));
        chappe_mutex_unlock(calls->executor, calls->mutex);
}

static int send(struct chappe_calls *calls, uint32_t slot, struct chappe_exchange *exchange, struct chappe_error *error)
{
        struct chappe_waiting_call *waiting = &calls->waiting[slot];
        uint8_t correlation[CHAPPE_CORRELATION_SIZE];
        struct chappe_header_list list;
        int status;

        chappe_mutex_lock(calls->executor, calls->mutex);
        chappe_pending_correlation(&calls->pending, slot, correlation);
        chappe_pending_sent(&calls->pending, slot);
        waiting->failure = 0;
        chappe_mutex_unlock(calls->executor, calls->mutex);

        exchange->headers.correlation = (struct chappe_bytes){ correlation, sizeof(correlation) };
        exchange->headers.reply_topic = chappe_text(calls->reply_topic);
        chappe_header_list_init(&list);
        chappe_request_headers_write(&exchange->headers, calls->reply_partition, &list);
        exchange->outgoing.headers = list.headers;
        exchange->outgoing.header_count = list.count;

        chappe_deliveries_init(&waiting->deliveries, settled, waiting);
        status = chappe_publisher_send(calls->runtime->publisher, CHAPPE_SEND_URGENT, &exchange->outgoing,
                                       &waiting->deliveries, error);
        if (chappe_deliveries_drop(&waiting->deliveries))
                settled(&waiting->deliveries, waiting);
        return status;
}

/* What a wait ended with. */
enum awaited { AWAITED_REPLY, AWAITED_FAILURE, AWAITED_DEADLINE, AWAITED_STOP };

static enum awaited await(struct chappe_calls *calls, uint32_t slot, int64_t deadline_us)
{
        struct chappe_waiting_call *waiting = &calls->waiting[slot];
        const struct chappe_pending_call *call = &calls->pending.slots[slot];
        enum chappe_wait outcome = CHAPPE_WAIT_SIGNALLED;

        while (outcome == CHAPPE_WAIT_SIGNALLED && call->state == CHAPPE_PENDING_WAITING && !waiting->failure &&
               !calls->stopping)
                outcome = chappe_condition_wait(calls->executor, waiting->condition, calls->mutex, deadline_us);
        if (call->state == CHAPPE_PENDING_ANSWERED)
                return AWAITED_REPLY;
        if (outcome == CHAPPE_WAIT_STOPPED || calls->stopping)
                return AWAITED_STOP;
        return waiting->failure ? AWAITED_FAILURE : AWAITED_DEADLINE;
}

static int explain(enum awaited awaited, int failure, const char *topic, struct chappe_error *error)
{
        switch (awaited) {
        case AWAITED_REPLY:
                return 0;
        case AWAITED_FAILURE:
                return chappe_fail(error, failure, "the request could not be delivered to %s", topic);
        case AWAITED_STOP:
                return chappe_fail(error, CHAPPE_E_STOPPED, "the service stops");
        case AWAITED_DEADLINE:
                break;
        }
        return chappe_fail(error, CHAPPE_E_TIMEOUT, "no reply from %s by the deadline: the outcome is unknown", topic);
}

/* Waits, and takes the reply out of the slot if it came; else the slot goes on waiting. */
static enum awaited await_reply(struct chappe_calls *calls, uint32_t slot, int64_t deadline_us,
                                struct chappe_record *ret_reply, int *ret_failure)
{
        enum awaited awaited;

        chappe_mutex_lock(calls->executor, calls->mutex);
        awaited = await(calls, slot, deadline_us);
        if (awaited == AWAITED_REPLY)
                *ret_reply = calls->waiting[slot].reply;
        *ret_failure = calls->waiting[slot].failure;
        chappe_mutex_unlock(calls->executor, calls->mutex);
        return awaited;
}

/* False when a reply came into the slot after all, between the wait and now. */
static bool end(struct chappe_calls *calls, uint32_t slot, enum awaited awaited, struct chappe_record *ret_unwanted)
{
        bool nothing_came;

        chappe_mutex_lock(calls->executor, calls->mutex);
        nothing_came = awaited == AWAITED_REPLY || calls->pending.slots[slot].state != CHAPPE_PENDING_ANSWERED;
        if (!nothing_came)
                *ret_unwanted = calls->waiting[slot].reply;
        chappe_pending_end(&calls->pending, slot);
        chappe_mutex_unlock(calls->executor, calls->mutex);
        return nothing_came;
}

int chappe_calls_exchange(struct chappe_calls *calls, struct chappe_exchange *exchange, struct chappe_record *ret_reply,
                          struct chappe_error *error)
{
        int64_t began_us = chappe_clock_monotonic_us(calls->clock);
        enum awaited awaited = AWAITED_FAILURE;
        struct chappe_record unwanted;
        int failure = 0;
        uint32_t slot;
        int status = begin(calls, exchange->deadline_us, &slot, error);

        if (status < 0)
                return status;
        chappe_metric_add(calls->sent, 1);
        for (exchange->headers.attempt = 1; awaited == AWAITED_FAILURE && status == 0; exchange->headers.attempt++) {
                if (exchange->headers.attempt > ATTEMPTS_MAXIMUM)
                        break;
                status = send(calls, slot, exchange, error);
                if (status == 0)
                        awaited = await_reply(calls, slot, exchange->deadline_us, ret_reply, &failure);
        }
        if (!end(calls, slot, awaited, &unwanted)) {
                chappe_metric_add(calls->late, 1);
                chappe_record_release(&unwanted);
        }
        if (status == 0)
                status = explain(awaited, failure, exchange->outgoing.topic, error);
        if (status < 0)
                chappe_metric_add(calls->failed, 1);
        else
                chappe_metric_observe_us(calls->duration, chappe_clock_monotonic_us(calls->clock) - began_us);
        return status;
}
