/* SPDX-License-Identifier: Apache-2.0 */
/* chappe explain: what an error code or a log line's id means, and what to do. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "observe/log_events.h"
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

/* NULL: there is no such id. */
static const char *log_summary(long id)
{
        switch (id) {
#define EVENT(symbol, id, level, summary)                                                                              \
        case id:                                                                                                       \
                return summary;
                CHAPPE_LOG_EVENTS(EVENT)
#undef EVENT
        default:
                return NULL;
        }
}

/* "L4040": logs have these ids. What to do says the error beside it, if there is one. */
static int explain_log(const struct command_line *line, const char *word)
{
        static const struct table_column columns[] = { { "id", false }, { "summary", false } };
        const char *output = command_value(line, "output");
        char *end;
        long id = strtol(word + 1, &end, 10);
        const char *summary = end == word + 1 || *end ? NULL : log_summary(id);
        struct table table;

        if (!summary)
                return command_misuse("'%s' is no id of a log line", word);
        if (output && strcmp(output, "json") == 0) {
                table_open(&table, line, columns, 2);
                table_cell(&table, "L%04ld", id);
                table_cell(&table, "%s", summary);
                table_close(&table);
                return EXIT_DONE;
        }
        printf("L%04ld: %s\n", id, summary);
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
        if (toupper((unsigned char)*word) == 'L')
                return explain_log(line, word);
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
        .summary = "what an error code (E4014) or a log line's id (L4040) means; without one, all error codes",
        .most = 1,
        .table = true,
        .run = explain,
};
