/* SPDX-License-Identifier: Apache-2.0 */
/* The contracts of a folder, or one of a file. */
#pragma once

#include "parts.h"

#define SCHEMA_FOLDER_LIMIT 10000 /* contracts */

struct schema_folder {
        const char *path;
        bool folder; /* false: one file */
        char **paths;
        struct parts *at;
        size_t count;
};

bool is_folder(const char *path);
/* Reads the file, or every .avsc and .avpr below the folder, which is where its names are looked for first; in the
 * order of their paths. EXIT_DONE, or the exit code with the reason said; schema_folder_close in any case. */
int schema_folder_open(const struct command_line *line, const char *path, struct schema_folder *ret_folder);
void schema_folder_close(struct schema_folder *folder);
/* The contract of that name, or NULL. */
const struct parts *schema_folder_find(const struct schema_folder *folder, const char *name);
