/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The executor seam: strands, mutexes, conditions. In production a strand is a thread; in simulation it is a fiber, run
 * one at a time by a seeded scheduler on a virtual clock. Code above neither knows nor cares. A mutex is never held
 * across anything that waits, other than the wait on a condition that releases it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <chappe/error.h>

struct chappe_strand;
struct chappe_mutex;
struct chappe_condition;
struct chappe_executor;

enum chappe_wait {
        CHAPPE_WAIT_SIGNALLED = 0,
        CHAPPE_WAIT_TIMED_OUT = 1,
        CHAPPE_WAIT_STOPPED = 2, /* simulation: this process was killed; unwind, touch nothing */
};

struct chappe_executor_operations {
        int (*strand_start)(struct chappe_executor *executor, const char *name, void (*run)(void *argument),
                            void *argument, struct chappe_strand **ret_strand, struct chappe_error *error);
        void (*strand_join)(struct chappe_executor *executor, struct chappe_strand *strand);
        struct chappe_mutex *(*mutex_new)(struct chappe_executor *executor);
        void (*mutex_free)(struct chappe_executor *executor, struct chappe_mutex *mutex);
        void (*mutex_lock)(struct chappe_executor *executor, struct chappe_mutex *mutex);
        void (*mutex_unlock)(struct chappe_executor *executor, struct chappe_mutex *mutex);
        struct chappe_condition *(*condition_new)(struct chappe_executor *executor);
        void (*condition_free)(struct chappe_executor *executor, struct chappe_condition *condition);
        enum chappe_wait (*condition_wait)(struct chappe_executor *executor, struct chappe_condition *condition,
                                           struct chappe_mutex *mutex, int64_t deadline_us);
        void (*condition_signal)(struct chappe_executor *executor, struct chappe_condition *condition);
        void (*condition_broadcast)(struct chappe_executor *executor, struct chappe_condition *condition);
        bool (*stopped)(struct chappe_executor *executor); /* NULL: never */
        size_t (*processors)(struct chappe_executor *executor);
};

struct chappe_executor {
        const struct chappe_executor_operations *operations;
};

/* Runs run(argument) on a strand of its own. name: at most 15 characters are shown by the system. */
static inline int chappe_strand_start(struct chappe_executor *executor, const char *name, void (*run)(void *argument),
                                      void *argument, struct chappe_strand **ret_strand, struct chappe_error *error)
{
        return executor->operations->strand_start(executor, name, run, argument, ret_strand, error);
}

/* Waits until the strand has returned, and frees it; takes NULL. */
static inline void chappe_strand_join(struct chappe_executor *executor, struct chappe_strand *strand)
{
        if (strand)
                executor->operations->strand_join(executor, strand);
}

/* NULL when memory is short. */
static inline struct chappe_mutex *chappe_mutex_new(struct chappe_executor *executor)
{
        return executor->operations->mutex_new(executor);
}

static inline void chappe_mutex_free(struct chappe_executor *executor, struct chappe_mutex *mutex)
{
        if (mutex)
                executor->operations->mutex_free(executor, mutex);
}

static inline void chappe_mutex_lock(struct chappe_executor *executor, struct chappe_mutex *mutex)
{
        executor->operations->mutex_lock(executor, mutex);
}

static inline void chappe_mutex_unlock(struct chappe_executor *executor, struct chappe_mutex *mutex)
{
        executor->operations->mutex_unlock(executor, mutex);
}

static inline struct chappe_condition *chappe_condition_new(struct chappe_executor *executor)
{
        return executor->operations->condition_new(executor);
}

static inline void chappe_condition_free(struct chappe_executor *executor, struct chappe_condition *condition)
{
        if (condition)
                executor->operations->condition_free(executor, condition);
}

/* Waits for a signal until deadline_us on the monotonic clock (CHAPPE_FOREVER: no deadline); the mutex is held before
 * and after, and released meanwhile. May wake early: test the awaited state in a loop. */
static inline enum chappe_wait chappe_condition_wait(struct chappe_executor *executor,
                                                     struct chappe_condition *condition, struct chappe_mutex *mutex,
                                                     int64_t deadline_us)
{
        return executor->operations->condition_wait(executor, condition, mutex, deadline_us);
}

static inline void chappe_condition_signal(struct chappe_executor *executor, struct chappe_condition *condition)
{
        executor->operations->condition_signal(executor, condition);
}

static inline void chappe_condition_broadcast(struct chappe_executor *executor, struct chappe_condition *condition)
{
        executor->operations->condition_broadcast(executor, condition);
}

/* Simulation: true once this process was killed. Always false in production. */
static inline bool chappe_executor_stopped(struct chappe_executor *executor)
{
        return executor->operations->stopped && executor->operations->stopped(executor);
}

/* How many strands can run at the same time. */
static inline size_t chappe_executor_processors(struct chappe_executor *executor)
{
        return executor->operations->processors(executor);
}

/* The operating system's threads; one for the whole process. */
struct chappe_executor *chappe_executor_threads(void);
