/* SPDX-License-Identifier: Apache-2.0 */
/* The executor seam of a simulated process: strands are fibers, mutexes only keep count, conditions are lists. */
#include "base/fibers_private.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

/* A killed process's strand that waits this often instead of unwinding would do so for ever. */
#define WAITS_AFTER_STOP_MAXIMUM 10000

static struct chappe_process *process_of(struct chappe_executor *executor)
{
        return (struct chappe_process *)executor;
}

/* The strand that runs, which must be one of this process; NULL outside strands. */
static struct chappe_strand *current_of(struct chappe_process *process)
{
        struct chappe_strand *strand = process->fibers->current;

        assert((!strand || strand->process == process) && "a strand uses another process's executor");
        return strand;
}

static void strand_main(void *context)
{
        struct chappe_strand *strand = context;

        strand->run(strand->argument);
}

static void deadline_passed(struct chappe_timer *timer)
{
        chappe_strand_wake(CHAPPE_CONTAINER(timer, struct chappe_strand, deadline), CHAPPE_WAIT_TIMED_OUT);
}

static int process_strand_start(struct chappe_executor *executor, const char *name, void (*run)(void *argument),
                                void *argument, struct chappe_strand **ret_strand, struct chappe_error *error)
{
        struct chappe_process *process = process_of(executor);
        struct chappe_strand *strand;

        if (!chappe_process_step(process, "executor.start"))
                return chappe_fail(error, CHAPPE_E_STOPPED, "strand %s: the process was killed", name);
        strand = calloc(1, sizeof(*strand));
        if (!strand || chappe_fibers_grow(process->fibers) < 0 ||
            !(strand->coroutine = chappe_coroutine_new(strand_main, strand))) {
                free(strand);
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for strand %s", name);
        }
        strand->process = process;
        strand->run = run;
        strand->argument = argument;
        strand->deadline.fire = deadline_passed;
        strand->number = process->fibers->strands_started++;
        strncpy(strand->name, name, STRAND_NAME_SIZE - 1);
        DL_APPEND2(process->strands, strand, previous, next);
        process->strand_count++;
        process->fibers->strand_count++;
        chappe_fibers_make_runnable(process->fibers, strand);
        *ret_strand = strand;
        return 0;
}

static void process_strand_join(struct chappe_executor *executor, struct chappe_strand *strand)
{
        struct chappe_process *process = process_of(executor);
        struct chappe_strand *self = current_of(process);

        assert(strand->process == process && strand != self && !strand->joiner);
        if (strand->state != STRAND_ENDED) {
                assert(self && "only a strand can wait for a strand");
                assert(self->held == 0 && "a mutex is held across a join");
                strand->joiner = self;
                self->place = __builtin_return_address(0);
                chappe_fibers_block(process->fibers, STRAND_JOINING);
        }
        DL_DELETE2(process->strands, strand, previous, next);
        process->strand_count--;
        process->fibers->strand_count--;
        free(strand);
}

static struct chappe_mutex *process_mutex_new(struct chappe_executor *executor)
{
        struct chappe_mutex *mutex = calloc(1, sizeof(*mutex));

        process_of(executor)->leftovers += mutex != NULL;
        return mutex;
}

static void process_mutex_free(struct chappe_executor *executor, struct chappe_mutex *mutex)
{
        assert(!mutex->owner && "a locked mutex is freed");
        process_of(executor)->leftovers--;
        free(mutex);
}

static void process_mutex_lock(struct chappe_executor *executor, struct chappe_mutex *mutex)
{
        struct chappe_process *process = process_of(executor);
        struct chappe_strand *self = current_of(process);

        chappe_fibers_give_way(process->fibers, process->fibers->config.give_way_ppm);
        assert(!mutex->owner && "a strand gave way with this mutex locked, or locks it twice");
        mutex->owner = self ? (const void *)self : process->fibers;
        if (self)
                self->held++;
}

static void process_mutex_unlock(struct chappe_executor *executor, struct chappe_mutex *mutex)
{
        struct chappe_process *process = process_of(executor);
        struct chappe_strand *self = current_of(process);

        assert(mutex->owner == (self ? (const void *)self : process->fibers) && "unlocked by who did not lock it");
        mutex->owner = NULL;
        if (self)
                self->held--;
}

static struct chappe_condition *process_condition_new(struct chappe_executor *executor)
{
        struct chappe_condition *condition = calloc(1, sizeof(*condition));

        process_of(executor)->leftovers += condition != NULL;
        return condition;
}

static void process_condition_free(struct chappe_executor *executor, struct chappe_condition *condition)
{
        assert(!condition->waiting && "a condition that is waited on is freed");
        process_of(executor)->leftovers--;
        free(condition);
}

void chappe_strand_wake(struct chappe_strand *strand, enum chappe_wait outcome)
{
        struct chappe_fibers *fibers = strand->process->fibers;
        struct chappe_condition *condition = strand->condition;

        if (strand->state != STRAND_WAITING)
                return;
        if (condition) {
                DL_DELETE2(condition->waiting, strand, waiting_previous, waiting_next);
                condition->waiting_count--;
                strand->condition = NULL;
        }
        chappe_timer_cancel(fibers, &strand->deadline);
        strand->outcome = outcome;
        chappe_fibers_make_runnable(fibers, strand);
}

/* The process was killed: others unwind first, then this strand sees it. */
static enum chappe_wait wait_stopped(struct chappe_strand *self)
{
        struct chappe_fibers *fibers = self->process->fibers;

        if (++self->waits_after_stop > WAITS_AFTER_STOP_MAXIMUM) {
                fprintf(stderr,
                        "%s/%s goes on waiting although its process was killed: it must look at CHAPPE_WAIT_STOPPED\n",
                        self->process->name, self->name);
                abort();
        }
        chappe_fibers_make_runnable(fibers, self);
        chappe_coroutine_yield(self->coroutine);
        return CHAPPE_WAIT_STOPPED;
}

static enum chappe_wait wait_on(struct chappe_strand *self, struct chappe_condition *condition, int64_t deadline_us)
{
        struct chappe_fibers *fibers = self->process->fibers;

        if (fibers->config.step)
                fibers->config.step(fibers->config.context, self->process, "executor.wait");
        if (self->process->stopped)
                return wait_stopped(self);
        if (chappe_random_chance(&fibers->random, fibers->config.wake_early_ppm)) {
                chappe_fibers_make_runnable(fibers, self);
                chappe_coroutine_yield(self->coroutine);
                return self->process->stopped ? CHAPPE_WAIT_STOPPED : CHAPPE_WAIT_SIGNALLED;
        }
        if (deadline_us != CHAPPE_FOREVER)
                chappe_timer_set(fibers, &self->deadline, deadline_us);
        self->condition = condition;
        DL_APPEND2(condition->waiting, self, waiting_previous, waiting_next);
        condition->waiting_count++;
        chappe_fibers_block(fibers, STRAND_WAITING);
        return self->process->stopped ? CHAPPE_WAIT_STOPPED : self->outcome;
}

static enum chappe_wait process_condition_wait(struct chappe_executor *executor, struct chappe_condition *condition,
                                               struct chappe_mutex *mutex, int64_t deadline_us)
{
        struct chappe_process *process = process_of(executor);
        struct chappe_strand *self = current_of(process);
        enum chappe_wait outcome;

        assert(self && "only a strand can wait");
        assert(mutex->owner == self && "a wait needs its mutex");
        assert(self->held == 1 && "another mutex is held across a wait");
        mutex->owner = NULL;
        self->held = 0;
        self->place = __builtin_return_address(0);
        outcome = wait_on(self, condition, deadline_us);
        assert(!mutex->owner);
        mutex->owner = self;
        self->held = 1;
        return outcome;
}

/* Which of several waits ends is nobody's to know. */
static void process_condition_signal(struct chappe_executor *executor, struct chappe_condition *condition)
{
        struct chappe_process *process = process_of(executor);
        struct chappe_strand *strand = condition->waiting;

        if (!strand)
                return;
        for (size_t skip = chappe_random_below(&process->fibers->random, condition->waiting_count); skip > 0; skip--)
                strand = strand->waiting_next;
        chappe_strand_wake(strand, CHAPPE_WAIT_SIGNALLED);
}

static void process_condition_broadcast(struct chappe_executor *executor, struct chappe_condition *condition)
{
        (void)executor;
        while (condition->waiting)
                chappe_strand_wake(condition->waiting, CHAPPE_WAIT_SIGNALLED);
}

static bool process_stopped(struct chappe_executor *executor)
{
        return process_of(executor)->stopped;
}

/* Few for one process, many for the next: both let other strands meet each other. */
static size_t process_processors(struct chappe_executor *executor)
{
        return process_of(executor)->number % 2 ? 64 : 2;
}

const struct chappe_executor_operations chappe_process_executor_operations = {
        .strand_start = process_strand_start,
        .strand_join = process_strand_join,
        .mutex_new = process_mutex_new,
        .mutex_free = process_mutex_free,
        .mutex_lock = process_mutex_lock,
        .mutex_unlock = process_mutex_unlock,
        .condition_new = process_condition_new,
        .condition_free = process_condition_free,
        .condition_wait = process_condition_wait,
        .condition_signal = process_condition_signal,
        .condition_broadcast = process_condition_broadcast,
        .stopped = process_stopped,
        .processors = process_processors,
};
