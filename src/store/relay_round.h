/* SPDX-License-Identifier: Apache-2.0 */
/* One round of the relay: what is in the outbox is read, sent, waited for and deleted. */
#pragma once

#include "base/executor.h"
#include "flow/deliveries.h"
#include "store/outbox.h"
#include "store/relay.h"

#define CHAPPE_RELAY_ROWS 128 /* of a round, at most */

/* One row on its way. */
struct chappe_passage {
        struct chappe_deliveries deliveries; /* one: its own */
        struct chappe_relay *relay;
        int64_t id;
        bool settled; /* under the relay's mutex */
};

struct chappe_relay {
        /* constant */
        struct chappe_store_file *store;
        struct chappe_executor *executor;
        const struct chappe_clock *clock;
        struct chappe_mutex *mutex;
        struct chappe_condition *changed;
        int64_t poll_us;
        int64_t remember_ms; /* events in the inbox */
        struct chappe_strand *strand;

        /* under mutex */
        bool woken;
        bool stopping;
        int64_t stop_us; /* when it must have ended, once it is stopping */
        size_t under_way;

        /* the strand's */
        struct chappe_arena *arena;
        struct chappe_outbox_row rows[CHAPPE_RELAY_ROWS];
        struct chappe_passage passages[CHAPPE_RELAY_ROWS];
        size_t passage_count;
        int64_t leased_us; /* when the lease was taken; 0: not ours */
        int64_t backoff_us;
        int64_t pruned_us;
};

enum chappe_relay_round {
        CHAPPE_ROUND_EMPTY,  /* nothing to publish */
        CHAPPE_ROUND_MORE,   /* published something: look again */
        CHAPPE_ROUND_LEASED, /* another instance publishes */
        CHAPPE_ROUND_FAILED,
        CHAPPE_ROUND_STOPPED,
};

/* Runs one on the relay's strand. */
enum chappe_relay_round chappe_relay_publish(struct chappe_relay *relay);
int64_t chappe_relay_now_us(const struct chappe_relay *relay);
