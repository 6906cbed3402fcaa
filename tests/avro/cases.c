/* SPDX-License-Identifier: Apache-2.0 */
/* The cases under tests/cases/avro, line by line, none of them missing. */
#include "cases.h"

#include <dirent.h>
#include <limits.h>

#include "avro_test.h"

#define PATH 512

const char *cases_directory;

static unsigned differences;

void cases_differ(const struct case_line *line, const char *what, struct chappe_text found)
{
        if (++differences <= 5)
                print_error("%s:%u: %s\n  %s\n  %s\n  %s\n  %s\n  found %.*s\n", line->file, line->number, what,
                            line->column[0], line->column[1], line->column[2], line->column[3] ? line->column[3] : "",
                            CHAPPE_TEXT(found));
}

static FILE *open_file(const char *folder, const char *name)
{
        char path[PATH];
        FILE *stream;

        snprintf(path, sizeof(path), "%s/%s/%s", cases_directory, folder, name);
        stream = fopen(path, "r");
        if (!stream)
                fail_msg("cannot open %s", path);
        return stream;
}

static unsigned for_each_line(const char *folder, const char *file, void (*check)(const struct case_line *line))
{
        struct case_line line = { .file = file };
        FILE *stream = open_file(folder, file);
        char *text = NULL;
        size_t size = 0;

        while (getline(&text, &size, stream) > 0) {
                char *at = text;

                text[strcspn(text, "\n")] = '\0';
                line.number++;
                for (int i = 0; i < CASE_COLUMNS; i++)
                        line.column[i] = strsep(&at, "\t");
                check(&line);
        }
        free(text);
        fclose(stream);
        return line.number;
}

/* As many lines as cases.tsv says this file has. */
static void assert_count(const char *folder, const char *file, unsigned found)
{
        FILE *stream = open_file("", "cases.tsv");
        char text[PATH], name[PATH], wanted[PATH];
        unsigned count, listed = UINT_MAX;

        snprintf(wanted, sizeof(wanted), "%s/%s", folder, file);
        while (fgets(text, sizeof(text), stream)) {
                if (sscanf(text, "%511s %u", name, &count) == 2 && strcmp(name, wanted) == 0)
                        listed = count;
        }
        fclose(stream);
        if (listed != found)
                fail_msg("%s has %u cases, cases.tsv says %d", wanted, found, (int)listed);
}

static unsigned count_listed(const char *folder)
{
        FILE *stream = open_file("", "cases.tsv");
        size_t length = strlen(folder);
        char text[PATH];
        unsigned files = 0;

        while (fgets(text, sizeof(text), stream))
                files += strncmp(text, folder, length) == 0 && text[length] == '/';
        fclose(stream);
        return files;
}

void cases_each(const char *folder, unsigned least, void (*check)(const struct case_line *line))
{
        char path[PATH];
        const struct dirent *entry;
        unsigned cases = 0, files = 0;
        DIR *files_of;

        snprintf(path, sizeof(path), "%s/%s", cases_directory, folder);
        files_of = opendir(path);
        assert_non_null(files_of);
        differences = 0;
        while ((entry = readdir(files_of))) {
                unsigned lines;

                if (entry->d_name[0] == '.')
                        continue;
                lines = for_each_line(folder, entry->d_name, check);
                assert_count(folder, entry->d_name, lines);
                cases += lines;
                files++;
        }
        closedir(files_of);
        assert_int_equal(files, count_listed(folder));
        assert_true(cases >= least);
        if (differences)
                fail_msg("%u of %u cases differ", differences, cases);
}
