/* SPDX-License-Identifier: Apache-2.0 */
/* The real world: system clock, threads, librdkafka. */
#include "broker/world.h"

#include "base/random.h"
#include "broker/kafka/open.h"

static int broker_open(void *context, const struct chappe_property *properties, size_t count,
                       struct chappe_broker **ret_broker, struct chappe_error *error)
{
        (void)context;
        return chappe_kafka_open(properties, count, ret_broker, error);
}

const struct chappe_world *chappe_world_system(void)
{
        static struct chappe_world world;

        /* The first caller is the main thread, before it starts another. */
        if (!world.clock)
                world = (struct chappe_world){
                        .clock = chappe_clock_system(),
                        .executor = chappe_executor_threads(),
                        .broker_open = broker_open,
                        .property_check = chappe_kafka_check_property,
                        .seed = chappe_random_system_seed(),
                };
        return &world;
}
