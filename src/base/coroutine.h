/* SPDX-License-Identifier: Apache-2.0 */
/* A function on a stack of its own, which can stop in its middle and go on later. One thread only. */
#pragma once

#include <stdbool.h>

struct chappe_coroutine;

/* NULL when memory is short. Stacks are kept for the next coroutine of this thread. */
struct chappe_coroutine *chappe_coroutine_new(void (*run)(void *argument), void *argument);
/* Runs it until it yields (true) or returns (false). */
bool chappe_coroutine_resume(struct chappe_coroutine *coroutine);
/* Within the coroutine: back to who resumed it. */
void chappe_coroutine_yield(struct chappe_coroutine *coroutine);
/* It must have returned: a stack that is dropped in its middle leaks what it owns. Takes NULL. */
void chappe_coroutine_free(struct chappe_coroutine *coroutine);
/* Gives the kept stacks of this thread back. */
void chappe_coroutine_pool_drain(void);
