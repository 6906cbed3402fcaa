/* SPDX-License-Identifier: Apache-2.0 */
/* Encoded data of any schema, from a seed. */
#pragma once

#include <chappe/buffer.h>
#include <chappe/schema.h>

#include "base/random.h"

/* Appends one datum of the node. Deeper than a few records within each other it prefers what ends. */
void random_datum(struct chappe_random *random, const struct chappe_schema_node *node, unsigned depth,
                  struct chappe_buffer *out);
