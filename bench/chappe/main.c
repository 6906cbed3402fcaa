/* SPDX-License-Identifier: Apache-2.0 */
/* chappe-bench WORK COUNT [NAME=VALUE…]: one work; its CPU and wall time as a JSON line on standard output. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static double cpu_seconds(void)
{
        struct rusage usage;
        getrusage(RUSAGE_SELF, &usage);
        return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
               (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

int main(int argc, char **argv)
{
        int64_t begun = bench_now_us();
        const char *work = argc > 2 ? argv[1] : "";
        long count = argc > 2 ? atol(argv[2]) : 0;
        const char *const *settings = (const char *const *)argv + 3;
        if (strcmp(work, "fill") == 0)
                bench_fill(settings, count);
        else if (strcmp(work, "consume") == 0)
                bench_consume(settings, count);
        else if (strcmp(work, "restart") == 0)
                bench_restart(settings, count);
        else if (strcmp(work, "pipeline") == 0)
                bench_pipeline(settings, count);
        else if (strcmp(work, "answer") == 0)
                bench_answer(settings);
        else if (strcmp(work, "call") == 0)
                bench_call(settings, count);
        else {
                fprintf(stderr, "usage: chappe-bench fill|consume|restart|pipeline|answer|call COUNT [NAME=VALUE...]\n");
                return 2;
        }
        printf("{\"cpu_s\": %.3f, \"wall_s\": %.3f}\n", cpu_seconds(), (double)(bench_now_us() - begun) / 1e6);
        return 0;
}
