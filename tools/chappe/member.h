/* SPDX-License-Identifier: Apache-2.0 */
/* One process of a fleet. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "fleet_file.h"
#include "merged_log.h"

struct supervisor_config;

struct member {
        /* constant */
        const struct fleet_service *service;
        int number;
        char name[100];     /* "orders-1" */
        char run_file[400]; /* is there while the service is ready */
        char **arguments;   /* of the program; ends with NULL */
        /* while it runs */
        pid_t pid;  /* 0: not running */
        int output; /* what it writes; -1: closed */
        bool ready;
        int64_t started_us;
        /* from one run to the next */
        bool ever_ready;
        int failures; /* in a row, without having been ready */
        int64_t start_again_us;
        int64_t backoff_ms;
        int exit_code; /* of the last run; 128 + signal when it was killed */
        struct merged_source log;
};

/* Fills in what is constant. number: from 1. */
int member_init(struct member *member, const struct supervisor_config *config, const struct fleet_service *service,
                int number, struct chappe_error *error);
void member_deinit(struct member *member);
/* Starts its program, in a process group of its own, to be ended by the kernel should this process die. */
int member_start(struct member *member, int64_t now_us, struct chappe_error *error);
/* Reads what it wrote; false once that is closed. */
bool member_read(struct member *member, const struct merged_log *log);
/* Was its run file written since it started? */
bool member_look(struct member *member);
