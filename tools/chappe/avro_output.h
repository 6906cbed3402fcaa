/* SPDX-License-Identifier: Apache-2.0 */
/* An Avro container file to write to: under a name of its own until it is whole. */
#pragma once

#include <chappe/container.h>

#include "schemas.h"

#define AVRO_CODECS "deflate,null,snappy,zstandard"
#define AVRO_CODEC_OPTION                                                                                              \
        {                                                                                                              \
                "codec", 0, "CODEC", "of FILE.avro: deflate (default), null, snappy or zstandard", AVRO_CODECS         \
        }

struct avro_output;

/* Does the value of -o name such a file? */
bool avro_output_is_name(const char *path);
/* schema NULL: that of the first value. codec NULL: deflate. EXIT_DONE, or the exit code with the reason said. */
int avro_output_open(const char *path, const char *codec, struct chappe_schema *schema,
                     struct avro_output **ret_output);
/* Adds a value that is held by the layout of its schema; one of another schema than the file's is read as that. */
int avro_output_add(struct avro_output *output, struct chappe_schema *schema, const void *value,
                    struct chappe_error *error);
/* Puts the file in its place, and says how many values it holds. The same manner. */
int avro_output_finish(struct avro_output *output);
/* An unfinished file is gone. Takes NULL. */
void avro_output_free(struct avro_output *output);

CHAPPE_CLEANUP_DEFINE(avro_output, struct avro_output *, avro_output_free)
