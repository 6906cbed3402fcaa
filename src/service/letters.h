/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of dead letters: what is settled, and what is on its way back. */
#pragma once

#include <chappe/letters.h>

#include "flow/deliveries.h"
#include "service/client.h"
#include "service/settled.h"

#define CHAPPE_REVIVALS 100 /* on their way at a time */

/* A replayed record until its delivery is settled. */
struct chappe_revival {
        struct chappe_deliveries deliveries;
        int32_t partition;
        int64_t offset;
};

struct chappe_revivals {
        struct chappe_executor *executor; /* constant, like the next two */
        struct chappe_mutex *mutex;
        struct chappe_condition *reported;
        struct chappe_revival at[CHAPPE_REVIVALS]; /* stay in place until they are settled */
        size_t count;
        size_t outstanding; /* under mutex */
};

struct chappe_letters {
        struct chappe_client *client;
        char *topic;
        char *group;
        char *origin; /* whose dead letters the topic's name says they are; "" when it does not */
        char *target; /* that is known to be there; NULL: none yet */
        int32_t partition_count;
        struct chappe_settled *settled; /* by partition */
        struct chappe_revivals revivals;
        bool changed; /* since the last commit */
};

/* replay.c */
int chappe_revivals_init(struct chappe_revivals *revivals, struct chappe_executor *executor,
                         struct chappe_error *error);
/* Until every delivery is reported. */
void chappe_revivals_await(struct chappe_revivals *revivals);
void chappe_revivals_deinit(struct chappe_revivals *revivals);
