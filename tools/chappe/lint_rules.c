/* SPDX-License-Identifier: Apache-2.0 */
/* The rules, node by node. */
#include "lint.h"

#include <ctype.h>
#include <string.h>

#include "avro/schema_model.h"
#include "config/nearest.h"

#include "schema/schema_library.h"

enum style { STYLE_PLAIN, STYLE_SNAKE, STYLE_CAMEL, STYLE_UPPER, STYLE_PASCAL, STYLE_OTHER };

/* like_this, likeThis, LIKE_THIS, LikeThis; a word of small letters fits the first two. */
static enum style style_of(const char *name)
{
        bool lower = false, upper = false, underscore = false;

        for (const char *at = name; *at; at++) {
                lower = lower || islower((unsigned char)*at);
                upper = upper || isupper((unsigned char)*at);
                underscore = underscore || (*at == '_' && at > name);
        }
        if (!upper)
                return underscore ? STYLE_SNAKE : STYLE_PLAIN;
        if (!lower)
                return STYLE_UPPER;
        if (underscore)
                return STYLE_OTHER;
        return isupper((unsigned char)*name) ? STYLE_PASCAL : STYLE_CAMEL;
}

/* The second name is not written as the first one that shows a style. */
static void find_styles(struct lint *lint, enum lint_rule rule, const struct chappe_schema_node *node)
{
        const char *first = NULL;

        for (uint32_t i = 0; i < node->count; i++) {
                const char *name = node->members[i].name;
                enum style style = style_of(name);

                if (style == STYLE_PLAIN)
                        continue;
                if (!first)
                        first = name;
                if (style_of(first) == style)
                        continue;
                lint_find(lint, rule, node->json, "'%s' and '%s' are written in two styles", first, name);
                return;
        }
}

bool lint_same_in_c(const char *a, const char *b)
{
        for (;; a++, b++) {
                a += strspn(a, "_.");
                b += strspn(b, "_.");
                if (tolower((unsigned char)*a) != tolower((unsigned char)*b))
                        return false;
                if (!*a)
                        return true;
        }
}

static void find_case_clashes(struct lint *lint, const struct chappe_schema_node *node)
{
        for (uint32_t i = 0; i < node->count; i++) {
                for (uint32_t j = 0; j < i; j++) {
                        if (lint_same_in_c(node->members[i].name, node->members[j].name))
                                lint_find(lint, LINT_CASE_CLASH, node->json,
                                          "'%s' and '%s' differ in case or underscores only", node->members[j].name,
                                          node->members[i].name);
                }
        }
}

/* With a known name; the attributes of others are their own affair. */
static void find_misspelled(struct lint *lint, const struct chappe_json_node *json, const char *const *known)
{
        for (const struct chappe_json_node *at = json && json->kind == CHAPPE_JSON_OBJECT ? json->child : NULL; at;
             at = at->next) {
                struct chappe_nearest nearest = { .written = at->key };
                bool exact = false;

                for (size_t i = 0; known[i]; i++) {
                        exact = exact || strcmp(known[i], at->key) == 0;
                        chappe_nearest_offer(&nearest, known[i]);
                }
                if (!exact && nearest.name && strlen(at->key) > 3)
                        lint_find(lint, LINT_MISSPELLED, at, "'%s' is no attribute of Avro: '%s' is meant?", at->key,
                                  nearest.name);
        }
}

static const char *const type_attributes[] = { "type",    "name",      "namespace", "fields",      "items",
                                               "values",  "size",      "default",   "doc",         "aliases",
                                               "symbols", "precision", "scale",     "logicalType", NULL };
static const char *const field_attributes[] = { "name",    "type",  "default",     "doc",
                                                "aliases", "order", "logicalType", NULL };

static void check_logical(struct lint *lint, const struct chappe_schema_node *node)
{
        static const char *const known[] = { "decimal",
                                             "big-decimal",
                                             "uuid",
                                             "date",
                                             "time-millis",
                                             "time-micros",
                                             "timestamp-millis",
                                             "timestamp-micros",
                                             "timestamp-nanos",
                                             "local-timestamp-millis",
                                             "local-timestamp-micros",
                                             "local-timestamp-nanos",
                                             "duration",
                                             NULL };
        const struct chappe_json_node *json = node->json ? chappe_json_find(node->json, "logicalType") : NULL;
        bool is_known = false;

        if (!json || node->logical || json->kind != CHAPPE_JSON_STRING)
                return;
        for (size_t i = 0; known[i]; i++)
                is_known = is_known || strcmp(known[i], json->string) == 0;
        if (is_known)
                lint_find(lint, LINT_LOGICAL_MISFIT, json, "%s does not fit this %s, and is ignored%s", json->string,
                          chappe_schema_kind_name(node->kind),
                          strcmp(json->string, "decimal") == 0 ? " (precision above 0, scale not above it)" : "");
        else
                lint_find(lint, LINT_LOGICAL_UNKNOWN, json, "Avro knows no logical type %s", json->string);
}

static void check_union(struct lint *lint, const struct chappe_schema_node *node)
{
        unsigned numbers = 0;

        for (uint32_t i = 0; i < node->count; i++) {
                uint8_t kind = node->members[i].type->kind;

                numbers += kind == CHAPPE_SCHEMA_INT || kind == CHAPPE_SCHEMA_LONG || kind == CHAPPE_SCHEMA_FLOAT ||
                           kind == CHAPPE_SCHEMA_DOUBLE;
        }
        if (node->count == 1)
                lint_find(lint, LINT_UNION_SINGLE, lint->place, "a union of %s alone",
                          chappe_schema_kind_name(node->members[0].type->kind));
        if (numbers > 1)
                lint_find(lint, LINT_UNION_NUMBERS, lint->place,
                          "a union of %u numbers: by promotion a number of an older version may be read as another",
                          numbers);
}

static void check_name(struct lint *lint, const struct chappe_schema_node *node)
{
        const char *dot = strrchr(node->name, '.');

        if (lint->part && lint->part->role == PART_REQUEST && node == lint->schema->root)
                return; /* made from the message's name */
        if (!dot)
                lint_find(lint, LINT_NO_NAMESPACE, node->json, "%s has no namespace", node->name);
        for (const char *at = node->name; dot && at < dot; at++) {
                if (isupper((unsigned char)*at)) {
                        lint_find(lint, LINT_NAMESPACE_NAME, node->json, "the namespace of %s is not in lower case",
                                  node->name);
                        break;
                }
        }
        if (style_of(node->short_name) != STYLE_PASCAL &&
            !(style_of(node->short_name) == STYLE_UPPER && !strchr(node->short_name, '_')))
                lint_find(lint, LINT_TYPE_NAME, node->json, "'%s' is not written LikeThis", node->short_name);
        if (!node->doc)
                lint_find(lint, LINT_NO_DOC, node->json, "%s says not what it is (doc)", node->name);
}

void lint_node(struct lint *lint, const struct chappe_schema_node *node)
{
        bool event = lint->part && lint->part->role == PART_EVENT && node == lint->schema->root;

        find_misspelled(lint, node->json, type_attributes);
        check_logical(lint, node);
        if (node->name)
                check_name(lint, node);
        if (event && !node->name && node->kind != CHAPPE_SCHEMA_UNION)
                lint_find(lint, LINT_ROOT_RECORD, lint->place, "%s is no record, and can never get a field",
                          chappe_schema_kind_name(node->kind));
        if (node->kind == CHAPPE_SCHEMA_UNION)
                check_union(lint, node);
        if (node->kind == CHAPPE_SCHEMA_RECORD) {
                find_styles(lint, LINT_FIELD_STYLE, node);
                find_case_clashes(lint, node);
        }
        if (node->kind == CHAPPE_SCHEMA_ENUM) {
                find_styles(lint, LINT_SYMBOL_STYLE, node);
                find_case_clashes(lint, node);
                if (node->default_symbol < 0)
                        lint_find(lint, LINT_ENUM_DEFAULT, node->json,
                                  "enum %s has no default: its readers will refuse a symbol that is added", node->name);
        }
}

/* Which branch is null; -1: none, or no union. */
static int64_t null_branch(const struct chappe_schema_node *node)
{
        for (uint32_t i = 0; node->kind == CHAPPE_SCHEMA_UNION && i < node->count; i++) {
                if (node->members[i].type->kind == CHAPPE_SCHEMA_NULL)
                        return i;
        }
        return -1;
}

/* Is one of the words a part of the name? */
static bool speaks_of(const char *name, const char *const *words)
{
        for (; *words; words++) {
                if (strcasestr(name, *words))
                        return true;
        }
        return false;
}

static bool is_plain(const struct chappe_schema_node *node, enum chappe_schema_kind kind)
{
        if (node->kind == CHAPPE_SCHEMA_UNION && node->count == 2 && null_branch(node) >= 0)
                node = node->members[1 - null_branch(node)].type;
        return node->kind == kind && !node->logical;
}

static void check_meaning(struct lint *lint, const struct chappe_schema_member *field)
{
        static const char *const money[] = { "price", "amount", "money", "salary", "cost", NULL };
        static const char *const times[] = { "time", "date", "_at", "created", "expire", NULL };
        bool fraction = is_plain(field->type, CHAPPE_SCHEMA_FLOAT) || is_plain(field->type, CHAPPE_SCHEMA_DOUBLE);

        if (fraction && speaks_of(field->name, money))
                lint_find(lint, LINT_MONEY_FLOAT, field->json,
                          "%s sounds like money, and %s cannot hold 0.10: decimal, or a long of minor units",
                          field->name, is_plain(field->type, CHAPPE_SCHEMA_FLOAT) ? "float" : "double");
        if (is_plain(field->type, CHAPPE_SCHEMA_LONG) && speaks_of(field->name, times))
                lint_find(lint, LINT_TIME_LONG, field->json, "%s sounds like a time: timestamp-millis says its unit",
                          field->name);
}

static void check_default(struct lint *lint, const struct chappe_schema_member *field)
{
        int64_t null = null_branch(field->type);

        if (null == 0 && !field->default_json)
                lint_find(lint, LINT_NULL_DEFAULT, field->json, "%s may be null, and has no default: \"default\": null",
                          field->name);
        else if (null > 0 && (!field->default_json || field->default_json->kind == CHAPPE_JSON_NULL))
                lint_find(lint, LINT_NULL_FIRST, field->json,
                          "null is not the first branch of %s: only there could it be the default", field->name);
        else if (!field->default_json)
                lint_find(lint, LINT_FIELD_DEFAULT, field->json, "%s has no default: it can never be removed",
                          field->name);
}

void lint_field(struct lint *lint, const struct chappe_schema_node *record, uint32_t n)
{
        const struct chappe_schema_member *field = &record->members[n];

        find_misspelled(lint, field->json, field_attributes);
        check_default(lint, field);
        check_meaning(lint, field);
        if (!field->doc)
                lint_find(lint, LINT_NO_DOC, field->json, "%s says not what it is (doc)", field->name);
        for (uint32_t i = 0; i < field->aliases.count; i++) {
                for (uint32_t j = 0; j < record->count; j++) {
                        if (j != n && strcmp(record->members[j].name, field->aliases.at[i]) == 0)
                                lint_find(lint, LINT_ALIAS_CLASH, field->json,
                                          "the alias %s of %s is the name of another field, which loses its data to it",
                                          field->aliases.at[i], field->name);
                }
        }
}
