/* SPDX-License-Identifier: Apache-2.0 */
/* Zstandard, by libzstd. */
#include <zstd.h>

#include "avro/block_codec.h"

#define WINDOW_LOG 26     /* a frame may ask for a window of 64 MiB, CHAPPE_BLOCK_LIMIT, and no more */
#define STEP       65536u /* bytes expanded at a time */
#define LEVEL      3

static int damaged(size_t result, struct chappe_error *error)
{
        return chappe_fail(error, CHAPPE_E_PAYLOAD_INVALID, "a block is no zstandard frame: %s",
                           ZSTD_getErrorName(result));
}

/* Frame after frame. */
static int expand(ZSTD_DCtx *context, ZSTD_inBuffer *in, struct chappe_buffer *out, struct chappe_error *error)
{
        size_t result = 1;

        while (in->pos < in->size || result > 0) {
                ZSTD_outBuffer room = { chappe_buffer_reserve(out, STEP), STEP, 0 };
                size_t before = in->pos;

                if (!room.dst)
                        return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a block");
                result = ZSTD_decompressStream(context, &room, in);
                if (ZSTD_isError(result))
                        return damaged(result, error);
                if (result > 0 && in->pos == before && room.pos == 0)
                        return chappe_fail(error, CHAPPE_E_PAYLOAD_INVALID, "a block is a zstandard frame cut off");
                out->length += room.pos;
                if (out->length > CHAPPE_BLOCK_LIMIT)
                        return chappe_fail(error, CHAPPE_E_PAYLOAD_LIMIT, "a block of more than %u bytes",
                                           CHAPPE_BLOCK_LIMIT);
        }
        return 0;
}

int chappe_zstandard_expand(const uint8_t *bytes, size_t length, struct chappe_buffer *out, struct chappe_error *error)
{
        ZSTD_DCtx *context = ZSTD_createDCtx();
        ZSTD_inBuffer in = { bytes, length, 0 };
        int r;

        if (!context)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a block");
        ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, WINDOW_LOG);
        r = expand(context, &in, out, error);
        ZSTD_freeDCtx(context);
        return r;
}

int chappe_zstandard_compress(const uint8_t *bytes, size_t length, struct chappe_buffer *out, struct chappe_error *error)
{
        size_t room = ZSTD_compressBound(length), result;
        uint8_t *to = chappe_buffer_reserve(out, room);

        if (!to)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a block");
        result = ZSTD_compress(to, room, bytes, length, LEVEL);
        if (ZSTD_isError(result))
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "zstandard: %s", ZSTD_getErrorName(result));
        out->length += result;
        return 0;
}
