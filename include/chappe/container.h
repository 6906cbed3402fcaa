/* SPDX-License-Identifier: Apache-2.0 */
/* Avro object container files (.avro): read value by value, written block by block. (specification, "Object Container Files") */
#pragma once

#include <chappe/codec.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Reading. Not thread-safe. */
struct chappe_container;

/* Looks at the header of a whole file in memory, which must outlive the container. name is for messages only. */
int chappe_container_open(const char *name, const void *bytes, size_t length, struct chappe_container **ret_container,
                          struct chappe_error *error);
/* The same with other limits for the file's schema; NULL: the defaults. */
int chappe_container_open_within(const char *name, const void *bytes, size_t length,
                                 const struct chappe_schema_limits *limits, struct chappe_container **ret_container,
                                 struct chappe_error *error);
/* Takes NULL; returns NULL. */
struct chappe_container *chappe_container_close(struct chappe_container *container);

/* The schema that wrote; lives with the container unless referenced. */
struct chappe_schema *chappe_container_schema(const struct chappe_container *container);
/* "null", "deflate", "snappy" or "zstandard". */
const char *chappe_container_codec(const struct chappe_container *container);
/* The n-th entry of the metadata, avro.schema and avro.codec included; false beyond the last. */
bool chappe_container_metadata(const struct chappe_container *container, size_t n, struct chappe_text *ret_key,
                               struct chappe_bytes *ret_value);

/* Bounds of each value read from now on; without this, the defaults. A value's payload is what is left of its block. */
void chappe_container_limit(struct chappe_container *container, const struct chappe_decode_limits *limits);
/* Decodes the next value by a plan whose writer is the file's schema, as chappe_plan_decode does. What it points to lies in the
 * arena and in the container's block: valid until the next call. 1: read; 0: the file has ended. */
int chappe_container_read(struct chappe_container *container, const struct chappe_plan *plan, struct chappe_arena *arena,
                          void *ret_value, struct chappe_error *error);

/* Writing: a header, then values, gathered into blocks of about 16 KiB. */
struct chappe_container_writer;

/* codec: as above; zstandard fails in a build without libzstd. sync: 16 bytes that stand between blocks, drawn at random by the caller. The header is appended. */
int chappe_container_writer_new(const struct chappe_schema *schema, const char *codec, const uint8_t sync[16],
                                struct chappe_buffer *file, struct chappe_container_writer **ret_writer,
                                struct chappe_error *error);
/* Adds an encoded value; a full block is appended to file. */
int chappe_container_write(struct chappe_container_writer *writer, const void *bytes, size_t length,
                           struct chappe_buffer *file, struct chappe_error *error);
/* Appends what is left. */
int chappe_container_finish(struct chappe_container_writer *writer, struct chappe_buffer *file, struct chappe_error *error);
struct chappe_container_writer *chappe_container_writer_free(struct chappe_container_writer *writer);

#ifdef __cplusplus
}
#endif
