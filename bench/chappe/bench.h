/* SPDX-License-Identifier: Apache-2.0 */
/* Chappe's side of each work: the same as bench/raw does, written as a user of the library would. */
#pragma once

#include <chappe/chappe.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

/* Where a handler counts, and the main program waits for the count. */
struct bench_count {
        pthread_mutex_t lock;
        pthread_cond_t reached;
        atomic_long left;
        _Atomic int64_t first_us; /* when the first was counted */
        int64_t last_us;          /* under lock */
};

void bench_count_init(struct bench_count *count, long records);
void bench_count_one(struct bench_count *count);
/* Waits for the last; returns the process's largest private (anonymous) memory meanwhile, in KiB. */
long bench_count_wait(struct bench_count *count);
/* Private memory of this process now, in KiB. */
long bench_private_kb(void);
/* Prints how many, and the time from the first to the last. */
void bench_count_print(const struct bench_count *count, long records);

/* Makes, and if asked starts, a service with "name=value" settings; ends the program with the error when it does not
 * start. */
struct chappe_service *bench_service(const struct chappe_service_config *config, const char *const *settings,
                                     bool start);
void bench_service_start(struct chappe_service *service);
/* Stops and frees it; an unclean stop ends the program. */
void bench_service_end(struct chappe_service *service);
void bench_fail(const char *what, const struct chappe_error *error) __attribute__((noreturn));
int64_t bench_now_us(void);

/* settings: name=value strings for the service, NULL at the end. */
void bench_fill(const char *const *settings, long count);
void bench_consume(const char *const *settings, long count);
void bench_restart(const char *const *settings, long count);
void bench_pipeline(const char *const *settings, long count);
void bench_answer(const char *const *settings);
void bench_call(const char *const *settings, long count);
