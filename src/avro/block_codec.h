/* SPDX-License-Identifier: Apache-2.0 */
/* The compressions of container files. */
#pragma once

#include <chappe/buffer.h>

#define CHAPPE_BLOCK_LIMIT (64u << 20) /* bytes of one block, out of its compression */

struct chappe_block_codec {
        const char *name;
        /* Appends what the bytes stand for, at most CHAPPE_BLOCK_LIMIT. */
        int (*expand)(const uint8_t *bytes, size_t length, struct chappe_buffer *out, struct chappe_error *error);
        int (*compress)(const uint8_t *bytes, size_t length, struct chappe_buffer *out, struct chappe_error *error);
};

/* NULL for a name that is unknown. */
const struct chappe_block_codec *chappe_block_codec_find(struct chappe_text name);

/* Snappy's raw form, without the checksum that Avro puts behind it. */
int chappe_snappy_expand(const uint8_t *bytes, size_t length, struct chappe_buffer *out, struct chappe_error *error);
int chappe_snappy_compress(const uint8_t *bytes, size_t length, struct chappe_buffer *out, struct chappe_error *error);

/* Frames of zstandard; both fail in a build without libzstd. */
int chappe_zstandard_expand(const uint8_t *bytes, size_t length, struct chappe_buffer *out, struct chappe_error *error);
int chappe_zstandard_compress(const uint8_t *bytes, size_t length, struct chappe_buffer *out, struct chappe_error *error);
