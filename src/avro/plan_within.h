/* SPDX-License-Identifier: Apache-2.0 */
/* Decoding within limits that are right: what a running service does with every event. */
#pragma once

#include "avro/plan.h"
#include "avro/straight_line.h"

/* By the plan's program. */
int chappe_plan_execute(const struct chappe_plan *plan, const void *bytes, size_t length, struct chappe_arena *arena,
                        const struct chappe_decode_limits *limits, void *ret_value, struct chappe_error *error);

/* As chappe_plan_decode, within limits none of which is zero (chappe_decode_limits_of). */
static inline int chappe_plan_decode_within(const struct chappe_plan *plan, const void *bytes, size_t length,
                                            struct chappe_arena *arena, const struct chappe_decode_limits *limits,
                                            void *ret_value, struct chappe_error *error)
{
        if (plan->type && chappe_straight_decode(plan->type, bytes, length, arena, limits, ret_value))
                return 0;
        return chappe_plan_execute(plan, bytes, length, arena, limits, ret_value, error);
}
