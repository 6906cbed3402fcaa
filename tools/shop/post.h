/* SPDX-License-Identifier: Apache-2.0 */
/* Many POSTs at a time to the gateway, each until it is taken, refused, or out of patience. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct poster;

enum post_result {
        POST_TAKEN,
        POST_REFUSED,  /* by the gateway, for good: it answered 4xx */
        POST_GIVEN_UP, /* no answer within the patience */
        POST_RESULTS,
};

struct poster_config {
        /* "HOST:PORT", or a file (its name has a '/') that holds the port on loopback and is read again when nobody
         * answers. */
        const char *const *gateways;
        size_t gateway_count;
        size_t connections;
        int64_t patience_ms;
        /* Told of each finished order; answer is what the gateway said last. */
        void (*done)(void *context, size_t order, enum post_result result, const char *answer);
        void *context;
};

struct poster *poster_new(const struct poster_config *config);
struct poster *poster_free(struct poster *poster);

bool poster_has_room(const struct poster *poster);
size_t poster_busy(const struct poster *poster);
/* Takes the body (by malloc). There must be room. */
void poster_send(struct poster *poster, size_t order, char *body);
/* Moves everything on; waits at most timeout_ms for something to happen. */
void poster_turn(struct poster *poster, int64_t timeout_ms);
/* POSTs that had to be sent again. */
uint64_t poster_retries(const struct poster *poster);
