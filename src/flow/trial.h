/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does a record of this partition kill the process? A life that ends without giving the partition up leaves a mark in
 * the commit; one that gives it up leaves what it found, one that has lasted takes it away. After two such ends in a
 * row the next owner is careful: it runs one record at a time, each with its name in the mark before it begins. One
 * that was named so often when the process died is set aside. Pure; time is given.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define CHAPPE_TRIAL_CRASHES 2 /* in a row make the next owner careful */

/* What a commit says of it. All zero: nothing. */
struct chappe_crash_mark {
        int32_t crashes; /* ends in a row; a life counts as one until it has lasted, or given the partition up */
        int32_t kills;   /* how often the process died, in a row, with this offset on trial; 0: none is */
        int64_t offset;
};

struct chappe_trial_policy {
        int32_t tries;   /* a record that has killed so often is set aside; 0: nothing of all this */
        int64_t calm_us; /* a life that has lasted for so long is no crash loop */
        int64_t records; /* that a careful owner tries one by one, at most */
};

/* Zero-initialise. */
struct chappe_trial {
        struct chappe_crash_mark mark;   /* to be committed */
        struct chappe_crash_mark before; /* as the owner before left it */
        int64_t since_us;
        int64_t careful; /* records still to be tried one by one */
        bool kept;       /* marks are made */
};

enum chappe_trial_verdict {
        CHAPPE_TRIAL_FREE,  /* it may run, beside others */
        CHAPPE_TRIAL_ALONE, /* it may run alone, once the mark is committed */
        CHAPPE_TRIAL_ASIDE, /* it has killed too often */
};

/* The partition is gained, with what the commit says. The mark has changed when marks are made. */
void chappe_trial_begin(struct chappe_trial *trial, const struct chappe_trial_policy *policy,
                        const struct chappe_crash_mark *told, int64_t now_us);
/* A record is about to run, and none of this partition does when trial->careful > 0. */
enum chappe_trial_verdict chappe_trial_judge(struct chappe_trial *trial, const struct chappe_trial_policy *policy,
                                             int64_t offset);
/* The record that ran alone, or was set aside, is finished. */
void chappe_trial_passed(struct chappe_trial *trial);
/* True when the mark has changed, because this life has lasted. */
bool chappe_trial_calm(struct chappe_trial *trial, const struct chappe_trial_policy *policy, int64_t now_us);
