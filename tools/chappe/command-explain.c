/* SPDX-License-Identifier: Apache-2.0 */
/* chappe explain: what an error code means and what to do. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"

/* only 0: all of them. */
static int list_codes(const struct command_line *line, int only)
{
        static const struct table_column columns[] = { { "code", false }, { "summary", false }, { "advice", false } };
        struct table table;
        int code;

        table_open(&table, line, columns, 3);
        for (size_t i = 0; (code = chappe_error_code_at(i)); i++) {
                if (only && code != only)
                        continue;
                table_cell(&table, "E%d", code);
                table_cell(&table, "%s", chappe_error_summary(code));
                table_cell(&table, "%s", chappe_error_advice(code));
        }
        table_close(&table);
        return EXIT_DONE;
}

static int explain(const struct command_line *line)
{
        const char *word = command_argument(line, 0), *output = command_value(line, "output");
        const char *digits = word && toupper((unsigned char)*word) == 'E' ? word + 1 : word;
        char *end;
        long code;

        if (!word)
                return list_codes(line, 0);
        code = strtol(digits, &end, 10);
        if (end == digits || *end || !chappe_error_summary((int)code))
                return command_misuse("'%s' is no error code (chappe explain lists them)", word);
        if (output && strcmp(output, "json") == 0)
                return list_codes(line, (int)code);
        printf("E%ld: %s\n%s\n", code, chappe_error_summary((int)code), chappe_error_advice((int)code));
        return EXIT_DONE;
}

const struct command command_explain = {
        .name = "explain",
        .arguments = "[CODE]",
        .summary = "what an error code means and what to do; without a code, all of them",
        .most = 1,
        .table = true,
        .run = explain,
};
