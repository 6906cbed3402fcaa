/* SPDX-License-Identifier: Apache-2.0 */
/* chappe schema check: can data of one schema be read as another? */
#include <stdio.h>

#include "schema_level.h"
#include "schemas.h"

static int check(const struct command_line *line)
{
        const char *reader_path, *writer_path;
        CHAPPE_CLEANUP(schema) struct chappe_schema *writer = NULL;
        CHAPPE_CLEANUP(schema) struct chappe_schema *reader = NULL;
        struct chappe_error error;
        int status;

        if (command_given(line, "level"))
                return schema_level_check(line);
        reader_path = command_required(line, "reader");
        writer_path = reader_path ? command_required(line, "writer") : NULL;
        if (!writer_path)
                return EXIT_USAGE;
        status = schema_open(line, writer_path, &writer);
        if (status == EXIT_DONE)
                status = schema_open(line, reader_path, &reader);
        if (status != EXIT_DONE)
                return status;
        if (chappe_schema_check(writer, reader, &error) < 0) {
                fputs("incompatible: ", stdout);
                command_plain(stdout, chappe_text(error.text));
                putchar('\n');
                return EXIT_FAILED;
        }
        printf("compatible\n");
        return EXIT_DONE;
}

static const struct command_option options[] = {
        { "reader", 'r', "FILE", "the schema that reads", NULL },
        { "writer", 'w', "FILE", "the schema that wrote", NULL },
        { "level", 0, "LEVEL", "compare NEW with OLD: who must be able to read whom", "backward,forward,full" },
        { "transitive", 0, NULL, "with all of OLD, not the first alone", NULL },
        SCHEMA_INCLUDE_OPTION,
        { 0 },
};

const struct command command_schema_check = {
        .name = "schema check",
        .arguments = "--reader FILE --writer FILE | --level LEVEL NEW OLD...",
        .summary = "can data of one schema be read as another? exit code 0 yes, 1 no, with the reason",
        .details = "Levels are those of Confluent's registry. backward: NEW reads what OLD wrote (readers are deployed "
                   "first). "
                   "forward: OLD reads\nwhat NEW writes (writers first). full: both. OLD are given the newest first.",
        .options = options,
        .most = -1,
        .run = check,
};
