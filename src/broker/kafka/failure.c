/* SPDX-License-Identifier: Apache-2.0 */
/* librdkafka's errors as Chappe's: one table from reason to code; the text says what, why, where. */
#include "broker/kafka/kafka.h"

#include <stdarg.h>
#include <stdio.h>

static const struct {
        rd_kafka_resp_err_t reason;
        int code;
} codes[] = {
        { RD_KAFKA_RESP_ERR__TIMED_OUT, CHAPPE_E_TIMEOUT },
        { RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, CHAPPE_E_TIMEOUT },
        { RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE, CHAPPE_E_TIMEOUT },
        { RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, CHAPPE_E_TIMEOUT },
        { RD_KAFKA_RESP_ERR__TRANSPORT, CHAPPE_E_BROKER_UNREACHABLE },
        { RD_KAFKA_RESP_ERR__RESOLVE, CHAPPE_E_BROKER_UNREACHABLE },
        { RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, CHAPPE_E_BROKER_UNREACHABLE },
        { RD_KAFKA_RESP_ERR__AUTHENTICATION, CHAPPE_E_BROKER_DENIED },
        { RD_KAFKA_RESP_ERR__SSL, CHAPPE_E_BROKER_DENIED },
        { RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED, CHAPPE_E_BROKER_DENIED },
        { RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, CHAPPE_E_BROKER_DENIED },
        { RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, CHAPPE_E_BROKER_DENIED },
        { RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, CHAPPE_E_BROKER_DENIED },
        { RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, CHAPPE_E_TOPIC_MISSING },
        { RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, CHAPPE_E_TOPIC_MISSING },
        { RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, CHAPPE_E_TOPIC_MISSING },
        { RD_KAFKA_RESP_ERR__FATAL, CHAPPE_E_BROKER_FATAL },
        { RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE, CHAPPE_E_COMMIT_REFUSED },
        { RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, CHAPPE_E_COMMIT_REFUSED },
        { RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, CHAPPE_E_COMMIT_REFUSED },
        { RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS, CHAPPE_E_COMMIT_REFUSED },
        { RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, CHAPPE_E_BROKER_FATAL },
        { RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL, CHAPPE_E_GROUP_FOREIGN },
        { RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, CHAPPE_E_RECORD_TOO_LARGE },
        { RD_KAFKA_RESP_ERR__QUEUE_FULL, CHAPPE_E_AGAIN },
        { RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE, CHAPPE_E_BROKER_UNSUPPORTED },
        { RD_KAFKA_RESP_ERR__STATE, CHAPPE_E_ASSIGNMENT_STATE },
};

static int code_of(rd_kafka_resp_err_t reason)
{
        for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
                if (codes[i].reason == reason)
                        return codes[i].code;
        return CHAPPE_E_BROKER_REFUSED;
}

int chappe_kafka_fail(const struct chappe_kafka *kafka, rd_kafka_resp_err_t reason, const char *detail,
                      struct chappe_error *error, const char *format, ...)
{
        char what[300];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(what, sizeof(what), format, arguments);
        va_end(arguments);
        if (!detail || !*detail)
                detail = rd_kafka_err2str(reason);
        return chappe_fail(error, code_of(reason), "%s: %s (broker %s)", what, detail, kafka->servers);
}
