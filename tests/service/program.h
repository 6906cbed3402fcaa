/* SPDX-License-Identifier: Apache-2.0 */
/* A service program, started and watched from outside, beside a mock cluster. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include <librdkafka/rdkafka.h>

#include "fixture.h"

#define WAIT_SECONDS 30 /* a mock group takes three to form */

extern const char *program; /* absolute: it is started in another directory */

struct fixture {
        char directory[64]; /* the program's own */
        int notified;       /* what the program tells its supervisor */
        char notify[128];
        rd_kafka_t *host; /* hosts the mock cluster; also a producer */
        const char *servers;
        int log;              /* where a service that runs writes; 0: with the test */
        const char *variable; /* in the program's environment; NULL: none */
        char output[131072];
};

int setup(void **state);
int teardown(void **state);

rd_kafka_t *client_new(rd_kafka_type_t type, const char *servers, const char *const *pairs);

/* Starts the program in the fixture's directory, its output going to the descriptor. */
pid_t start(struct fixture *fixture, int output, const char *const *words);
int exit_code(pid_t pid);
/* Runs it to its end; the output is in the fixture. */
int run_words(struct fixture *fixture, const char *const *words);
#define RUN(fixture, ...) run_words(fixture, (const char *const[]){ __VA_ARGS__, NULL })
void assert_output(struct fixture *fixture, const char *part);
void await_notice(struct fixture *fixture, const char *expected);
/* Started on the mock cluster and ready. */
pid_t start_ready(struct fixture *fixture, const char *setting);

/* A ping in single-object framing, as any stranger would write it; returns its length. */
size_t write_ping(unsigned char payload[64], const char *id, int number);
void send_ping(struct fixture *fixture, const char *id, int number);
/* Reads that many pongs; the keys of all are in the answer. */
void await_pongs(struct fixture *fixture, size_t count, bool *ret_seen, size_t ids);
