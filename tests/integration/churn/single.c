/* SPDX-License-Identifier: Apache-2.0 */
/* Items one by one, those of a key in order. */
#include "worker.h"

static const struct chappe_retry_policy patient = { .backoff_ms = 50, .backoff_maximum_ms = 2000, .attempts = -1 };

static const struct chappe_operation operations[] = {
        CHURN_ITEM_CONSUMES("churn.items", churn_take, .retry = &patient),
        CHURN_EFFECT_PRODUCES("churn.effects"),
        { 0 },
};

int main(int argc, char **argv)
{
        return churn_main(argc, argv, operations);
}
