/* SPDX-License-Identifier: Apache-2.0 */
/* BACKWARD: the new reads what the old wrote. FORWARD: the old reads what the new writes. FULL: both. */
#include "schema_level.h"

#include <string.h>

#include "schemas.h"

static bool holds(const struct chappe_schema *writer, const struct chappe_schema *reader, const char *writer_path,
                  const char *reader_path)
{
        struct chappe_error error;

        if (chappe_schema_check(writer, reader, &error) >= 0)
                return true;
        printf("incompatible: %s cannot read what %s wrote: ", reader_path, writer_path);
        command_plain(stdout, chappe_text(error.text));
        putchar('\n');
        return false;
}

/* The n-th older schema against the new one. */
static int check_older(const struct command_line *line, const char *level, struct chappe_schema *newer, size_t n,
                       bool *compatible)
{
        CHAPPE_CLEANUP(schema) struct chappe_schema *older = NULL;
        const char *newer_path = command_argument(line, 0), *older_path = command_argument(line, n);
        int status = schema_open(line, older_path, &older);

        if (status != EXIT_DONE)
                return status;
        if (strcmp(level, "forward") != 0)
                *compatible = holds(older, newer, older_path, newer_path) && *compatible;
        if (strcmp(level, "backward") != 0)
                *compatible = holds(newer, older, newer_path, older_path) && *compatible;
        return EXIT_DONE;
}

int schema_level_check(const struct command_line *line)
{
        CHAPPE_CLEANUP(schema) struct chappe_schema *newer = NULL;
        size_t count = command_argument_count(line);
        bool compatible = true;
        int status;

        if (count < 2) {
                command_say("--level compares a new schema with older ones: NEW OLD...");
                return EXIT_USAGE;
        }
        status = schema_open(line, command_argument(line, 0), &newer);
        if (!command_given(line, "transitive"))
                count = 2;
        for (size_t n = 1; n < count && status == EXIT_DONE; n++)
                status = check_older(line, command_value(line, "level"), newer, n, &compatible);
        if (status == EXIT_DONE && compatible)
                printf("compatible\n");
        return status == EXIT_DONE && !compatible ? EXIT_FAILED : status;
}
