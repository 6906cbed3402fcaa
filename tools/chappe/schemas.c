/* SPDX-License-Identifier: Apache-2.0 */
/* Schemas from files, with what they import. */
#include "schemas.h"

#include "schema/schema_expand.h"

#define FOLDERS_LIMIT 32

CHAPPE_CLEANUP_DEFINE(library, struct schema_library *, (void)schema_library_free)

int schema_open(const struct command_line *line, const char *path, struct chappe_schema **ret_schema)
{
        const char *folders[FOLDERS_LIMIT], *folder;
        size_t count = 0;
        CHAPPE_CLEANUP(buffer) struct chappe_buffer text = { 0 };
        struct chappe_error error;
        struct schema_file *file;
        int status;

        while (count < FOLDERS_LIMIT && (folder = command_value_at(line, "include", count)))
                folders[count++] = folder;
        CHAPPE_CLEANUP(library) struct schema_library *library = schema_library_new(folders, count);

        if (!library)
                return command_fail(&(struct chappe_error){ CHAPPE_E_NO_MEMORY, "out of memory" });
        status = schema_library_load(library, path, &file, &error);
        if (status >= 0)
                status = schema_expand_file(library, file, &text, &error);
        if (status >= 0)
                status = chappe_schema_parse(path, (struct chappe_text){ (char *)text.at, text.length }, ret_schema,
                                             &error);
        return status < 0 ? command_fail(&error) : EXIT_DONE;
}
