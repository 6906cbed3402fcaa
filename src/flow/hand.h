/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a worker has in its hand: jobs, taken together. It claims them one after another; what it has not claimed, and
 * what it is done with, may be taken out of its hand while a handler runs for long, under the handover's lock. Jobs
 * that are in nobody's claim are touched under that lock only.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct chappe_job;

/* One word, for a worker claims without a lock. */
union chappe_hand_state {
        uint64_t word;
        struct {
                uint16_t back;  /* those before are back */
                uint16_t first; /* those before are done; the worker is at those from here */
                uint16_t next;  /* to here */
                uint16_t end;   /* those from here on are no longer in the hand */
        };
};

struct chappe_hand {
        struct chappe_job **jobs; /* the worker's array */
        int64_t took_us; /* this and the next: the worker's, before it brings them back: what it ran took so long */
        size_t ran;
        _Atomic uint64_t state;
};

static inline union chappe_hand_state chappe_hand_look(const struct chappe_hand *hand)
{
        return (union chappe_hand_state){ .word = atomic_load_explicit(&hand->state, memory_order_acquire) };
}

static inline bool chappe_hand_swap(struct chappe_hand *hand, union chappe_hand_state *old, union chappe_hand_state new)
{
        return atomic_compare_exchange_weak_explicit(&hand->state, &old->word, new.word, memory_order_acq_rel,
                                                     memory_order_acquire);
}

/* The worker, under the lock: what it has now. */
static inline void chappe_hand_fill(struct chappe_hand *hand, struct chappe_job **jobs, size_t count)
{
        union chappe_hand_state state = { .end = (uint16_t)count };
        hand->jobs = jobs;
        atomic_store_explicit(&hand->state, state.word, memory_order_release);
}

/* The worker: it is done with what it was at, and begins the next one. False: there is none. */
static inline bool chappe_hand_claim(struct chappe_hand *hand)
{
        union chappe_hand_state new, old = chappe_hand_look(hand);
        do {
                if (old.next >= old.end)
                        return false;
                new = old;
                new.first = old.next;
                new.next = (uint16_t)(old.next + 1);
        } while (!chappe_hand_swap(hand, &old, new));
        return true;
}

/* The worker: of those that follow, up to so many more at the same time. Returns how many there were. */
static inline size_t chappe_hand_claim_more(struct chappe_hand *hand, size_t more)
{
        union chappe_hand_state new, old = chappe_hand_look(hand);
        do {
                new = old;
                new.next = old.end - old.next < (int)more ? old.end : (uint16_t)(old.next + more);
        } while (!chappe_hand_swap(hand, &old, new));
        return (size_t)(new.next - old.next);
}

/* The worker: of those that it is at, it keeps the first so many; the others are as if it had never claimed them. */
static inline void chappe_hand_keep(struct chappe_hand *hand, size_t count)
{
        union chappe_hand_state new, old = chappe_hand_look(hand);
        do {
                new = old;
                new.next = (uint16_t)(old.first + count);
        } while (!chappe_hand_swap(hand, &old, new));
}

/* Is there more in it than what the worker is at? */
static inline bool chappe_hand_holds_others(const struct chappe_hand *hand)
{
        union chappe_hand_state state = chappe_hand_look(hand);
        return state.back != state.first || state.next != state.end;
}

/* Under the lock: all but what the worker is at is taken out of its hand. *ret_state: as it was before. False: there
 * was no more. */
static inline bool chappe_hand_relieve(struct chappe_hand *hand, union chappe_hand_state *ret_state)
{
        union chappe_hand_state new, old = chappe_hand_look(hand);
        do {
                if (old.back == old.first && old.next == old.end)
                        return false;
                new = old;
                new.back = old.first;
                new.end = old.next;
        } while (!chappe_hand_swap(hand, &old, new));
        *ret_state = old;
        return true;
}
