/* SPDX-License-Identifier: Apache-2.0 */
/* chappe schema cat, chappe schema show: Avro container files. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chappe/container.h>

#include "schemas.h"

CHAPPE_CLEANUP_DEFINE(container, struct chappe_container *, (void)chappe_container_close)
CHAPPE_CLEANUP_DEFINE(plan, struct chappe_plan *, (void)chappe_plan_free)

/* A file as it lies in memory; length 0 maps nothing. */
struct mapping {
        void *at;
        size_t length;
};

static void unmap(struct mapping *mapping)
{
        if (mapping->length > 0)
                munmap(mapping->at, mapping->length);
}

static int map(const char *path, struct mapping *ret_mapping)
{
        int file = open(path, O_RDONLY | O_CLOEXEC);
        struct stat status;
        bool good = file >= 0 && fstat(file, &status) == 0;
        struct mapping mapping = { NULL, good ? (size_t)status.st_size : 0 };

        if (good && mapping.length > 0) {
                mapping.at = mmap(NULL, mapping.length, PROT_READ, MAP_PRIVATE, file, 0);
                good = mapping.at != MAP_FAILED;
        }
        if (!good)
                command_say("%s: %s", path, strerror(errno));
        else
                *ret_mapping = mapping;
        if (file >= 0)
                close(file);
        return good ? EXIT_DONE : EXIT_FAILED;
}

static int container_open(const struct command_line *line, struct mapping *mapping, struct chappe_container **ret)
{
        const char *path = command_argument(line, 0);
        struct chappe_error error;
        int status = map(path, mapping);

        if (status == EXIT_DONE && chappe_container_open(path, mapping->at, mapping->length, ret, &error) < 0)
                status = command_fail(&error);
        return status;
}

static int print_values(struct chappe_container *container, struct chappe_schema *reader)
{
        CHAPPE_CLEANUP(arena) struct chappe_arena *arena = chappe_arena_new(0);
        CHAPPE_CLEANUP(buffer) struct chappe_buffer json = { 0 };
        CHAPPE_CLEANUP(plan) struct chappe_plan *plan = NULL;
        struct chappe_error error = { CHAPPE_E_NO_MEMORY, "out of memory" };
        const struct chappe_layout *layout = chappe_schema_layout(reader, &error);
        void *value = layout ? calloc(1, layout->size ? layout->size : 1) : NULL;
        int r = -1;

        if (arena && value)
                r = chappe_plan_new(chappe_container_schema(container), reader, layout, &plan, &error);
        while (r >= 0 && !ferror(stdout)) {
                chappe_arena_reset(arena);
                json.length = 0;
                r = chappe_container_read(container, plan, arena, value, &error);
                if (r <= 0)
                        break;
                r = chappe_json_print(reader, layout, value, &json, &error);
                if (r >= 0)
                        printf("%.*s\n", (int)json.length, (char *)json.at);
        }
        free(value);
        return r < 0 ? command_fail(&error) : EXIT_DONE;
}

static int cat(const struct command_line *line)
{
        __attribute__((cleanup(unmap))) struct mapping mapping = { 0 };
        CHAPPE_CLEANUP(container) struct chappe_container *container = NULL;
        CHAPPE_CLEANUP(schema) struct chappe_schema *reader = NULL;
        const char *path = command_value(line, "reader");
        int status = container_open(line, &mapping, &container);

        if (status == EXIT_DONE && path)
                status = schema_open(line, path, &reader);
        if (status != EXIT_DONE)
                return status;
        return print_values(container, reader ? reader : chappe_container_schema(container));
}

/* Metadata may hold anything: what is no text is only measured. */
static void print_entry(struct chappe_text key, struct chappe_bytes value)
{
        bool printable = value.length < 200;

        if (chappe_text_equal(key, chappe_text("avro.schema")))
                return;
        for (size_t i = 0; i < value.length && printable; i++)
                printable = value.at[i] >= ' ' && value.at[i] < 0x7F;
        if (printable)
                printf("%.*s: %.*s\n", CHAPPE_TEXT(key), (int)value.length, (const char *)value.at);
        else
                printf("%.*s: %zu bytes\n", CHAPPE_TEXT(key), value.length);
}

static int show(const struct command_line *line)
{
        __attribute__((cleanup(unmap))) struct mapping mapping = { 0 };
        CHAPPE_CLEANUP(container) struct chappe_container *container = NULL;
        struct chappe_text key;
        struct chappe_bytes value;
        int status = container_open(line, &mapping, &container);

        if (status != EXIT_DONE)
                return status;
        for (size_t i = 0; chappe_container_metadata(container, i, &key, &value); i++)
                print_entry(key, value);
        printf("%.*s\n", CHAPPE_TEXT(chappe_schema_text(chappe_container_schema(container))));
        return EXIT_DONE;
}

static const struct command_option options[] = {
        { "reader", 'r', "FILE", "the schema to read as (the file's own)", NULL },
        SCHEMA_INCLUDE_OPTION,
        { 0 },
};

const struct command command_schema_cat = {
        .name = "schema cat",
        .arguments = "FILE.avro",
        .summary = "the values of an Avro container file, one JSON value a line",
        .details = "Prints Avro's JSON encoding of the reader's type. Files are compressed by null, deflate or snappy.",
        .options = options,
        .least = 1,
        .most = 1,
        .run = cat,
};

const struct command command_schema_show = {
        .name = "schema show",
        .arguments = "FILE.avro",
        .summary = "the metadata of an Avro container file, then its schema",
        .least = 1,
        .most = 1,
        .run = show,
};
