/* SPDX-License-Identifier: Apache-2.0 */
/* Marks of lives that ended, and records that run alone. */
#include "flow/trial.h"

static bool marks(const struct chappe_crash_mark *mark)
{
        return mark->crashes > 0;
}

void chappe_trial_begin(struct chappe_trial *trial, const struct chappe_trial_policy *policy,
                        const struct chappe_crash_mark *told, int64_t now_us)
{
        *trial = (struct chappe_trial){ .kept = policy->tries > 0, .since_us = now_us };
        if (!trial->kept)
                return;
        trial->before = *told;
        trial->mark.crashes = told->crashes < INT32_MAX ? told->crashes + 1 : INT32_MAX;
        if (told->crashes >= CHAPPE_TRIAL_CRASHES)
                trial->careful = policy->records;
}

enum chappe_trial_verdict chappe_trial_judge(struct chappe_trial *trial, const struct chappe_trial_policy *policy,
                                             int64_t offset)
{
        if (trial->careful == 0)
                return CHAPPE_TRIAL_FREE;
        bool suspect = trial->before.kills > 0 && trial->before.offset == offset;
        trial->mark.offset = offset;
        trial->mark.kills = suspect ? trial->before.kills : 0;
        if (suspect && trial->before.kills >= policy->tries)
                return CHAPPE_TRIAL_ASIDE;
        trial->mark.kills++;
        return CHAPPE_TRIAL_ALONE;
}

static void forget_suspect(struct chappe_trial *trial)
{
        trial->mark.offset = 0;
        trial->mark.kills = 0;
}

void chappe_trial_passed(struct chappe_trial *trial)
{
        forget_suspect(trial);
        if (trial->careful > 0)
                trial->careful--;
}

bool chappe_trial_calm(struct chappe_trial *trial, const struct chappe_trial_policy *policy, int64_t now_us)
{
        if (!marks(&trial->mark) || now_us - trial->since_us < policy->calm_us)
                return false;
        trial->mark.crashes = 0;
        trial->careful = 0;
        forget_suspect(trial);
        return true;
}
