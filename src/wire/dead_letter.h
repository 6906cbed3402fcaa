/* SPDX-License-Identifier: Apache-2.0 */
/* The headers of a dead letter, under Spring's names: where it came from and why it was given up. Pure. */
#pragma once

#include <chappe/error.h>
#include <chappe/text.h>

#include "wire/header.h"

#define CHAPPE_HEADER_DEAD_TOPIC          "kafka_dlt-original-topic"
#define CHAPPE_HEADER_DEAD_PARTITION      "kafka_dlt-original-partition"
#define CHAPPE_HEADER_DEAD_OFFSET         "kafka_dlt-original-offset"
#define CHAPPE_HEADER_DEAD_TIMESTAMP      "kafka_dlt-original-timestamp"
#define CHAPPE_HEADER_DEAD_TIMESTAMP_TYPE "kafka_dlt-original-timestamp-type"
#define CHAPPE_HEADER_DEAD_GROUP          "kafka_dlt-original-consumer-group"
#define CHAPPE_HEADER_DEAD_EXCEPTION      "kafka_dlt-exception-fqcn"
#define CHAPPE_HEADER_DEAD_MESSAGE        "kafka_dlt-exception-message"
#define CHAPPE_HEADER_ATTEMPTS            "retry_topic-attempts"

struct chappe_dead_letter {
        const char *topic;
        int32_t partition;
        int64_t offset;
        int64_t timestamp_ms;
        const char *group;
        int code; /* of an error, or 0: the handler's own decision */
        struct chappe_text reason;
        int32_t attempts;
};

/* Makes the list the dead letter's headers: the record's own, without those of an earlier dead letter, then the
 * letter's. Borrows all. The record's headers must have passed chappe_headers_check; for one that does not pass, give
 * none (count 0). */
void chappe_dead_letter_write(const struct chappe_header *headers, size_t count,
                              const struct chappe_dead_letter *letter, struct chappe_header_list *list);
/* Reads what chappe_dead_letter_write or Spring wrote; texts that must be terminated are not: topic and group come
 * apart from it. False when this is no dead letter. */
bool chappe_dead_letter_read(const struct chappe_header *headers, size_t count, struct chappe_dead_letter *ret_letter,
                             struct chappe_text *ret_topic, struct chappe_text *ret_group);
