/* SPDX-License-Identifier: Apache-2.0 */
/* The works by avro-c, in the way that its documentation shows: one generic value, read into again and again. */
#include "codec.h"

#include <avro.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void need(int status)
{
        if (status == 0)
                return;
        fprintf(stderr, "codec-bench: avro-c: %s\n", avro_strerror());
        exit(1);
}

static avro_schema_t parse(const char *text)
{
        avro_schema_t schema;

        need(avro_schema_from_json_length(text, strlen(text), &schema));
        return schema;
}

static avro_value_t value_of(avro_schema_t schema)
{
        avro_value_iface_t *class = avro_generic_class_from_schema(schema);
        avro_value_t value;

        need(avro_generic_value_new(class, &value));
        avro_value_iface_decref(class);
        return value;
}

static void read_again(const struct codec_sample *sample, avro_value_t *into, long count)
{
        avro_reader_t reader = avro_reader_memory((const char *)sample->bytes.at, (int64_t)sample->bytes.length);

        for (long n = 0; n < count; n++) {
                avro_reader_memory_set_source(reader, (const char *)sample->bytes.at, (int64_t)sample->bytes.length);
                need(avro_value_read(reader, into));
        }
        avro_reader_free(reader);
}

static void decode(const struct codec_sample *sample, long count)
{
        avro_schema_t schema = parse(sample->message->type->schema);
        avro_value_t value = value_of(schema);

        read_again(sample, &value, count);
        avro_value_decref(&value);
        avro_schema_decref(schema);
}

static void decode_evolved(const struct codec_sample *sample, long count)
{
        avro_schema_t writer = parse(sample->message->type->schema), reader = parse(sample->message->less->schema);
        avro_value_iface_t *class = avro_resolved_writer_new(writer, reader);
        avro_value_t value = value_of(reader), resolved;

        need(class ? 0 : -1);
        need(avro_resolved_writer_new_value(class, &resolved));
        avro_resolved_writer_set_dest(&resolved, &value);
        read_again(sample, &resolved, count);
        avro_value_decref(&resolved);
        avro_value_decref(&value);
        avro_value_iface_decref(class);
        avro_schema_decref(reader);
        avro_schema_decref(writer);
}

static void encode(const struct codec_sample *sample, long count)
{
        avro_schema_t schema = parse(sample->message->type->schema);
        avro_value_t value = value_of(schema);
        char bytes[4096];
        avro_writer_t writer = avro_writer_memory(bytes, sizeof(bytes));

        read_again(sample, &value, 1);
        for (long n = 0; n < count; n++) {
                avro_writer_reset(writer);
                need(avro_value_write(writer, &value));
        }
        avro_writer_free(writer);
        avro_value_decref(&value);
        avro_schema_decref(schema);
}

void codec_oracle(const struct codec_sample *sample, const char *work, long count)
{
        if (strcmp(work, "decode") == 0)
                decode(sample, count);
        else if (strcmp(work, "decode-evolved") == 0)
                decode_evolved(sample, count);
        else if (strcmp(work, "encode") == 0)
                encode(sample, count);
        else
                need(-1);
}
