/* SPDX-License-Identifier: Apache-2.0 */
/* The suite on the Apache Kafka that CHAPPE_TEST_BROKERS names (tools/kafka/run sets it). */
#include <stdio.h>
#include <stdlib.h>

#include "kafka_stage.h"

int main(void)
{
        const char *servers = getenv("CHAPPE_TEST_BROKERS");
        struct stage stage;

        if (!servers || !*servers) {
                fprintf(stderr, "CHAPPE_TEST_BROKERS is not set: run this under tools/kafka/run\n");
                return 1;
        }
        kafka_stage_init(&stage, "Apache Kafka", servers, 0);
        return suite_run(&stage);
}
