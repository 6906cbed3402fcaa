/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that touches the world, as one service process sees it: chosen once, at its start. */
#pragma once

#include "base/clock.h"
#include "base/executor.h"
#include "broker/broker.h"

struct chappe_world {
        const struct chappe_clock *clock;
        struct chappe_executor *executor;
        /* Connects with these properties; the service closes it. */
        int (*broker_open)(void *context, const struct chappe_property *properties, size_t count,
                           struct chappe_broker **ret_broker, struct chappe_error *error);
        /* Would broker_open take this one? NULL: any is taken. */
        int (*property_check)(const struct chappe_property *property, struct chappe_error *error);
        void *context;
        uint64_t seed;        /* of everything random in this process */
        const char *database; /* SQLite URI instead of the configured file ("file:/orders?vfs=memdb"), or NULL */
        /* Simulation: a step worth crashing at ("store.commit"), told before it is taken. NULL where nobody is killed:
         * in production. */
        void (*step)(void *context, const char *kind);
};

/* The real one: system clock, threads, librdkafka. */
const struct chappe_world *chappe_world_system(void);
