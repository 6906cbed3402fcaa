/* SPDX-License-Identifier: Apache-2.0 */
/* BACKWARD: the new reads what the old wrote. FORWARD: the old reads what the new writes. FULL: both. */
#include "schema_level.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "safe.h"
#include "schema_folder.h"

struct checking {
        const struct command_line *line;
        bool backward, forward;
        bool json, removed_allowed;
        size_t compared; /* contracts */
        json_t *problems;
};

static void problem(struct checking *checking, const char *reader, const char *writer, const char *part,
                    const char *reason)
{
        json_array_append_new(checking->problems, json_pack("{s:s, s:s, s:s, s:s}", "reader", reader, "writer", writer,
                                                            "part", part, "reason", reason));
        if (checking->json)
                return;
        fputs("incompatible: ", stdout);
        command_plain(stdout, chappe_text(reader));
        fputs(" cannot read what ", stdout);
        command_plain(stdout, chappe_text(writer));
        fputs(" wrote: ", stdout);
        if (*part)
                printf("%s: ", part);
        command_plain(stdout, chappe_text(reason));
        putchar('\n');
}

static void check_direction(struct checking *checking, const struct parts *writer, const struct parts *reader)
{
        for (size_t i = 0; i < writer->count; i++) {
                const struct part *part = &writer->at[i], *same = parts_find(reader, part->name);
                struct chappe_error error;

                if (same && chappe_schema_check(part->schema, same->schema, &error) < 0)
                        problem(checking, reader->path, writer->path, part->name, error.text);
                /* A response goes with its request, and is not told twice. */
                if (!same && (part->role == PART_REQUEST || strstr(part->name, " error ")))
                        problem(checking, reader->path, writer->path, part->name, "it knows no such thing");
        }
}

static void check_pair(struct checking *checking, const struct parts *newer, const struct parts *older)
{
        checking->compared++;
        if (newer->file->protocol != older->file->protocol) {
                problem(checking, newer->path, older->path, "", "one is a protocol, the other is not");
                return;
        }
        if (checking->backward)
                check_direction(checking, older, newer);
        if (checking->forward)
                check_direction(checking, newer, older);
}

/* By name; a contract that is new has nobody who wrote or read it. */
static void check_folders(struct checking *checking, const struct schema_folder *newer,
                          const struct schema_folder *older)
{
        for (size_t i = 0; i < older->count; i++) {
                const struct parts *was = &older->at[i], *is = schema_folder_find(newer, was->name);

                if (is)
                        check_pair(checking, is, was);
                else if (checking->backward && !checking->removed_allowed)
                        problem(checking, newer->path, was->path, "",
                                "the contract is not there any more (--allow-removed)");
        }
}

static int check_older(struct checking *checking, const struct schema_folder *newer, const char *path)
{
        struct schema_folder older;
        int status = schema_folder_open(checking->line, path, &older);

        if (status == EXIT_DONE && older.folder != newer->folder)
                status = command_misuse("one of %s and %s is a folder, the other is not", newer->path, path);
        else if (status == EXIT_DONE && newer->folder)
                check_folders(checking, newer, &older);
        else if (status == EXIT_DONE)
                check_pair(checking, &newer->at[0], &older.at[0]);
        schema_folder_close(&older);
        return status;
}

static int answer(struct checking *checking, const struct schema_folder *newer)
{
        bool compatible = json_array_size(checking->problems) == 0;

        if (!checking->json) {
                if (compatible && newer->folder)
                        printf("compatible: %zu contracts\n", checking->compared);
                else if (compatible)
                        printf("compatible\n");
                return compatible ? EXIT_DONE : EXIT_FAILED;
        }
        safe_print_answer(json_pack("{s:b, s:I, s:O}", "compatible", compatible, "contracts",
                                    (json_int_t)checking->compared, "problems", checking->problems));
        return compatible ? EXIT_DONE : EXIT_FAILED;
}

int schema_level_check(const struct command_line *line, const char *level, const char *newer_path,
                       const char *const *older, size_t count)
{
        const char *format = command_value(line, "output");
        bool transitive = strstr(level, "-transitive") || command_given(line, "transitive");
        struct checking checking = {
                .line = line,
                .backward = strncmp(level, "backward", 8) == 0 || strncmp(level, "full", 4) == 0,
                .forward = strncmp(level, "forward", 7) == 0 || strncmp(level, "full", 4) == 0,
                .json = format && strcmp(format, "json") == 0,
                .removed_allowed = command_given(line, "allow-removed"),
                .problems = json_array(),
        };
        struct schema_folder newer;
        int status = schema_folder_open(line, newer_path, &newer);

        for (size_t n = 0; n < (transitive ? count : 1) && status == EXIT_DONE; n++)
                status = check_older(&checking, &newer, older[n]);
        if (status == EXIT_DONE && checking.compared == 0 && json_array_size(checking.problems) == 0)
                status = command_misuse("%s and %s have no contract in common", newer_path, older[0]);
        if (status == EXIT_DONE)
                status = answer(&checking, &newer);
        json_decref(checking.problems);
        schema_folder_close(&newer);
        return status;
}
