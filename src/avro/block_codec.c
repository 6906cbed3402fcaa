/* SPDX-License-Identifier: Apache-2.0 */
/* null, deflate (raw, without zlib's frame), snappy (with a CRC-32 of what it stands for behind it), zstandard. */
#include "avro/block_codec.h"

#include <zlib.h>

static int no_memory(struct chappe_error *error)
{
        return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a block");
}

static int plain(const uint8_t *bytes, size_t length, struct chappe_buffer *out, struct chappe_error *error)
{
        return chappe_buffer_append(out, bytes, length) < 0 ? no_memory(error) : 0;
}

/* zlib's result: an end, more to do, or a fault. */
static int inflate_all(z_stream *stream, struct chappe_buffer *out, struct chappe_error *error)
{
        int result;

        do {
                uint8_t *at = chappe_buffer_reserve(out, 16384);

                if (!at)
                        return no_memory(error);
                stream->next_out = at;
                stream->avail_out = 16384;
                result = inflate(stream, Z_NO_FLUSH);
                out->length += 16384 - stream->avail_out;
                if (out->length > CHAPPE_BLOCK_LIMIT)
                        return chappe_fail(error, CHAPPE_E_PAYLOAD_LIMIT, "a block of more than %u bytes",
                                           CHAPPE_BLOCK_LIMIT);
        } while (result == Z_OK);
        /* fastavro leaves a piece of zlib's checksum behind the stream. */
        if (result != Z_STREAM_END || stream->avail_in > 4)
                return chappe_fail(error, CHAPPE_E_PAYLOAD_INVALID, "a block is no deflate stream");
        return 0;
}

static int deflate_expand(const uint8_t *bytes, size_t length, struct chappe_buffer *out, struct chappe_error *error)
{
        z_stream stream = { .next_in = (uint8_t *)bytes, .avail_in = (uInt)length };
        int r;

        if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
                return no_memory(error);
        r = inflate_all(&stream, out, error);
        inflateEnd(&stream);
        return r;
}

static int deflate_compress(const uint8_t *bytes, size_t length, struct chappe_buffer *out, struct chappe_error *error)
{
        z_stream stream = { .next_in = (uint8_t *)bytes, .avail_in = (uInt)length };
        uint8_t *at;
        size_t bound;
        int r = 0;

        if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
                return no_memory(error);
        bound = deflateBound(&stream, length);
        at = chappe_buffer_reserve(out, bound);
        stream.next_out = at;
        stream.avail_out = (uInt)bound;
        if (!at || deflate(&stream, Z_FINISH) != Z_STREAM_END)
                r = no_memory(error);
        else
                out->length += bound - stream.avail_out;
        deflateEnd(&stream);
        return r;
}

static int snappy_expand(const uint8_t *bytes, size_t length, struct chappe_buffer *out, struct chappe_error *error)
{
        size_t start = out->length;
        const uint8_t *sum;
        uint32_t expected;
        int r;

        if (length < 4)
                return chappe_fail(error, CHAPPE_E_PAYLOAD_INVALID, "a snappy block without its checksum");
        r = chappe_snappy_expand(bytes, length - 4, out, error);
        if (r < 0)
                return r;
        sum = bytes + length - 4;
        expected = (uint32_t)sum[0] << 24 | (uint32_t)sum[1] << 16 | (uint32_t)sum[2] << 8 | sum[3];
        if (crc32(0, out->at + start, (uInt)(out->length - start)) != expected)
                return chappe_fail(error, CHAPPE_E_PAYLOAD_INVALID, "a block does not have its checksum");
        return 0;
}

static int snappy_compress(const uint8_t *bytes, size_t length, struct chappe_buffer *out, struct chappe_error *error)
{
        uint32_t sum = (uint32_t)crc32(0, bytes, (uInt)length);
        uint8_t behind[] = { (uint8_t)(sum >> 24), (uint8_t)(sum >> 16), (uint8_t)(sum >> 8), (uint8_t)sum };
        int r = chappe_snappy_compress(bytes, length, out, error);

        if (r < 0)
                return r;
        return chappe_buffer_append(out, behind, sizeof(behind)) < 0 ? no_memory(error) : 0;
}

const struct chappe_block_codec *chappe_block_codec_find(struct chappe_text name)
{
        static const struct chappe_block_codec codecs[] = {
                { "null", plain, plain },
                { "deflate", deflate_expand, deflate_compress },
                { "snappy", snappy_expand, snappy_compress },
                { "zstandard", chappe_zstandard_expand, chappe_zstandard_compress },
        };

        for (size_t i = 0; i < sizeof(codecs) / sizeof(*codecs); i++) {
                if (chappe_text_equal(name, chappe_text(codecs[i].name)))
                        return &codecs[i];
        }
        return NULL;
}
