/* SPDX-License-Identifier: Apache-2.0 */
/* The breaker: a ring of outcomes, looked at when one of them is a failure. */
#include "flow/breaker.h"

#define DOUBTFUL_KEYS 2 /* that fail with none getting through: then no record is given up at once */

struct keys {
        int32_t failing;
        int32_t passing;
};

static uint64_t first_outcome(const struct chappe_breaker *breaker)
{
        return breaker->count > CHAPPE_BREAKER_OUTCOMES ? breaker->count - CHAPPE_BREAKER_OUTCOMES : 0;
}

static bool is_later(const struct chappe_breaker *breaker, uint64_t n, uint64_t key)
{
        for (uint64_t later = n + 1; later < breaker->count; later++) {
                if (breaker->outcomes[later % CHAPPE_BREAKER_OUTCOMES].run.key == key)
                        return true;
        }
        return false;
}

static struct keys count_keys(const struct chappe_breaker *breaker, int64_t since_us)
{
        struct keys keys = { 0 };
        uint64_t first = first_outcome(breaker);
        if (first < breaker->leaf)
                first = breaker->leaf;
        for (uint64_t n = breaker->count; n > first; n--) {
                size_t at = (n - 1) % CHAPPE_BREAKER_OUTCOMES;
                const struct chappe_breaker_run *run = &breaker->outcomes[at].run;
                if (run->ended_us < since_us || is_later(breaker, n - 1, run->key))
                        continue;
                if (!run->failed)
                        keys.passing++;
                else if (!breaker->outcomes[at].proven)
                        keys.failing++;
        }
        return keys;
}

static void open(struct chappe_breaker *breaker, const struct chappe_breaker_policy *policy, int64_t now_us)
{
        breaker->state = CHAPPE_BREAKER_OPEN;
        breaker->opened_us = now_us;
        breaker->probe_us = now_us + policy->wait_us;
}

/* The keys that got through, each by its run that began last. */
static size_t list_witnesses(const struct chappe_breaker *breaker,
                             struct chappe_breaker_run ret_runs[CHAPPE_BREAKER_OUTCOMES])
{
        size_t count = 0;
        for (uint64_t n = first_outcome(breaker); n < breaker->count; n++) {
                const struct chappe_breaker_run *run = &breaker->outcomes[n % CHAPPE_BREAKER_OUTCOMES].run;
                size_t i = 0;
                if (run->failed || run->began_us <= breaker->witness_us)
                        continue;
                while (i < count && ret_runs[i].key != run->key)
                        i++;
                if (i == count)
                        ret_runs[count++] = *run;
                else if (run->began_us > ret_runs[i].began_us)
                        ret_runs[i] = *run;
        }
        return count;
}

/* When the first of the latest ones began that are enough. Found before failures push them out of the ring; it never
 * goes back. */
static void find_witnesses(struct chappe_breaker *breaker, const struct chappe_breaker_policy *policy)
{
        struct chappe_breaker_run runs[CHAPPE_BREAKER_OUTCOMES];
        size_t count = list_witnesses(breaker, runs), enough = (size_t)policy->keys;
        breaker->witnessed = breaker->count;
        for (size_t i = 0; i < enough && count >= enough; i++) {
                for (size_t n = i + 1; n < count; n++) {
                        if (runs[n].began_us <= runs[i].began_us)
                                continue;
                        struct chappe_breaker_run later = runs[n];
                        runs[n] = runs[i];
                        runs[i] = later;
                }
                breaker->witness_us = i + 1 == enough ? runs[i].began_us : breaker->witness_us;
        }
}

bool chappe_breaker_has_witness(struct chappe_breaker *breaker, const struct chappe_breaker_policy *policy,
                                const struct chappe_suspect *suspect)
{
        if (breaker->witnessed < breaker->count)
                find_witnesses(breaker, policy);
        return suspect->witnessed || (suspect->failed_us != 0 && suspect->failed_us < breaker->witness_us);
}

/* True: it is proven poison. */
static bool charge(struct chappe_breaker *breaker, const struct chappe_breaker_policy *policy,
                   struct chappe_suspect *suspect, int64_t now_us)
{
        suspect->witnessed = chappe_breaker_has_witness(breaker, policy, suspect);
        if (suspect->failed_us == 0)
                suspect->failed_us = now_us;
        return suspect->witnessed;
}

bool chappe_breaker_note(struct chappe_breaker *breaker, const struct chappe_breaker_policy *policy,
                         struct chappe_suspect *suspect, const struct chappe_breaker_run *run)
{
        if (!run->failed)
                chappe_breaker_note_passed(breaker, policy, run);
        if (policy->percent == 0 || !run->failed)
                return false;
        bool proven = charge(breaker, policy, suspect, run->ended_us);
        /* What still comes back of what ran when it opened says nothing new. */
        if (breaker->state != CHAPPE_BREAKER_CLOSED)
                return false;
        chappe_breaker_add(breaker, run, proven);
        struct keys keys = count_keys(breaker, run->ended_us - CHAPPE_BREAKER_WINDOW_US);
        if (keys.failing < policy->keys || 100 * keys.failing < policy->percent * (keys.failing + keys.passing))
                return false;
        open(breaker, policy, run->ended_us);
        return true;
}

void chappe_breaker_recall(struct chappe_breaker *breaker, const struct chappe_breaker_policy *policy,
                           const struct chappe_suspect *suspect, uint64_t key, int64_t now_us)
{
        struct chappe_breaker_run run = { .key = key, .began_us = now_us, .ended_us = now_us, .failed = true };
        if (policy->percent == 0 || breaker->state != CHAPPE_BREAKER_CLOSED)
                return;
        (void)chappe_breaker_has_witness(breaker, policy, suspect);
        chappe_breaker_add(breaker, &run, suspect->witnessed);
}

bool chappe_breaker_gives_up(struct chappe_breaker *breaker, const struct chappe_breaker_policy *policy,
                             struct chappe_suspect *suspect, bool used_up, int64_t now_us)
{
        bool doubtful = false;
        if (policy->percent > 0 && breaker->state != CHAPPE_BREAKER_CLOSED) {
                suspect->doubted_us = 0;
                return false;
        }
        if (policy->percent > 0 && !suspect->witnessed) {
                struct keys keys = count_keys(breaker, now_us - CHAPPE_BREAKER_WINDOW_US);
                doubtful = keys.failing >= DOUBTFUL_KEYS && keys.passing == 0;
        }
        if (!doubtful) {
                bool doubted = suspect->doubted_us != 0;
                suspect->doubted_us = 0;
                return used_up && !doubted; /* what it went through in doubt is not held against it */
        }
        if (suspect->doubted_us == 0)
                suspect->doubted_us = now_us;
        return now_us - suspect->doubted_us >= policy->doubt_us;
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

/* It goes on being an outage while so many keys fail as were needed to call it one; as time passes, probes alone tell.
 */
static void probe_failed(struct chappe_breaker *breaker, const struct chappe_breaker_policy *policy,
                         const struct chappe_breaker_run *run, bool proven)
{
        chappe_breaker_add(breaker, run, proven);
        breaker->lapsed = count_keys(breaker, INT64_MIN).failing < policy->keys;
        breaker->state = breaker->lapsed ? CHAPPE_BREAKER_CLOSED : CHAPPE_BREAKER_OPEN;
        breaker->probe_us = run->ended_us + policy->wait_us;
}

void chappe_breaker_probe_ends(struct chappe_breaker *breaker, const struct chappe_breaker_policy *policy,
                               struct chappe_suspect *suspect, const struct chappe_breaker_run *run)
{
        bool proven = run->failed && charge(breaker, policy, suspect, run->ended_us);
        if (breaker->state == CHAPPE_BREAKER_CLOSED || run->began_us < breaker->opened_us)
                return; /* a probe of an outage before this one */
        if (run->failed) {
                if (breaker->state == CHAPPE_BREAKER_PROBED)
                        probe_failed(breaker, policy, run, proven);
                return;
        }
        breaker->state = CHAPPE_BREAKER_CLOSED;
        breaker->lapsed = false;
        chappe_breaker_add(breaker, run, false);
        breaker->leaf = breaker->count; /* a new one: what failed in the outage says nothing about what comes */
}

void chappe_breaker_probe_unrun(struct chappe_breaker *breaker)
{
        if (breaker->state == CHAPPE_BREAKER_PROBED)
                breaker->state = CHAPPE_BREAKER_PROBING;
}
