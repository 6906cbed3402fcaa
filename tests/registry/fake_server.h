/* SPDX-License-Identifier: Apache-2.0 */
/* An HTTP server on loopback that answers what the test says, sense or nonsense. */
#pragma once

#include <stddef.h>

struct fake_server;

struct fake_answer {
        const char *method, *path; /* the path as it came, still encoded */
        unsigned status;
        const char *location; /* or NULL */
        const char *body;
        size_t length; /* 0: strlen(body) */
};

/* answers: ends with { 0 }; anything else is 404 without a body. */
struct fake_server *fake_server_start(const struct fake_answer *answers);
/* "http://127.0.0.1:PORT" */
const char *fake_server_url(const struct fake_server *server);
unsigned fake_server_requests(const struct fake_server *server);
/* The body of the last POST. */
const char *fake_server_posted(const struct fake_server *server);
void fake_server_stop(struct fake_server *server);
