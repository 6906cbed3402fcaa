/* SPDX-License-Identifier: Apache-2.0 */
/*
 * C11's threads by their POSIX names, preloaded into tests under ThreadSanitizer. It intercepts pthread_… only, and
 * Debian's librdkafka locks by mtx_…: without this every one of its critical sections looks like a race.
 */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <threads.h>

/* glibc's C11 objects are its POSIX ones under other names. */
_Static_assert(sizeof(mtx_t) == sizeof(pthread_mutex_t), "mtx_t holds a pthread_mutex_t");
_Static_assert(sizeof(cnd_t) == sizeof(pthread_cond_t), "cnd_t holds a pthread_cond_t");
_Static_assert(sizeof(thrd_t) == sizeof(pthread_t), "thrd_t is a pthread_t");
_Static_assert(sizeof(once_flag) == sizeof(pthread_once_t), "once_flag is a pthread_once_t");

struct start {
        thrd_start_t run;
        void *argument;
};

static int answer(int status)
{
        switch (status) {
        case 0:
                return thrd_success;
        case EBUSY:
                return thrd_busy;
        case ETIMEDOUT:
                return thrd_timedout;
        case ENOMEM:
                return thrd_nomem;
        default:
                return thrd_error;
        }
}

static void *thread_main(void *context)
{
        struct start start = *(struct start *)context;

        free(context);
        return (void *)(intptr_t)start.run(start.argument);
}

int thrd_create(thrd_t *ret_thread, thrd_start_t run, void *argument)
{
        struct start *start = malloc(sizeof(*start));

        if (!start)
                return thrd_nomem;
        *start = (struct start){ run, argument };
        int status = pthread_create(ret_thread, NULL, thread_main, start);
        if (status)
                free(start);
        return answer(status);
}

int thrd_join(thrd_t thread, int *ret_result)
{
        void *result = NULL;
        int status = pthread_join(thread, &result);

        if (ret_result)
                *ret_result = (int)(intptr_t)result;
        return answer(status);
}

int thrd_detach(thrd_t thread)
{
        return answer(pthread_detach(thread));
}

thrd_t thrd_current(void)
{
        return pthread_self();
}

int mtx_init(mtx_t *mutex, int type)
{
        pthread_mutexattr_t attributes;

        pthread_mutexattr_init(&attributes);
        if (type & mtx_recursive)
                pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
        int status = pthread_mutex_init((pthread_mutex_t *)mutex, &attributes);
        pthread_mutexattr_destroy(&attributes);
        return answer(status);
}

void mtx_destroy(mtx_t *mutex)
{
        pthread_mutex_destroy((pthread_mutex_t *)mutex);
}

int mtx_lock(mtx_t *mutex)
{
        return answer(pthread_mutex_lock((pthread_mutex_t *)mutex));
}

int mtx_trylock(mtx_t *mutex)
{
        return answer(pthread_mutex_trylock((pthread_mutex_t *)mutex));
}

int mtx_unlock(mtx_t *mutex)
{
        return answer(pthread_mutex_unlock((pthread_mutex_t *)mutex));
}

int cnd_init(cnd_t *condition)
{
        return answer(pthread_cond_init((pthread_cond_t *)condition, NULL));
}

void cnd_destroy(cnd_t *condition)
{
        pthread_cond_destroy((pthread_cond_t *)condition);
}

int cnd_signal(cnd_t *condition)
{
        return answer(pthread_cond_signal((pthread_cond_t *)condition));
}

int cnd_broadcast(cnd_t *condition)
{
        return answer(pthread_cond_broadcast((pthread_cond_t *)condition));
}

int cnd_wait(cnd_t *condition, mtx_t *mutex)
{
        return answer(pthread_cond_wait((pthread_cond_t *)condition, (pthread_mutex_t *)mutex));
}

int cnd_timedwait(cnd_t *condition, mtx_t *mutex, const struct timespec *deadline)
{
        return answer(pthread_cond_timedwait((pthread_cond_t *)condition, (pthread_mutex_t *)mutex, deadline));
}

void call_once(once_flag *flag, void (*run)(void))
{
        pthread_once((pthread_once_t *)flag, run);
}
