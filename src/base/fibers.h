/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simulated machine: processes whose strands are fibers, run one at a time by a seeded scheduler on a virtual
 * clock. The same seed takes the same decisions; every decision goes into a trace.
 *
 * A strand gives way only where it waits, where it is about to lock a mutex while it holds none, and at steps. So no
 * mutex is ever contended here, and holding one across a wait is caught on the spot.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <chappe/buffer.h>

#include "base/clock.h"
#include "base/executor.h"
#include "base/heap.h"
#include "base/random.h"

struct chappe_fibers;  /* the machine */
struct chappe_process; /* one simulated process on it */

struct chappe_fibers_config {
        uint64_t seed;
        int64_t wall_ms;         /* the wall clock at the start; 0: 2026-01-01 */
        uint32_t give_way_ppm;   /* chance that a strand gives way where it may; parts per million */
        uint32_t wake_early_ppm; /* chance that a wait ends without a signal */
        FILE *trace; /* every decision as a line: time, what, who, two numbers, by tabs; NULL: hashed only */
        /* Told before every step of a process; may kill it. NULL: nobody is. */
        void (*step)(void *context, struct chappe_process *process, const char *kind);
        void *context;
};

struct chappe_fibers *chappe_fibers_new(const struct chappe_fibers_config *config);
/* Every process must have been freed. Takes NULL; returns NULL. */
struct chappe_fibers *chappe_fibers_free(struct chappe_fibers *fibers);

enum chappe_fibers_end {
        CHAPPE_FIBERS_IDLE,     /* nothing can run and no timer is set: the end, or a deadlock: chappe_fibers_report */
        CHAPPE_FIBERS_UNTIL,    /* the virtual clock reached until_us */
        CHAPPE_FIBERS_DONE,     /* done said so */
        CHAPPE_FIBERS_TOO_LONG, /* maximum_switches were not enough: something spins */
};

/* Runs strands and timers. done is asked whenever nothing can run before the clock moves on; NULL: until the end. */
enum chappe_fibers_end chappe_fibers_run(struct chappe_fibers *fibers, int64_t until_us, uint64_t maximum_switches,
                                         bool (*done)(void *context), void *context);
int64_t chappe_fibers_now_us(const struct chappe_fibers *fibers);
int64_t chappe_fibers_wall_ms(const struct chappe_fibers *fibers);
/* Decisions of the simulated world (faults, delays) are drawn here. */
struct chappe_random *chappe_fibers_random(struct chappe_fibers *fibers);
/* Appends one line a strand: process, name, what it waits on, where. */
void chappe_fibers_report(const struct chappe_fibers *fibers, struct chappe_buffer *buffer);

/* One decision into the trace. */
void chappe_fibers_note(struct chappe_fibers *fibers, const char *what, const char *who, int64_t a, int64_t b);
/* Of all notes so far: equal for equal seeds. */
uint64_t chappe_fibers_hash(const struct chappe_fibers *fibers);
uint64_t chappe_fibers_switches(const struct chappe_fibers *fibers);

/* Calls fire(timer) at a virtual time, outside any strand: it may lock and signal, not wait. Zero-initialise; set fire.
 */
struct chappe_timer {
        struct chappe_heap_node node;
        void (*fire)(struct chappe_timer *timer);
};
/* Sets or moves it. */
void chappe_timer_set(struct chappe_fibers *fibers, struct chappe_timer *timer, int64_t at_us);
void chappe_timer_cancel(struct chappe_fibers *fibers, struct chappe_timer *timer);

/* name is copied. NULL when memory is short. */
struct chappe_process *chappe_process_new(struct chappe_fibers *fibers, const char *name);
/* All its strands must have returned and been joined. Takes NULL; returns NULL. */
struct chappe_process *chappe_process_free(struct chappe_process *process);
const char *chappe_process_name(const struct chappe_process *process);
struct chappe_executor *chappe_process_executor(struct chappe_process *process);
const struct chappe_clock *chappe_process_clock(struct chappe_process *process);
/* Its wall clock is set forward or back. */
void chappe_process_clock_jump(struct chappe_process *process, int64_t by_ms);
/* None of its strands runs until then (SIGSTOP, a long pause of the machine). */
void chappe_process_pause(struct chappe_process *process, int64_t until_us);
bool chappe_process_paused(const struct chappe_process *process);
/* kill -9: from this instant every wait of its strands returns CHAPPE_WAIT_STOPPED and nothing it does may have an
 * effect; its strands unwind as the scheduler runs them. */
void chappe_process_kill(struct chappe_process *process);
bool chappe_process_stopped(const struct chappe_process *process);
/* Strands that have not returned. */
size_t chappe_process_strands(const struct chappe_process *process);
/* Mutexes and conditions made and not freed: 0 once it has ended cleanly. */
size_t chappe_process_leftovers(const struct chappe_process *process);
/* A step that a crash could precede ("broker.send"). Returns false when the process is stopped: do nothing. */
bool chappe_process_step(struct chappe_process *process, const char *kind);
/* The same for a place where another strand must not run in between (a foreign library's lock is held). */
bool chappe_process_step_alone(struct chappe_process *process, const char *kind);
/* Whose strand runs now; NULL outside. */
struct chappe_process *chappe_process_current(void);
