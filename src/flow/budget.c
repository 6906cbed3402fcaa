/* SPDX-License-Identifier: Apache-2.0 */
/* Dividing the budget of memory. */
#include "flow/budget.h"

#define LEAST_PART   (256 * 1024) /* of a partition: a smaller one fetches too little at a time */
#define LEAST_AHEAD  32           /* records */
/* Beside a part for each partition: one for the queue that they share, one for what is sorted out of it. */
#define SHARED_PARTS 2
/* A part, divided: small records take two and a half times the bytes of their answer once they are read, and there may
 * be three answers of a partition, in the shared queue, sorted, and in a queue of its own; then the values that wait,
 * and what it takes to keep them. */
#define ANSWER_SHARE 16
#define VALUES_SHARE 8
#define RECORD_SHARE 4
#define MOST_ANSWER  (1024 * 1024)

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

        *ret_budget = (struct chappe_budget){
                .records = held,
                .bytes = bytes / 2,
                .ahead = {
                        .records = most(least(records / among, part / RECORD_SHARE / CHAPPE_BUDGET_WAITING), LEAST_AHEAD),
                        .bytes = part / VALUES_SHARE,
                        .answer_bytes = least(part / ANSWER_SHARE, MOST_ANSWER),
                },
                .beyond = part * among > ahead ? part * among - ahead : 0,
        };
}
