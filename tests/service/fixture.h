/* SPDX-License-Identifier: Apache-2.0 */
/* Contracts and operations for the tests of a service: written by hand, as chappe-gen would. */
#pragma once

#include <chappe/service.h>

struct ping {
        struct chappe_text id;
        int64_t number;
};

struct pong {
        struct chappe_text id;
};

extern const struct chappe_type ping_type;
extern const struct chappe_type pong_type;
extern const struct chappe_message square_message; /* request ping, response pong, error pong (outcome 1) */

/* A handler that only says done; an answer that only says 0. */
enum chappe_decision on_nothing(struct chappe_context *ctx, const void *event);
int answer_nothing(struct chappe_context *ctx, const void *request, void *ret_reply);
