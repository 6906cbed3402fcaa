/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bridge to avro-c, for programs that already work with avro_value_t. Bytes are decoded by Chappe, with its limits and
 * checks; avro-c only ever gets values, and schemas that Chappe has accepted. In a library of its own, libchappe-avro-c
 * (pkg-config: chappe-avro-c), so that libchappe needs no avro-c. Functions fail with CHAPPE_E_VALUE_INVALID and the path, or
 * CHAPPE_E_NO_MEMORY. Thread safety is avro-c's: no two threads on one value.
 */
#pragma once

#include <avro.h>

#include <chappe/value.h>

#ifdef __cplusplus
extern "C" {
#endif

/* avro-c's schema of the same type, for avro_generic_class_from_schema; the caller's, to be given to avro_schema_decref. Made of
 * the canonical form: without defaults, aliases, logical types, which avro-c would lose in any case. */
int chappe_avro_schema(const struct chappe_schema *schema, avro_schema_t *ret_schema, struct chappe_error *error);

/* Copies value into target, a value of avro-c for the same schema, whatever it held before. A map's key that comes twice
 * has its last entry; one with a NUL inside is refused. (avro-c 1.11 has no room for records without fields in arrays and maps.) */
int chappe_avro_from_value(struct chappe_value value, avro_value_t *target, struct chappe_error *error);

/* Copies source, a value of avro-c for the same schema, into memory from the arena; strings must be UTF-8. */
int chappe_avro_to_value(const avro_value_t *source, struct chappe_schema *schema, struct chappe_arena *arena,
                         struct chappe_value *ret_value, struct chappe_error *error);

/* Decodes bytes by the plan (chappe_plan_decode: of any writer the plan resolves, limits may be NULL) and copies the value into
 * target. What is in the arena meanwhile may be forgotten afterwards. */
int chappe_avro_decode(const struct chappe_plan *plan, const void *bytes, size_t length, struct chappe_arena *arena,
                       const struct chappe_decode_limits *limits, avro_value_t *target, struct chappe_error *error);

#ifdef __cplusplus
}
#endif
