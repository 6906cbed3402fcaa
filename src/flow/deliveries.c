/* SPDX-License-Identifier: Apache-2.0 */
/* Counting the deliveries that something waits for. */
#include "flow/deliveries.h"

#include <assert.h>

void chappe_deliveries_add(struct chappe_deliveries *deliveries)
{
        atomic_fetch_add_explicit(&deliveries->outstanding, 1, memory_order_relaxed);
}

void chappe_deliveries_report(struct chappe_deliveries *deliveries, int failure)
{
        int none = 0;
        if (failure)
                atomic_compare_exchange_strong(&deliveries->failed, &none, failure);
        uint32_t before = atomic_fetch_sub_explicit(&deliveries->outstanding, 1, memory_order_acq_rel);
        assert(before > 0);
        if (before == 1)
                deliveries->settled(deliveries, deliveries->context);
}
