/* SPDX-License-Identifier: Apache-2.0 */
/* From framed bytes to values: the schema is found by what the frame names, and avro-c decodes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <avro.h>

struct schemas;

/* topic: where schemas are shared, for single-object frames. registry: URL, for Confluent frames; NULL: none. */
struct schemas *schemas_new(const char *brokers, const char *topic, const char *registry);
struct schemas *schemas_free(struct schemas *schemas);

/* The value, to be given back by avro_value_decref. False, with a line on standard error, when it cannot be decoded. */
bool schemas_decode(struct schemas *schemas, const void *bytes, size_t length, avro_value_t *ret_value);

/* Members of a record; "" and 0 for one that is not there or has another type. Borrowed. */
const char *value_text(avro_value_t *record, const char *name);
const char *value_symbol(avro_value_t *record, const char *name);
int64_t value_long(avro_value_t *record, const char *name);
