/* SPDX-License-Identifier: Apache-2.0 */
/* The stage of librdkafka. */
#include "kafka_stage.h"

#include <stdio.h>

#include "base/random.h"
#include "broker/kafka/open.h"

static int broker_open(struct stage *stage, struct chappe_broker **ret_broker, struct chappe_error *error)
{
        struct chappe_property servers = { "bootstrap.servers", stage->context };

        return chappe_kafka_open(&servers, 1, ret_broker, error);
}

static void perform(struct stage *stage, void (*body)(void *argument), void *argument)
{
        (void)stage;
        body(argument);
}

void kafka_stage_init(struct stage *stage, const char *name, const char *servers, unsigned lacks)
{
        static char run[40];

        /* A cluster may have seen earlier runs: names must be new. */
        snprintf(run, sizeof(run), "conformance-%08x", (unsigned)chappe_random_system_seed());
        *stage = (struct stage){
                .name = name,
                .lacks = lacks,
                .protocol = suite_protocol(),
                .run = run,
                .executor = chappe_executor_threads(),
                .clock = chappe_clock_system(),
                .broker_open = broker_open,
                .perform = perform,
                .context = (void *)servers,
        };
}
