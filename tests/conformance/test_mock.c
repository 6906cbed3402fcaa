/* SPDX-License-Identifier: Apache-2.0 */
/* The suite on librdkafka's mock cluster, the broker of chappe dev. */
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <stdio.h>
#include <stdlib.h>

#include "kafka_stage.h"

int main(void)
{
        rd_kafka_t *host = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), NULL, 0);
        rd_kafka_mock_cluster_t *cluster = rd_kafka_mock_cluster_new(host, 1);
        struct stage stage;
        int failed;

        kafka_stage_init(&stage, "mock", rd_kafka_mock_cluster_bootstraps(cluster),
                         LACKS_ADMIN | LACKS_COMMIT_IN_REBALANCE | LACKS_MISSING_TOPICS | LACKS_STATIC_MEMBERSHIP |
                                 LACKS_OFFSETS_BY_TIME | LACKS_METADATA_LIMIT | LACKS_CHANGES | LACKS_STRANGERS);
        failed = suite_run(&stage);
        rd_kafka_mock_cluster_destroy(cluster);
        rd_kafka_destroy(host);
        return failed;
}
