/* SPDX-License-Identifier: Apache-2.0 */
/* The works by Chappe. */
#include "codec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a loop needs: made before, the same for any count. */
struct bench {
        const struct codec_sample *sample;
        struct chappe_schema *writer, *reader;
        struct chappe_plan *plan;
        struct chappe_arena *arena;
        struct chappe_buffer buffer;
        void *value;
        struct chappe_error error;
};

static void decode_generated(struct bench *bench)
{
        const struct codec_sample *sample = bench->sample;

        chappe_arena_reset(bench->arena);
        codec_need(chappe_type_decode(sample->message->type, sample->bytes.at, sample->bytes.length, bench->arena,
                                      bench->value, &bench->error),
                   &bench->error);
}

static void encode_generated(struct bench *bench)
{
        bench->buffer.length = 0;
        codec_need(
                chappe_type_encode(bench->sample->message->type, bench->sample->value, &bench->buffer, &bench->error),
                &bench->error);
}

static void decode_plan(struct bench *bench)
{
        chappe_arena_reset(bench->arena);
        codec_need(chappe_plan_decode(bench->plan, bench->sample->bytes.at, bench->sample->bytes.length, bench->arena,
                                      NULL, bench->value, &bench->error),
                   &bench->error);
}

static void encode_plan(struct bench *bench)
{
        bench->buffer.length = 0;
        codec_need(chappe_plan_encode(bench->plan, bench->sample->value, &bench->buffer, &bench->error), &bench->error);
}

static void decode_value(struct bench *bench)
{
        struct chappe_value value;

        chappe_arena_reset(bench->arena);
        codec_need(chappe_value_decode(bench->plan, bench->sample->bytes.at, bench->sample->bytes.length, bench->arena,
                                       NULL, &value, &bench->error),
                   &bench->error);
}

static void json_out(struct bench *bench)
{
        bench->buffer.length = 0;
        codec_need(chappe_json_print_plain(bench->writer, bench->sample->message->type->layout, bench->sample->value,
                                           &bench->buffer, &bench->error),
                   &bench->error);
}

static void json_in(struct bench *bench)
{
        chappe_arena_reset(bench->arena);
        codec_need(chappe_json_read_plain(bench->writer, bench->sample->message->type->layout,
                                          chappe_text(bench->sample->message->json), bench->arena, bench->value,
                                          &bench->error),
                   &bench->error);
}

static void compile(struct bench *bench)
{
        struct chappe_plan *plan;

        codec_need(chappe_plan_new(bench->writer, bench->reader, chappe_schema_layout(bench->reader, &bench->error),
                                   &plan, &bench->error),
                   &bench->error);
        chappe_plan_free(plan);
}

static const struct {
        const char *name;
        void (*run)(struct bench *bench);
        enum { SAME, NEXT, DYNAMIC, WIDE } plan;
} works[] = {
        { "decode-generated", decode_generated, SAME },
        { "encode-generated", encode_generated, SAME },
        { "decode-plan", decode_plan, SAME },
        { "encode-plan", encode_plan, SAME },
        { "decode-evolved", decode_plan, NEXT },
        { "decode-value", decode_value, DYNAMIC },
        { "json-out", json_out, SAME },
        { "json-in", json_in, SAME },
        { "compile", compile, WIDE },
};

static struct chappe_schema *parse(struct bench *bench, const char *text)
{
        struct chappe_schema *schema;

        codec_need(chappe_schema_parse("bench", chappe_text(text), &schema, &bench->error), &bench->error);
        return schema;
}

/* A record of 30 fields of all common types; backwards: the reader's, from the last to the first. */
static struct chappe_schema *parse_wide(struct bench *bench, bool backwards)
{
        static const char *const types[] = { "\"string\"", "\"long\"", "\"int\"", "[\"null\",\"string\"]",
                                             "\"double\"" };
        struct chappe_buffer text = { 0 };
        struct chappe_schema *schema;

        chappe_buffer_printf(&text, "{\"type\":\"record\",\"name\":\"Wide\",\"fields\":[");
        for (int i = 0; i < 30; i++) {
                int n = backwards ? 29 - i : i;

                chappe_buffer_printf(&text, "%s{\"name\":\"field_%d\",\"type\":%s}", i ? "," : "", n, types[n % 5]);
        }
        chappe_buffer_append(&text, "]}", 3);
        schema = parse(bench, (const char *)text.at);
        chappe_buffer_deinit(&text);
        return schema;
}

static void bench_open(struct bench *bench, int plan)
{
        const struct codec_message *message = bench->sample->message;
        const struct chappe_type *reader = plan == NEXT ? message->next : message->type;
        const struct chappe_layout *layout = reader->layout;

        bench->writer = plan == WIDE ? parse_wide(bench, false) : parse(bench, message->type->schema);
        bench->reader = plan == WIDE ? parse_wide(bench, true) : parse(bench, reader->schema);
        if (plan == DYNAMIC || plan == WIDE)
                layout = chappe_schema_layout(bench->reader, &bench->error);
        codec_need(chappe_plan_new(bench->writer, bench->reader, layout, &bench->plan, &bench->error), &bench->error);
        bench->arena = chappe_arena_new(0);
        bench->value = malloc(layout->size);
}

static void bench_close(struct bench *bench)
{
        chappe_plan_free(bench->plan);
        chappe_schema_unref(bench->writer);
        chappe_schema_unref(bench->reader);
        chappe_arena_free(bench->arena);
        chappe_buffer_deinit(&bench->buffer);
        free(bench->value);
}

void codec_work(const struct codec_sample *sample, const char *work, long count)
{
        for (size_t i = 0; i < sizeof(works) / sizeof(*works); i++) {
                struct bench bench = { .sample = sample };

                if (strcmp(works[i].name, work) != 0)
                        continue;
                bench_open(&bench, works[i].plan);
                for (long n = 0; n < count; n++)
                        works[i].run(&bench);
                bench_close(&bench);
                return;
        }
        fprintf(stderr, "codec-bench: no such work: %s\n", work);
        exit(2);
}
