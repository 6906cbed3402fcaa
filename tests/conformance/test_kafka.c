/* SPDX-License-Identifier: Apache-2.0 */
/* The suite on the Apache Kafka that CHAPPE_TEST_KAFKA names (tools/kafka run -- sets it). */
#include <stdio.h>
#include <errno.h>
#include <stdlib.h>

#include "kafka_stage.h"

int main(void)
{
        const char *servers = getenv("CHAPPE_TEST_KAFKA");
        struct stage stage;

        if (!servers || !*servers) {
                fprintf(stderr, "CHAPPE_TEST_KAFKA is not set: run this as tools/kafka run -- %s\n",
                        program_invocation_name);
                return 1;
        }
        kafka_stage_init(&stage, "Apache Kafka", servers, 0);
        return suite_run(&stage);
}
