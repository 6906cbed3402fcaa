/* SPDX-License-Identifier: Apache-2.0 */
/* raw WORK ARGUMENT…: one reference work; its CPU and wall time as a JSON line on standard output. */
#include "raw.h"

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
        int64_t begun = raw_now_us();
        if (argc == 7 && strcmp(argv[1], "pipeline") == 0)
                raw_pipeline(argv[2], argv[3], argv[4], argv[5], atol(argv[6]));
        else if (argc == 4 && strcmp(argv[1], "pong") == 0)
                raw_pong(argv[2], argv[3]);
        else if (argc == 6 && strcmp(argv[1], "ping") == 0)
                raw_ping(argv[2], argv[3], argv[4], atol(argv[5]));
        else if (argc == 6 && strcmp(argv[1], "publish") == 0)
                raw_publish(argv[2], argv[3], argv[4], atol(argv[5]));
        else if (argc == 7 && strcmp(argv[1], "consume") == 0)
                raw_consume(argv[2], argv[3], argv[4], argv[5], atol(argv[6]));
        else if (argc == 5 && strcmp(argv[1], "pool") == 0)
                raw_pool(atol(argv[2]), atol(argv[3]), atol(argv[4]));
        else {
                fprintf(stderr, "usage: raw pipeline BROKERS FROM TO GROUP COUNT\n"
                                "       raw pong BROKERS REQUESTS\n"
                                "       raw ping BROKERS REQUESTS REPLIES COUNT\n"
                                "       raw publish BROKERS TO LINGER_MS COUNT\n"
                                "       raw consume BROKERS FROM GROUP batch|poll|avro COUNT\n"
                                "       raw pool WORKERS MICROSECONDS COUNT\n");
                return 2;
        }
        printf("{\"cpu_s\": %.3f, \"wall_s\": %.3f}\n", cpu_seconds(), (double)(raw_now_us() - begun) / 1e6);
        return 0;
}
