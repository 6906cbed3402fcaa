/* SPDX-License-Identifier: Apache-2.0 */
/* The headers of a dead letter: where it came from and why it was given up. Written under Spring's names; SmallRye's,
 * Connect's and Streams' are read too. Pure. */
#pragma once

#include <chappe/dead_letter.h>
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
#define CHAPPE_HEADER_LEFT_OUT            "chappe_headers_left_out" /* decimal: of the record, for their number or length */
#define CHAPPE_HEADER_REPLAYS             "chappe_replays" /* decimal: of a record that came back from the dead letters */

/* Makes the list, which has room, the dead letter's headers: the record's own, without those of an earlier dead letter,
 * then the letter's (form, exception and replays are not asked). Borrows all. */
void chappe_dead_letter_write(const struct chappe_header *headers, size_t count,
                              const struct chappe_dead_letter *letter, struct chappe_header_list *list);
/* What anybody's dead letter tells. False when this is none: its topic is not told. Borrows from the headers. */
bool chappe_dead_letter_read(const struct chappe_header *headers, size_t count, struct chappe_dead_letter *ret_letter);
/* Makes the list, which has room, the headers of the record when it is replayed: its own, without any dead letter's,
 * and how often that was. */
void chappe_dead_letter_revive(const struct chappe_header *headers, size_t count,
                               const struct chappe_dead_letter *letter, struct chappe_header_list *list);
