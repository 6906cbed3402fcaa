/* SPDX-License-Identifier: Apache-2.0 */
/* What the works share: starting and ending a service, counting. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define PEAK_MS 100 /* between two looks at the process's memory */

int64_t bench_now_us(void)
{
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void bench_fail(const char *what, const struct chappe_error *error)
{
        fprintf(stderr, "bench: %s: E%d %s\n", what, error->code, error->text);
        exit(1);
}

void bench_service_start(struct chappe_service *service)
{
        struct chappe_error error;
        if (chappe_service_start(service, &error) < 0)
                bench_fail("start", &error);
}

struct chappe_service *bench_service(const struct chappe_service_config *config, const char *const *settings,
                                     bool start)
{
        struct chappe_service *service = NULL;
        struct chappe_error error;
        if (chappe_service_new(config, &(struct chappe_service_options){ .settings = settings }, &service, &error) < 0)
                bench_fail(config->name, &error);
        if (start)
                bench_service_start(service);
        return service;
}

void bench_service_end(struct chappe_service *service)
{
        struct chappe_error error;
        if (chappe_service_stop(service, &error) < 0)
                bench_fail("stop", &error);
        chappe_service_free(service);
}

void bench_count_init(struct bench_count *count, long records)
{
        pthread_mutex_init(&count->lock, NULL);
        pthread_cond_init(&count->reached, NULL);
        count->left = records;
}

void bench_count_one(struct bench_count *count)
{
        if (atomic_load_explicit(&count->first_us, memory_order_relaxed) == 0)
                atomic_store_explicit(&count->first_us, bench_now_us(), memory_order_relaxed);
        if (atomic_fetch_sub_explicit(&count->left, 1, memory_order_acq_rel) != 1)
                return;
        pthread_mutex_lock(&count->lock);
        count->last_us = bench_now_us();
        pthread_cond_signal(&count->reached);
        pthread_mutex_unlock(&count->lock);
}

long bench_private_kb(void)
{
        char line[256];
        long kb = 0;
        FILE *file = fopen("/proc/self/status", "r");
        while (file && fgets(line, sizeof(line), file))
                if (sscanf(line, "RssAnon: %ld kB", &kb) == 1)
                        break;
        if (file)
                fclose(file);
        return kb;
}

long bench_count_wait(struct bench_count *count)
{
        long peak_kb = 0;
        pthread_mutex_lock(&count->lock);
        while (count->last_us == 0) {
                struct timespec until;
                clock_gettime(CLOCK_REALTIME, &until);
                until.tv_nsec += PEAK_MS * 1000000;
                until.tv_sec += until.tv_nsec / 1000000000;
                until.tv_nsec %= 1000000000;
                pthread_cond_timedwait(&count->reached, &count->lock, &until);
                long kb = bench_private_kb();
                peak_kb = kb > peak_kb ? kb : peak_kb;
        }
        pthread_mutex_unlock(&count->lock);
        return peak_kb;
}

void bench_count_print(const struct bench_count *count, long records)
{
        printf("{\"records\": %ld, \"work_s\": %.3f}\n", records, (double)(count->last_us - count->first_us) / 1e6);
}
