/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose turn it is at the one connection, first come first served; and the members of a group: those who are done with
 * their part of the open transaction and wait until a later holder has committed it for all. No SQL here.
 */
#pragma once

#include "base/clock.h"
#include "base/executor.h"

struct chappe_turn_waiter;

struct chappe_turn {
        /* constant */
        struct chappe_executor *executor;
        const struct chappe_clock *clock;
        struct chappe_mutex *mutex;
        /* under mutex */
        bool held;
        struct chappe_turn_waiter *queue; /* who comes next */
        struct chappe_turn_waiter *members;
        size_t member_count;
        struct chappe_turn_waiter *spare;
};

int chappe_turn_init(struct chappe_turn *turn, struct chappe_executor *executor, const struct chappe_clock *clock,
                     struct chappe_error *error);
/* Nobody may hold it or wait. */
void chappe_turn_deinit(struct chappe_turn *turn);
/* Waits until this strand holds the turn. -CHAPPE_E_STORE_BUSY after the deadline, -CHAPPE_E_STOPPED. */
int chappe_turn_take(struct chappe_turn *turn, int64_t deadline_us, struct chappe_error *error);
/* With somebody waiting and fewer than limit members, hands the turn and the open transaction on and returns true. A
 * member (who wrote into it) waits until it has ended, and finds the outcome in *ret_status and *error; it must know,
 * so there is no deadline: as long as a holder works. False: nothing changed, the caller still holds the turn. */
bool chappe_turn_pass(struct chappe_turn *turn, bool member, size_t limit, int *ret_status, struct chappe_error *error);
/* The open transaction has ended: all members are told its status, and the turn goes to the next. */
void chappe_turn_settle(struct chappe_turn *turn, int status, const struct chappe_error *error);
