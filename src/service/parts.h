/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a running service, in the order in which they start; they stop in reverse. */
#pragma once

#include "service/service.h"

struct chappe_part {
        const char *starting; /* what a start that hangs is busy with */
        const char *stopping;
        /* Both may be NULL. Each waits at most timeout_ms. */
        int (*start)(struct chappe_service *service, int64_t timeout_ms, struct chappe_error *error);
        int (*stop)(struct chappe_service *service, int64_t timeout_ms, struct chappe_error *error);
        bool asks_brokers; /* its start waits for them, and nothing is taken before it ends */
};

extern const struct chappe_part chappe_parts[]; /* ends with { 0 } */
