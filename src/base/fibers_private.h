/* SPDX-License-Identifier: Apache-2.0 */
/* What scheduler, processes and their executor share. */
#pragma once

#include "base/coroutine.h"
#include "base/fibers.h"

#define STRAND_NAME_SIZE 32

enum strand_state { STRAND_RUNNABLE, STRAND_RUNNING, STRAND_WAITING, STRAND_JOINING, STRAND_PARKED, STRAND_ENDED };

struct chappe_strand {
        struct chappe_process *process;
        struct chappe_coroutine *coroutine;
        void (*run)(void *argument);
        void *argument;
        char name[STRAND_NAME_SIZE];
        enum strand_state state;
        enum chappe_wait outcome;           /* of the wait that ended last */
        struct chappe_condition *condition; /* waited on */
        struct chappe_timer deadline;
        const void *place; /* where it waits, as an address in the code */
        struct chappe_strand *joiner;
        size_t held;     /* mutexes */
        uint64_t number; /* in order of start, over the whole machine */
        uint32_t waits_after_stop;
        struct chappe_strand *previous, *next;                 /* of its process */
        struct chappe_strand *waiting_previous, *waiting_next; /* on its condition */
};

struct chappe_mutex {
        const void *owner; /* the strand, or the machine itself */
};

struct chappe_condition {
        struct chappe_strand *waiting;
        size_t waiting_count;
};

struct chappe_process {
        struct chappe_executor executor; /* first: the seam's table is all that code above sees */
        struct chappe_clock clock;       /* likewise; chappe_process_of_clock leads back */
        struct chappe_fibers *fibers;
        char *name;
        size_t number; /* in order of start */
        int64_t wall_offset_ms;
        bool stopped;
        struct chappe_timer pause; /* set while paused */
        bool paused;
        struct chappe_strand *strands;
        size_t strand_count;
        size_t leftovers;
};

struct chappe_fibers {
        struct chappe_fibers_config config;
        struct chappe_random random;
        int64_t now_us;
        int64_t wall_base_ms;
        struct chappe_heap timers;
        struct chappe_strand **runnable;
        size_t runnable_count;
        size_t runnable_capacity;
        struct chappe_strand *current;
        size_t process_count;
        size_t strand_count;
        uint64_t switches;
        uint64_t strands_started;
        uint64_t hash;
        struct chappe_process **processes;
};

/* Scheduler, for the executor. */
void chappe_fibers_make_runnable(struct chappe_fibers *fibers, struct chappe_strand *strand);
/* The running strand stops here until it is made runnable again. */
void chappe_fibers_block(struct chappe_fibers *fibers, enum strand_state state);
/* The running strand may let another go first; nothing happens while it holds a mutex. */
void chappe_fibers_give_way(struct chappe_fibers *fibers, uint32_t chance_ppm);
/* Room for one more strand among the runnable. */
int chappe_fibers_grow(struct chappe_fibers *fibers);
/* Ends the strand's wait, if it still waits. */
void chappe_strand_wake(struct chappe_strand *strand, enum chappe_wait outcome);

extern const struct chappe_executor_operations chappe_process_executor_operations;
