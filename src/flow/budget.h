/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One budget of memory, in_flight_bytes and in_flight_records, from the fetch to the end of the handler: half of the
 * bytes is for keys and values of records in hand, at most a quarter for what it takes to keep them, and the rest for
 * what is fetched ahead, in equal parts for all partitions that a member can get and for what they share. Pure.
 */
#pragma once

#include "broker/broker.h"

#define CHAPPE_BUDGET_KEEPING 1024 /* bytes, beside key and value, that a record in hand may take */
#define CHAPPE_BUDGET_WAITING 512  /* that one takes which was fetched and not taken */

struct chappe_budget {
        /* in hand: taken from the broker and not finished */
        size_t records;
        size_t bytes; /* of keys and values */
        struct chappe_prefetch ahead;
        size_t beyond; /* bytes that so many partitions may take beyond the budget, for each needs a least part */
};

void chappe_budget_divide(size_t records, size_t bytes, size_t partitions, struct chappe_budget *ret_budget);
