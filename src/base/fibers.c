/* SPDX-License-Identifier: Apache-2.0 */
/* The scheduler: one strand at a time, drawn by the seed; the clock moves when nothing can run. */
#include "base/fibers_private.h"

#include <assert.h>
#include <dlfcn.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define START_US       1000000 /* not 0: a deadline of 0 is in the past, as on a real machine */
#define START_WALL_MS  INT64_C(1767225600000)
#define SWITCH_COST_US 1

static _Thread_local struct chappe_fibers *running;

struct chappe_fibers *chappe_fibers_new(const struct chappe_fibers_config *config)
{
        struct chappe_fibers *fibers = calloc(1, sizeof(*fibers));

        if (!fibers)
                return NULL;
        fibers->config = *config;
        fibers->now_us = START_US;
        fibers->wall_base_ms = (config->wall_ms ? config->wall_ms : START_WALL_MS) - START_US / 1000;
        fibers->hash = config->seed;
        chappe_random_init(&fibers->random, config->seed);
        return fibers;
}

struct chappe_fibers *chappe_fibers_free(struct chappe_fibers *fibers)
{
        if (!fibers)
                return NULL;
        assert(fibers->process_count == 0 && "a simulated process was not freed");
        chappe_heap_deinit(&fibers->timers);
        free(fibers->runnable);
        free(fibers->processes);
        free(fibers);
        return NULL;
}

int64_t chappe_fibers_now_us(const struct chappe_fibers *fibers)
{
        return fibers->now_us;
}

int64_t chappe_fibers_wall_ms(const struct chappe_fibers *fibers)
{
        return fibers->wall_base_ms + fibers->now_us / 1000;
}

struct chappe_random *chappe_fibers_random(struct chappe_fibers *fibers)
{
        return &fibers->random;
}

uint64_t chappe_fibers_hash(const struct chappe_fibers *fibers)
{
        return fibers->hash;
}

uint64_t chappe_fibers_switches(const struct chappe_fibers *fibers)
{
        return fibers->switches;
}

static void mix(struct chappe_fibers *fibers, uint64_t value)
{
        uint64_t z = fibers->hash ^ value;

        z = (z ^ (z >> 32)) * 0xd6e8feb86659fd93;
        fibers->hash = (z ^ (z >> 29)) + 0x9e3779b97f4a7c15;
}

static void mix_string(struct chappe_fibers *fibers, const char *string)
{
        uint64_t folded = 0;

        for (; *string; string++)
                folded = folded * 31 + (uint8_t)*string;
        mix(fibers, folded);
}

void chappe_fibers_note(struct chappe_fibers *fibers, const char *what, const char *who, int64_t a, int64_t b)
{
        mix(fibers, (uint64_t)fibers->now_us);
        mix_string(fibers, what);
        mix_string(fibers, who);
        mix(fibers, (uint64_t)a);
        mix(fibers, (uint64_t)b);
        if (fibers->config.trace)
                fprintf(fibers->config.trace, "%11.6f\t%-18s\t%-28s\t%" PRId64 "\t%" PRId64 "\n",
                        (double)fibers->now_us / 1e6, what, who, a, b);
}

/* Timers */

void chappe_timer_set(struct chappe_fibers *fibers, struct chappe_timer *timer, int64_t at_us)
{
        int status;

        assert(timer->fire);
        chappe_heap_remove(&fibers->timers, &timer->node);
        status = chappe_heap_insert(&fibers->timers, &timer->node, at_us);
        assert(status == 0 && "a simulation needs little memory, and all of it");
        (void)status;
}

void chappe_timer_cancel(struct chappe_fibers *fibers, struct chappe_timer *timer)
{
        chappe_heap_remove(&fibers->timers, &timer->node);
}

/* Fires what is due; a timer that is set again for now waits for the next round. */
static void timers_fire(struct chappe_fibers *fibers)
{
        struct chappe_heap_node *node;

        while ((node = chappe_heap_first(&fibers->timers)) && node->due <= fibers->now_us) {
                struct chappe_timer *timer = CHAPPE_CONTAINER(node, struct chappe_timer, node);

                chappe_heap_remove(&fibers->timers, node);
                timer->fire(timer);
        }
}

/* Strands */

int chappe_fibers_grow(struct chappe_fibers *fibers)
{
        size_t capacity = fibers->runnable_capacity ? 2 * fibers->runnable_capacity : 64;
        struct chappe_strand **runnable;

        if (fibers->strand_count < fibers->runnable_capacity)
                return 0;
        runnable = reallocarray(fibers->runnable, capacity, sizeof(struct chappe_strand *));
        if (!runnable)
                return -CHAPPE_E_NO_MEMORY;
        fibers->runnable = runnable;
        fibers->runnable_capacity = capacity;
        return 0;
}

void chappe_fibers_make_runnable(struct chappe_fibers *fibers, struct chappe_strand *strand)
{
        assert(fibers->runnable_count < fibers->runnable_capacity);
        strand->state = STRAND_RUNNABLE;
        fibers->runnable[fibers->runnable_count++] = strand;
}

void chappe_fibers_block(struct chappe_fibers *fibers, enum strand_state state)
{
        struct chappe_strand *strand = fibers->current;

        strand->state = state;
        chappe_coroutine_yield(strand->coroutine);
}

void chappe_fibers_give_way(struct chappe_fibers *fibers, uint32_t chance_ppm)
{
        struct chappe_strand *strand = fibers->current;

        if (!strand || strand->held > 0 || fibers->runnable_count == 0 ||
            !chappe_random_chance(&fibers->random, chance_ppm))
                return;
        chappe_fibers_make_runnable(fibers, strand);
        chappe_coroutine_yield(strand->coroutine);
}

static struct chappe_strand *draw(struct chappe_fibers *fibers)
{
        size_t at = fibers->runnable_count > 1 ? chappe_random_below(&fibers->random, fibers->runnable_count) : 0;
        struct chappe_strand *strand = fibers->runnable[at];

        fibers->runnable[at] = fibers->runnable[--fibers->runnable_count];
        return strand;
}

static void strand_ended(struct chappe_strand *strand)
{
        strand->state = STRAND_ENDED;
        chappe_coroutine_free(strand->coroutine);
        strand->coroutine = NULL;
        assert(strand->held == 0 && "a strand returned with a mutex");
        if (strand->joiner)
                chappe_fibers_make_runnable(strand->process->fibers, strand->joiner);
}

static void strand_run(struct chappe_fibers *fibers, struct chappe_strand *strand)
{
        if (strand->process->paused) {
                strand->state = STRAND_PARKED;
                return;
        }
        fibers->now_us += SWITCH_COST_US;
        fibers->switches++;
        chappe_fibers_note(fibers, "run", strand->name, (int64_t)strand->number, (int64_t)fibers->runnable_count);
        strand->state = STRAND_RUNNING;
        fibers->current = strand;
        if (!chappe_coroutine_resume(strand->coroutine))
                strand_ended(strand);
        fibers->current = NULL;
}

static bool time_passes(struct chappe_fibers *fibers, int64_t until_us, enum chappe_fibers_end *ret_end)
{
        struct chappe_heap_node *node = chappe_heap_first(&fibers->timers);

        if (node && node->due <= until_us) {
                if (node->due > fibers->now_us)
                        fibers->now_us = node->due;
                return true;
        }
        if (until_us != INT64_MAX && until_us > fibers->now_us)
                fibers->now_us = until_us;
        *ret_end = node || until_us != INT64_MAX ? CHAPPE_FIBERS_UNTIL : CHAPPE_FIBERS_IDLE;
        return false;
}

enum chappe_fibers_end chappe_fibers_run(struct chappe_fibers *fibers, int64_t until_us, uint64_t maximum_switches,
                                         bool (*done)(void *context), void *context)
{
        struct chappe_fibers *outer = running;
        enum chappe_fibers_end end = CHAPPE_FIBERS_TOO_LONG;
        uint64_t last = fibers->switches + maximum_switches;

        assert(!fibers->current);
        running = fibers;
        while (fibers->switches < last) {
                timers_fire(fibers);
                if (fibers->runnable_count > 0) {
                        if (fibers->now_us > until_us) {
                                end = CHAPPE_FIBERS_UNTIL;
                                break;
                        }
                        strand_run(fibers, draw(fibers));
                        continue;
                }
                if (done && done(context)) {
                        end = CHAPPE_FIBERS_DONE;
                        break;
                }
                if (fibers->runnable_count == 0 && !time_passes(fibers, until_us, &end))
                        break;
        }
        running = outer;
        return end;
}

struct chappe_process *chappe_process_current(void)
{
        return running && running->current ? running->current->process : NULL;
}

static const char *describe(enum strand_state state)
{
        static const char *const descriptions[] = {
                [STRAND_RUNNABLE] = "could run",
                [STRAND_RUNNING] = "runs",
                [STRAND_WAITING] = "waits on a condition",
                [STRAND_JOINING] = "waits for a strand to return",
                [STRAND_PARKED] = "is paused",
                [STRAND_ENDED] = "has returned and was not joined",
        };

        return descriptions[state];
}

/* The place is told as module+offset: addr2line -e module offset names the line. */
static void report_strand(const struct chappe_strand *strand, struct chappe_buffer *buffer)
{
        Dl_info info = { 0 };

        chappe_buffer_printf(buffer, "%s/%s %s", strand->process->name, strand->name, describe(strand->state));
        if (strand->state == STRAND_WAITING || strand->state == STRAND_JOINING) {
                if (dladdr(strand->place, &info) && info.dli_fname)
                        chappe_buffer_printf(buffer, " at %s+0x%zx", info.dli_fname,
                                             (size_t)((const char *)strand->place - (const char *)info.dli_fbase));
                if (strand->deadline.node.index)
                        chappe_buffer_printf(buffer, " until +%.3f s",
                                             (double)(strand->deadline.node.due - strand->process->fibers->now_us) /
                                                     1e6);
        }
        chappe_buffer_printf(buffer, "\n");
}

void chappe_fibers_report(const struct chappe_fibers *fibers, struct chappe_buffer *buffer)
{
        for (size_t i = 0; i < fibers->process_count; i++)
                for (const struct chappe_strand *s = fibers->processes[i]->strands; s; s = s->next)
                        report_strand(s, buffer);
}
