/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which calls wait for a reply. A correlation id is 16 bytes: 8 that are this instance's, and 8 that name a slot and
 * how often it was used, so that a reply finds its call without a search, and a reply to an earlier call finds none.
 * Pure; its owner guards it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <chappe/text.h>

#define CHAPPE_CORRELATION_SIZE 16

enum chappe_pending_state {
        CHAPPE_PENDING_FREE,
        CHAPPE_PENDING_WAITING,  /* for its reply */
        CHAPPE_PENDING_ANSWERED, /* its reply has come; its caller has not taken it yet */
        CHAPPE_PENDING_ENDED,    /* its caller is gone; the delivery of its request is still to be reported */
};

struct chappe_pending_call {
        enum chappe_pending_state state;
        uint32_t use;
        uint32_t next_free;
        bool under_way; /* a delivery report of the request will come */
        int64_t deadline_us;
};

/* What a reply is to us. */
enum chappe_reply_fate {
        CHAPPE_REPLY_EXPECTED,
        CHAPPE_REPLY_FOREIGN, /* another instance's, on the same partition */
        CHAPPE_REPLY_LATE,    /* ours, but nobody waits for it: too late, or a second one */
};

struct chappe_pending_calls {
        struct chappe_pending_call *slots;
        uint32_t capacity;
        uint32_t first_free;
        uint32_t waiting; /* in any state but FREE */
        uint8_t prefix[8];
};

/* prefix: unlike any other instance's, and unlike that of this instance's earlier lives. -CHAPPE_E_NO_MEMORY. */
int chappe_pending_init(struct chappe_pending_calls *pending, uint32_t capacity, uint64_t prefix);
void chappe_pending_deinit(struct chappe_pending_calls *pending);

#define CHAPPE_PENDING_NONE UINT32_MAX
/* A call begins: its slot, or NONE when capacity calls are pending. */
uint32_t chappe_pending_begin(struct chappe_pending_calls *pending, int64_t deadline_us);
/* The correlation id of the slot's present call. */
void chappe_pending_correlation(const struct chappe_pending_calls *pending, uint32_t slot,
                                uint8_t ret_correlation[CHAPPE_CORRELATION_SIZE]);
/* A reply came. EXPECTED: its call is answered now. */
enum chappe_reply_fate chappe_pending_reply(struct chappe_pending_calls *pending, struct chappe_bytes correlation,
                                            int64_t now_us, uint32_t *ret_slot);
/* The request was sent, its delivery report is to come; it came. */
void chappe_pending_sent(struct chappe_pending_calls *pending, uint32_t slot);
void chappe_pending_reported(struct chappe_pending_calls *pending, uint32_t slot);
/* The caller goes, answered or not. */
void chappe_pending_end(struct chappe_pending_calls *pending, uint32_t slot);
