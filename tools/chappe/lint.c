/* SPDX-License-Identifier: Apache-2.0 */
/* Through a contract, place by place; findings, as they come. */
#include "lint.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "avro/schema_model.h"

#include "schema/schema_expand.h"
#include "schema_diff.h"

struct lint_name {
        const char *name;
        struct lint_name *next;
};

const struct lint_rule_row lint_rules[LINT_RULE_COUNT] = {
#define LINT_RULE(symbol, code, name, strict, summary) { code, name, summary, strict },
        LINT_RULES(LINT_RULE)
#undef LINT_RULE
};

/* Is the rule a word of the list? */
static bool names_rule(const char *list, enum lint_rule rule)
{
        while (*list) {
                size_t length = strcspn(list, ", ");
                const struct lint_rule_row *row = &lint_rules[rule];

                if ((length == strlen(row->name) && strncmp(list, row->name, length) == 0) ||
                    (length == strlen(row->code) && strncmp(list, row->code, length) == 0))
                        return true;
                list += length + strspn(list + length, ", ");
        }
        return false;
}

static bool is_ignored(const struct chappe_json_node *json, enum lint_rule rule)
{
        const struct chappe_json_node *list = json ? chappe_json_find(json, "chappe.lint.ignore") : NULL;

        return list && list->kind == CHAPPE_JSON_STRING && names_rule(list->string, rule);
}

/* "file:3:21: $.fields[1]: text" into its pieces; a place that is unknown is 0. */
static void split(const struct lint *lint, char *text, unsigned *ret_line, unsigned *ret_column, const char **ret_path,
                  const char **ret_text)
{
        char *at = text + strlen(lint->parts->path), *colon;
        int used = 0;

        *ret_line = *ret_column = 0;
        *ret_path = "$";
        *ret_text = text;
        if (strncmp(text, lint->parts->path, strlen(lint->parts->path)) != 0 ||
            sscanf(at, ":%u:%u: %n", ret_line, ret_column, &used) < 2 || used == 0)
                return;
        colon = strstr(at + used, ": ");
        if (!colon)
                return;
        *colon = '\0';
        *ret_path = at + used;
        *ret_text = colon + 2;
}

static void report(struct lint *lint, enum lint_rule rule, unsigned line, unsigned column, const char *path,
                   const char *message)
{
        const struct lint_rule_row *row = &lint_rules[rule];

        lint->found++;
        if (lint->json) {
                json_array_append_new(lint->findings,
                                      json_pack("{s:s, s:i, s:i, s:s, s:s, s:s, s:s, s:s}", "file", lint->parts->path,
                                                "line", (int)line, "column", (int)column, "part",
                                                lint->part ? lint->part->name : "", "path", path, "code", row->code,
                                                "rule", row->name, "message", message));
                return;
        }
        command_plain(stdout, chappe_text(lint->parts->path));
        if (line)
                printf(":%u:%u", line, column);
        fputs(": ", stdout);
        if (lint->part && *lint->part->name)
                printf("%s: ", lint->part->name);
        command_plain(stdout, chappe_text(path));
        printf(": %s %s: ", row->code, row->name);
        command_plain(stdout, chappe_text(message));
        putchar('\n');
}

/* Where it stands, told in the error's text, is taken apart again. path NULL: that of the place. */
static void report_at(struct lint *lint, enum lint_rule rule, const struct chappe_json_node *json, const char *path,
                      const char *message)
{
        const char *place_path, *place_message;
        struct chappe_error error;
        unsigned line, column;

        chappe_json_fail(&lint->schema->document, json, &error, CHAPPE_E_SCHEMA_INVALID, "%s", message);
        split(lint, error.text, &line, &column, &place_path, &place_message);
        report(lint, rule, line, column, path ? path : place_path, place_message);
}

void lint_find(struct lint *lint, enum lint_rule rule, const struct chappe_json_node *json, const char *format, ...)
{
        va_list arguments;
        char text[400];

        if (!lint->asked[rule] || is_ignored(json, rule))
                return;
        va_start(arguments, format);
        vsnprintf(text, sizeof(text), format, arguments);
        va_end(arguments);
        report_at(lint, rule, json, NULL, text);
}

static bool looked_at(const struct lint *lint, const char *name)
{
        for (const struct lint_name *at = lint->looked; at; at = at->next) {
                if (strcmp(at->name, name) == 0)
                        return true;
        }
        return false;
}

/* A named type is looked at once, and where it is defined. */
static bool is_due(struct lint *lint, const struct chappe_schema_node *node)
{
        const struct schema_definition *definition = NULL;
        struct chappe_error error;
        struct lint_name *name;

        if (lint->seen[node->number])
                return false;
        lint->seen[node->number] = true;
        if (!node->name)
                return true;
        if (looked_at(lint, node->name) ||
            schema_library_find(lint->parts->library, node->name, &definition, &error) < 0 ||
            (definition && definition->file != lint->parts->file))
                return false;
        for (const struct lint_name *at = lint->looked; at; at = at->next) {
                if (lint_same_in_c(at->name, node->name))
                        lint_find(lint, LINT_CASE_CLASH, node->json, "'%s' and '%s' differ in case or underscores only",
                                  at->name, node->name);
        }
        name = chappe_arena_alloc(schema_library_arena(lint->parts->library), sizeof(*name));
        if (!name)
                return false;
        *name = (struct lint_name){
                chappe_arena_text(schema_library_arena(lint->parts->library), chappe_text(node->name)).at, lint->looked
        };
        lint->looked = name;
        return true;
}

static void look(struct lint *lint, const struct chappe_schema_node *node, const struct chappe_json_node *place)
{
        if (!is_due(lint, node))
                return;
        place = node->json ? node->json : place;
        lint->place = place;
        lint_node(lint, node);
        for (uint32_t i = 0; node->members && i < node->count; i++) {
                if (node->kind == CHAPPE_SCHEMA_RECORD)
                        lint_field(lint, node, i);
                if (node->members[i].type)
                        look(lint, node->members[i].type, node->members[i].json ? node->members[i].json : place);
        }
}

static int look_at_schema(struct lint *lint, const struct chappe_schema *schema)
{
        lint->schema = schema;
        lint->seen = calloc(schema->node_count, sizeof(*lint->seen));
        if (!lint->seen)
                return command_fail(&(struct chappe_error){ CHAPPE_E_NO_MEMORY, "out of memory" });
        look(lint, schema->root, schema->document.root);
        free(lint->seen);
        lint->seen = NULL;
        return EXIT_DONE;
}

/* What a protocol's file defines, used by a message or not. */
static int look_at_types(struct lint *lint)
{
        const struct schema_definition *definition = schema_library_definitions(lint->parts->library);
        int status = EXIT_DONE;

        for (; definition && status == EXIT_DONE; definition = definition->next) {
                CHAPPE_CLEANUP(buffer) struct chappe_buffer text = { 0 };
                CHAPPE_CLEANUP(schema) struct chappe_schema *schema = NULL;
                struct chappe_error error;

                if (definition->file != lint->parts->file)
                        continue;
                if (schema_expand_type(lint->parts->library, definition->file, definition->json, definition->space,
                                       &text, &error) < 0 ||
                    schema_library_parse(lint->parts->library, lint->parts->path, &text, &schema, &error) < 0)
                        return command_fail(&error);
                status = look_at_schema(lint, schema);
        }
        return status;
}

int lint_contract(struct lint *lint, const struct parts *parts)
{
        int status = EXIT_DONE;

        lint->parts = parts;
        lint->part = NULL;
        lint->looked = NULL;
        if (parts->file->protocol)
                status = look_at_types(lint);
        for (size_t i = 0; i < parts->count && status == EXIT_DONE; i++) {
                lint->part = &parts->at[i];
                status = look_at_schema(lint, parts->at[i].schema);
        }
        return status;
}

static void find_change(struct lint *lint, enum lint_rule rule, const struct change *change, const char *format,
                        const char *one, const char *two)
{
        char text[400];

        if (!lint->asked[rule] || is_ignored(change->place, rule))
                return;
        snprintf(text, sizeof(text), format, one, two);
        report_at(lint, rule, change->place, change->path, text);
}

/* A field that went and one of the same type that came, in the same record. */
static void find_lost_names(struct lint *lint, const struct changes *changes)
{
        for (size_t i = 0; i < changes->count; i++) {
                const struct change *gone = &changes->at[i];
                const char *dot = strrchr(gone->path, '.');

                if (gone->kind != CHANGE_FIELD_REMOVED || !dot)
                        continue;
                for (size_t j = 0; j < changes->count; j++) {
                        const struct change *come = &changes->at[j];
                        size_t length = (size_t)(dot - gone->path);

                        if (come->kind == CHANGE_FIELD_ADDED && strrchr(come->path, '.') == come->path + length &&
                            strncmp(come->path, gone->path, length) == 0 && come->type == gone->type)
                                find_change(lint, LINT_LOST_NAME, come,
                                            "%s is gone: if this is the same, \"aliases\": [\"%s\"] keeps its data",
                                            gone->path, dot + 1);
                }
        }
}

static void find_breaks(struct lint *lint, const struct changes *changes)
{
        for (size_t i = 0; i < changes->count; i++) {
                const struct change *change = &changes->at[i];

                if (!change->breaks_backward && !change->breaks_forward)
                        continue;
                find_change(lint, change->kind == CHANGE_SYMBOL_ADDED ? LINT_NEW_SYMBOL : LINT_BREAKS, change,
                            "%s (%s)", change->text,
                            change->breaks_backward ? change->breaks_forward ? "neither version reads the other"
                                                                             : "the new cannot read the old"
                                                    : "the old cannot read the new");
        }
}

int lint_against(struct lint *lint, const struct parts *older, const struct parts *newer)
{
        lint->parts = newer;
        for (size_t i = 0; i < newer->count; i++) {
                const struct part *part = &newer->at[i], *was = parts_find(older, part->name);
                struct chappe_error error;
                struct changes changes;
                int status;

                if (!was)
                        continue;
                lint->part = part;
                lint->schema = part->schema;
                status = schema_diff(was->schema, part->schema, &changes, &error);
                if (status >= 0) {
                        find_breaks(lint, &changes);
                        find_lost_names(lint, &changes);
                }
                changes_free(&changes);
                if (status < 0)
                        return command_fail(&error);
        }
        return EXIT_DONE;
}
