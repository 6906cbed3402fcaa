/* SPDX-License-Identifier: Apache-2.0 */
/* chappe schema lint: what is valid, and will be regretted. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/nearest.h"

#include "lint.h"
#include "safe.h"
#include "schema_folder.h"
#include "table.h"

static bool is_rule(enum lint_rule rule, const char *word, size_t length)
{
        const struct lint_rule_row *row = &lint_rules[rule];

        return (strlen(row->name) == length && strncmp(row->name, word, length) == 0) ||
               (strlen(row->code) == length && strncasecmp(row->code, word, length) == 0);
}

/* Switches the rules of a list "null-first,L101" on or off. */
static int switch_rules(struct lint *lint, const char *option, const char *list, bool on)
{
        while (*list) {
                size_t length = strcspn(list, ",");
                bool found = false;

                for (int rule = 0; rule < LINT_RULE_COUNT; rule++) {
                        if (!is_rule((enum lint_rule)rule, list, length))
                                continue;
                        lint->asked[rule] = on;
                        found = true;
                }
                if (!found) {
                        char written[64];
                        struct chappe_nearest nearest = { .written = written };

                        snprintf(written, sizeof(written), "%.*s", length < 60 ? (int)length : 60, list);
                        for (int rule = 0; rule < LINT_RULE_COUNT; rule++)
                                chappe_nearest_offer(&nearest, lint_rules[rule].name);
                        return command_misuse("--%s: there is no rule '%s'%s%s%s (chappe schema lint --rules)", option,
                                              written, nearest.name ? ": did you mean '" : "",
                                              nearest.name ? nearest.name : "", nearest.name ? "'?" : "");
                }
                list += length + (list[length] == ',');
        }
        return EXIT_DONE;
}

static int choose_rules(struct lint *lint, const struct command_line *line)
{
        bool chosen = command_given(line, "rule");
        const char *list;
        int status = EXIT_DONE;

        for (int rule = 0; rule < LINT_RULE_COUNT; rule++)
                lint->asked[rule] = !chosen && (!lint_rules[rule].strict || command_given(line, "strict"));
        for (size_t n = 0; status == EXIT_DONE && (list = command_value_at(line, "rule", n)); n++)
                status = switch_rules(lint, "rule", list, true);
        for (size_t n = 0; status == EXIT_DONE && (list = command_value_at(line, "ignore", n)); n++)
                status = switch_rules(lint, "ignore", list, false);
        return status;
}

static int list_rules(const struct command_line *line)
{
        static const struct table_column columns[] = { { "code", false }, { "rule", false }, { "about", false } };
        struct table table;

        table_open(&table, line, columns, 3);
        for (int rule = 0; rule < LINT_RULE_COUNT; rule++) {
                table_cell(&table, "%s", lint_rules[rule].code);
                table_cell(&table, "%s", lint_rules[rule].name);
                table_cell(&table, "%s%s", lint_rules[rule].summary, lint_rules[rule].strict ? " (--strict)" : "");
        }
        table_close(&table);
        return EXIT_DONE;
}

static int lint_folder(struct lint *lint, const struct command_line *line, const char *path,
                       const struct schema_folder *older, size_t *contracts)
{
        struct schema_folder folder;
        int status = schema_folder_open(line, path, &folder);

        for (size_t i = 0; i < folder.count && status == EXIT_DONE; i++) {
                const struct parts *parts = &folder.at[i], *was = NULL;

                if (older && older->folder)
                        was = schema_folder_find(older, parts->name);
                else if (older)
                        was = &older->at[0];
                status = lint_contract(lint, parts);
                if (status == EXIT_DONE && was && was->file->protocol == parts->file->protocol)
                        status = lint_against(lint, was, parts);
                ++*contracts;
        }
        schema_folder_close(&folder);
        return status;
}

static int lint_all(struct lint *lint, const struct command_line *line, const struct schema_folder *older)
{
        size_t contracts = 0;
        const char *path;
        int status = EXIT_DONE;

        for (size_t n = 0; status == EXIT_DONE && (path = command_argument(line, n)); n++)
                status = lint_folder(lint, line, path, older, &contracts);
        if (status != EXIT_DONE)
                return status;
        if (lint->json)
                safe_print_answer(json_incref(lint->findings));
        command_say("%zu %s, %zu %s", contracts, contracts == 1 ? "contract" : "contracts", lint->found,
                    lint->found == 1 ? "finding" : "findings");
        return lint->found > 0 ? EXIT_FAILED : EXIT_DONE;
}

static int lint(const struct command_line *line)
{
        const char *format = command_value(line, "output"), *against = command_value(line, "against");
        struct lint looking = { .json = format && strcmp(format, "json") == 0, .findings = json_array() };
        struct schema_folder older = { 0 };
        int status;

        if (command_given(line, "rules"))
                return list_rules(line);
        if (command_argument_count(line) == 0)
                return command_misuse("chappe schema lint needs a file or a folder (chappe schema lint --help)");
        status = choose_rules(&looking, line);
        if (status == EXIT_DONE && against)
                status = schema_folder_open(line, against, &older);
        if (status == EXIT_DONE)
                status = lint_all(&looking, line, against ? &older : NULL);
        schema_folder_close(&older);
        json_decref(looking.findings);
        return status;
}

static const struct command_option options[] = {
        { "rule", 'R', "RULE,…", "these rules only, by name or number; repeatable", NULL },
        { "ignore", 'i', "RULE,…", "all but these; repeatable", NULL },
        { "strict", 0, NULL, "the rules too that few schemas keep: a default and a doc everywhere", NULL },
        { "against", 'a', "OLD",
          "the older version, a file or folder: what the change breaks, new symbols first of all", NULL },
        { "rules", 0, NULL, "list the rules", NULL },
        SCHEMA_INCLUDE_OPTION,
        SCHEMA_LIMIT_OPTION,
        { 0 },
};

const struct command command_schema_lint = {
        .name = "schema lint",
        .arguments = "FILE|FOLDER...",
        .summary = "traps and style of schemas and protocols; exit code 1 when there are findings",
        .details = "One finding a line: file, line, column, JSON path, number and name of the rule, what is wrong. An "
                   "attribute \"chappe.lint.ignore\": \"RULE,…\" on a type or field switches rules off there.",
        .options = options,
        .most = -1,
        .table = true,
        .run = lint,
};
