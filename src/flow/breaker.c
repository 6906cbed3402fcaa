/* SPDX-License-Identifier: Apache-2.0 */
/* The breaker: a ring of outcomes, looked at when one of them is a failure. */
#include "flow/breaker.h"

#define DOUBTFUL_KEYS 2 /* that fail with none getting through: then no record is given up for it */

struct keys {
        int32_t failing;
        int32_t passing;
};

static bool is_later(const struct chappe_breaker *breaker, uint64_t n, uint64_t key)
{
        for (uint64_t later = n + 1; later < breaker->count; later++) {
                if (breaker->outcomes[later % CHAPPE_BREAKER_OUTCOMES].key == key)
                        return true;
        }
        return false;
}

static struct keys count_keys(const struct chappe_breaker *breaker, int64_t now_us)
{
        struct keys keys = { 0 };
        uint64_t first = breaker->count > CHAPPE_BREAKER_OUTCOMES ? breaker->count - CHAPPE_BREAKER_OUTCOMES : 0;
        for (uint64_t n = breaker->count; n > first; n--) {
                size_t at = (n - 1) % CHAPPE_BREAKER_OUTCOMES;
                if (now_us - breaker->outcomes[at].at_us > CHAPPE_BREAKER_WINDOW_US ||
                    is_later(breaker, n - 1, breaker->outcomes[at].key))
                        continue;
                if (breaker->outcomes[at].failed)
                        keys.failing++;
                else
                        keys.passing++;
        }
        return keys;
}

static void open(struct chappe_breaker *breaker, const struct chappe_breaker_policy *policy, int64_t now_us)
{
        breaker->state = CHAPPE_BREAKER_OPEN;
        breaker->opened_us = now_us;
        breaker->probe_us = now_us + policy->wait_us;
}

bool chappe_breaker_note(struct chappe_breaker *breaker, const struct chappe_breaker_policy *policy, uint64_t key,
                         bool failed, int64_t now_us)
{
        /* What still comes back of what ran when it opened says nothing new. */
        if (breaker->state != CHAPPE_BREAKER_CLOSED || policy->percent == 0)
                return false;
        size_t at = breaker->count++ % CHAPPE_BREAKER_OUTCOMES;
        breaker->outcomes[at].key = key;
        breaker->outcomes[at].at_us = now_us;
        breaker->outcomes[at].failed = failed;
        if (!failed)
                return false;
        struct keys keys = count_keys(breaker, now_us);
        if (keys.failing < policy->keys || 100 * keys.failing < policy->percent * (keys.failing + keys.passing))
                return false;
        open(breaker, policy, now_us);
        return true;
}

bool chappe_breaker_gives_up(struct chappe_breaker *breaker, const struct chappe_breaker_policy *policy, int64_t now_us)
{
        if (policy->percent == 0)
                return true;
        if (breaker->state != CHAPPE_BREAKER_CLOSED)
                return false;
        struct keys keys = count_keys(breaker, now_us);
        if (keys.failing < DOUBTFUL_KEYS || keys.passing > 0)
                return true;
        open(breaker, policy, now_us);
        return false;
}

enum chappe_breaker_state chappe_breaker_look(struct chappe_breaker *breaker,
                                              const struct chappe_breaker_policy *policy, int64_t now_us)
{
        if (breaker->state == CHAPPE_BREAKER_PROBED &&
            now_us - breaker->probe_us >= CHAPPE_BREAKER_PATIENCE * policy->wait_us) {
                breaker->state = CHAPPE_BREAKER_PROBING;
                breaker->probe_us = now_us;
        }
        if (breaker->state == CHAPPE_BREAKER_OPEN && now_us >= breaker->probe_us)
                breaker->state = CHAPPE_BREAKER_PROBING;
        return breaker->state;
}

void chappe_breaker_probe_begins(struct chappe_breaker *breaker)
{
        if (breaker->state == CHAPPE_BREAKER_PROBING)
                breaker->state = CHAPPE_BREAKER_PROBED;
}

void chappe_breaker_probe_ends(struct chappe_breaker *breaker, const struct chappe_breaker_policy *policy, bool failed,
                               int64_t now_us)
{
        if (breaker->state != CHAPPE_BREAKER_PROBED)
                return;
        if (failed) {
                breaker->state = CHAPPE_BREAKER_OPEN;
                breaker->probe_us = now_us + policy->wait_us;
                return;
        }
        breaker->state = CHAPPE_BREAKER_CLOSED;
        breaker->count = 0; /* a new leaf: what failed in the outage says nothing about what comes */
}

void chappe_breaker_probe_unrun(struct chappe_breaker *breaker)
{
        if (breaker->state == CHAPPE_BREAKER_PROBED)
                breaker->state = CHAPPE_BREAKER_PROBING;
}
