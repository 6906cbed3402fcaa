/* SPDX-License-Identifier: Apache-2.0 */
/* Simulated processes: their life, their clock, their steps. */
#include "base/fibers_private.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const struct chappe_process *process_of_clock(const struct chappe_clock *clock)
{
        return CHAPPE_CONTAINER(clock, const struct chappe_process, clock);
}

/* Looking at the clock takes a microsecond: who looks until it is time gets there. */
static int64_t process_monotonic_us(const struct chappe_clock *clock)
{
        return process_of_clock(clock)->fibers->now_us++;
}

static int64_t process_wall_ms(const struct chappe_clock *clock)
{
        const struct chappe_process *process = process_of_clock(clock);

        process->fibers->now_us++;
        return chappe_fibers_wall_ms(process->fibers) + process->wall_offset_ms;
}

static const struct chappe_clock_operations process_clock_operations = {
        .monotonic_us = process_monotonic_us,
        .wall_ms = process_wall_ms,
};

static void pause_ends(struct chappe_timer *timer)
{
        struct chappe_process *process = CHAPPE_CONTAINER(timer, struct chappe_process, pause);

        process->paused = false;
        chappe_fibers_note(process->fibers, "goes on", process->name, 0, 0);
        for (struct chappe_strand *strand = process->strands; strand; strand = strand->next)
                if (strand->state == STRAND_PARKED)
                        chappe_fibers_make_runnable(process->fibers, strand);
}

static int register_process(struct chappe_fibers *fibers, struct chappe_process *process)
{
        struct chappe_process **processes =
                reallocarray(fibers->processes, fibers->process_count + 1, sizeof(struct chappe_process *));

        if (!processes)
                return -CHAPPE_E_NO_MEMORY;
        process->number = fibers->process_count;
        processes[fibers->process_count++] = process;
        fibers->processes = processes;
        return 0;
}

struct chappe_process *chappe_process_new(struct chappe_fibers *fibers, const char *name)
{
        struct chappe_process *process = calloc(1, sizeof(*process));

        if (!process)
                return NULL;
        process->executor.operations = &chappe_process_executor_operations;
        process->clock.operations = &process_clock_operations;
        process->fibers = fibers;
        process->pause.fire = pause_ends;
        process->name = strdup(name);
        if (!process->name || register_process(fibers, process) < 0) {
                free(process->name);
                free(process);
                return NULL;
        }
        return process;
}

struct chappe_process *chappe_process_free(struct chappe_process *process)
{
        struct chappe_fibers *fibers;
        size_t at = 0;

        if (!process)
                return NULL;
        assert(process->strand_count == 0 && "a strand of this process was not joined");
        fibers = process->fibers;
        chappe_timer_cancel(fibers, &process->pause);
        while (fibers->processes[at] != process)
                at++;
        memmove(&fibers->processes[at], &fibers->processes[at + 1],
                (--fibers->process_count - at) * sizeof(struct chappe_process *));
        free(process->name);
        free(process);
        return NULL;
}

const char *chappe_process_name(const struct chappe_process *process)
{
        return process->name;
}

struct chappe_executor *chappe_process_executor(struct chappe_process *process)
{
        return &process->executor;
}

const struct chappe_clock *chappe_process_clock(struct chappe_process *process)
{
        return &process->clock;
}

void chappe_process_clock_jump(struct chappe_process *process, int64_t by_ms)
{
        chappe_fibers_note(process->fibers, "clock jumps", process->name, by_ms, 0);
        process->wall_offset_ms += by_ms;
}

void chappe_process_pause(struct chappe_process *process, int64_t until_us)
{
        if (process->stopped)
                return;
        chappe_fibers_note(process->fibers, "pauses", process->name, until_us, 0);
        process->paused = true;
        chappe_timer_set(process->fibers, &process->pause, until_us);
}

bool chappe_process_paused(const struct chappe_process *process)
{
        return process->paused;
}

void chappe_process_kill(struct chappe_process *process)
{
        if (process->stopped)
                return;
        chappe_fibers_note(process->fibers, "killed", process->name, 0, 0);
        process->stopped = true;
        if (process->paused) {
                chappe_timer_cancel(process->fibers, &process->pause);
                pause_ends(&process->pause);
        }
        for (struct chappe_strand *strand = process->strands; strand; strand = strand->next)
                if (strand->state == STRAND_WAITING)
                        chappe_strand_wake(strand, CHAPPE_WAIT_STOPPED);
}

bool chappe_process_stopped(const struct chappe_process *process)
{
        return process->stopped;
}

size_t chappe_process_strands(const struct chappe_process *process)
{
        size_t count = 0;

        for (const struct chappe_strand *strand = process->strands; strand; strand = strand->next)
                count += strand->state != STRAND_ENDED;
        return count;
}

size_t chappe_process_leftovers(const struct chappe_process *process)
{
        return process->leftovers;
}

bool chappe_process_step_alone(struct chappe_process *process, const char *kind)
{
        struct chappe_fibers *fibers = process->fibers;

        if (process->stopped)
                return false;
        chappe_fibers_note(fibers, kind, process->name, 0, 0);
        if (fibers->config.step)
                fibers->config.step(fibers->config.context, process, kind);
        return !process->stopped;
}

bool chappe_process_step(struct chappe_process *process, const char *kind)
{
        if (chappe_process_step_alone(process, kind))
                chappe_fibers_give_way(process->fibers, process->fibers->config.give_way_ppm);
        return !process->stopped;
}
