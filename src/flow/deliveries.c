/* SPDX-License-Identifier: Apache-2.0 */
/* Counting the deliveries that something waits for. */
#include "flow/deliveries.h"

#include <assert.h>

void chappe_deliveries_init(struct chappe_deliveries *deliveries, void (*settled)(struct chappe_deliveries *, void *),
                            void *context)
{
        atomic_init(&deliveries->outstanding, 1);
        atomic_init(&deliveries->failed, 0);
        deliveries->settled = settled;
        deliveries->context = context;
}

void chappe_deliveries_add(struct chappe_deliveries *deliveries)
{
        atomic_fetch_add_explicit(&deliveries->outstanding, 1, memory_order_relaxed);
}

static bool drop(struct chappe_deliveries *deliveries)
{
        uint32_t before = atomic_fetch_sub_explicit(&deliveries->outstanding, 1, memory_order_acq_rel);
        assert(before > 0);
        return before == 1;
}

bool chappe_deliveries_drop(struct chappe_deliveries *deliveries)
{
        return drop(deliveries);
}

void chappe_deliveries_report(struct chappe_deliveries *deliveries, int failure)
{
        int none = 0;
        if (failure)
                atomic_compare_exchange_strong(&deliveries->failed, &none, failure);
        if (drop(deliveries))
                deliveries->settled(deliveries, deliveries->context);
}

int chappe_deliveries_result(const struct chappe_deliveries *deliveries)
{
        return -atomic_load(&deliveries->failed);
}
