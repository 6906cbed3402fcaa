/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Schemas shared through a compacted topic: key, the 8 bytes of the fingerprint as in a single-object header; value,
 * the schema's text. Whatever does not match its key is ignored. The whole topic is read before the service is ready.
 */
#pragma once

#include "flow/reader.h"
#include "flow/schema_backend.h"

struct chappe_schema_topic;

int chappe_schema_topic_new(struct chappe_runtime *runtime, struct chappe_schema_topic **ret_topic,
                            struct chappe_error *error);
/* Makes the topic if need be and adds its partitions to the reader. */
int chappe_schema_topic_prepare(struct chappe_schema_topic *topic, struct chappe_reader *reader,
                                struct chappe_error *error);
/* Waits until every partition was read to its end. */
int chappe_schema_topic_await(struct chappe_schema_topic *topic, int64_t deadline_us, struct chappe_error *error);
struct chappe_schema_backend chappe_schema_topic_backend(struct chappe_schema_topic *topic);
/* Takes NULL; returns NULL. */
struct chappe_schema_topic *chappe_schema_topic_free(struct chappe_schema_topic *topic);
