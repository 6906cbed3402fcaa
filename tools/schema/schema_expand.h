/* SPDX-License-Identifier: Apache-2.0 */
/* From a type somewhere in a file to a schema text that stands for itself: every named type is written out where it is
 * first used. */
#pragma once

#include "schema/schema_library.h"

/* The whole schema of an .avsc file. Without imports it is the file byte for byte; what is imported is put in without
 * line breaks, so that line numbers stay those of the file. */
int schema_expand_file(struct schema_library *library, struct schema_file *file, struct chappe_buffer *buffer,
                       struct chappe_error *error);
/* One type of a file, standing in a namespace. Line breaks in front make its line number that of the file. */
int schema_expand_type(struct schema_library *library, struct schema_file *file, const struct chappe_json_node *json,
                       const char *space, struct chappe_buffer *buffer, struct chappe_error *error);
/* The request of a protocol's message: the record <namespace>.<Message>Request. */
int schema_expand_request(struct schema_library *library, struct schema_file *file,
                          const struct chappe_json_node *message, const char *space, struct chappe_buffer *buffer,
                          struct chappe_error *error);
/* Nobody answers it. (specification, "Protocol Declaration") */
bool schema_is_one_way(const struct chappe_json_node *message);
/* Its response: "null" for a one-way message that names none. */
int schema_expand_response(struct schema_library *library, struct schema_file *file,
                           const struct chappe_json_node *message, const char *space, struct chappe_buffer *buffer,
                           struct chappe_error *error);

/* Takes the white space between tokens away, from a position on. */
void schema_minify(struct chappe_buffer *buffer, size_t from);
