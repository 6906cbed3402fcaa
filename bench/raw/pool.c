/* SPDX-License-Identifier: Apache-2.0 */
/* The ceiling of keyed concurrency: a bare pool of threads that does nothing but sleep, without Kafka. */
#include "raw.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static atomic_long left;
static long sleep_us;

static void *work(void *argument)
{
        while (atomic_fetch_sub(&left, 1) > 0)
                nanosleep(&(struct timespec){ sleep_us / 1000000, sleep_us % 1000000 * 1000 }, NULL);
        return argument;
}

void raw_pool(long workers, long microseconds, long count)
{
        pthread_t *threads = calloc((size_t)workers, sizeof(*threads));
        sleep_us = microseconds;
        atomic_store(&left, count);
        int64_t begun = raw_now_us();
        for (long i = 0; i < workers; i++)
                if (pthread_create(&threads[i], NULL, work, NULL))
                        raw_fail("pool", "no thread");
        for (long i = 0; i < workers; i++)
                pthread_join(threads[i], NULL);
        printf("{\"records\": %ld, \"work_s\": %.3f}\n", count, (double)(raw_now_us() - begun) / 1e6);
        free(threads);
}
