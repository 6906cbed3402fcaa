/* SPDX-License-Identifier: Apache-2.0 */
#include "worker.h"

enum chappe_decision churn_take(struct chappe_context *ctx, const struct churn_item *item)
{
        struct churn_effect effect = {
                .key = item->key,
                .number = item->number,
                .partition = chappe_context_partition(ctx),
                .offset = chappe_context_offset(ctx),
                .began = chappe_context_now_ms(ctx),
                .member = chappe_text(chappe_context_setting(ctx, "member")),
        };

        if (chappe_context_attempt(ctx) <= item->failures)
                return chappe_retry(ctx, "an item that fails %d times", item->failures);
        if (churn_effect_publish(ctx, &effect) < 0)
                return chappe_retry(ctx, "no effect: %s", chappe_context_error(ctx)->text);
        return CHAPPE_DONE;
}

static const struct chappe_setting settings[] = {
        { "member", "nobody", "what this instance is called in its effects", .integer = false, .secret = false },
        { 0 },
};

int churn_main(int argc, char **argv, const struct chappe_operation *operations)
{
        return chappe_main(argc, argv,
                           &(struct chappe_service_config){ .name = "churn",
                                                            .version = "1.0.0",
                                                            .description = "turns items into effects",
                                                            .operations = operations,
                                                            .settings = settings });
}
