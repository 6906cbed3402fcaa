/* SPDX-License-Identifier: Apache-2.0 */
/* Schemas from files, with what they import. */
#include "schemas.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "schema/schema_expand.h"

#include "options.h"

int schema_limits_of(const struct command_line *line, struct schema_limits *ret_limits)
{
        const char *settings[VALUES_LIMIT + 1];
        struct chappe_config_sources sources = { .file = command_value(line, "config"),
                                                 .environment = line->command->cluster ? environ : NULL,
                                                 .settings = settings };
        struct chappe_error error;
        size_t count = 0;

        while (count < VALUES_LIMIT && (settings[count] = command_value_at(line, "set", count)))
                count++;
        settings[count] = NULL;
        return schema_limits_load(&sources, ret_limits, &error) < 0 ? command_fail(&error) : EXIT_DONE;
}

int schema_library_open(const struct command_line *line, const char *first, struct schema_library **ret_library)
{
        CHAPPE_CLEANUP(library) struct schema_library *library = NULL;
        struct schema_limits limits;
        const char *folder;
        size_t count = 0;

        if (schema_limits_of(line, &limits) != EXIT_DONE)
                return EXIT_FAILED;
        library = schema_library_new(&first, first != NULL, &limits.schema);
        if (!library)
                return command_fail(&(struct chappe_error){ CHAPPE_E_NO_MEMORY, "out of memory" });
        for (; (folder = command_value_at(line, "include", count)); count++) {
                if (!schema_library_add_folder(library, chappe_text(folder)))
                        return command_misuse("more than %d include folders", SCHEMA_FOLDERS_LIMIT);
        }
        if (count == 0 && access("schemas", X_OK) == 0)
                schema_library_add_folder(library, chappe_text("schemas"));
        *ret_library = CHAPPE_TAKE(library);
        return EXIT_DONE;
}

/* Parses what a library wrote out. Mistakes are told by the lines of the file. */
static int parse_expanded(const struct schema_library *library, const char *path, struct chappe_buffer *text,
                          struct chappe_schema **ret_schema, struct chappe_error *error)
{
        CHAPPE_CLEANUP(schema) struct chappe_schema *written = NULL;
        int status = schema_library_parse(library, path, text, &written, error);

        if (status < 0)
                return status;
        schema_minify(text, 0);
        return schema_library_parse(library, path, text, ret_schema, error);
}

int schema_open(const struct command_line *line, const char *path, struct chappe_schema **ret_schema)
{
        CHAPPE_CLEANUP(buffer) struct chappe_buffer text = { 0 };
        CHAPPE_CLEANUP(library) struct schema_library *library = NULL;
        struct chappe_error error;
        struct schema_file *file;
        int status = schema_library_open(line, NULL, &library);

        if (status != EXIT_DONE)
                return status;
        status = schema_library_load(library, path, &file, &error);
        if (status >= 0 && file->protocol)
                return command_misuse("%s is a protocol: a schema (.avsc), please", path);
        if (status >= 0) {
                schema_library_add_root(library, file);
                status = schema_expand_file(library, file, &text, &error);
        }
        if (status >= 0)
                status = parse_expanded(library, path, &text, ret_schema, &error);
        return status < 0 ? command_fail(&error) : EXIT_DONE;
}

/* The definition of OrderPlaced, for the topic shop.orders.placed: shop.orders.OrderPlaced, or shop.OrderPlaced, or
 * OrderPlaced. A name with dots is whole. */
static int find_type(struct schema_library *library, const char *topic, const char *name,
                     const struct schema_definition **ret, struct chappe_error *error)
{
        size_t length = strchr(name, '.') ? 0 : strlen(topic);
        int status;

        do {
                char *whole;

                while (length > 0 && topic[length - 1] != '.')
                        length--;
                if (asprintf(&whole, "%.*s%s", (int)length, topic, name) < 0)
                        return chappe_fail(error, CHAPPE_E_NO_MEMORY, "out of memory");
                status = schema_library_find(library, whole, ret, error);
                free(whole);
        } while (status >= 0 && !*ret && length-- > 0);
        return status;
}

int schema_find(const struct command_line *line, const char *topic, const char *name, struct chappe_schema **ret_schema)
{
        CHAPPE_CLEANUP(buffer) struct chappe_buffer text = { 0 };
        CHAPPE_CLEANUP(library) struct schema_library *library = NULL;
        const struct schema_definition *definition = NULL;
        struct chappe_error error;
        int status = schema_library_open(line, NULL, &library);

        if (status != EXIT_DONE)
                return status;
        status = find_type(library, topic, name, &definition, &error);
        if (status >= 0 && !definition)
                return command_misuse(
                        "no type %s in the include folders (-I, else ./schemas)%s; --schema FILE names one", name,
                        strchr(name, '.') ? "" : " and the namespaces of the topic's name");
        if (status >= 0)
                status = schema_expand_type(library, definition->file, definition->json, definition->space, &text,
                                            &error);
        if (status >= 0)
                status = parse_expanded(library, definition->file->path, &text, ret_schema, &error);
        return status < 0 ? command_fail(&error) : EXIT_DONE;
}

void answer_error(const struct chappe_error *error)
{
        printf("error: E%d ", error->code);
        command_plain(stdout, chappe_text(error->text));
        putchar('\n');
}
