/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer: a writer's schema, a reader's schema and a datum of the writer, each ended by a newline but the last. What
 * the writer's own plan reads, the reader's plan reads whole or not at all, within the memory limit; what it made is
 * the reader's: it encodes, and decodes to an equal value. */
#include <stdlib.h>

#include <chappe/codec.h>
#include <chappe/value.h>

#define LAYOUT_LIMIT (1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One side: a schema, read as another or as itself. */
struct reading {
        struct chappe_schema *schema;
        const struct chappe_layout *layout;
        struct chappe_plan *plan;
};

static struct chappe_text take_line(struct chappe_text *rest)
{
        const char *end = rest->length ? memchr(rest->at, '\n', rest->length) : NULL;
        struct chappe_text line = { rest->at, end ? (size_t)(end - rest->at) : rest->length };

        rest->at += line.length + (end != NULL);
        rest->length -= line.length + (end != NULL);
        return line;
}

static bool parse(struct chappe_text text, struct reading *reading)
{
        struct chappe_error error;

        if (chappe_schema_parse("fuzz", text, &reading->schema, &error) < 0)
                return false;
        reading->layout = chappe_schema_layout(reading->schema, &error);
        return reading->layout && reading->layout->size < LAYOUT_LIMIT;
}

static bool compile(struct chappe_schema *writer, struct reading *reading)
{
        struct chappe_error error;

        return chappe_plan_new(writer, reading->schema, reading->layout, &reading->plan, &error) >= 0;
}

static void drop(struct reading *reading)
{
        chappe_plan_free(reading->plan);
        chappe_schema_unref(reading->schema);
}

/* NULL when the bytes are no datum. */
static void *decode(const struct reading *reading, const void *bytes, size_t length, struct chappe_arena *arena)
{
        size_t before = chappe_arena_used(arena);
        struct chappe_error error;
        void *value = malloc(reading->layout->size + 1);
        int r = value ? chappe_plan_decode(reading->plan, bytes, length, arena, NULL, value, &error) : -1;

        if (chappe_arena_used(arena) - before > 16 * length + (1 << 20))
                abort();
        if (r < 0) {
                free(value);
                return NULL;
        }
        return value;
}

static struct chappe_value view(const struct reading *reading, const void *at)
{
        struct chappe_value value;
        struct chappe_error error;

        if (chappe_value_of(reading->schema, at, &value, &error) < 0)
                abort();
        return value;
}

/* The reader's own value, through the reader's own plan; too large for the limits is an answer. */
static void check_round_trip(const struct reading *reader, void *value, struct chappe_arena *arena)
{
        struct reading own = { .schema = reader->schema, .layout = reader->layout };
        struct chappe_buffer bytes = { 0 };
        struct chappe_error error;
        void *again;

        if (compile(reader->schema, &own)) {
                if (chappe_plan_encode(own.plan, value, &bytes, &error) < 0)
                        abort();
                again = decode(&own, bytes.at, bytes.length, arena);
                if (again && (chappe_value_compare(view(reader, value), view(reader, again)) != 0 ||
                              chappe_value_hash(view(reader, value)) != chappe_value_hash(view(reader, again))))
                        abort();
                free(again);
        }
        chappe_plan_free(own.plan);
        chappe_buffer_deinit(&bytes);
}

static void check(const struct reading *writer, const struct reading *reader, struct chappe_text payload)
{
        struct chappe_arena *arena = chappe_arena_new(64 << 20);
        void *written = arena ? decode(writer, payload.at, payload.length, arena) : NULL, *read = NULL;

        if (written) {
                check_round_trip(writer, written, arena);
                read = decode(reader, payload.at, payload.length, arena);
        }
        if (read)
                check_round_trip(reader, read, arena);
        free(written);
        free(read);
        chappe_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct chappe_text rest = { (const char *)data, size }, first = take_line(&rest), second = take_line(&rest);
        struct reading writer = { 0 }, reader = { 0 };

        if (parse(first, &writer) && parse(second, &reader) && compile(writer.schema, &writer) &&
            compile(writer.schema, &reader))
                check(&writer, &reader, rest);
        drop(&writer);
        drop(&reader);
        return 0;
}
