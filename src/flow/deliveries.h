/* SPDX-License-Identifier: Apache-2.0 */
/* Counting the deliveries that something waits for. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

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
static inline void chappe_deliveries_init(struct chappe_deliveries *deliveries,
                                          void (*settled)(struct chappe_deliveries *, void *), void *context)
{
        atomic_init(&deliveries->outstanding, 1);
        atomic_init(&deliveries->failed, 0);
        deliveries->settled = settled;
        deliveries->context = context;
}
/* Gives up the owner's hold; true when nothing is outstanding (settled will not be called). With one hold left it is
 * the owner's, who alone adds others. */
static inline bool chappe_deliveries_drop(struct chappe_deliveries *deliveries)
{
        if (atomic_load_explicit(&deliveries->outstanding, memory_order_acquire) == 1) {
                atomic_store_explicit(&deliveries->outstanding, 0, memory_order_relaxed);
                return true;
        }
        return atomic_fetch_sub_explicit(&deliveries->outstanding, 1, memory_order_acq_rel) == 1;
}
/* One more to wait for; before it is sent. */
void chappe_deliveries_add(struct chappe_deliveries *deliveries);
/* One is reported: failure is 0 or the code. */
void chappe_deliveries_report(struct chappe_deliveries *deliveries, int failure);
/* 0 when everything reported so far was delivered, else -code of the first failure. */
static inline int chappe_deliveries_result(const struct chappe_deliveries *deliveries)
{
        return -atomic_load(&deliveries->failed);
}
