/* SPDX-License-Identifier: Apache-2.0 */
/* Zstandard in a build without libzstd: known by name, and refused. */
#include "avro/block_codec.h"

static int refuse(struct chappe_error *error, int code)
{
        return chappe_fail(error, code, "this build of Chappe has no zstandard (libzstd)");
}

int chappe_zstandard_expand(const uint8_t *bytes, size_t length, struct chappe_buffer *out, struct chappe_error *error)
{
        (void)bytes;
        (void)length;
        (void)out;
        return refuse(error, CHAPPE_E_PAYLOAD_INVALID);
}

int chappe_zstandard_compress(const uint8_t *bytes, size_t length, struct chappe_buffer *out, struct chappe_error *error)
{
        (void)bytes;
        (void)length;
        (void)out;
        return refuse(error, CHAPPE_E_USAGE);
}
