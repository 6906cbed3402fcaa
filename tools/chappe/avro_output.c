/* SPDX-License-Identifier: Apache-2.0 */
/* An Avro container file to write to. */
#include "avro_output.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <chappe/codec.h>

#include "base/random.h"

#define CONVERSIONS_LIMIT 1000 /* schemas that the values of one file were written with */
#define WRITE_SIZE        65536u

/* From values of a schema to bytes of the file's. */
struct conversion {
        struct chappe_schema *schema;
        struct chappe_plan *encode;
        struct chappe_plan *resolve; /* NULL: it is the file's own */
        struct conversion *next;
};

struct avro_output {
        char *path, *part; /* the place, and where it is written until it is whole; part NULL: not begun or finished */
        const char *codec;
        int file;
        struct chappe_schema *schema;
        struct chappe_container_writer *writer;
        struct chappe_plan *encode;
        void *value;
        struct chappe_arena *arena;
        struct conversion *conversions;
        size_t conversion_count;
        struct chappe_buffer bytes, again, block;
        uint64_t count;
};

bool avro_output_is_name(const char *path)
{
        size_t length = path ? strlen(path) : 0;

        return length > 5 && strcmp(path + length - 5, ".avro") == 0;
}

static int refuse(const struct avro_output *output, struct chappe_error *error)
{
        return chappe_fail(error, CHAPPE_E_IO, "%s: %s", output->path, strerror(errno));
}

static int write_out(struct avro_output *output, struct chappe_error *error)
{
        for (size_t at = 0; at < output->block.length;) {
                ssize_t put = write(output->file, output->block.at + at, output->block.length - at);

                if (put < 0 && errno != EINTR)
                        return refuse(output, error);
                at += put > 0 ? (size_t)put : 0;
        }
        output->block.length = 0;
        return 0;
}

static int begin_container(struct avro_output *output, struct chappe_error *error)
{
        const struct chappe_layout *layout = chappe_schema_layout(output->schema, error);
        struct chappe_random random;
        uint8_t sync[16];

        if (!layout || chappe_plan_new(output->schema, output->schema, layout, &output->encode, error) < 0)
                return -error->code;
        output->arena = chappe_arena_new(0);
        output->value = calloc(1, layout->size ? layout->size : 1);
        if (!output->arena || !output->value)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a value");
        chappe_random_init(&random, chappe_random_system_seed());
        chappe_random_bytes(&random, sync, sizeof(sync));
        return chappe_container_writer_new(output->schema, output->codec, sync, &output->block, &output->writer, error);
}

/* The file exists from here on, under its name of before. */
static int begin(struct avro_output *output, struct chappe_schema *schema, struct chappe_error *error)
{
        int r;

        output->schema = chappe_schema_ref(schema);
        r = begin_container(output, error);
        if (r < 0)
                return r;
        if (asprintf(&output->part, "%s.part%ld", output->path, (long)getpid()) < 0) {
                output->part = NULL;
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a name");
        }
        output->file = open(output->part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        if (output->file >= 0)
                return 0;
        free(output->part);
        output->part = NULL;
        return refuse(output, error);
}

int avro_output_open(const char *path, const char *codec, struct chappe_schema *schema, struct avro_output **ret_output)
{
        CHAPPE_CLEANUP(avro_output) struct avro_output *output = calloc(1, sizeof(*output));
        struct chappe_error error = { CHAPPE_E_NO_MEMORY, "out of memory" };

        if (output) {
                output->file = -1;
                output->codec = codec ? codec : "deflate";
                output->path = strdup(path);
        }
        if (!output || !output->path || (schema && begin(output, schema, &error) < 0))
                return command_fail(&error);
        *ret_output = CHAPPE_TAKE(output);
        return EXIT_DONE;
}

static struct conversion *conversion_free(struct conversion *conversion)
{
        struct conversion *next = conversion->next;

        chappe_plan_free(conversion->encode);
        chappe_plan_free(conversion->resolve);
        chappe_schema_unref(conversion->schema);
        free(conversion);
        return next;
}

static int conversion_fill(struct avro_output *output, struct conversion *conversion, struct chappe_error *error)
{
        struct chappe_schema *schema = conversion->schema;
        const struct chappe_layout *own = chappe_schema_layout(schema, error);
        struct chappe_text text = chappe_schema_text(schema);

        if (!own || chappe_plan_new(schema, schema, own, &conversion->encode, error) < 0)
                return -error->code;
        if (schema == output->schema || chappe_text_equal(text, chappe_schema_text(output->schema)))
                return 0;
        return chappe_plan_new(schema, output->schema, chappe_schema_layout(output->schema, error),
                               &conversion->resolve, error);
}

static int find_conversion(struct avro_output *output, struct chappe_schema *schema, struct conversion **ret,
                           struct chappe_error *error)
{
        struct conversion *conversion = output->conversions;

        while (conversion && conversion->schema != schema)
                conversion = conversion->next;
        *ret = conversion;
        if (conversion)
                return 0;
        if (output->conversion_count == CONVERSIONS_LIMIT)
                return chappe_fail(error, CHAPPE_E_LIMIT, "values of more than %d schemas", CONVERSIONS_LIMIT);
        conversion = calloc(1, sizeof(*conversion));
        if (!conversion)
                return chappe_fail(error, CHAPPE_E_NO_MEMORY, "no memory for a schema");
        conversion->schema = chappe_schema_ref(schema);
        if (conversion_fill(output, conversion, error) < 0) {
                conversion_free(conversion);
                return -error->code;
        }
        conversion->next = output->conversions;
        output->conversions = *ret = conversion;
        output->conversion_count++;
        return 0;
}

/* The value's bytes by the file's schema. */
static int encode(struct avro_output *output, const struct conversion *conversion, const void *value,
                  const struct chappe_buffer **ret_bytes, struct chappe_error *error)
{
        static const struct chappe_decode_limits most = { SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX }; /* it was decoded */
        int r;

        output->bytes.length = output->again.length = 0;
        r = chappe_plan_encode(conversion->encode, value, &output->bytes, error);
        *ret_bytes = &output->bytes;
        if (r < 0 || !conversion->resolve)
                return r;
        chappe_arena_reset(output->arena);
        r = chappe_plan_decode(conversion->resolve, output->bytes.at, output->bytes.length, output->arena, &most,
                               output->value, error);
        *ret_bytes = &output->again;
        return r < 0 ? r : chappe_plan_encode(output->encode, output->value, &output->again, error);
}

int avro_output_add(struct avro_output *output, struct chappe_schema *schema, const void *value,
                    struct chappe_error *error)
{
        const struct chappe_buffer *bytes;
        struct conversion *conversion;
        int r = output->schema ? 0 : begin(output, schema, error);

        if (r >= 0)
                r = find_conversion(output, schema, &conversion, error);
        if (r >= 0)
                r = encode(output, conversion, value, &bytes, error);
        if (r >= 0)
                r = chappe_container_write(output->writer, bytes->at, bytes->length, &output->block, error);
        if (r >= 0 && output->block.length >= WRITE_SIZE)
                r = write_out(output, error);
        output->count += r >= 0;
        return r;
}

/* On the disk, and then in its place. */
static int put_in_place(struct avro_output *output, struct chappe_error *error)
{
        bool good = fsync(output->file) == 0 || errno == EINVAL;

        good = close(output->file) == 0 && good;
        output->file = -1;
        if (!good || rename(output->part, output->path) < 0)
                return refuse(output, error);
        free(output->part);
        output->part = NULL;
        return 0;
}

int avro_output_finish(struct avro_output *output)
{
        struct chappe_error error;
        int r;

        if (!output->writer) {
                command_say("%s is not written: there is no value, and so no schema to write", output->path);
                return EXIT_FAILED;
        }
        r = chappe_container_finish(output->writer, &output->block, &error);
        if (r >= 0)
                r = write_out(output, &error);
        if (r >= 0)
                r = put_in_place(output, &error);
        if (r < 0)
                return command_fail(&error);
        command_say("%" PRIu64 " values in %s", output->count, output->path);
        return EXIT_DONE;
}

void avro_output_free(struct avro_output *output)
{
        if (!output)
                return;
        if (output->file >= 0)
                close(output->file);
        if (output->part)
                unlink(output->part);
        while (output->conversions)
                output->conversions = conversion_free(output->conversions);
        chappe_container_writer_free(output->writer);
        chappe_plan_free(output->encode);
        chappe_schema_unref(output->schema);
        chappe_arena_free(output->arena);
        chappe_buffer_deinit(&output->bytes);
        chappe_buffer_deinit(&output->again);
        chappe_buffer_deinit(&output->block);
        free(output->value);
        free(output->part);
        free(output->path);
        free(output);
}
