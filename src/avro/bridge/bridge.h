/* SPDX-License-Identifier: Apache-2.0 */
/* What the two directions of the bridge share. */
#pragma once

#include <chappe/avro_c.h>

#include "avro/value_parts.h"

#define CHAPPE_BRIDGE_DEPTH 256u /* values within values */

/* Where in the value the bridge is, from the outside in. */
struct chappe_bridge_path {
        const struct chappe_bridge_path *outer;
        const char *name; /* NULL: the n-th item */
        size_t n;
        unsigned depth;
};

/* Fails with "$.lines[2].sku: reason". */
int chappe_bridge_fail(const struct chappe_bridge_path *path, int code, const char *reason, struct chappe_error *error);
/* The same for what avro-c says: 0 goes through, all else is memory or a value of another schema. */
int chappe_bridge_check(const struct chappe_bridge_path *path, int status, struct chappe_error *error);
/* Whether the value is of avro-c's type for this node, with as many members. */
bool chappe_bridge_fits(const avro_value_t *value, const struct chappe_schema_node *node);
