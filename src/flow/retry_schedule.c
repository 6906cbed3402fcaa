/* SPDX-License-Identifier: Apache-2.0 */
/* Exponential back-off with jitter, bounded by attempts and age. */
#include "flow/retry_schedule.h"

#define BACKOFF_MS         100
#define BACKOFF_MAXIMUM_MS 10000
#define ATTEMPTS           10
#define JITTER_PERCENT     20

struct chappe_retry_policy chappe_retry_policy_complete(const struct chappe_retry_policy *policy)
{
        struct chappe_retry_policy complete = policy ? *policy : (struct chappe_retry_policy){ 0 };
        if (complete.backoff_ms <= 0)
                complete.backoff_ms = BACKOFF_MS;
        if (complete.backoff_maximum_ms <= 0)
                complete.backoff_maximum_ms = BACKOFF_MAXIMUM_MS;
        if (complete.attempts == 0)
                complete.attempts = ATTEMPTS;
        return complete;
}

bool chappe_retry_is_outage(int code)
{
        switch (code) {
        case CHAPPE_E_NO_MEMORY:
        case CHAPPE_E_STOPPED:
        case CHAPPE_E_IO:
        case CHAPPE_E_BROKER_UNREACHABLE:
        case CHAPPE_E_BROKER_FATAL:
        case CHAPPE_E_REGISTRY_UNREACHABLE:
        case CHAPPE_E_DELIVERY_FAILED:
        case CHAPPE_E_QUEUE_FULL:
        case CHAPPE_E_STORE_OPEN:
        case CHAPPE_E_STORE_BUSY:
        case CHAPPE_E_STORE_FULL:
        case CHAPPE_E_STORE_READONLY:
        case CHAPPE_E_STORE_CORRUPT:
                return true;
        default:
                return false;
        }
}

bool chappe_retry_exhausted(const struct chappe_retry_policy *policy, int32_t attempt, int64_t first_us, int64_t now_us)
{
        if (policy->attempts > 0 && attempt >= policy->attempts)
                return true;
        return policy->age_maximum_ms > 0 && (now_us - first_us) / 1000 >= policy->age_maximum_ms;
}

int64_t chappe_retry_due_us(const struct chappe_retry_policy *policy, int32_t attempt, int64_t now_us,
                            struct chappe_random *random)
{
        int64_t maximum_us = (int64_t)policy->backoff_maximum_ms * 1000;
        int64_t backoff_us = (int64_t)policy->backoff_ms * 1000;
        for (int32_t n = 1; n < attempt && backoff_us < maximum_us; n++)
                backoff_us *= 2;
        if (backoff_us > maximum_us)
                backoff_us = maximum_us;

        uint64_t swing_us = (uint64_t)backoff_us * JITTER_PERCENT / 100;
        backoff_us += (int64_t)chappe_random_below(random, 2 * swing_us + 1) - (int64_t)swing_us;
        return now_us + (backoff_us < maximum_us ? backoff_us : maximum_us);
}
