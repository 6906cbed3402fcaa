/* SPDX-License-Identifier: Apache-2.0 */
/* chappe schema check: can data of one schema be read as another? */
#include <stdio.h>

#include "schema_level.h"
#include "schemas.h"

#define OLDER_LIMIT 256

static int check_versions(const struct command_line *line, const char *level)
{
        const char *older[OLDER_LIMIT];
        size_t count = command_argument_count(line);

        if (command_given(line, "reader") || command_given(line, "writer"))
                return command_misuse("--level takes NEW OLD..., and no --reader or --writer");
        if (count < 2)
                return command_misuse("--level compares a new contract with older ones: NEW OLD...");
        for (size_t i = 1; i < count && i <= OLDER_LIMIT; i++)
                older[i - 1] = command_argument(line, i);
        return schema_level_check(line, level, command_argument(line, 0), older, count - 1);
}

/* One reader, and every writer that is named: a gate that looked at the last one alone would let the others through. */
static int check_writers(const struct command_line *line)
{
        const char *writers[OLDER_LIMIT], *reader = command_required(line, "reader");
        size_t count = 0;

        if (!reader || !command_required(line, "writer"))
                return EXIT_USAGE;
        if (command_value_at(line, "reader", 1))
                return command_misuse("one --reader, please; --writer may be repeated");
        while (count < OLDER_LIMIT && (writers[count] = command_value_at(line, "writer", count)))
                count++;
        return schema_level_check(line, "backward-transitive", reader, writers, count);
}

static int check(const struct command_line *line)
{
        const char *level = command_value(line, "level");

        if (level)
                return check_versions(line, level);
        if (command_argument_count(line) > 0)
                return command_misuse("NEW OLD... need a --level: backward, forward or full");
        if (!command_given(line, "reader") && !command_given(line, "writer"))
                return command_misuse("chappe schema check takes --reader FILE and --writer FILE, or --level LEVEL and "
                                      "NEW OLD... (chappe schema check --help)");
        return check_writers(line);
}

static const struct command_option options[] = {
        { "reader", 'r', "FILE", "the schema that reads", NULL },
        { "writer", 'w', "FILE", "the schema that wrote; repeatable: all of them", NULL },
        { "level", 'l', "LEVEL", "compare NEW with OLD: backward, forward, full; each also with -transitive",
          SCHEMA_LEVELS },
        { "transitive", 0, NULL, "with all of OLD, not the first alone", NULL },
        { "allow-removed", 0, NULL, "a contract of the old folder may be gone", NULL },
        SCHEMA_INCLUDE_OPTION,
        SCHEMA_LIMIT_OPTION,
        { 0 },
};

const struct command command_schema_check = {
        .name = "schema check",
        .arguments = "--reader FILE --writer FILE... | --level LEVEL NEW OLD...",
        .summary = "can data of one schema be read as another? exit code 0 yes, 1 no, with the reason",
        .details = "Schemas (.avsc), protocols (.avpr), or folders of them, whose contracts are matched by name. "
                   "Levels are "
                   "those of Confluent's registry. backward: NEW reads what OLD wrote (readers are deployed first). "
                   "forward: OLD reads what NEW writes (writers first). full: both. OLD are given the newest first.\n\n"
                   "In CI, against what is deployed:\n"
                   "  mkdir old && git archive origin/main schemas | tar -x -C old\n"
                   "  chappe schema check --level backward schemas old/schemas",
        .options = options,
        .most = -1,
        .table = true,
        .run = check,
};
