/* SPDX-License-Identifier: Apache-2.0 */
/* Coroutines over ucontext, on pooled stacks with a guard page, announced to the sanitizers. */
#include "base/coroutine.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "base/sanitizer.h"

#ifdef CHAPPE_TSAN
#include <sanitizer/tsan_interface.h>
#endif

#define GUARD_SIZE ((size_t)4 << 10)
#ifdef CHAPPE_ASAN
#define STACK_SIZE ((size_t)1 << 20)
#else
#define STACK_SIZE ((size_t)256 << 10)
#endif

/* A free stack holds the link to the next in its own first bytes above the guard. */
struct stack {
        struct stack *next;
};

static _Thread_local struct stack *free_stacks;

struct chappe_coroutine {
        ucontext_t context; /* its own, while it does not run */
        ucontext_t resumer;
        struct stack *stack;
        void (*run)(void *argument);
        void *argument;
        bool ended;
        void *fake_stack; /* what AddressSanitizer keeps of a stack that does not run */
        void *resumer_fake_stack;
        const void *resumer_bottom;
        size_t resumer_size;
        void *thread; /* ThreadSanitizer's fiber */
        void *resumer_thread;
};

static struct stack *stack_take(void)
{
        struct stack *stack = free_stacks;
        uint8_t *at;

        if (stack) {
                free_stacks = stack->next;
                return stack;
        }
        at = mmap(NULL, GUARD_SIZE + STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                  -1, 0);
        if (at == MAP_FAILED)
                return NULL;
        if (mprotect(at, GUARD_SIZE, PROT_NONE) < 0) {
                munmap(at, GUARD_SIZE + STACK_SIZE);
                return NULL;
        }
        return (struct stack *)(at + GUARD_SIZE);
}

static void stack_give_back(struct stack *stack)
{
        CHAPPE_UNPOISON(stack, STACK_SIZE);
        stack->next = free_stacks;
        free_stacks = stack;
}

void chappe_coroutine_pool_drain(void)
{
        while (free_stacks) {
                struct stack *stack = free_stacks;

                free_stacks = stack->next;
                munmap((uint8_t *)stack - GUARD_SIZE, GUARD_SIZE + STACK_SIZE);
        }
}

/* The sanitizers want to know of every switch, before and after. */
static void switch_in_begins(struct chappe_coroutine *coroutine)
{
#ifdef CHAPPE_ASAN
        __sanitizer_start_switch_fiber(&coroutine->resumer_fake_stack, coroutine->stack, STACK_SIZE);
#endif
#ifdef CHAPPE_TSAN
        coroutine->resumer_thread = __tsan_get_current_fiber();
        __tsan_switch_to_fiber(coroutine->thread, 0);
#endif
        (void)coroutine;
}

static void switch_in_ends(struct chappe_coroutine *coroutine)
{
#ifdef CHAPPE_ASAN
        __sanitizer_finish_switch_fiber(coroutine->fake_stack, &coroutine->resumer_bottom, &coroutine->resumer_size);
#endif
        (void)coroutine;
}

static void switch_out_begins(struct chappe_coroutine *coroutine)
{
#ifdef CHAPPE_ASAN
        __sanitizer_start_switch_fiber(coroutine->ended ? NULL : &coroutine->fake_stack, coroutine->resumer_bottom,
                                       coroutine->resumer_size);
#endif
#ifdef CHAPPE_TSAN
        __tsan_switch_to_fiber(coroutine->resumer_thread, 0);
#endif
        (void)coroutine;
}

static void switch_out_ends(struct chappe_coroutine *coroutine)
{
#ifdef CHAPPE_ASAN
        __sanitizer_finish_switch_fiber(coroutine->resumer_fake_stack, NULL, NULL);
#endif
        (void)coroutine;
}

/* makecontext passes ints only: the pointer comes in two. */
static void coroutine_main(unsigned int high, unsigned int low)
{
        struct chappe_coroutine *coroutine = (void *)((uintptr_t)high << 32 | (uintptr_t)low);

        switch_in_ends(coroutine);
        coroutine->run(coroutine->argument);
        coroutine->ended = true;
        switch_out_begins(coroutine);
        setcontext(&coroutine->resumer);
        abort();
}

static void prepare(struct chappe_coroutine *coroutine)
{
        getcontext(&coroutine->context);
        coroutine->context.uc_stack.ss_sp = coroutine->stack;
        coroutine->context.uc_stack.ss_size = STACK_SIZE;
        makecontext(&coroutine->context, (void (*)(void))coroutine_main, 2, (unsigned int)((uintptr_t)coroutine >> 32),
                    (unsigned int)(uintptr_t)coroutine);
}

struct chappe_coroutine *chappe_coroutine_new(void (*run)(void *argument), void *argument)
{
        struct chappe_coroutine *coroutine = calloc(1, sizeof(*coroutine));

        if (!coroutine)
                return NULL;
        coroutine->stack = stack_take();
        if (!coroutine->stack) {
                free(coroutine);
                return NULL;
        }
        coroutine->run = run;
        coroutine->argument = argument;
        prepare(coroutine);
#ifdef CHAPPE_TSAN
        coroutine->thread = __tsan_create_fiber(0);
#endif
        return coroutine;
}

bool chappe_coroutine_resume(struct chappe_coroutine *coroutine)
{
        assert(!coroutine->ended);
        switch_in_begins(coroutine);
        swapcontext(&coroutine->resumer, &coroutine->context);
        switch_out_ends(coroutine);
        return !coroutine->ended;
}

void chappe_coroutine_yield(struct chappe_coroutine *coroutine)
{
        switch_out_begins(coroutine);
        swapcontext(&coroutine->context, &coroutine->resumer);
        switch_in_ends(coroutine);
}

void chappe_coroutine_free(struct chappe_coroutine *coroutine)
{
        if (!coroutine)
                return;
        assert(coroutine->ended);
#ifdef CHAPPE_TSAN
        __tsan_destroy_fiber(coroutine->thread);
#endif
        stack_give_back(coroutine->stack);
        free(coroutine);
}
