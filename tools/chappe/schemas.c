/* SPDX-License-Identifier: Apache-2.0 */
/* Schemas from files, with what they import. */
#include "schemas.h"

#include "schema/schema_expand.h"

#define FOLDERS_LIMIT 32

int schema_library_open(const struct command_line *line, struct schema_library **ret_library)
{
        static const char *folders[FOLDERS_LIMIT]; /* borrowed by the library; the same for the whole run */
        const char *folder;
        size_t count = 0;

        while (count < FOLDERS_LIMIT && (folder = command_value_at(line, "include", count)))
                folders[count++] = folder;
        *ret_library = schema_library_new(folders, count);
        if (!*ret_library)
                return command_fail(&(struct chappe_error){ CHAPPE_E_NO_MEMORY, "out of memory" });
        return EXIT_DONE;
}

int schema_open(const struct command_line *line, const char *path, struct chappe_schema **ret_schema)
{
        CHAPPE_CLEANUP(buffer) struct chappe_buffer text = { 0 };
        CHAPPE_CLEANUP(library) struct schema_library *library = NULL;
        CHAPPE_CLEANUP(schema) struct chappe_schema *written = NULL;
        struct chappe_error error;
        struct schema_file *file;
        int status = schema_library_open(line, &library);

        if (status != EXIT_DONE)
                return status;
        status = schema_library_load(library, path, &file, &error);
        if (status >= 0)
                status = schema_expand_file(library, file, &text, &error);
        if (status >= 0) /* mistakes are told by the lines of the file */
                status = chappe_schema_parse(path, (struct chappe_text){ (char *)text.at, text.length }, &written, &error);
        schema_minify(&text, 0);
        if (status >= 0)
                status = chappe_schema_parse(path, (struct chappe_text){ (char *)text.at, text.length }, ret_schema, &error);
        return status < 0 ? command_fail(&error) : EXIT_DONE;
}
