/* SPDX-License-Identifier: Apache-2.0 */
/* Which calls wait for a reply. */
#include "rpc/pending_calls.h"

#include <assert.h>
#include <stdlib.h>

#include <chappe/error.h>

static void put_uint32(uint8_t *at, uint32_t number)
{
        for (int i = 3; i >= 0; i--, number >>= 8)
                at[i] = (uint8_t)number;
}

static uint32_t get_uint32(const uint8_t *at)
{
        return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

int chappe_pending_init(struct chappe_pending_calls *pending, uint32_t capacity, uint64_t prefix)
{
        assert(capacity > 0 && capacity < CHAPPE_PENDING_NONE);
        *pending = (struct chappe_pending_calls){ .slots = calloc(capacity, sizeof(*pending->slots)),
                                                  .capacity = capacity };
        if (!pending->slots)
                return -CHAPPE_E_NO_MEMORY;
        for (uint32_t i = 0; i < capacity; i++)
                pending->slots[i].next_free = i + 1 < capacity ? i + 1 : CHAPPE_PENDING_NONE;
        put_uint32(pending->prefix, (uint32_t)(prefix >> 32));
        put_uint32(pending->prefix + 4, (uint32_t)prefix);
        return 0;
}

void chappe_pending_deinit(struct chappe_pending_calls *pending)
{
        free(pending->slots);
        *pending = (struct chappe_pending_calls){ 0 };
}

uint32_t chappe_pending_begin(struct chappe_pending_calls *pending, int64_t deadline_us)
{
        uint32_t slot = pending->first_free;
        struct chappe_pending_call *call;

        if (slot == CHAPPE_PENDING_NONE)
                return slot;
        call = &pending->slots[slot];
        pending->first_free = call->next_free;
        pending->waiting++;
        call->state = CHAPPE_PENDING_WAITING;
        call->use++;
        call->deadline_us = deadline_us;
        return slot;
}

void chappe_pending_correlation(const struct chappe_pending_calls *pending, uint32_t slot,
                                uint8_t ret_correlation[CHAPPE_CORRELATION_SIZE])
{
        memcpy(ret_correlation, pending->prefix, sizeof(pending->prefix));
        put_uint32(ret_correlation + 8, pending->slots[slot].use);
        put_uint32(ret_correlation + 12, slot);
}

enum chappe_reply_fate chappe_pending_reply(struct chappe_pending_calls *pending, struct chappe_bytes correlation,
                                            int64_t now_us, uint32_t *ret_slot)
{
        struct chappe_pending_call *call;
        uint32_t slot;

        if (correlation.length != CHAPPE_CORRELATION_SIZE ||
            memcmp(correlation.at, pending->prefix, sizeof(pending->prefix)) != 0)
                return CHAPPE_REPLY_FOREIGN;
        slot = get_uint32(correlation.at + 12);
        call = slot < pending->capacity ? &pending->slots[slot] : NULL;
        if (!call || call->use != get_uint32(correlation.at + 8) || call->state != CHAPPE_PENDING_WAITING ||
            now_us > call->deadline_us)
                return CHAPPE_REPLY_LATE;
        call->state = CHAPPE_PENDING_ANSWERED;
        *ret_slot = slot;
        return CHAPPE_REPLY_EXPECTED;
}

static void free_if_over(struct chappe_pending_calls *pending, uint32_t slot)
{
        struct chappe_pending_call *call = &pending->slots[slot];

        if (call->state != CHAPPE_PENDING_ENDED || call->under_way)
                return;
        call->state = CHAPPE_PENDING_FREE;
        call->next_free = pending->first_free;
        pending->first_free = slot;
        pending->waiting--;
}

void chappe_pending_sent(struct chappe_pending_calls *pending, uint32_t slot)
{
        assert(!pending->slots[slot].under_way);
        pending->slots[slot].under_way = true;
}

void chappe_pending_reported(struct chappe_pending_calls *pending, uint32_t slot)
{
        assert(pending->slots[slot].under_way);
        pending->slots[slot].under_way = false;
        free_if_over(pending, slot);
}

void chappe_pending_end(struct chappe_pending_calls *pending, uint32_t slot)
{
        struct chappe_pending_call *call = &pending->slots[slot];

        assert(call->state == CHAPPE_PENDING_WAITING || call->state == CHAPPE_PENDING_ANSWERED);
        call->state = CHAPPE_PENDING_ENDED;
        free_if_over(pending, slot);
}
