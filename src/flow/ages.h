/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long the oldest unfinished record of a partition has been in hand. A mark says when an offset was taken; there
 * are few, so an age may come out too old, by seconds or an eighth of the oldest there was, and never too young. Pure.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define CHAPPE_AGES_MARKS   64
#define CHAPPE_AGES_STEP_US 1000000

/* Zero-initialise. */
struct chappe_ages {
        struct {
                int64_t offset; /* this one and those up to the next mark */
                int64_t at_us;
        } marks[CHAPPE_AGES_MARKS];
        size_t count;
};

/* Records from this offset on are taken now; offsets and times ascend. */
void chappe_ages_take(struct chappe_ages *ages, int64_t offset, int64_t now_us);
/* The age of this offset, the first that is unfinished; forgets what is before it. 0 for one that was not taken. */
int64_t chappe_ages_age_us(struct chappe_ages *ages, int64_t offset, int64_t now_us);
