/* SPDX-License-Identifier: Apache-2.0 */
/* Dividing the budget of memory. */
#include "flow/budget.h"

#include <stdbool.h>

#define LEAST_PART   (256 * 1024) /* of a partition: a smaller one fetches too little at a time */
#define LEAST_AHEAD  32           /* records */
/* Beside a part for each partition: one for the queue that they share, one for what is sorted out of it. */
#define SHARED_PARTS 2
#define AHEAD_TIMES  3
#define MOST_ANSWER  (1024 * 1024)

/* A part, divided: there may be two answers of a partition, one that went through the shared queue and one in a queue
 * of its own, and small records take several times their bytes once they are read; then the values that wait, and what
 * it takes to keep them. */
struct shares {
        size_t answer;
        size_t values;
        size_t records;
};
/* All that at once is more than a part. But small records leave most of what is for the bytes in hand, and of large
 * ones values and answers are all there is: for no size of theirs is it more than the budget, unless they are tiny
 * (tests/flow/test_budget.c goes through them). */
static const struct shares usual = { 6, 3, 1 };
/* Where even the least parts are more than the budget, there is nothing to be had elsewhere. */
static const struct shares strict = { 16, 8, 4 };

static size_t least(size_t a, size_t b)
{
        return a < b ? a : b;
}

static size_t most(size_t a, size_t b)
{
        return a > b ? a : b;
}

void chappe_budget_divide(size_t records, size_t bytes, size_t partitions, struct chappe_budget *ret_budget)
{
        size_t held = most(least(records, bytes / 4 / CHAPPE_BUDGET_KEEPING), 1);
        size_t ahead = bytes - bytes / 2 - least(held * CHAPPE_BUDGET_KEEPING, bytes / 4);
        size_t among = most(partitions, 1) + SHARED_PARTS;
        size_t part = most(ahead / among, LEAST_PART);

        bool beyond = part * among > ahead;
        const struct shares *shares = beyond ? &strict : &usual;

        *ret_budget = (struct chappe_budget){
                .records = held,
                .bytes = bytes / 2,
                .ahead = {
                        .records = most(least(AHEAD_TIMES * records / among, part / shares->records / CHAPPE_BUDGET_WAITING),
                                        LEAST_AHEAD),
                        .bytes = part / shares->values,
                        .answer_bytes = least(part / shares->answer, MOST_ANSWER),
                },
                .beyond = beyond ? part * among - ahead : 0,
        };
}
