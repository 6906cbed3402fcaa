/* SPDX-License-Identifier: Apache-2.0 */
/* Apache Kafka, and what speaks its protocol, behind the broker seam. */
#pragma once

#include "broker/broker.h"

/* Would it be taken? Negative: librdkafka does not know the name (the message gives the nearest that it knows), or not
 * the value. */
int chappe_kafka_check_property(const struct chappe_property *property, struct chappe_error *error);

/* The cluster that bootstrap.servers names. Copies the properties, which hold for all its producers and consumers;
 * touches no network yet. Open it after fork. */
int chappe_kafka_open(const struct chappe_property *properties, size_t count, struct chappe_broker **ret_broker,
                      struct chappe_error *error);
