/* SPDX-License-Identifier: Apache-2.0 */
/* The executor over the operating system's threads. */
#include "base/executor.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NAME_SIZE 16 /* what the kernel keeps, with the terminator */

struct chappe_strand {
        pthread_t thread;
        char name[NAME_SIZE];
        void (*run)(void *argument);
        void *argument;
};

struct chappe_mutex {
        pthread_mutex_t mutex;
};

struct chappe_condition {
        pthread_cond_t condition;
};

static void *strand_main(void *context)
{
        struct chappe_strand *strand = context;

        pthread_setname_np(pthread_self(), strand->name);
        strand->run(strand->argument);
        return NULL;
}

/* Signals are the program's main thread's; only those that a fault raises stay open everywhere. */
static int thread_create(struct chappe_strand *strand)
{
        static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT };
        sigset_t blocked, before;
        int status;

        sigfillset(&blocked);
        for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
                sigdelset(&blocked, faults[i]);
        pthread_sigmask(SIG_SETMASK, &blocked, &before);
        status = pthread_create(&strand->thread, NULL, strand_main, strand);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        return status;
}

static int threads_strand_start(struct chappe_executor *executor, const char *name, void (*run)(void *argument),
                                void *argument, struct chappe_strand **ret_strand, struct chappe_error *error)
{
        struct chappe_strand *strand = calloc(1, sizeof(*strand));
        int status;

        (void)executor;
        if (!strand)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for strand %s", name);
        strncpy(strand->name, name, NAME_SIZE - 1);
        strand->run = run;
        strand->argument = argument;
        status = thread_create(strand);
        if (status) {
                free(strand);
                return chappe_fail(error, CHAPPE_E_IO, "no thread for strand %s: %s", name, strerror(status));
        }
        *ret_strand = strand;
        return 0;
}

static void threads_strand_join(struct chappe_executor *executor, struct chappe_strand *strand)
{
        int status = pthread_join(strand->thread, NULL);

        (void)executor;
        assert(status == 0);
        (void)status;
        free(strand);
}

static struct chappe_mutex *threads_mutex_new(struct chappe_executor *executor)
{
        struct chappe_mutex *mutex = calloc(1, sizeof(*mutex));

        (void)executor;
        if (mutex)
                pthread_mutex_init(&mutex->mutex, NULL);
        return mutex;
}

static void threads_mutex_free(struct chappe_executor *executor, struct chappe_mutex *mutex)
{
        (void)executor;
        pthread_mutex_destroy(&mutex->mutex);
        free(mutex);
}

static void threads_mutex_lock(struct chappe_executor *executor, struct chappe_mutex *mutex)
{
        (void)executor;
        pthread_mutex_lock(&mutex->mutex);
}

static void threads_mutex_unlock(struct chappe_executor *executor, struct chappe_mutex *mutex)
{
        (void)executor;
        pthread_mutex_unlock(&mutex->mutex);
}

static struct chappe_condition *threads_condition_new(struct chappe_executor *executor)
{
        struct chappe_condition *condition = calloc(1, sizeof(*condition));
        pthread_condattr_t attributes;

        (void)executor;
        if (!condition)
                return NULL;
        pthread_condattr_init(&attributes);
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
        pthread_cond_init(&condition->condition, &attributes);
        pthread_condattr_destroy(&attributes);
        return condition;
}

static void threads_condition_free(struct chappe_executor *executor, struct chappe_condition *condition)
{
        (void)executor;
        pthread_cond_destroy(&condition->condition);
        free(condition);
}

static enum chappe_wait threads_condition_wait(struct chappe_executor *executor, struct chappe_condition *condition,
                                               struct chappe_mutex *mutex, int64_t deadline_us)
{
        struct timespec deadline;
        int status;

        (void)executor;
        if (deadline_us == INT64_MAX) {
                pthread_cond_wait(&condition->condition, &mutex->mutex);
                return CHAPPE_WAIT_SIGNALLED;
        }
        if (deadline_us < 0)
                deadline_us = 0;
        deadline.tv_sec = deadline_us / 1000000;
        deadline.tv_nsec = deadline_us % 1000000 * 1000;
        status = pthread_cond_timedwait(&condition->condition, &mutex->mutex, &deadline);
        assert(status == 0 || status == ETIMEDOUT);
        return status == ETIMEDOUT ? CHAPPE_WAIT_TIMED_OUT : CHAPPE_WAIT_SIGNALLED;
}

static void threads_condition_signal(struct chappe_executor *executor, struct chappe_condition *condition)
{
        (void)executor;
        pthread_cond_signal(&condition->condition);
}

static void threads_condition_broadcast(struct chappe_executor *executor, struct chappe_condition *condition)
{
        (void)executor;
        pthread_cond_broadcast(&condition->condition);
}

static size_t threads_processors(struct chappe_executor *executor)
{
        long count = sysconf(_SC_NPROCESSORS_ONLN);

        (void)executor;
        return count > 0 ? (size_t)count : 1;
}

static const struct chappe_executor_operations threads_operations = {
        .strand_start = threads_strand_start,
        .strand_join = threads_strand_join,
        .mutex_new = threads_mutex_new,
        .mutex_free = threads_mutex_free,
        .mutex_lock = threads_mutex_lock,
        .mutex_unlock = threads_mutex_unlock,
        .condition_new = threads_condition_new,
        .condition_free = threads_condition_free,
        .condition_wait = threads_condition_wait,
        .condition_signal = threads_condition_signal,
        .condition_broadcast = threads_condition_broadcast,
        .processors = threads_processors,
};

struct chappe_executor *chappe_executor_threads(void)
{
        static struct chappe_executor executor = { .operations = &threads_operations };

        return &executor;
}
