/* SPDX-License-Identifier: Apache-2.0 */
/* Values of logical types in plain JSON: the text that people write. */
#pragma once

#include <chappe/arena.h>
#include <chappe/buffer.h>

#include "avro/schema_model.h"

/* Whether a value of this node, which lies in its own C form at value, is written as text of its own. */
bool chappe_logical_prints(const struct chappe_schema_node *node, const void *value);
/* Appends that text in quotes; negative when memory is short. */
int chappe_logical_print(const struct chappe_schema_node *node, const void *value, struct chappe_buffer *buffer);
/* Whether this text, a string or the digits of a number, is to be read by chappe_logical_parse. */
bool chappe_logical_parses(const struct chappe_schema_node *node, bool number);
/* The text as a value in its C form; what it needs comes from the arena. CHAPPE_E_VALUE_INVALID, or no memory. */
int chappe_logical_parse(const struct chappe_schema_node *node, struct chappe_text text, struct chappe_arena *arena,
                         void *ret_value, struct chappe_error *error);
