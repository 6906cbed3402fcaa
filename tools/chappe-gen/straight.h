/* SPDX-License-Identifier: Apache-2.0 */
/* What the writers of straight-line code share. */
#pragma once

#include "model.h"

/* The statements that decode or encode the fields of *value. */
void write_decode_fields(struct unit *unit, const struct chappe_schema_node *node, const struct c_type *type,
                         struct chappe_buffer *out);
void write_encode_fields(struct unit *unit, const struct chappe_schema_node *node, const struct c_type *type,
                         struct chappe_buffer *out);

/* Of a union of null and another: the number of null; the other. */
uint32_t straight_null(const struct chappe_schema_node *node);
const struct chappe_schema_node *straight_present(const struct chappe_schema_node *node);
/* False for what is encoded in no bytes at all: null, a record of such fields. */
bool straight_takes_bytes(const struct c_type *type);
