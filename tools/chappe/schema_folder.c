/* SPDX-License-Identifier: Apache-2.0 */
/* The contracts of a folder. */
#include "schema_folder.h"

#include <errno.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

bool is_folder(const char *path)
{
        struct stat status;

        return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static bool is_contract(const char *name)
{
        const char *dot = strrchr(name, '.');

        return dot && (strcmp(dot, ".avsc") == 0 || strcmp(dot, ".avpr") == 0);
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
        return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* The paths alone: a file may be read only once all are known to be few enough. */
static int note_path(struct schema_folder *folder, const char *path)
{
        char **paths;

        if (folder->count == SCHEMA_FOLDER_LIMIT)
                return command_misuse("%s holds more than %d contracts", folder->path, SCHEMA_FOLDER_LIMIT);
        paths = realloc(folder->paths, (folder->count + 1) * sizeof(*paths));
        if (!paths)
                return command_fail_io(path, ENOMEM);
        folder->paths = paths;
        paths[folder->count] = strdup(path);
        if (!paths[folder->count])
                return command_fail_io(path, ENOMEM);
        folder->count++;
        return EXIT_DONE;
}

static int note_entry(struct schema_folder *folder, FTS *tree, FTSENT *entry)
{
        bool hidden = entry->fts_level > 0 && entry->fts_name[0] == '.';

        if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR || entry->fts_info == FTS_NS)
                return command_fail_io(entry->fts_path, entry->fts_errno);
        if (hidden && entry->fts_info == FTS_D)
                fts_set(tree, entry, FTS_SKIP);
        if (hidden || entry->fts_info != FTS_F || !is_contract(entry->fts_name))
                return EXIT_DONE;
        return note_path(folder, entry->fts_path);
}

static int walk(struct schema_folder *folder)
{
        FTS *tree = fts_open((char *[]){ (char *)folder->path, NULL }, FTS_LOGICAL | FTS_NOCHDIR, by_name);
        int status = EXIT_DONE;
        FTSENT *entry;

        if (!tree)
                return command_fail_io(folder->path, errno);
        while (status == EXIT_DONE && (entry = fts_read(tree)))
                status = note_entry(folder, tree, entry);
        fts_close(tree);
        return status;
}

int schema_folder_open(const struct command_line *line, const char *path, struct schema_folder *ret_folder)
{
        int status;

        *ret_folder = (struct schema_folder){ .path = path, .folder = is_folder(path) };
        status = ret_folder->folder ? walk(ret_folder) : note_path(ret_folder, path);
        if (status == EXIT_DONE && ret_folder->count == 0)
                return command_misuse("there is no .avsc and no .avpr below %s", path);
        ret_folder->at = status == EXIT_DONE ? calloc(ret_folder->count, sizeof(*ret_folder->at)) : NULL;
        if (status == EXIT_DONE && !ret_folder->at)
                return command_fail_io(path, ENOMEM);
        for (size_t i = 0; i < ret_folder->count && status == EXIT_DONE; i++)
                status = parts_open(line, ret_folder->paths[i], ret_folder->folder ? path : NULL, &ret_folder->at[i]);
        return status;
}

void schema_folder_close(struct schema_folder *folder)
{
        for (size_t i = 0; i < folder->count; i++) {
                if (folder->at)
                        parts_close(&folder->at[i]);
                free(folder->paths[i]);
        }
        free(folder->at);
        free(folder->paths);
}

const struct parts *schema_folder_find(const struct schema_folder *folder, const char *name)
{
        for (size_t i = 0; i < folder->count; i++) {
                if (strcmp(folder->at[i].name, name) == 0)
                        return &folder->at[i];
        }
        return NULL;
}
