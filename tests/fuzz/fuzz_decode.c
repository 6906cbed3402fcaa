/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer: a writer's schema, a reader's schema and a payload, each ended by a newline but the last. What decodes
 * stays within the memory limit, prints as JSON, and where the schemas are one, reads back from that JSON and encodes
 * again. */
#include <stdlib.h>

#include <chappe/codec.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct pair {
        struct chappe_schema *writer, *reader;
        const struct chappe_layout *layout;
        struct chappe_plan *plan;
        struct chappe_arena *arena;
};

static struct chappe_text take_line(struct chappe_text *rest)
{
        const char *end = rest->length ? memchr(rest->at, '\n', rest->length) : NULL;
        struct chappe_text line = { rest->at, end ? (size_t)(end - rest->at) : rest->length };

        rest->at += line.length + (end != NULL);
        rest->length -= line.length + (end != NULL);
        return line;
}

static void check_value(const struct pair *pair, void *value)
{
        struct chappe_buffer json = { 0 }, bytes = { 0 };
        struct chappe_error error;

        if (chappe_json_print(pair->reader, pair->layout, value, &json, &error) < 0)
                abort();
        if (chappe_plan_encode(pair->plan, value, &bytes, &error) >= 0) {
                if (chappe_json_read(pair->reader, pair->layout,
                                     (struct chappe_text){ (const char *)json.at, json.length }, pair->arena, value,
                                     &error) < 0)
                        abort();
        }
        chappe_buffer_deinit(&json);
        chappe_buffer_deinit(&bytes);
}

static void decode(struct pair *pair, struct chappe_text payload)
{
        struct chappe_error error;
        void *value = malloc(pair->layout->size);
        int r = value ? chappe_plan_decode(pair->plan, payload.at, payload.length, pair->arena, NULL, value, &error)
                      : -1;

        if (chappe_arena_used(pair->arena) > 16 * payload.length + (1 << 20))
                abort();
        if (r >= 0)
                check_value(pair, value);
        free(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct chappe_text rest = { (const char *)data, size }, writer = take_line(&rest), reader = take_line(&rest);
        struct chappe_error error;
        struct pair pair = { 0 };

        if (chappe_schema_parse("w", writer, &pair.writer, &error) >= 0 &&
            chappe_schema_parse("r", reader.length ? reader : writer, &pair.reader, &error) >= 0)
                pair.layout = chappe_schema_layout(pair.reader, &error);
        if (pair.layout && pair.layout->size < (1 << 20) &&
            chappe_plan_new(pair.writer, pair.reader, pair.layout, &pair.plan, &error) >= 0) {
                pair.arena = chappe_arena_new(64 << 20);
                if (pair.arena)
                        decode(&pair, rest);
        }
        chappe_plan_free(pair.plan);
        chappe_arena_free(pair.arena);
        chappe_schema_unref(pair.writer);
        chappe_schema_unref(pair.reader);
        return 0;
}
