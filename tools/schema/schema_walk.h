/* SPDX-License-Identifier: Apache-2.0 */
/* Walking the places of a schema's JSON where a type stands. */
#pragma once

#include "schema/schema_library.h"

/* Called for each definition, before what is inside it; space is the namespace that it defines. Negative ends the walk.
 */
typedef int schema_definition_visitor(void *context, const struct chappe_json_node *json, const char *space);

/* All definitions of a file, schema or protocol. */
int schema_walk_file(struct schema_library *library, struct schema_file *file, schema_definition_visitor *visit,
                     void *context, struct chappe_error *error);

/* The namespace of a protocol. */
const char *schema_protocol_space(struct schema_library *library, const struct chappe_json_node *protocol);
