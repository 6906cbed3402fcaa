/* SPDX-License-Identifier: Apache-2.0 */
/* Container files, written. */
#include <chappe/container.h>

#include <stdlib.h>

#include <chappe/straight.h>

#include "avro/block_codec.h"

#define BLOCK_SIZE 16384u
#define SYNC_SIZE  16u

struct chappe_container_writer {
        const struct chappe_block_codec *codec;
        uint8_t sync[SYNC_SIZE];
        struct chappe_buffer block, packed;
        size_t count; /* of values in the block */
};

static int no_memory(struct chappe_error *error)
{
        return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a file");
}

static bool put_long(struct chappe_buffer *file, int64_t value)
{
        uint8_t bytes[CHAPPE_NUMBER_SIZE];

        return chappe_buffer_append(file, bytes, (size_t)(chappe_put_long(bytes, value) - bytes)) >= 0;
}

static bool put_bytes(struct chappe_buffer *file, struct chappe_text text)
{
        return put_long(file, (int64_t)text.length) && chappe_buffer_append(file, text.at, text.length) >= 0;
}

static bool put_header(const struct chappe_container_writer *writer, const struct chappe_schema *schema,
                       struct chappe_buffer *file)
{
        return chappe_buffer_append(file, "Obj\1", 4) >= 0 && put_long(file, 2) &&
               put_bytes(file, chappe_text("avro.codec")) && put_bytes(file, chappe_text(writer->codec->name)) &&
               put_bytes(file, chappe_text("avro.schema")) && put_bytes(file, chappe_schema_text(schema)) &&
               put_long(file, 0) && chappe_buffer_append(file, writer->sync, SYNC_SIZE) >= 0;
}

int chappe_container_writer_new(const struct chappe_schema *schema, const char *codec, const uint8_t sync[16],
                                struct chappe_buffer *file, struct chappe_container_writer **ret_writer,
                                struct chappe_error *error)
{
        const struct chappe_block_codec *found = chappe_block_codec_find(chappe_text(codec));
        struct chappe_container_writer *writer;

        if (!found)
                return chappe_fail(error, CHAPPE_E_USAGE, "there is no codec '%s'", codec);
        writer = calloc(1, sizeof(*writer));
        if (!writer)
                return no_memory(error);
        writer->codec = found;
        memcpy(writer->sync, sync, SYNC_SIZE);
        if (!put_header(writer, schema, file)) {
                free(writer);
                return no_memory(error);
        }
        *ret_writer = writer;
        return 0;
}

int chappe_container_finish(struct chappe_container_writer *writer, struct chappe_buffer *file,
                            struct chappe_error *error)
{
        int r;

        if (writer->count == 0)
                return 0;
        writer->packed.length = 0;
        r = writer->codec->compress(writer->block.at, writer->block.length, &writer->packed, error);
        if (r < 0)
                return r;
        if (!put_long(file, (int64_t)writer->count) ||
            !put_bytes(file, (struct chappe_text){ (const char *)writer->packed.at, writer->packed.length }) ||
            chappe_buffer_append(file, writer->sync, SYNC_SIZE) < 0)
                return no_memory(error);
        writer->count = writer->block.length = 0;
        return 0;
}

int chappe_container_write(struct chappe_container_writer *writer, const void *bytes, size_t length,
                           struct chappe_buffer *file, struct chappe_error *error)
{
        if (chappe_buffer_append(&writer->block, bytes, length) < 0)
                return no_memory(error);
        writer->count++;
        return writer->block.length >= BLOCK_SIZE ? chappe_container_finish(writer, file, error) : 0;
}

struct chappe_container_writer *chappe_container_writer_free(struct chappe_container_writer *writer)
{
        if (writer) {
                chappe_buffer_deinit(&writer->block);
                chappe_buffer_deinit(&writer->packed);
        }
        free(writer);
        return NULL;
}
