/* SPDX-License-Identifier: Apache-2.0 */
/* When a failed record runs again, and when it is given up. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <chappe/operation.h>

#include "base/random.h"

/* The policy with its defaults filled in; policy may be NULL. */
struct chappe_retry_policy chappe_retry_policy_complete(const struct chappe_retry_policy *policy);
/* Has a record that failed in this attempt (1: the first), first tried at first_us, used up what a complete policy
 * allows? */
bool chappe_retry_exhausted(const struct chappe_retry_policy *policy, int32_t attempt, int64_t first_us,
                            int64_t now_us);
/* Is this failure the world's (a full disk, an unreachable broker) and not the record's? Such attempts are not counted:
 * the next record would fail in the same way, and a dead letter helps nobody. */
bool chappe_retry_is_outage(int code);
/* When the next attempt is due: exponential from the first failure, ±20 % jitter, never above the policy's maximum. */
int64_t chappe_retry_due_us(const struct chappe_retry_policy *policy, int32_t attempt, int64_t now_us,
                            struct chappe_random *random);
