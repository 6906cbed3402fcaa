/* SPDX-License-Identifier: Apache-2.0 */
/* Items several at a time, those of a partition in order: keys seldom repeat soon enough to make a batch. */
#include "worker.h"

static enum chappe_decision on_items(struct chappe_context *ctx, const struct churn_item *items, size_t count)
{
        enum chappe_decision decision = CHAPPE_DONE;

        for (size_t i = 0; i < count && decision == CHAPPE_DONE; i++) {
                chappe_context_select(ctx, i);
                decision = churn_take(ctx, &items[i]);
        }
        return decision;
}

/* Shorter than one by one: a whole partition waits. */
static const struct chappe_retry_policy patient = { .backoff_ms = 10, .backoff_maximum_ms = 2000, .attempts = -1 };

static const struct chappe_operation operations[] = {
        CHURN_ITEM_CONSUMES_BATCH("churn.items", on_items, .retry = &patient, .order = CHAPPE_ORDER_PARTITION,
                                  .batch_records = 50, .batch_wait_ms = 20),
        CHURN_EFFECT_PRODUCES("churn.effects"),
        { 0 },
};

int main(int argc, char **argv)
{
        return churn_main(argc, argv, operations);
}
